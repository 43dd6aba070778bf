"""
Tell EventBridge Scheduler of a schedule: after every change of its row, or in the sweep.

The row says until when the Scheduler may not have been told: nobody else speaks to it about the schedule before that.
"""

from datetime import datetime, timedelta
from typing import Protocol

from msgspec.structs import replace

from rapor.errors import Fenced, NotScheduled, StoreUnavailable
from rapor.schedule import SETTLING, Schedule
from rapor.timetable import Run, timetable_of

GRACE = timedelta(minutes=5)  # for a run to be there before anybody asks for it


class Settled(Protocol):
    """What of the table settling needs."""

    def change(self, found: Schedule, changed: Schedule) -> Schedule: ...
    def remove(self, found: Schedule) -> None: ...


class Scheduler(Protocol):
    """Calls at every run of what it was told."""

    def put(self, schedule: Schedule, first: datetime | None) -> None: ...
    def remove(self, schedule: Schedule) -> None: ...


def planned(schedule: Schedule, moment: datetime) -> Schedule:
    """The same, with the run that comes after *moment* as its next."""
    return waiting_for(timetable_of(schedule).first_after(moment) if schedule.is_active else None, schedule)


def waiting_for(run: Run | None, schedule: Schedule) -> Schedule:
    """The same, with *run* as its next, which nobody has tried to start."""
    return replace(
        schedule,
        next_run=run.at if run else None,
        is_skipped=run.is_skipped if run else False,
        tries=0,
        retry_at=None,
        problem=None,
    )


def unsettled(schedule: Schedule, now: datetime) -> Schedule:
    """The same, of which the Scheduler is about to be told."""
    return replace(schedule, settling_until=now + SETTLING, due_at=now + SETTLING)


def looked_at(schedule: Schedule) -> datetime | None:
    """When somebody has to look after a settled schedule: at once if there is something to tell."""
    if schedule.notices:
        return schedule.notices[0].at
    if schedule.next_run is None:
        return None
    if schedule.retry_at:
        return schedule.retry_at
    return schedule.next_run if schedule.is_skipped else schedule.next_run + GRACE


def settle(schedule: Schedule, *, now: datetime, schedules: Settled, scheduler: Scheduler) -> Schedule:
    """Tell the Scheduler, and note that it knows; what fails is left to the sweep."""
    if schedule.settling_until is None:
        return schedule
    try:
        return _settled(schedule, now, schedules, scheduler)
    except (Fenced, StoreUnavailable):
        return schedule


def _settled(schedule: Schedule, now: datetime, schedules: Settled, scheduler: Scheduler) -> Schedule:
    try:
        tell_scheduler(schedule, now=now, scheduler=scheduler)
    except NotScheduled:
        return schedules.change(schedule, schedule.paused("refused", now))
    if schedule.is_deleted:
        schedules.remove(schedule)
        return schedule
    return schedules.change(schedule, replace(schedule, settling_until=None, due_at=looked_at(schedule)))


def tell_scheduler(schedule: Schedule, *, now: datetime, scheduler: Scheduler) -> None:
    """
    Have it call at every run that is to come.

    Raises:
        NotScheduled: It refuses.
        StoreUnavailable: It could not be reached.
    """
    coming = timetable_of(schedule).first_after(now) if schedule.runs_on else None
    if coming is None:
        scheduler.remove(schedule)
        return
    is_rate, is_ahead = schedule.expression.startswith("rate"), schedule.start is not None and schedule.start > now
    scheduler.put(schedule, coming.at if is_rate else schedule.start if is_ahead else None)
