"""Records may come twice, late, in any order, in batches of any shape, or never: each report ends once, as it should."""

import copy
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest

from rapor.report import Report, Status
from tests.faults.injector import Fault
from tests.faults.oracle import Expected
from tests.faults.scenarios import RENDERED, UNKNOWN, always, vouched_for
from tests.faults.world import MINUTES, Record, World

pytestmark = pytest.mark.faults
ALL: dict[str, list[object]] = {"batchItemFailures": []}
Shape = Callable[[Sequence[Record]], list[dict[str, Any]]]


def as_stream(records: Sequence[Record]) -> list[dict[str, Any]]:
    return list(records)


def as_queue(records: Sequence[Record]) -> list[dict[str, Any]]:
    """As SQS hands over what a pipe from the stream put there."""
    return [
        {
            "messageId": f"m-{record['dynamodb']['SequenceNumber']}",
            "receiptHandle": "r",
            "body": json.dumps(record),
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:heavy",
            "awsRegion": "eu-central-1",
        }
        for record in records
    ]


SHAPES = {"stream": as_stream, "queue": as_queue}
either_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


@pytest.fixture(autouse=True)
def _empty(world: World) -> None:
    world.reset()


def ordered(world: World, count: int) -> tuple[list[Report], list[Record]]:
    reports = [world.order() for _ in range(count)]
    return reports, [world.records(report)[-1] for report in reports]


def name_of(record: dict[str, Any]) -> str:
    name: str = record.get("messageId") or record["dynamodb"]["SequenceNumber"]
    return name


def check_completed(world: World, reports: Sequence[Report], *, attempt: int | None = None) -> None:
    assert world.oracle.violations(expected=Expected(always, ended=True)) == []
    for report in reports:
        assert list(vouched_for(world, report)) == []
        assert attempt in {None, world.found(report).attempt}


@either_shape
@pytest.mark.parametrize("order", [*permutations(range(3)), (0, 0, 1, 2, 1), (2, 1, 0, 0, 1, 2)], ids=str)
def test_records_come_in_any_order_and_again(world: World, order: tuple[int, ...], shape: Shape) -> None:
    reports, records = ordered(world, 3)

    answer = world.deliver(*shape([records[number] for number in order]))

    assert answer == ALL
    check_completed(world, reports, attempt=1)
    assert all(len(world.documents(report)) == 1 for report in reports)


@pytest.mark.parametrize("seed", range(5))
def test_every_record_of_a_life_comes_again_in_any_order(world: World, seed: int) -> None:
    reports, records = ordered(world, 3)
    world.deliver(*records)
    everything = [record for report in reports for record in world.records(report)] * 2
    Random(seed).shuffle(everything)  # noqa: S311 - to be the same each time

    answer = world.deliver(*everything)

    assert answer == ALL
    check_completed(world, reports, attempt=1)
    assert all(len(world.documents(report)) == 1 for report in reports)


@pytest.mark.parametrize(
    ("shape", "position"),
    [*((as_stream, position) for position in range(10)), *((as_queue, position) for position in (0, 9))],
)
def test_what_the_table_refuses_comes_again_and_nothing_else(world: World, position: int, shape: Shape) -> None:
    reports, records = ordered(world, 10)
    batch = shape(records)
    world.injector.arm(len(RENDERED) * position + 1, Fault.THROTTLED_FOR_EVER)  # the claim of one

    answer = world.deliver(*batch)

    world.injector.disarm()
    assert answer == {"batchItemFailures": [{"itemIdentifier": name_of(batch[position])}]}
    assert [world.found(report).status for report in reports].count(Status.COMPLETED) == 9
    # Lambda goes on from the lowest that failed; what was done after it comes again, too.
    assert world.deliver(*batch[position:]) == ALL
    check_completed(world, reports, attempt=1)


@pytest.mark.parametrize(("shape", "position"), [(as_stream, 0), (as_stream, 9), (as_queue, 4)])
def test_a_report_that_cannot_be_made_holds_up_nobody(world: World, position: int, shape: Shape) -> None:
    reports = [world.order(**(UNKNOWN if number == position else {})) for number in range(10)]

    answer = world.deliver(*shape([world.records(report)[-1] for report in reports]))

    assert answer == ALL
    assert world.found(reports.pop(position)).status is Status.FAILED
    assert all(world.found(report).status is Status.COMPLETED for report in reports)
    assert world.oracle.violations() == []


