"""Clocks disagree, leases end to the millisecond, and time runs out: safety never hangs on a clock, only delay does."""

from datetime import timedelta

import pytest

from rapor.report import Report, Status
from tests.faults.injector import Intruder
from tests.faults.oracle import Expected
from tests.faults.scenarios import always, vouched_for
from tests.faults.world import FEW_ROWS, MINUTES, REMAINING_MS, World

pytestmark = pytest.mark.faults
SKEWS = [timedelta(seconds=seconds) for seconds in (-300, -10, 10, 300)]
MILLISECOND = timedelta(milliseconds=1)
LEASE = timedelta(seconds=REMAINING_MS / 1000 - 10 + 30)  # it stops ten seconds early, and holds on thirty longer


@pytest.fixture(autouse=True)
def _empty(world: World) -> None:
    world.reset()


def check_completed(world: World, report: Report) -> None:
    assert list(vouched_for(world, report)) == []
    assert [str(it) for it in world.oracle.violations(expected=Expected(always, ended=True))] == []
    assert world.complaints == []


def claimed(world: World) -> Report:
    """By a worker that died."""
    report = world.order()
    lease_until = world.now() + LEASE
    assert world.reports.claim(report.uuid, owner="0" * 32, now=world.now(), lease_until=lease_until)
    world.forget_records()
    return report


@pytest.mark.parametrize("skew", SKEWS, ids=str)
@pytest.mark.parametrize("who", ["the worker", "the sweep"])
def test_a_clock_that_is_wrong_costs_time_only(world: World, who: str, skew: timedelta) -> None:
    report = world.order()
    if who == "the worker":
        world.skew += skew
        world.deliver_new()
        world.skew -= skew
    else:
        world.skew += skew
        world.sweep()
        world.skew -= skew

    world.settle()

    check_completed(world, report)
    assert len(world.documents(report)) == 1


@pytest.mark.parametrize("skew", SKEWS, ids=str)
def test_a_sweep_with_another_clock_never_makes_two_documents_of_a_report_at_work(
    world: World, skew: timedelta
) -> None:
    report = world.order()

    def meanwhile() -> None:
        world.skew += skew
        world.sweep()
        world.skew -= skew
        world.deliver_new()

    with Intruder(1, meanwhile).among(world.room.workshop.documents._client):
        world.deliver(*world.records(report))
    world.settle()

    check_completed(world, report)
    is_early = skew >= LEASE  # then the worker is taken for dead, and its document stays behind
    assert (world.found(report).attempt, len(world.documents(report))) == ((2, 2) if is_early else (1, 1))


@pytest.mark.parametrize("skew", SKEWS, ids=str)
def test_a_worker_with_another_clock_completes_what_the_sweep_made_anew(world: World, skew: timedelta) -> None:
    report = claimed(world)
    world.skew += LEASE
    world.sweep()

    world.skew += skew
    world.deliver_new()
    world.skew -= skew

    world.settle()
    check_completed(world, report)
    assert world.found(report).attempt == 2


@pytest.mark.parametrize(
    ("after", "status"),
    [
        (LEASE - MILLISECOND, Status.PROCESSING),
        (LEASE, Status.PENDING),
        (LEASE + MILLISECOND, Status.PENDING),
    ],
    ids=["a millisecond before", "at its end", "a millisecond after"],
)
def test_a_lease_lasts_to_its_last_millisecond(world: World, after: timedelta, status: Status) -> None:
    report = claimed(world)
    world.skew += after

    world.sweep()

    assert world.found(report).status is status
    world.settle()
    check_completed(world, report)
    assert world.found(report).attempt == 2


@pytest.mark.parametrize(
    ("after", "attempt"),
    [(timedelta(seconds=15) - MILLISECOND, 1), (timedelta(seconds=15), 2), (timedelta(seconds=15) + MILLISECOND, 2)],
    ids=["a millisecond before", "at its time", "a millisecond after"],
)
def test_a_report_that_was_given_back_waits_to_its_last_millisecond(
    world: World, after: timedelta, attempt: int
) -> None:
    report = world.order()
    held = world.reports.claim(report.uuid, owner="0" * 32, now=world.now(), lease_until=world.now() + LEASE)
    assert held
    world.reports.release(held, not_before=world.now() + timedelta(seconds=15), now=world.now())
    world.skew += after

    world.deliver(world.records(report)[-1])

    assert world.found(report).attempt == attempt
    world.settle()
    check_completed(world, report)
    assert world.found(report).attempt == 2


def test_a_report_is_not_begun_without_time_and_does_not_fail_for_it(world: World) -> None:
    report = world.order()
    (record,) = world.records(report)

    answer = world.invoke("ProcessFast", {"Records": [record]}, remaining_ms=0)

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    assert world.found(report).attempt == 0
    world.settle()
    check_completed(world, report)
    assert world.found(report).attempt == 1


def test_a_report_whose_turn_comes_late_in_a_batch_is_left_for_the_next(world: World) -> None:
    """The one before it took more than half of the time."""
    reports = [world.order(), world.order()]
    records = [world.records(report)[-1] for report in reports]

    def slowly() -> None:
        world.skew += timedelta(seconds=30)

    with Intruder(1, slowly).among(world.room.workshop.documents._client):
        answer = world.deliver(*records)

    assert answer == {"batchItemFailures": [{"itemIdentifier": records[1]["dynamodb"]["SequenceNumber"]}]}
    assert [world.found(report).attempt for report in reports] == [1, 0]
    assert world.deliver(records[1]) == {"batchItemFailures": []}
    for report in reports:
        check_completed(world, report)


def test_a_report_that_takes_all_of_the_time_says_so(world: World) -> None:
    report = world.order()

    def for_too_long() -> None:
        world.skew += timedelta(seconds=51)

    with Intruder(2, for_too_long).among(world.room.workshop.reports._client):
        world.deliver(*world.records(report))

    error = world.found(report).error
    assert error is not None
    assert (error.code, error.attempt) == ("timed_out", 1)
    assert [str(it) for it in world.oracle.violations()] == []


@pytest.mark.parametrize("hours", [1, 25, 24 * 30])
def test_a_sweep_that_stood_still_fails_no_good_report(world: World, hours: int) -> None:
    reports = [world.order(parameters=FEW_ROWS) for _ in range(3)]
    world.forget_records()
    world.skew += timedelta(hours=hours)

    world.sweep()

    world.settle()
    for report in reports:
        check_completed(world, report)


def test_a_report_ends_within_the_time_its_attempts_take(world: World) -> None:
    """Three workers die, each as late as it can; the sweep comes each minute."""
    report = world.order()
    start = world.now()
    for _ in range(3):
        held = None
        while held is None:
            world.skew += timedelta(minutes=1)
            held = world.reports.claim(report.uuid, owner="0" * 32, now=world.now(), lease_until=world.now() + LEASE)
        while world.found(report).status is Status.PROCESSING:
            world.skew += timedelta(minutes=1)
            world.sweep()

    found = world.found(report)

    assert found.error is not None
    assert found.error.code == "attempts_exhausted"
    assert world.now() - start <= 3 * (LEASE + MINUTES)
