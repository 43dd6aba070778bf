"""Two real functions with all they need, the AWS they speak to in our hands, and what must be true at the end."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import boto3
import jwt

from local.aws import LocalAws
from local.bus import taken_events
from local.manifest_key import ManifestKey
from local.streams import as_event, shard_of
from rapor.announce import Announcer
from rapor.report import MOVES, Format, Report, Status
from rapor.store.changes import ReportChanges
from rapor.store.events import EventBus
from rapor.sweep import sweep_reports
from tests.builders import a_report, load_event
from tests.events import detail_of
from tests.faults.injector import Injector
from tests.unit.fakes import FakeLog

CONTEXT = SimpleNamespace(
    get_remaining_time_in_millis=lambda: 60_000,
    function_name="f",
    memory_limit_in_mb=512,
    invoked_function_arn="arn",
    aws_request_id="id",
)


@dataclass
class World:
    """The process and the update function, the table and the bucket they work on, and the clock they share."""

    room: Any
    update_room: Any
    aws: LocalAws
    reports: ReportChanges
    table: str
    bucket: str
    bus: str
    injector: Injector
    update_injector: Injector
    key: ManifestKey
    events: list[dict[str, Any]] = field(default_factory=list)
    skew: timedelta = timedelta(0)

    @cached_property
    def s3(self) -> Any:
        return self.aws.client("s3")

    @cached_property
    def sqs(self) -> Any:
        return self.aws.client("sqs")

    def now(self) -> datetime:
        return datetime.now(UTC) + self.skew

    def order(self, **changes: Any) -> Report:
        now = self.now()
        report = a_report(
            **{"uuid": uuid4(), "format": Format.CSV, "user_id": "1", "created_at": now, "updated_at": now, **changes}
        )
        self.reports.add(report, None)
        return report

    def records(self, report: Report) -> list[dict[str, Any]]:
        """What the table's stream says of a report, in order."""
        records = [item.record for item in shard_of(self.table).items]
        return [
            as_event(it, arn="arn") for it in records if it["dynamodb"]["Keys"]["pk"]["S"] == f"REPORT#{report.uuid}"
        ]

    def deliver(self, *records: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.room.lambda_handler({"Records": list(records)}, CONTEXT)
        return answer

    def request(self, act: str, report: Report, body: object = None) -> tuple[int, dict[str, Any]]:
        """What a client is answered; *act* is the event's file."""
        event = load_event(f"update_report/{act}.json")
        event["pathParameters"]["uuid"] = str(report.uuid)
        if body is not None:
            event["body"] = json.dumps(body)
        answer = self.update_room.lambda_handler(event, CONTEXT)
        return answer["statusCode"], json.loads(answer["body"])

    def deliver_until_finished(self, report: Report) -> Report:
        """As AWS would: pending records are delivered, some twice, time passes, the sweep sweeps."""
        for _ in range(8):
            found = self.reports.get(report.uuid)
            assert found is not None
            if found.is_finished:
                return found
            pending = [r for r in self.records(report) if r["dynamodb"]["NewImage"]["status"]["S"] == "pending"]
            self.deliver(*pending[-1:], *pending[:1])
            self.skew += timedelta(minutes=5)
            sweep_reports(now=self.now(), reports=self.reports)
        raise AssertionError(f"no end: {found}")

    def announce_left(self) -> None:
        """The sweep, after its grace."""
        self.skew += timedelta(minutes=1)
        self._announcer.announce_left(now=self.now())

    @cached_property
    def _announcer(self) -> Announcer:
        return Announcer(self.reports, EventBus(boto3.client, self.bus), FakeLog())

    def told(self, report: Report) -> list[dict[str, Any]]:
        """Details of the events about a report that came over the bus, as often as they came."""
        self.events += map(detail_of, taken_events(self.sqs))
        return [event for event in self.events if event["subject"] == str(report.uuid)]

    def documents(self, report: Report) -> list[str]:
        return [key for key in self.objects(report) if not key.endswith(".manifest.json")]

    def objects(self, report: Report) -> list[str]:
        prefix = f"reports/{report.created_at:%Y-%m-%d}/{report.uuid}/"
        answer = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for item in answer.get("Contents", [])]


def check(world: World, report: Report, *, changes_since: int = 0) -> None:
    """
    The row is completed, its history legal and told of.

    Its document is there, whole, vouched for, and the only one it names.
    """
    check_announced(world, report)
    history = [record["dynamodb"]["NewImage"] for record in world.records(report)]
    found = world.reports.get(report.uuid)
    assert found is not None
    assert found.status is Status.COMPLETED
    assert found.result is not None

    document = world.s3.get_object(Bucket=world.bucket, Key=found.result.key)["Body"].read()
    assert hashlib.sha256(document).hexdigest() == found.result.sha256
    assert len(document) == found.result.size_bytes
    manifest = world.s3.get_object(Bucket=world.bucket, Key=f"{found.result.key}.manifest.json")
    jws = json.loads(manifest["Body"].read())["jws"]
    vouched = json.loads(jwt.PyJWS().decode(jws, world.key.private.public_key(), algorithms=["ES256"]))
    assert vouched["document"]["sha256"] == found.result.sha256
    assert vouched["report"]["uuid"] == str(report.uuid)
    assert len({image["result"]["M"]["key"]["S"] for image in history if "result" in image}) == 1

    statuses = check_history(world, report)
    assert statuses.count(Status.COMPLETED) == 2 + changes_since  # its end, and the mark that it was told
    assert statuses[-1] is Status.COMPLETED
    assert "open_pk" not in history[-1]
    assert "unfinished_pk" not in history[-1]


def check_announced(world: World, report: Report) -> None:
    """Each end the report ever had was told, once or more often, by one id of its own; and nothing else was."""
    found = world.reports.get(report.uuid)
    if found and found.unannounced:
        world.announce_left()

    told = {(event["id"], event["type"], event["time"]) for event in world.told(report)}

    assert sorted(end[1:] for end in told) == sorted(ends_of(world, report))
    assert len({id_ for id_, *_ in told}) == len(told)
    last = world.records(report)[-1]["dynamodb"]["NewImage"]
    assert "unannounced" not in last
    assert not last.get("open_pk", {"S": ""})["S"].startswith("OUTBOX")


def ends_of(world: World, report: Report) -> set[tuple[str, str]]:
    """Type and time of each end in the report's history."""
    history = [record["dynamodb"]["NewImage"] for record in world.records(report)]
    return {
        (f"report.{image['status']['S']}", image["finished_at"]["S"]) for image in history if "finished_at" in image
    }


def check_history(world: World, report: Report) -> list[Status]:
    """Every move was legal, attempts only grew and were allowed; returns the statuses as they came."""
    history = [record["dynamodb"]["NewImage"] for record in world.records(report)]
    statuses = [Status(image["status"]["S"]) for image in history]
    assert all(one is other or other in MOVES[one] for one, other in pairwise(statuses))
    attempts = [int(image["attempt"]["N"]) for image in history]
    assert attempts == sorted(attempts)
    assert all(int(image["attempt"]["N"]) <= int(image["max_attempts"]["N"]) for image in history)
    return statuses
