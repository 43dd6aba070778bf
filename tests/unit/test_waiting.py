"""The alarm on waiting reports, in fake time: with the real sweep, and the template's own numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from local.cloudformation import Template
from local.template import PARAMETERS, STACK_NAME, TEMPLATE
from rapor.report import Report, Status
from rapor.store.keys import FIRST_DUE
from rapor.sweep import sweep_reports
from rapor.waiting import longest_wait
from tests.builders import NOW, a_report
from tests.unit.fakes import FakeOpenIndex, a_turn

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
STACK = Template.read(TEMPLATE, PARAMETERS, stack_name=STACK_NAME)
ALARM: dict[str, Any] = STACK.resolve(STACK.resources("AWS::CloudWatch::Alarm")["OldestPendingAlarm"])


class Table(FakeOpenIndex):
    """Rows by when they are due; counts what is read of them, and what is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, Mapping[str, Any]] = {}
        self.written = self.read_again = 0

    def due(self, now: datetime, *, limit: int, is_over: Callable[[], bool]) -> Iterator[UUID]:
        due = sorted((row.due_at, row.uuid) for row in self.rows.values() if row.is_queued and row.due_at)
        yield from [uuid for due_at, uuid in due if due_at <= now][:limit]

    def found(self, uuids: Iterable[UUID]) -> dict[UUID, Report]:
        rows = {uuid: self.rows[uuid] for uuid in uuids if uuid in self.rows}
        self.read_again += len(rows)
        return rows

    def read(self, name: str) -> Mapping[str, Any] | None:
        return self.notes.get(name)

    def write(self, name: str, note: Mapping[str, Any]) -> None:
        self.notes[name] = note
        self.written += 1


class Clock:
    """A table that is swept every minute, and what the sweep measured."""

    def __init__(self) -> None:
        self.now, self.table, self.measured = NOW, Table(), list[float]()

    def order(self, **changes: Any) -> UUID:
        row = {"uuid": uuid4(), "created_at": self.now, "updated_at": self.now, "due_at": self.now + FIRST_DUE}
        report = a_report(**{**row, **changes})
        self.table.rows[report.uuid] = report
        return report.uuid

    def take(self, uuid: UUID) -> None:
        """Let a worker have it."""
        row = self.table.rows[uuid]
        self.table.rows[uuid] = replace(row, status=Status.COMPLETED, updated_at=self.now, finished_at=self.now)

    def pass_by(self, minutes: int, each: Callable[[int], object] = lambda _: None) -> None:
        for minute in range(minutes):
            each(minute)
            sweep = sweep_reports(now=self.now, reports=self.table, turn=a_turn())
            wait = longest_wait(sweep.waiting, now=self.now, rows=self.table, notes=self.table)
            self.measured.append(wait.total_seconds())
            self.now += MINUTE

    def rings_at(self) -> list[int]:
        """In which minutes the alarm is on."""
        count = ALARM["EvaluationPeriods"]
        return [
            minute
            for minute in range(count - 1, len(self.measured))
            if all(it > ALARM["Threshold"] for it in self.measured[minute - count + 1 : minute + 1])
        ]


def test_the_alarm_looks_at_what_is_measured_here() -> None:
    assert (ALARM["MetricName"], ALARM["Statistic"], ALARM["Period"]) == ("waiting_seconds", "Maximum", 60)
    assert ALARM["ComparisonOperator"] == "GreaterThanThreshold"


def test_one_stuck_report_rings_within_a_quarter_of_an_hour_and_until_it_is_taken() -> None:
    clock = Clock()
    stuck = clock.order()

    clock.pass_by(20 * 60)
    clock.take(stuck)
    clock.pass_by(5)

    assert clock.rings_at() == list(range(13, 20 * 60))
    assert clock.measured[-5:] == [0] * 5


@pytest.mark.parametrize("every", [2, 5, 30, 60])
def test_one_that_gets_stuck_now_and_then_keeps_it_ringing(every: int) -> None:
    clock = Clock()

    clock.pass_by(6 * 60, lambda minute: clock.order() if minute % every == 0 else None)

    assert clock.rings_at() == list(range(13, 6 * 60))


def test_throttled_lanes_ring_while_they_are_behind() -> None:
    clock, waiting = Clock(), list[UUID]()

    def ten_come_and_two_are_taken(minute: int) -> None:
        if minute < 60:
            waiting.extend(clock.order() for _ in range(10))
        for uuid in waiting[: 2 if minute < 60 else 12]:
            clock.take(uuid)
        del waiting[: 2 if minute < 60 else 12]

    clock.pass_by(120, ten_come_and_two_are_taken)

    behind = clock.rings_at()
    assert behind[0] <= 16
    assert behind == list(range(behind[0], behind[-1] + 1))
    assert 90 <= behind[-1] <= 103  # taken oldest first, twelve a minute: after 40 minutes nothing waits
    assert clock.measured[-1] == 0


def test_a_report_five_days_old_that_is_redriven_waits_from_then_on() -> None:
    clock = Clock()

    redriven = clock.order(created_at=NOW - 5 * DAY)
    clock.pass_by(5)
    clock.take(redriven)
    clock.pass_by(5)

    assert max(clock.measured) == 4 * 60
    assert clock.rings_at() == []


def test_reports_that_are_taken_as_they_should_be_never_ring() -> None:
    clock, under_way = Clock(), list[UUID]()

    def taken_after_five_minutes(_: int) -> None:
        under_way.append(clock.order())
        if len(under_way) > 5:
            clock.take(under_way.pop(0))

    clock.pass_by(6 * 60, taken_after_five_minutes)

    assert clock.rings_at() == []


def test_an_attempt_whose_worker_died_begins_to_wait_when_it_is_taken_back() -> None:
    clock = Clock()
    clock.order(
        status=Status.PROCESSING,
        attempt=1,
        owner="dead",
        updated_at=NOW - 17 * MINUTE,
        due_at=NOW,
        created_at=NOW - DAY,
    )

    clock.pass_by(8)

    assert clock.measured == [0, 0, *(60 * minute for minute in range(2, 8))]


def test_what_does_not_wait_any_more_is_forgotten() -> None:
    clock = Clock()
    ends: list[dict[str, Any]] = [
        {"status": Status.PROCESSING}, {"status": Status.FAILED}, {"is_active": False}, {"deleted_at": NOW},
        {"status": Status.COMPLETED},
    ]  # fmt: skip
    gone, *others = [clock.order() for _ in range(len(ends) + 1)]
    clock.pass_by(4)

    del clock.table.rows[gone]
    for uuid, end in zip(others, ends, strict=True):
        clock.table.rows[uuid] = replace(clock.table.rows[uuid], **end, due_at=None)
    clock.pass_by(1)

    assert clock.measured[-1] == 0
    assert clock.table.notes["waiting"] == {"reports": []}


def test_however_many_wait_a_minute_costs_a_handful_of_reads() -> None:
    clock = Clock()
    for _ in range(400):
        clock.order()

    clock.pass_by(70)

    assert clock.table.read_again <= 70 * 25
    assert clock.measured[2:] == [60 * minute for minute in range(2, 70)]


def test_a_minute_in_which_nothing_changed_writes_nothing() -> None:
    clock = Clock()

    clock.pass_by(10)
    assert clock.table.written == 0

    clock.order()
    clock.pass_by(60)
    assert clock.table.written == 1
