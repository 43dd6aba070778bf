"""
Wherever workers die, and whatever is lost, the report has ended within the time that is promised.

In fake time, with the sweep always as late as it may be. Lane fast: its numbers are smaller, its formulas the same.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest

from local.bound import Bound, bounds
from rapor.report import Report, Status
from tests.faults.injector import Fault
from tests.faults.oracle import Expected
from tests.soak.service import Service, Stage

pytestmark = pytest.mark.faults
CALLS = ["UpdateItem", "UpdateItem", "PutObject", "Sign", "PutObject", "UpdateItem"]
AT_THE_LAST_MOMENT = timedelta(seconds=49)  # of the 50 that a worker takes for itself
A_MOMENT = timedelta(milliseconds=1)


class Step(NamedTuple):
    """What the report was from then on."""

    at: datetime
    status: str


class Watched:
    """One report, and when it was what; nobody but the test moves the time."""

    def __init__(self, stage: Stage) -> None:
        self.service = Service(stage)
        self.bound: Bound = bounds(stage.stack)["fast"]
        self.late = self.bound.processing - timedelta(seconds=80)  # by which the sweep may come after a report is due
        self.injector = stage.injector
        self.injector.chance = 0.0
        report = self.service.create()
        assert report is not None
        self.uuid = report.uuid
        self.ordered_at = self.service.time
        self.steps: list[Step] = []
        self.record = self.look()

    @property
    def report(self) -> Report:
        return self.service.got(self.uuid)

    def look(self) -> Any:
        """Note what the stream says; returns the last record of a report that waits."""
        for record in self.service.news():
            status = record["dynamodb"]["NewImage"]["status"]["S"]
            self.steps.append(Step(self.service.time, status))
            if status == "pending":
                self.record = record
        return self.record

    def deliver(self, at: int = 0, fault: Fault = Fault.CRASH_BEFORE, took: timedelta = AT_THE_LAST_MOMENT) -> None:
        """Give it to a worker that takes its time, and may break at a call."""
        began = self.service.time
        self.service.while_rendering = lambda _: setattr(self.service, "time", began + took)
        self.service.next_fault = (at, fault)
        self.service.deliver(self.record)
        self.look()

    def next_sweep(self) -> datetime:
        """The last moment at which the sweep may see to it."""
        due_at = self.report.due_at
        assert due_at is not None
        return due_at + self.late - A_MOMENT

    def wait_for_the_sweep(self) -> None:
        self.service.time = max(self.service.time, self.next_sweep())
        self.service.sweep()
        self.look()

    def longest_processing(self) -> timedelta:
        spans = (b.at - a.at for a, b in pairwise(self._changes()) if a.status == "processing")
        return max(spans, default=timedelta(0))

    def _changes(self) -> Iterator[Step]:
        last = None
        for step in self.steps:
            if step.status != last:
                yield step
            last = step.status

    def check(self, until: timedelta) -> None:
        assert self.report.is_finished
        assert self.longest_processing() <= self.bound.processing
        assert self.service.time - self.ordered_at <= until
        assert self.service.oracle.violations(expected=Expected(ended=True)) == []


@pytest.fixture
def watched(stage: Stage) -> Watched:
    return Watched(stage)


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.THROTTLED_FOR_EVER])
@pytest.mark.parametrize("at", range(1, len(CALLS) + 1))
def test_whose_workers_always_die_there_has_ended_in_time(watched: Watched, at: int, fault: Fault) -> None:
    while not watched.report.is_finished:
        before = watched.report.attempt
        watched.deliver(at, fault)
        assert watched.injector.calls[: at - 1] == CALLS[: at - 1]
        if watched.report.attempt == before:  # it died before the claim: the next record comes with the sweep
            assert at == 1
            watched.wait_for_the_sweep()
            watched.deliver()
        elif not watched.report.is_finished:
            watched.wait_for_the_sweep()

    watched.check(until=watched.bound.tried + (timedelta(minutes=5) if at == 1 else timedelta(0)))


def test_the_bound_of_one_attempt_is_reached(watched: Watched) -> None:
    watched.deliver(2, Fault.CRASH_BEFORE, took=timedelta(0))
    watched.wait_for_the_sweep()

    assert watched.report.status is Status.PENDING
    assert watched.bound.processing - watched.longest_processing() <= timedelta(seconds=1)


def test_a_report_whose_every_record_is_lost_has_ended_in_time(watched: Watched) -> None:
    while not watched.report.is_finished:
        watched.wait_for_the_sweep()

    assert watched.report.error is not None
    assert watched.report.error.code == "attempts_exhausted"
    assert watched.service.time - watched.ordered_at > timedelta(hours=24)
    watched.check(until=watched.bound.ended)


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_nor_does_it_help_to_be_taken_up_at_the_last_moment(watched: Watched, attempts: int) -> None:
    while watched.next_sweep() - watched.ordered_at <= timedelta(hours=24):
        watched.wait_for_the_sweep()
    watched.service.time = watched.next_sweep() - A_MOMENT

    for _ in range(attempts):
        watched.deliver(5, Fault.THROTTLED_FOR_EVER)  # given back, at the last moment
        watched.service.time = watched.report.not_before or watched.service.time
    while not watched.report.is_finished:
        watched.wait_for_the_sweep()

    watched.check(until=watched.bound.ended)
    assert watched.report.attempt == attempts
