"""
One run of a schedule makes one report, however often its event comes.

The report is recorded first, together with the key of the run, and the schedule's row is told afterwards. Whoever dies
in between is followed by another delivery or by the sweep, which find the report by that key.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import UUID

from rapor.caller import GENERATE, Caller
from rapor.errors import Cancelled, Fenced, Forbidden, Invalid, TooManyUnfinished
from rapor.report import IdempotencyKey, Order, Origin, Report, Scope, Status
from rapor.schedule import KEPT_RUNS, PastRun, Schedule, text_of


class Record(Protocol):
    """Creates a report, or finds the one that the key made."""

    def __call__(self, order: Order, *, caller: Caller, key: IdempotencyKey | None) -> tuple[Report, Origin]: ...


class Schedules(Protocol):
    """The table; a change is refused when the schedule is not any more what was found."""

    def get(self, uuid: UUID) -> Schedule | None: ...
    def change(self, found: Schedule, changed: Schedule) -> Schedule: ...
    def note_run(self, found: Schedule, run: PastRun) -> Schedule: ...
    def note_problem(self, found: Schedule, code: str) -> None: ...


class Reports(Protocol):
    """Where reports are."""

    def replayed(self, key: IdempotencyKey, now: datetime) -> Report | None: ...
    def get(self, uuid: UUID) -> Report | None: ...


def run_schedule(
    uuid: UUID,
    moment: datetime,
    *,
    now: datetime,
    schedules: Schedules,
    reports: Reports,
    order: Callable[[Schedule, datetime], Order],
    record: Record,
) -> tuple[Report, Origin] | None:
    """
    Make the report of the run that was due at *moment*, or find it; None if there is none to be made.

    A run over the owner's cap waits: the sweep starts it again. One that can never be ordered, or that follows upon
    nothing but failures, pauses the schedule.

    Raises:
        StoreUnavailable: The event must come again.
    """
    schedule = schedules.get(uuid)
    if schedule is None or schedule.is_deleted:
        return None
    run = schedule.run_meant(moment)
    if known := reports.replayed(schedule.key_of(run), now):
        schedules.note_run(schedule, PastRun(text_of(run), known.uuid))
        return known, Origin.REPLAYED
    if not schedule.is_expected(run):
        return None
    if _fails_always(schedule, reports):
        _pause(schedule, "failed_in_a_row", now, schedules)
        return None
    made = _made(
        schedule, run, now, schedules, make=partial(make_report, order=order, record=record, key=schedule.key_of(run))
    )
    if made:
        schedules.note_run(schedule, PastRun(text_of(run), made[0].uuid))
    return made


def _made(
    schedule: Schedule,
    run: datetime,
    now: datetime,
    schedules: Schedules,
    *,
    make: Callable[[Schedule, datetime], tuple[Report, Origin]],
) -> tuple[Report, Origin] | None:
    try:
        return make(schedule, run)
    except TooManyUnfinished as error:
        schedules.note_problem(schedule, error.code)
    except (Invalid, Forbidden):
        _pause(schedule, "not_orderable", now, schedules)
    return None


def make_report(
    schedule: Schedule,
    run: datetime,
    *,
    order: Callable[[Schedule, datetime], Order],
    record: Record,
    key: IdempotencyKey | None = None,
) -> tuple[Report, Origin]:
    """
    Order it as it is at *run*, as the owner, with the rights the schedule was left; with a *key*, once.

    Raises:
        Invalid, Forbidden: It cannot be ordered.
        TooManyUnfinished: The owner has to wait.
    """
    permission = GENERATE if schedule.scope is Scope.ALL else f"{GENERATE}.own"
    owner = Caller(schedule.user_id, frozenset({permission}))
    return record(order(schedule, run), key=key, caller=owner)


def _fails_always(schedule: Schedule, reports: Reports) -> bool:
    """Whether all of the last reports failed; what somebody cancelled has not."""
    if len(schedule.runs) < KEPT_RUNS:
        return False
    return all(_has_failed(reports.get(run.report)) for run in reversed(schedule.runs))


def _has_failed(report: Report | None) -> bool:
    is_failed = report is not None and report.status is Status.FAILED
    return is_failed and report is not None and report.error is not None and report.error.code != Cancelled.code


def _pause(schedule: Schedule, code: str, now: datetime, schedules: Schedules) -> None:
    with suppress(Fenced):  # somebody changed it: the run that follows decides anew
        schedules.change(schedule, schedule.paused(code, now))
