"""
Whatever breaks around its announcement, an end is told, and however often it is told, by one id.

The functions are the real ones; the bus is a real API with a rule on it, and what came over it is what counts.
"""

from contextlib import suppress
from datetime import timedelta

import pytest

from rapor.report import Failure, Report, Status
from tests.faults.checks import check, check_announced
from tests.faults.injector import Crash, Fault, Intruder
from tests.faults.scenarios import CANCEL, DELETE, RESTORE, RETRY, UPDATE
from tests.faults.world import World

pytestmark = pytest.mark.faults
UNTOLD_BY_ITS_SENDER = {
    Fault.CRASH_BEFORE,
    Fault.CRASH_AFTER,
    Fault.THROTTLED_FOR_EVER,
}


@pytest.fixture(autouse=True)
def _empty(world: World) -> None:
    world.reset()


def ended(world: World) -> Report:
    """A report whose worker died right after its end."""
    report = world.order()
    world.injector.arm(6, Fault.CRASH_AFTER)
    with pytest.raises(Crash):
        world.deliver(world.records(report)[-1])
    assert world.told(report) == []
    return report


def got(world: World, report: Report) -> Report:
    found = world.reports.get(report.uuid)
    assert found is not None
    return found


# -- the worker ---------------------------------------------------------------


@pytest.mark.parametrize("fault", Fault)
def test_an_event_that_broke_is_told_in_the_end(world: World, fault: Fault) -> None:
    report = world.order()
    world.injector.arm(7, fault)

    with suppress(Crash):
        answer = world.deliver(world.records(report)[-1])
        assert answer == {"batchItemFailures": []}  # the end stands
    world.injector.disarm()

    assert world.injector.fired
    assert got(world, report).status is Status.COMPLETED
    assert got(world, report).unannounced is (fault in UNTOLD_BY_ITS_SENDER)
    check(world, report)


def test_a_record_that_comes_again_tells_nothing(world: World) -> None:
    report = world.order()
    world.deliver(*world.records(report))

    world.deliver(*world.records(report), *world.records(report))
    check(world, report)

    assert len(world.told(report)) == 1


@pytest.mark.parametrize("at", [6, 7, 8])
def test_a_worker_and_the_sweep_tell_the_same_end(world: World, at: int) -> None:
    report = world.order()
    intruder = Intruder(at, world.announce_left)
    workshop = world.room.workshop
    ports = (workshop.reports, workshop.documents, workshop.signer, workshop.announcer.events)

    with intruder.among(*(port._client for port in ports)):
        world.deliver(world.records(report)[-1])

    assert intruder.calls[5:] == ["UpdateItem", "PutEvents", "UpdateItem"]
    check(world, report)
    assert len(world.told(report)) == (1 if at == 6 else 2)


@pytest.mark.parametrize("at", [7, 8])
@pytest.mark.parametrize("act", ["rename", DELETE])
def test_a_client_comes_between_an_end_and_its_mark(world: World, act: str, at: int) -> None:
    report = world.order()
    event, body = (UPDATE, {"title": "B"}) if act == "rename" else (act, None)
    intruder = Intruder(at, lambda: world.request(event, report, body))
    workshop = world.room.workshop
    ports = (workshop.reports, workshop.documents, workshop.signer, workshop.announcer.events)

    with intruder.among(*(port._client for port in ports)):
        world.deliver(world.records(report)[-1])

    check_announced(world, report)
    found = got(world, report)
    assert found.status is Status.COMPLETED
    assert found.deleted_at if act == DELETE else found.title == "B"
    last = world.records(report)[-1]["dynamodb"]["NewImage"]
    assert ("open_pk" in last) is (act == DELETE)


# -- clients ------------------------------------------------------------------


def test_each_end_of_a_report_is_told_by_its_own_id(world: World) -> None:
    report = world.order()
    for act in (CANCEL, RETRY, CANCEL, RETRY):  # no attempt in between: only time tells the two ends apart
        world.skew += timedelta(seconds=1)
        assert world.request(act, report)[0] in {200, 202}
    world.deliver_until_finished(report)

    check_announced(world, report)

    types = [event["type"] for event in world.told(report)]
    assert types == ["report.failed", "report.failed", "report.completed"]


def test_a_retry_whose_failure_cannot_be_told_waits(world: World) -> None:
    failure = Failure("internal", "x", retryable=True, attempt=3)
    report = world.order(status=Status.FAILED, attempt=3, error=failure, finished_at=world.now(), unannounced=True)
    world.injector.arm(2, Fault.THROTTLED_FOR_EVER)

    status, body = world.request(RETRY, report)

    world.injector.disarm()
    assert (status, body["code"]) == (503, "store_unavailable")
    assert got(world, report).status is Status.FAILED
    check_announced(world, report)


def test_a_deleted_report_is_told_before_it_is_in_the_trash(world: World) -> None:
    report = ended(world)
    world.injector.arm(3, Fault.CRASH_BEFORE)

    with pytest.raises(Crash):
        world.request(DELETE, report)

    assert world.announce_left() == 1
    last = world.records(report)[-1]["dynamodb"]["NewImage"]
    assert last["open_pk"]["S"].startswith("TRASH#")
    check_announced(world, report)


def test_what_was_recorded_as_it_stands_is_never_told(world: World) -> None:
    report = world.order(status=Status.COMPLETED, imported=True)

    world.request(DELETE, report)
    world.request(RESTORE, report)
    world.announce_left()

    assert world.told(report) == []
