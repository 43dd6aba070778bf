"""
The service in one process and on one clock, to be played with for long.

Real: the process function's room, every use case, the table's and the bucket's code, botocore. Ours: rows come from
nowhere, a document is a line of text, time goes as it is told, and AWS is moto without a network.
"""

import importlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Self, TypeVar
from uuid import UUID

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.sqs.models import sqs_backends
from msgspec.structs import replace

from local.bus import QUEUE
from local.cloudformation import ACCOUNT, REGION
from local.manifest_key import ManifestKey
from local.streams import as_event, shard_of
from local.template import PARAMETERS, Stack
from rapor.announce import Announcer
from rapor.caller import Caller
from rapor.catalogue import Catalogue, ReportType
from rapor.create import create_report
from rapor.errors import RaporError, SourceInvalid, SourceUnavailable
from rapor.orphans import sweep_orphans
from rapor.process import Rows
from rapor.report import Format, IdempotencyKey, Order, Report, Status
from rapor.store.changes import ReportChanges
from rapor.store.documents import DocumentBucket
from rapor.store.items import from_item
from rapor.store.keys import report_key
from rapor.store.lists import ReportLists
from rapor.store.notes import Notes
from rapor.sweep import sweep_reports
from rapor.update import Desk, cancel_report, delete_report, restore_report, retry_report, update_report
from tests.builders import a_caller, a_catalogue
from tests.faults.injector import Crash, Fault, Injector
from tests.faults.oracle import Expected, Oracle
from tests.soak import aws
from tests.unit.fakes import FakeLog, FakeRows, a_turn, render_lines

LAMBDA = SimpleNamespace(
    get_remaining_time_in_millis=lambda: 60_000,
    function_name="f",
    memory_limit_in_mb=512,
    invoked_function_arn="arn",
    aws_request_id="id",
)
DAY = timedelta(days=1)
NONE = (0, Fault.CRASH_BEFORE)  # there is no call 0
T = TypeVar("T")


@dataclass
class Dice(Injector):
    """Breaks any call with the same chance, in any way; counts what it broke, by call and way."""

    random: Random = field(default_factory=Random)
    chance: float = 0.0
    broken: Counter[tuple[str, Fault]] = field(default_factory=Counter)

    def _before_call(self, model: Any, **more: Any) -> None:
        if self._armed and self.random.random() < self.chance:
            self.at, self.fault = len(self.calls) + 1, self.random.choice(list(Fault))
            self.broken[model.name, self.fault] += 1
        super()._before_call(model, **more)


@dataclass
class Stage:
    """What is made once, for however many services."""

    stack: Stack
    key: ManifestKey
    wire: aws.Wire
    room: Any
    reports: ReportChanges
    lists: ReportLists
    documents: DocumentBucket
    notes: Notes
    catalogue: Catalogue
    injector: Dice = field(default_factory=Dice)

    @classmethod
    @contextmanager
    def set_up(cls) -> Iterator[Self]:
        """Import the room, and make clients, all of them with the injector on."""
        with ExitStack() as exits:
            folder = Path(exits.enter_context(TemporaryDirectory()))
            wire = exits.enter_context(aws.in_this_process())
            patch = exits.enter_context(pytest.MonkeyPatch.context())
            key = ManifestKey.load_or_make(folder)
            given = {"DATA_LOCATION": str(folder)}
            stack = Stack.load(parameters=PARAMETERS | {"SigningKeyArn": key.arn}, environment=given)
            for name, value in stack.function("ProcessFast").environment.items():
                patch.setenv(name, value)
            patch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            patch.setenv("POWERTOOLS_LOG_LEVEL", "CRITICAL")
            room = importlib.reload(importlib.import_module("functions.process_report.app"))
            dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
            table, bucket = stack.name("Reports"), stack.name("Documents")
            stage = cls(
                stack,
                key,
                wire,
                room,
                ReportChanges(dynamodb, table),
                ReportLists(dynamodb, table),
                DocumentBucket(s3, bucket),
                Notes(dynamodb, table),
                a_catalogue(),
            )
            for port in (*_ports(room.workshop), stage.reports, stage.documents):
                stage.injector.attach(port._client)
            yield stage


