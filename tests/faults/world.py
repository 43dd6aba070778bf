"""The real functions with all they need, the AWS they speak to in our hands, and one clock that they share."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID
from warnings import catch_warnings, filterwarnings

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from local import moto_fixes
from local.aws import LocalAws
from local.bus import QUEUE
from local.cloudformation import ACCOUNT, REGION
from local.datasets import ensure_datasets
from local.manifest_key import ManifestKey
from local.streams import as_event, shard_of
from local.template import PARAMETERS, Stack
from rapor.errors import StoreUnavailable
from rapor.orphans import NOTE, Place
from rapor.report import Format, Report
from rapor.store import clients
from rapor.store.changes import ReportChanges
from rapor.store.keys import note_key
from rapor.store.notes import Notes
from rapor.sweep import sweep_reports
from tests.builders import a_report, load_event
from tests.events import detail_of
from tests.faults.carrier import Direct
from tests.faults.injector import Crash, Injector
from tests.faults.oracle import Oracle
from tests.faults.rules import ENDS, Row
from tests.rooms import a_room
from tests.unit.fakes import a_turn

FUNCTIONS = ("CreateReport", "ReadReport", "UpdateReport", "ProcessFast", "SweepReports")  # ProcessHeavy is the same
SHARDS = 4  # of the open index, instead of 16: a sweep's calls are mostly those for shards with nothing in them
SHARD = 1  # every report's, so that a sweep's calls come in one order
REMAINING_MS = 60_000  # of ProcessFast
FEW_ROWS = {"date_from": "2025-01-01", "date_to": "2025-01-02", "status": "active"}
PART_BYTES = 16 * 1024  # S3 takes no less than 5 MiB; so does moto, unless it is told
MINUTES = timedelta(minutes=5)  # longer than any lease and any wait of the first attempts
SAID_OF_FAULTS = {"message", "code", "reason", "request_id"}  # at either door, and nothing else
Record = dict[str, Any]


class Answer(NamedTuple):
    """What a client is told."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class World:
    """All functions that have a clock and AWS clients; nothing in it outlives `reset`."""

    rooms: Mapping[str, ModuleType]
    aws: LocalAws
    stack: Stack
    table: str
    bucket: str
    injector: Injector
    key: ManifestKey
    folder: Path  # of data sets and keys
    start: datetime = field(default_factory=lambda: datetime.now(UTC))
    skew: timedelta = timedelta(0)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dynamodb, self.s3 = self._undisturbed("dynamodb"), self._undisturbed("s3")
        self.reports = ReportChanges(self.dynamodb, self.table)
        self.reset()

    @property
    def room(self) -> Any:
        return self.rooms["ProcessFast"]

    def now(self) -> datetime:
        return self.start + self.skew

    def reset(self) -> None:
        """Forget every row, record, object and upload."""
        with moto_fixes.LOCK:
            table = dynamodb_backends[ACCOUNT][REGION].tables[self.table]
            table.items.clear()
            shard_of(self.table).items.clear()
            for backend in s3_backends[ACCOUNT].values():
                if self.bucket in backend.buckets:
                    backend.buckets[self.bucket].keys.clear()
                    backend.buckets[self.bucket].multiparts.clear()
            self._bus._messages.clear()
        Notes(self.dynamodb, self.table).write(NOTE, Place(date.max).to_note())  # orphans are one scenario's affair
        self.skew, self._delivered, self._random = timedelta(0), 0, Random(1)  # noqa: S311 - to be the same each time
        self.complaints = []
        self.oracle = Oracle(self.table, self.bucket, self.s3)

    def forget_orphans_note(self) -> None:
        """Let the sweep look for orphans."""
        self.dynamodb.delete_item(TableName=self.table, Key=note_key(NOTE))

    @property
    def _bus(self) -> Any:
        """The queue that keeps what comes over the bus."""
        return sqs_backends[ACCOUNT][REGION].queues[QUEUE]

    def told(self, report: Report | None = None) -> list[dict[str, Any]]:
        """Details of the events that came over the bus, about one report or all, as often as they came."""
        with moto_fixes.LOCK:
            events = [detail_of(json.loads(message.body)) for message in self._bus._messages]
        return [event for event in events if report is None or event["subject"] == str(report.uuid)]

    def new_uuid(self) -> UUID:
        """The same row of them after each reset."""
        return UUID(int=(self._random.getrandbits(128) & ~0xF) | SHARD, version=4)

    # -- calls ----------------------------------------------------------------

    def invoke(self, function: str, event: Mapping[str, Any], remaining_ms: int = REMAINING_MS) -> Any:
        """Call a function as Lambda does."""
        context = SimpleNamespace(
            get_remaining_time_in_millis=lambda: remaining_ms,
            function_name=function,
            memory_limit_in_mb=512,
            invoked_function_arn="arn",
            aws_request_id="id",
        )
        self.injector.function = function
        with redirect_stdout(StringIO()), catch_warnings():  # metrics are lines of the log
            filterwarnings("ignore", "No application metrics")  # of a sweep that dies before it has any
            return self.rooms[function].lambda_handler(event, context)

    def ask(self, function: str, event: Mapping[str, Any], *, tries: int = 5) -> Answer:
        """Ask as a patient client does: again after no answer and after a 5xx."""
        answer = Answer(500, {}, {})
        for _ in range(tries):
            with suppress(Crash), self._complaining(function):
                said = self.invoke(function, event)
                answer = Answer(said["statusCode"], said["headers"], json.loads(said["body"] or "null"))
                if answer.status < 500:
                    return answer
                if "store_unavailable" not in answer.body.values() or answer.body.keys() - SAID_OF_FAULTS:
                    self.complaints.append(f"{function} answered {answer.status}: {answer.body}")
        return answer

    def scheduled(self, function: str, event: Mapping[str, Any], *, tries: int = 5) -> Any:
        """Call as a schedule does: again after an error."""
        for _ in range(tries):
            with suppress(Crash, StoreUnavailable), self._complaining(function):
                return self.invoke(function, event)
        return None

    def deliver(self, *records: Record) -> dict[str, Any]:
        answer: dict[str, Any] = self.invoke("ProcessFast", {"Records": list(records)})
        return answer

    def request(self, act: str, report: Report, body: object = None) -> tuple[int, dict[str, Any]]:
        """What a client is answered; *act* is the event's file."""
        answer = self.invoke("UpdateReport", an_act(act, report.uuid, body))
        return answer["statusCode"], json.loads(answer["body"])

    def sweep(self) -> Any:
        """The schedule's sweep, once a minute, until one comes to its end."""
        return self.scheduled("SweepReports", load_event("sweep_reports/schedule.json"))

    def announce_left(self) -> int:
        """The sweep, when it tells of ends that nobody told of; returns of how many it did."""
        self.skew += timedelta(minutes=1)
        return int(self.sweep()["announced_late"])

    # -- what AWS does --------------------------------------------------------

    def deliver_new(self, *, tries: int = 2) -> None:
        """Deliver the records of pending rows that came since, each until it is taken, or given up for the sweep."""
        while new := self._new_records():
            for record in new:
                for _ in range(tries):
                    with suppress(Crash), self._complaining("ProcessFast"):
                        if self.deliver(record) == {"batchItemFailures": []}:
                            break

    def settle(self) -> None:
        """Let the stream and the sweep do their work until nothing is under way; then everything comes once more."""
        for _ in range(12):
            self.deliver_new()
            if not self.under_way():
                break
            self.skew += MINUTES
            self.sweep()
        else:
            return  # it is for others to say that it never ended
        for record in self._records(0):
            with suppress(Crash), self._complaining("ProcessFast"):
                self.deliver(record)

    def under_way(self) -> bool:
        """Whether somebody may still have something to do."""
        rows = (self.oracle.history(uuid)[-1] for uuid in self.oracle.reports())
        return any(row is not None and is_under_way(row) for row in rows)

    def records(self, report: Report) -> list[Record]:
        """What the table's stream says of a report, in order."""
        events = (as_event(item.record, arn="arn") for item in shard_of(self.table).items)
        return [event for event in events if event["dynamodb"]["Keys"]["pk"]["S"] == f"REPORT#{report.uuid}"]

    def forget_records(self) -> None:
        """Lose what the stream was about to deliver."""
        self._delivered = len(shard_of(self.table).items)

    def deliver_again(self) -> None:
        """Let the stream deliver once more what it has."""
        self._delivered = 0

    def _new_records(self) -> list[Record]:
        found = self._records(self._delivered)
        self.forget_records()
        return found

    def _records(self, start: int) -> list[Record]:
        """Records that the mappings' filter lets through."""
        items = shard_of(self.table).items[start:]
        images = ((item.record, item.record["dynamodb"].get("NewImage", {})) for item in items)
        return [
            as_event(record, arn="arn")
            for record, image in images
            if image.get("status") == {"S": "pending"} and "lane" in image
        ]

    # -- reports --------------------------------------------------------------

    def order(self, **changes: Any) -> Report:
        """A report as create would record it."""
        now = self.now()
        report = a_report(
            **{
                "uuid": self.new_uuid(),
                "format": Format.CSV,
                "user_id": "1",
                "parameters": FEW_ROWS,
                "created_at": now,
                "updated_at": now,
                **changes,
            }
        )
        self.reports.add(report, None)
        return report

    def made(self, **changes: Any) -> Report:
        """A report that is completed."""
        report = self.order(**changes)
        self.deliver_new()
        return report

    def found(self, report: Report) -> Report:
        found = self.reports.get(report.uuid)
        assert found is not None
        return found

    def deliver_until_finished(self, report: Report) -> Report:
        """As AWS would: pending records are delivered, some twice, time passes, the sweep sweeps."""
        for _ in range(8):
            found = self.found(report)
            if found.is_finished:
                return found
            pending = [r for r in self.records(report) if r["dynamodb"]["NewImage"]["status"]["S"] == "pending"]
            self.deliver(*pending[-1:], *pending[:1])
            self.skew += MINUTES
            sweep_reports(now=self.now(), reports=self.reports, turn=a_turn())
        raise AssertionError(f"no end: {found}")

    def documents(self, report: Report) -> list[str]:
        return [key for key in self.objects(report) if not key.endswith(".manifest.json")]

    def objects(self, report: Report) -> list[str]:
        answer = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=report.folder)
        return [item["Key"] for item in answer.get("Contents", [])]

    def _undisturbed(self, service: str) -> Any:
        client = boto3.client(service)
        client.meta.events.register_first("before-send.*.*", Direct(self.aws.app))
        return client

    @contextmanager
    def _complaining(self, function: str) -> Iterator[None]:
        """What a function raises that is no fault of ours is its own."""
        try:
            yield
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is
            self.complaints.append(f"{function} raised {error!r}")