def spoilt(change: Callable[[Record], object]) -> Callable[[Record], Record]:
    def spoil(record: Record) -> Record:
        record = copy.deepcopy(record)
        change(record)
        return record

    return spoil


MALFORMED = {
    "without an image": spoilt(lambda record: record["dynamodb"].pop("NewImage")),
    "without a uuid": spoilt(lambda record: record["dynamodb"]["NewImage"].pop("uuid")),
    "with a uuid that is none": spoilt(lambda record: record["dynamodb"]["NewImage"].update(uuid={"S": "1"})),
    "with a number for a uuid": spoilt(lambda record: record["dynamodb"]["NewImage"].update(uuid={"N": "1"})),
    "of a removal": spoilt(lambda record: (record.update(eventName="REMOVE"), record["dynamodb"].pop("NewImage"))),
    "of a key": spoilt(lambda record: record["dynamodb"].update(NewImage={"pk": {"S": "KEY#1"}, "sk": {"S": "KEY"}})),
    "of a report that was never there": spoilt(
        lambda record: record["dynamodb"]["NewImage"].update(uuid={"S": "550e8400-e29b-41d4-a716-446655440000"})
    ),
}


@either_shape
@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("spoil", MALFORMED.values(), ids=MALFORMED)
def test_a_record_about_no_report_is_let_through(
    world: World, spoil: Callable[[Record], Record], position: int, shape: Shape
) -> None:
    reports, records = ordered(world, 1)
    records.insert(position, spoil(records[0]))

    answer = world.deliver(*shape(records))

    assert answer == ALL
    check_completed(world, reports, attempt=1)


@pytest.mark.parametrize("body", ["", "{", "null", "[]", "7", '"text"'])
def test_a_message_that_cannot_be_read_is_let_through(world: World, body: str) -> None:
    reports, records = ordered(world, 1)
    messages = as_queue([*records, *records])
    messages[0]["body"] = body

    answer = world.deliver(*messages)

    assert answer == ALL
    check_completed(world, reports, attempt=1)


@either_shape
def test_an_empty_batch_is_dealt_with(world: World, shape: Shape) -> None:
    assert world.deliver(*shape([])) == ALL


def test_records_the_stream_lost_are_made_again(world: World) -> None:
    reports, _ = ordered(world, 5)
    world.forget_records()
    world.skew += timedelta(minutes=3)

    world.sweep()

    world.deliver_new()
    check_completed(world, reports, attempt=1)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_the_sweep_makes_anew_may_be_lost_again(world: World, count: int) -> None:
    reports, _ = ordered(world, 1)

    for _ in range(count):
        world.forget_records()
        world.skew += timedelta(hours=1)
        world.sweep()

    world.deliver_new()
    check_completed(world, reports, attempt=1)


@pytest.mark.parametrize("when", ["before the sweep", "after the sweep"])
def test_a_late_record_and_the_sweeps_make_one_document(world: World, when: str) -> None:
    reports, records = ordered(world, 1)
    world.forget_records()
    world.skew += MINUTES
    if when == "before the sweep":
        world.deliver(*records)

    world.sweep()

    world.deliver_new()
    if when == "after the sweep":
        world.deliver(*records)
    check_completed(world, reports, attempt=1)
    assert len(world.documents(reports[0])) == 1


def test_a_record_that_comes_before_its_time_waits_for_the_sweep(world: World) -> None:
    report = world.order()
    held = world.reports.claim(
        report.uuid, owner="0" * 32, now=world.now(), lease_until=world.now() + timedelta(seconds=80)
    )
    assert held
    world.reports.release(held, not_before=world.now() + timedelta(seconds=15), now=world.now())

    world.deliver_new()

    assert world.found(report).status is Status.PENDING
    world.settle()
    check_completed(world, [report], attempt=2)


def test_a_worker_that_comes_back_from_the_dead_changes_nothing(world: World) -> None:
    report = world.order()
    zombie = world.reports.claim(
        report.uuid, owner="zombie", now=world.now(), lease_until=world.now() + timedelta(seconds=90)
    )
    assert zombie is not None
    world.deliver_until_finished(report)

    again = world.deliver(world.records(report)[0])

    assert again == ALL
    check_completed(world, [report], attempt=2)
