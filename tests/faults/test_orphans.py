"""What broken attempts leave in the bucket is found and removed, and nothing else is."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from rapor.errors import StoreUnavailable
from rapor.orphans import Cleared, sweep_orphans
from rapor.report import Report, Status
from rapor.store.documents import DocumentBucket
from rapor.store.lists import ReportLists
from rapor.store.notes import Notes
from tests.faults.carrier import Direct
from tests.faults.injector import Crash, Fault, Injector, Intruder
from tests.faults.world import World
from tests.unit.fakes import a_turn

pytestmark = pytest.mark.faults
DOCUMENT, MANIFEST, COMPLETE = 3, 5, 6  # calls of the process function
LAST = COMPLETE - 1  # without the signature, which is another client's
CANCEL = "post_api_v1_reports_uuid_cancel"
SWEEP = ["GetItem", "ListObjectVersions", "BatchGetItem", "DeleteObjects", "PutItem"]


class Broom:
    """The sweep's hands, with an injector on them; always before its first run."""

    def __init__(self, world: World) -> None:
        self.injector = Injector(Direct(world.aws.app))
        dynamodb, s3 = world.aws.client("dynamodb"), world.aws.client("s3")
        for client in (dynamodb, s3):
            self.injector.attach(client)
        world.forget_orphans_note()
        self.rows, self.notes = ReportLists(dynamodb, world.table), Notes(dynamodb, world.table)
        self.documents = DocumentBucket(s3, world.bucket)

    def sweep(self, now: datetime) -> Cleared:
        return sweep_orphans(now=now, rows=self.rows, documents=self.documents, notes=self.notes, turn=a_turn())


def check(world: World, report: Report) -> None:
    assert world.found(report).status is Status.COMPLETED
    assert world.oracle.violations([report.uuid]) == []


def two_days_after(report: Report) -> datetime:
    return report.created_at + timedelta(days=2)


def crashed(world: World, at: int, fault: Fault = Fault.CRASH_AFTER) -> Report:
    """A report whose first attempt died there; it completes later."""
    report = world.order()
    world.injector.arm(at, fault)
    with pytest.raises(Crash):
        world.deliver(world.records(report)[-1])
    world.injector.disarm()
    world.deliver_until_finished(report)
    return report


def cancelled_at_the_last_moment(world: World) -> Report:
    report = world.order()
    disturbed(world, report, lambda: world.request(CANCEL, report))
    return report


def fenced(world: World) -> Report:
    """Its first worker was so slow that another one finished before it."""
    report = world.order()

    def overtake() -> None:
        world.skew += timedelta(minutes=5)
        world.deliver_until_finished(report)

    disturbed(world, report, overtake)
    return report


def disturbed(world: World, report: Report, act: Callable[[], object]) -> None:
    """Deliver it to a worker, just before whose last call somebody does something."""
    intruder = Intruder(LAST, act)
    with intruder.among(world.room.workshop.reports._client, world.room.workshop.documents._client):
        world.deliver(world.records(report)[-1])


def test_leftovers_of_every_kind_go_and_every_named_document_stays(world: World) -> None:
    crashes = [
        crashed(world, DOCUMENT),
        crashed(world, MANIFEST),
        crashed(world, COMPLETE, Fault.CRASH_BEFORE),
    ]
    late, zombies, whole = cancelled_at_the_last_moment(world), fenced(world), world.order()
    world.deliver_until_finished(whole)
    broom = Broom(world)

    removed = dict(broom.sweep(two_days_after(crashes[0])).removed)
    removed |= broom.sweep(two_days_after(whole)).removed  # midnight may lie between

    assert removed == dict(zip((it.uuid for it in (*crashes, late, zombies)), (1, 2, 2, 2, 2), strict=True))
    for report in (*crashes, zombies, whole):
        check(world, report)
        assert len(world.objects(report)) == 2
    assert (world.found(late).status, world.objects(late)) == (Status.FAILED, [])


def test_what_may_be_under_way_is_left(world: World) -> None:
    report = world.order()
    world.injector.arm(MANIFEST, Fault.CRASH_AFTER)
    with pytest.raises(Crash):
        world.deliver(world.records(report)[-1])
    world.injector.disarm()

    cleared = Broom(world).sweep(two_days_after(report))

    assert report.uuid not in cleared.removed  # nobody has taken it back from its worker yet
    assert len(world.objects(report)) == 2
    world.deliver_until_finished(report)
    check(world, report)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("call", SWEEP)
def test_a_sweep_that_broke_is_finished_by_the_next(world: World, call: str, fault: Fault) -> None:
    Broom(world).sweep(world.now() + timedelta(days=2))  # what earlier tests left
    report = crashed(world, MANIFEST)
    broom = Broom(world)
    broom.injector.arm(SWEEP.index(call) + 1, fault)

    with suppress(Crash, StoreUnavailable):
        broom.sweep(two_days_after(report))
    broom.injector.disarm()
    broom.sweep(two_days_after(report))

    assert broom.injector.fired
    assert broom.injector.calls[SWEEP.index(call)] == call
    check(world, report)
    assert len(world.objects(report)) == 2
