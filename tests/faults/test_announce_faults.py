"""
Whatever breaks around its announcement, an end is told, and however often it is told, by one id.

The functions are the real ones; the bus is a real API with a rule on it, and what came over it is what counts.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import boto3
import pytest

from rapor.announce import Announcer
from rapor.errors import StoreUnavailable
from rapor.report import Failure, Report, Status
from rapor.store.changes import ReportChanges
from rapor.store.events import EventBus
from tests.faults.injector import Crash, Fault, Injector, Intruder
from tests.faults.world import World, check, check_announced
from tests.unit.fakes import FakeLog

pytestmark = pytest.mark.faults
CANCEL, DELETE, RETRY, RESTORE, UPDATE = (
    "post_api_v1_reports_uuid_cancel",
    "delete_api_v1_reports_uuid",
    "post_api_v1_reports_uuid_retry",
    "post_api_v1_reports_uuid_restore",
    "patch_api_v1_reports_uuid",
)
UNTOLD_BY_ITS_SENDER = {
    Fault.CRASH_BEFORE,
    Fault.CRASH_AFTER,
    Fault.THROTTLED_FOR_EVER,
}


class Sweep:
    """The sweep's hands at the outbox, with an injector on them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.injector = Injector()
        reports = ReportChanges(world.aws.client("dynamodb"), world.table)
        events = EventBus(boto3.client, world.bus)
        self.injector.attach(reports._client)
        self.injector.attach(events._client)
        self._announcer = Announcer(reports, events, FakeLog())

    def run(self) -> int:
        return self._announcer.announce_left(now=self._world.now() + timedelta(minutes=1))


@pytest.fixture
def sweep(world: World) -> Sweep:
    made = Sweep(world)
    made.run()  # what earlier tests left
    return made


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
def test_a_worker_and_the_sweep_tell_the_same_end(world: World, sweep: Sweep, at: int) -> None:
    report = world.order()
    intruder = Intruder(at, sweep.run)
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


# -- the sweep ----------------------------------------------------------------

OUTBOX = ["Query"] * 16 + ["GetItem", "PutEvents", "UpdateItem"]


def test_the_outbox_takes_just_these_calls(world: World, sweep: Sweep) -> None:
    report = ended(world)
    sweep.injector.arm(99, Fault.CRASH_BEFORE)

    assert sweep.run() == 1

    assert sorted(sweep.injector.calls, key=lambda call: call != "Query") == OUTBOX
    check(world, report)
    assert len(world.told(report)) == 1


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("call", ["GetItem", "PutEvents", "UpdateItem"])
def test_a_sweep_of_the_outbox_that_broke_is_finished_by_the_next(
    world: World, sweep: Sweep, call: str, fault: Fault
) -> None:
    report = ended(world)
    sweep.injector.arm(report.uuid.int % 16 + 1 + OUTBOX[16:].index(call) + 1, fault)

    with suppress(Crash, StoreUnavailable):
        sweep.run()
    sweep.injector.disarm()

    assert sweep.injector.fired
    check(world, report)


# -- clients ------------------------------------------------------------------


def test_each_end_of_a_report_is_told_by_its_own_id(world: World) -> None:
    report = world.order()
    for act in (CANCEL, RETRY, CANCEL, RETRY):  # no attempt in between: only time tells the two ends apart
        assert world.request(act, report)[0] in {200, 202}
    world.deliver_until_finished(report)

    check_announced(world, report)

    types = [event["type"] for event in world.told(report)]
    assert types == ["report.failed", "report.failed", "report.completed"]


def test_a_retry_whose_failure_cannot_be_told_waits(world: World) -> None:
    failure = Failure("internal", "x", retryable=True, attempt=3)
    report = world.order(status=Status.FAILED, attempt=3, error=failure, finished_at=world.now(), unannounced=True)
    world.update_injector.arm(2, Fault.THROTTLED_FOR_EVER)

    status, body = world.request(RETRY, report)

    world.update_injector.disarm()
    assert (status, body["code"]) == (503, "store_unavailable")
    assert got(world, report).status is Status.FAILED
    check_announced(world, report)


def test_a_deleted_report_is_told_before_it_is_in_the_trash(world: World, sweep: Sweep) -> None:
    report = ended(world)
    world.update_injector.arm(3, Fault.CRASH_BEFORE)

    with pytest.raises(Crash):
        world.request(DELETE, report)

    assert sweep.run() == 1
    last = world.records(report)[-1]["dynamodb"]["NewImage"]
    assert last["open_pk"]["S"].startswith("TRASH#")
    check_announced(world, report)


def test_what_was_recorded_as_it_stands_is_never_told(world: World) -> None:
    report = world.order(status=Status.COMPLETED, imported=True)

    world.request(DELETE, report)
    world.request(RESTORE, report)
    world.announce_left()

    assert world.told(report) == []


# -- what these tests would find ----------------------------------------------


class Hasty(Announcer):
    """Takes the end out of the outbox first."""

    def announce(self, report: Report) -> Report:
        marked = self.reports.change(report, replace(report, unannounced=False))
        self.send(report)
        return marked


def test_an_outbox_cleared_before_sending_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    report = world.order()
    was = world.room.workshop.announcer
    hasty = Hasty(was.reports, was.events, was.log)
    monkeypatch.setattr(world.room, "workshop", replace(world.room.workshop, announcer=hasty))
    world.injector.arm(8, Fault.CRASH_BEFORE)

    with pytest.raises(Crash):
        world.deliver(world.records(report)[-1])

    assert world.injector.calls[6:] == ["UpdateItem", "PutEvents"]
    with pytest.raises(AssertionError):
        check_announced(world, report)