def _ports(workshop: Any) -> list[Any]:
    return [*(getattr(workshop, name) for name in ("reports", "documents", "signer")), workshop.announcer.events]


class Service:
    """One table and one bucket, empty at first, and a clock that starts now."""

    def __init__(self, stage: Stage) -> None:
        aws.begin_anew(stage.stack, stage.key)
        stage.wire.stored.clear()
        self.stage, self.injector = stage, stage.injector
        self.oracle = Oracle(stage.stack.name("Reports"), stage.stack.name("Documents"))
        self.time = self.began_at = datetime.now(UTC)
        self.skew: Callable[[], timedelta] = lambda: timedelta(0)
        self.while_rendering: Callable[[Report], None] = lambda _: None
        self.next_fault = NONE
        self._by_parameters: dict[str, UUID] = {}
        self._position = 0
        self._number = 0
        stage.room.clock = self.now
        stage.room.workshop = replace(stage.room.workshop, clock=self.now, engine=self, render=render_lines)

    def now(self) -> datetime:
        """The time, as somebody's clock has it."""
        return self.time + self.skew()

    # -- the engine -----------------------------------------------------------

    @contextmanager
    def open(
        self,
        report_type: ReportType,
        parameters: Mapping[str, Any],
        *,
        own_user_id: str | None,
        output: Format,
        left: Callable[[], timedelta],
    ) -> Iterator[Rows]:
        """Some rows, unless the report's parameters say that there are none to be had."""
        self.while_rendering(self.got(self._by_parameters[parameters["name"]]))
        match parameters["data"]:
            case "wrong":
                raise SourceInvalid("The data is not what the query needs.")
            case "away":
                raise SourceUnavailable("The data cannot be reached.")
        yield FakeRows([[[parameters["name"], "a row"]], [["another"]]])

    # -- who uses it ----------------------------------------------------------

    def create(self, user: str = "1", *, data: str = "there", key: str | None = None) -> Report | None:
        """Order a report as a client would: with a key, again and again until it is answered."""
        self._number += 1
        name = f"{self._number}"
        order = Order(
            title=f"Report {name}",
            report_type="users",
            parameters={"name": name, "data": data},
            format=Format.CSV,
            status=Status.PENDING,
            is_active=True,
            options=None,
            locale="en",
        )
        promise = IdempotencyKey("B", user, key, f"{key}", timedelta(days=1)) if key else None
        made = self.tried(lambda: self._create(order, user, promise))
        if made is None and promise:
            made = self.calmly(lambda: self._create(order, user, promise))
        return made

    def _create(self, order: Order, user: str, key: IdempotencyKey | None) -> Report:
        report, _ = create_report(
            order,
            key=key,
            caller=a_caller(user),
            now=self.now(),
            catalogue=self.stage.catalogue,
            reports=self.stage.reports,
            lists=self.stage.lists,
            max_unfinished=10**6,
        )
        return report

    def act(self, name: str, uuid: UUID) -> Report | None:
        """Cancel, delete, restore, retry, hide or show."""
        acts: dict[str, Callable[..., Report]] = {
            "cancel": cancel_report,
            "delete": delete_report,
            "restore": restore_report,
            "retry": retry_report,
            "hide": lambda uuid, *, desk: update_report(uuid, _as_it_is(is_active=False), desk=desk),
            "show": lambda uuid, *, desk: update_report(uuid, _as_it_is(is_active=True), desk=desk),
        }
        return self.tried(lambda: acts[name](uuid, desk=self._desk()))

    def _desk(self) -> Desk:
        return Desk(
            caller=Caller("9", a_caller().permissions),
            now=self.now(),
            reports=self.stage.reports,
            catalogue=self.stage.catalogue,
            announcer=self._announcer,
            max_unfinished=10**6,
        )

    @property
    def _announcer(self) -> Announcer:
        return Announcer(self.stage.reports, self.stage.room.workshop.announcer.events, FakeLog())

    # -- what moves it --------------------------------------------------------

    def news(self) -> list[dict[str, Any]]:
        """What the stream says of reports since the last look."""
        items = shard_of(self.stage.stack.name("Reports")).items
        fresh = [as_event(item.record, arn="arn") for item in items[self._position :]]
        self._position = len(items)
        for record in fresh:
            self._note(record["dynamodb"].get("NewImage", {}))
        return [it for it in fresh if it["dynamodb"]["Keys"]["pk"]["S"].startswith("REPORT#")]

    def _note(self, image: Mapping[str, Any]) -> None:
        if "parameters" in image:
            self._by_parameters[json.loads(image["parameters"]["S"])["name"]] = UUID(image["uuid"]["S"])

    def deliver(self, record: Mapping[str, Any]) -> bool:
        """Call the process function; whether it took the record."""
        answer: object = self.tried(lambda: self.stage.room.lambda_handler({"Records": [record]}, LAMBDA))
        return answer == {"batchItemFailures": []}

    def sweep(self) -> None:
        """One minute's sweep: repairs, then what was not announced."""

        def sweep() -> None:
            now = self.now()
            sweep_reports(now=now, reports=self.stage.reports, turn=a_turn())
            self._announcer.announce_left(now=now, turn=a_turn())

        self.tried(sweep)

    def sweep_orphans(self) -> int:
        """Look through every day since the beginning, two days after it; how many versions went."""
        removed = 0
        for day in (self.began_at, self.time):  # what lies between is made up for
            cleared = sweep_orphans(
                now=day + 2 * DAY,
                rows=self.stage.lists,
                documents=self.stage.documents,
                notes=self.stage.notes,
                turn=a_turn(),
                pages=100,
            )
            removed += sum(cleared.removed.values())
        return removed

    # -- what is there --------------------------------------------------------

    def got(self, uuid: UUID) -> Report:
        """A report as it is, read where moto keeps it."""
        table: Any = dynamodb_backends[ACCOUNT][REGION].tables[self.stage.stack.name("Reports")]
        item = table.get_item(*map(DynamoType, report_key(uuid).values()))
        return from_item(item.to_json()["Attributes"])

    def stored(self) -> set[str]:
        """What is in the bucket."""
        return set(self.oracle._keys_under("reports/"))

    def expected_orphans(self) -> set[str]:
        """Every object that ever was stored, less those that a report names: counted without asking the bucket."""
        named = {key for uuid in self._by_parameters.values() for key in _named(self.got(uuid))}
        return self.stage.wire.stored - named

    @staticmethod
    def _events() -> Iterator[dict[str, Any]]:
        for message in sqs_backends[ACCOUNT][REGION].queues[QUEUE]._messages:
            yield json.loads(message.body)["detail"]

    def violations(self, can_be_made: Callable[[Mapping[str, Any]], bool | None], *, ended: bool) -> list[str]:
        """What the oracle has to say."""
        told = list(self._events()) if ended else None
        return [str(it) for it in self.oracle.violations(expected=Expected(can_be_made, ended, told))]

    # -- how ------------------------------------------------------------------

    def tried(self, act: Callable[[], T]) -> T | None:
        """Do it while calls may break, one of them for certain; None if it did not come back, or was refused."""
        self.time += timedelta(microseconds=1)  # so that no two things happen at one moment
        self.injector.arm(*self.next_fault)
        self.next_fault = NONE
        try:
            return act()
        except (Crash, RaporError):
            return None
        finally:
            self.injector.disarm()

    def calmly(self, act: Callable[[], T]) -> T:
        """Do it while nothing breaks, in the midst of something or not."""
        armed, self.injector._armed = self.injector._armed, False
        try:
            return act()
        finally:
            self.injector._armed = armed


def _as_it_is(*, is_active: bool) -> Callable[[Report], Order]:
    def order(report: Report) -> Order:
        return Order(
            title=report.title,
            report_type=report.report_type,
            parameters=report.parameters,
            format=report.format,
            status=report.status,
            is_active=is_active,
            options=report.options,
            locale=report.locale,
        )

    return order


def _named(report: Report) -> list[str]:
    return [report.result.key, f"{report.result.key}.manifest.json"] if report.result else []
