"""
Whatever breaks between two AWS calls of the process function, the report completes once, with one document.

The function is the real one: its room, DuckDB, its writer. Only time is ours.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from rapor.report import Status
from rapor.sweep import sweep_reports
from tests.faults.injector import Crash, Fault
from tests.faults.world import World, check, check_announced

pytestmark = pytest.mark.faults
CALLS = ["UpdateItem", "UpdateItem", "PutObject", "Sign", "PutObject", "UpdateItem", "PutEvents", "UpdateItem"]
#         claim, progress, document, signature, manifest, complete, event, mark


def test_a_report_takes_just_these_calls(world: World) -> None:
    report = world.order()
    world.injector.arm(99, Fault.CRASH_BEFORE)

    world.deliver(world.records(report)[-1])

    world.injector.disarm()
    assert world.injector.calls == CALLS
    check(world, report)
    assert len(world.objects(report)) == 2


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
    assert len(world.objects(report)) == 2
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
    check_announced(world, report)


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
