"""
Whatever breaks between two AWS calls of the process function, the report completes once, with one document.

The function is the real one: its room, DuckDB, its writer. Only time is ours.
"""

import hashlib
import importlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from local.aws import LocalAws
from local.datasets import ensure_datasets
from local.streams import as_event, shard_of
from local.template import Stack
from rapor.report import MOVES, Format, Report, Status
from rapor.store.table import ReportTable
from rapor.sweep import sweep_reports
from tests.builders import a_report
from tests.faults.injector import Crash, Fault, Injector

pytestmark = pytest.mark.faults
CALLS = ["UpdateItem", "UpdateItem", "PutObject", "UpdateItem"]  # claim, progress, document, complete


@dataclass
class World:
    """One process function, the table and the bucket it works on, and the clock they share."""

    room: Any
    aws: LocalAws
    reports: ReportTable
    table: str
    bucket: str
    injector: Injector
    skew: timedelta = timedelta(0)

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
        events = (as_event(item.record, arn="arn") for item in shard_of(self.table).items)
        return [event for event in events if event["dynamodb"]["Keys"]["pk"]["S"] == f"REPORT#{report.uuid}"]

    def deliver(self, *records: dict[str, Any]) -> dict[str, Any]:
        context = SimpleNamespace(
            get_remaining_time_in_millis=lambda: 60_000,
            function_name="ProcessFast",
            memory_limit_in_mb=512,
            invoked_function_arn="arn",
            aws_request_id="id",
        )
        answer: dict[str, Any] = self.room.lambda_handler({"Records": list(records)}, context)
        return answer

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

    def documents(self, report: Report) -> list[str]:
        prefix = f"reports/{report.created_at:%Y-%m-%d}/{report.uuid}/"
        answer = self.aws.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for item in answer.get("Contents", [])]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("data")
    ensure_datasets(data)
    stack = Stack.load(environment={"DATA_LOCATION": str(data)})
    with LocalAws(stack) as aws, pytest.MonkeyPatch.context() as patch:
        for name, value in stack.function("ProcessFast").environment.items():
            patch.setenv(name, value)
        patch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        room: Any = importlib.import_module("functions.process_report.app")
        reports = ReportTable(aws.client("dynamodb"), stack.name("Reports"))
        injector = Injector()
        for port in (room.workshop.reports, room.workshop.documents):
            injector.attach(port._client)
        made = World(room, aws, reports, stack.name("Reports"), stack.name("Documents"), injector)
        room.workshop = replace(room.workshop, clock=made.now)
        room.clock = made.now
        yield made


def check(world: World, report: Report) -> None:
    """The row is completed, its history legal, its document there, whole, and the only one it names."""
    history = [record["dynamodb"]["NewImage"] for record in world.records(report)]
    found = world.reports.get(report.uuid)
    assert found is not None
    assert found.status is Status.COMPLETED
    assert found.result is not None

    document = world.aws.client("s3").get_object(Bucket=world.bucket, Key=found.result.key)["Body"].read()
    assert hashlib.sha256(document).hexdigest() == found.result.sha256
    assert len(document) == found.result.size_bytes
    assert len({image["result"]["M"]["key"]["S"] for image in history if "result" in image}) == 1

    statuses = [Status(image["status"]["S"]) for image in history]
    assert all(one is other or other in MOVES[one] for one, other in pairwise(statuses))
    assert statuses.count(Status.COMPLETED) == 1
    assert statuses[-1] is Status.COMPLETED
    attempts = [int(image["attempt"]["N"]) for image in history]
    assert attempts == sorted(attempts)
    assert attempts[-1] <= found.max_attempts
    assert "open_pk" not in history[-1]
    assert "unfinished_pk" not in history[-1]


def test_a_report_takes_just_these_calls(world: World) -> None:
    report = world.order()
    world.injector.arm(99, Fault.CRASH_BEFORE)

    world.deliver(world.records(report)[-1])

    world.injector.disarm()
    assert world.injector.calls == CALLS
    check(world, report)
    assert len(world.documents(report)) == 1


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("at", range(1, len(CALLS) + 1))
def test_any_call_may_break(world: World, at: int, fault: Fault) -> None:
    report = world.order()
    world.injector.arm(at, fault)

    with suppress(Crash):
        world.deliver(world.records(report)[-1])
    world.injector.disarm()

    assert world.injector.fired
    world.deliver_until_finished(report)
    check(world, report)


@pytest.mark.parametrize("fault", [Fault.THROTTLED_ONCE, Fault.ERROR_WITH_EFFECT, Fault.ANSWER_LOST])
@pytest.mark.parametrize("at", range(1, len(CALLS) + 1))
def test_what_the_sdk_mends_costs_no_attempt_and_no_document(world: World, at: int, fault: Fault) -> None:
    report = world.order()
    world.injector.arm(at, fault)

    world.deliver(world.records(report)[-1])

    world.injector.disarm()
    found = world.reports.get(report.uuid)
    assert found is not None
    assert (found.status, found.attempt) == (Status.COMPLETED, 1)
    assert len(world.documents(report)) == 1
    check(world, report)


def test_records_may_come_twice_late_and_in_any_order(world: World) -> None:
    reports = [world.order() for _ in range(3)]
    records = [world.records(report)[-1] for report in reports]

    world.deliver(*records[::-1], *records)
    everything = [record for report in reports for record in world.records(report)]
    world.deliver(*everything[::-1])

    for report in reports:
        check(world, report)
        assert len(world.documents(report)) == 1


def test_a_record_the_stream_lost_is_made_again(world: World) -> None:
    report = world.order()
    world.skew += timedelta(minutes=3)

    sweep_reports(now=world.now(), reports=world.reports)

    assert len(world.records(report)) == 2
    world.deliver(world.records(report)[-1])
    check(world, report)


def test_a_worker_that_comes_back_from_the_dead_changes_nothing(world: World) -> None:
    report = world.order()
    zombie = world.reports.claim(
        report.uuid, owner="zombie", now=world.now(), lease_until=world.now() + timedelta(seconds=90)
    )
    assert zombie is not None
    world.deliver_until_finished(report)

    again = world.deliver(world.records(report)[0])

    assert again == {"batchItemFailures": []}
    check(world, report)


def test_a_report_that_dies_at_every_attempt_fails_with_a_code(world: World) -> None:
    report = world.order()
    for _ in range(3):
        world.injector.arm(3, Fault.CRASH_BEFORE)
        with pytest.raises(Crash):
            world.deliver(world.records(report)[-1])
        world.skew += timedelta(minutes=5)
        sweep_reports(now=world.now(), reports=world.reports)

    found = world.reports.get(report.uuid)

    assert found is not None
    assert found.status is Status.FAILED
    assert found.error is not None
    assert found.error.code == "attempts_exhausted"


def test_a_table_out_of_reach_makes_lambda_deliver_again(world: World) -> None:
    report = world.order()
    record = world.records(report)[-1]
    world.injector.arm(1, Fault.THROTTLED_FOR_EVER)

    answer = world.deliver(record)

    world.injector.disarm()
    assert answer == {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}


def test_records_of_other_rows_are_let_through(world: World) -> None:
    deleted: dict[str, Any] = {"eventName": "REMOVE", "dynamodb": {"Keys": {}, "SequenceNumber": "1"}}

    assert world.deliver(deleted) == {"batchItemFailures": []}