def is_under_way(row: Row) -> bool:
    """Whether a worker may still have something to do for it, or the sweep has its end to tell of."""
    is_wanted = row["is_active"] and "deleted_at" not in row and "imported" not in row
    return (is_wanted and row["status"] not in ENDS) or "unannounced" in row


def an_act(act: str, uuid: object, body: object = None) -> dict[str, Any]:
    """A request that changes a report; *act* is the event's file."""
    event = load_event(f"update_report/{act}.json")
    event["pathParameters"]["uuid"] = str(uuid)
    if body is not None:
        event["body"] = json.dumps(body)
    return event


@contextmanager
def a_world(folder: Path) -> Iterator[World]:
    """A world with data sets and keys in *folder*."""
    ensure_datasets(folder)
    key = ManifestKey.load_or_make(folder)
    stack = Stack.load(parameters=PARAMETERS | {"SigningKeyArn": key.arn}, environment={"DATA_LOCATION": str(folder)})
    with LocalAws(stack) as aws, pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))  # the SDK's patience, not ours
        # A process may repeat some fifty calls before its SDK gives up on repeating; here hundreds of lives share one.
        patch.setattr("botocore.retries.quota.RetryQuota.acquire", lambda _quota, _amount: True)
        patch.setattr("rapor.store.documents.PART_BYTES", PART_BYTES)
        patch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", PART_BYTES)
        for module in ("keys", "table"):
            patch.setattr(f"rapor.store.{module}.OPEN_SHARDS", SHARDS)
        key.lend_to_kms()
        injector = Injector(Direct(aws.app))
        rooms = {name: _listened_to(stack, name, injector, patch) for name in FUNCTIONS}
        made = World(rooms, aws, stack, stack.name("Reports"), stack.name("Documents"), injector, key, folder)
        for room in rooms.values():
            patch.setattr(room, "datetime", SimpleNamespace(now=lambda _: made.now()))
        patch.setattr("rapor.report.uuid4", made.new_uuid)
        yield made


def _listened_to(stack: Stack, name: str, injector: Injector, patch: pytest.MonkeyPatch) -> ModuleType:
    """The function's room, with the injector on every client it makes."""
    make = clients.client

    def client(*args: Any, **options: Any) -> Any:
        made = make(*args, **options)
        injector.attach(made)
        return made

    patch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
    patch.setattr(clients, "client", client)
    try:
        return a_room(stack.function(name), patch, POWERTOOLS_LOG_LEVEL="CRITICAL")
    finally:
        patch.setattr(clients, "client", make)
