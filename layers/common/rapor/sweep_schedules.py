"""
Look after schedules, every minute.

EventBridge Scheduler makes the runs; here it is told what it was not told of, and every run is looked for. One that is
not there is started: EventBridge leaves out local times that do not exist, gives up, and a run over its owner's cap
waits. When the next one is due it counts as missed, and that is told once.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid5

from msgspec import Struct, field
from msgspec.structs import replace

from rapor.announce import SOURCE
from rapor.errors import Fenced, StoreUnavailable
from rapor.report import IdempotencyKey, Report, iso
from rapor.schedule import Notice, PastRun, Schedule, text_of
from rapor.settling import Scheduler, looked_at, settle, unsettled, waiting_for
from rapor.timetable import Run, timetable_of
from rapor.turns import Turn

PER_SWEEP = 400
STEPS = 200  # runs of one schedule that one sweep looks for
LATEST = timedelta(hours=24)  # then nobody waits for it any more
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=2), timedelta(minutes=30)
PUT_OFF = timedelta(minutes=3)  # of one that could not be looked after; it fails in every period of an alarm
MOST_UNHEARD = 3  # in a row: then the Scheduler is out of reach, and the sweep has other things to do


class Schedules(Protocol):
    """The open index, and conditional writes."""

    def due(self, now: datetime, *, limit: int, is_over: Callable[[], bool]) -> Iterator[UUID]: ...
    def get(self, uuid: UUID) -> Schedule | None: ...
    def change(self, found: Schedule, changed: Schedule) -> Schedule: ...
    def remove(self, found: Schedule) -> None: ...
    def note_run(self, found: Schedule, run: PastRun) -> Schedule: ...


class Starter(Scheduler, Protocol):
    """A scheduler that can also be made to call once, now."""

    def start_run(self, schedule: Schedule, run: datetime, now: datetime) -> None: ...


class Reports(Protocol):
    """Where the report of a run is found."""

    def replayed(self, key: IdempotencyKey, now: datetime) -> Report | None: ...


class Events(Protocol):
    """Takes events, or raises."""

    def send(self, event: Mapping[str, Any]) -> None: ...


class Care(Struct):
    """What one sweep did: schedules looked at, runs started, runs given up."""

    schedules: int = 0
    started: int = 0
    missed: int = 0


class Keeper(Struct, frozen=True, kw_only=True):
    """Who looks after schedules, when, and with what."""

    now: datetime
    schedules: Schedules
    scheduler: Starter
    reports: Reports
    events: Events
    care: Care = field(default_factory=Care)


class Patient:
    """A Scheduler that is asked no more, in this sweep, once it did not answer several times in a row."""

    def __init__(self, scheduler: Starter) -> None:
        self._scheduler, self._unheard = scheduler, 0

    def put(self, schedule: Schedule, first: datetime | None) -> None:
        """As the Scheduler's own."""
        with self._asking():
            self._scheduler.put(schedule, first)

    def remove(self, schedule: Schedule) -> None:
        """As the Scheduler's own."""
        with self._asking():
            self._scheduler.remove(schedule)

    def start_run(self, schedule: Schedule, run: datetime, now: datetime) -> None:
        """As the Scheduler's own."""
        with self._asking():
            self._scheduler.start_run(schedule, run, now)

    def check(self) -> None:
        """
        Say how it went.

        Raises:
            StoreUnavailable: It was out of reach.
        """
        if self._unheard >= MOST_UNHEARD:
            raise StoreUnavailable("EventBridge Scheduler does not answer")

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self.check()
        try:
            yield
        except StoreUnavailable:
            self._unheard += 1
            raise
        self._unheard = 0


def sweep_schedules(keeper: Keeper, turn: Turn) -> Care:
    """Look after some of the schedules that are due, as far as the *turn* goes."""
    patient = Patient(keeper.scheduler)
    keeper = replace(keeper, scheduler=patient)
    due = keeper.schedules.due(keeper.now, limit=PER_SWEEP, is_over=turn.is_over)
    turn.tend(due, lambda uuid: _see_to(uuid, keeper), message="a schedule was not looked after")
    with turn.trying("runs could not be told"):
        patient.check()
    return keeper.care


def _see_to(uuid: UUID, keeper: Keeper) -> None:
    schedule = keeper.schedules.get(uuid)
    if schedule is None or not _is_due(schedule, keeper.now):
        return  # the index lags behind the table
    keeper.care.schedules += 1
    try:
        _look_after(schedule, keeper)
    except Fenced:
        return  # its owner is quicker
    except Exception:
        _put_off(uuid, keeper)
        raise


def _is_due(schedule: Schedule, now: datetime) -> bool:
    return schedule.due_at is not None and schedule.due_at <= now


def _put_off(uuid: UUID, keeper: Keeper) -> None:
    """Let others come first the next minute; nothing of it is lost."""
    with suppress(Fenced, StoreUnavailable):
        found = keeper.schedules.get(uuid)
        if found and _is_due(found, keeper.now):
            keeper.schedules.change(found, replace(found, due_at=keeper.now + PUT_OFF))


def _look_after(schedule: Schedule, keeper: Keeper) -> None:
    if schedule.settling_until:
        schedule = keeper.schedules.change(schedule, unsettled(schedule, keeper.now))  # nobody else may
        schedule = settle(schedule, now=keeper.now, schedules=keeper.schedules, scheduler=keeper.scheduler)
    if schedule.settling_until or schedule.is_deleted:
        return
    schedule = _with_runs_found(schedule, keeper)
    if schedule.notices:
        _tell(schedule, keeper)


def _tell(schedule: Schedule, keeper: Keeper) -> None:
    """Send what is to be told, then note that it is: it is told at least once, always under the same id."""
    for notice in schedule.notices:
        keeper.events.send(notice_event(schedule, notice))
    told = replace(schedule, notices=())
    keeper.schedules.change(schedule, replace(told, due_at=looked_at(told)))


def notice_event(schedule: Schedule, notice: Notice) -> dict[str, Any]:
    """
    Say it as a CloudEvent 1.0: ids and codes, nothing that the schedule orders or is called.

    docs/events/schedule.schema.json describes it.
    """
    missed = {"scheduled_for": notice.scheduled_for, "runs": notice.runs} if notice.kind == "missed" else {}
    return {
        "specversion": "1.0",
        "id": str(uuid5(schedule.uuid, f"{notice.kind}/{notice.scheduled_for or iso(notice.at)}")),
        "source": SOURCE,
        "type": f"schedule.{notice.kind}",
        "time": iso(notice.at),
        "subject": str(schedule.uuid),
        "datacontenttype": "application/json",
        "data": {"uuid": str(schedule.uuid), "user_id": schedule.user_id, "code": notice.code, **missed},
    }


def _with_runs_found(schedule: Schedule, keeper: Keeper) -> Schedule:
    """Go on to the first run that is still to come, or to be started."""
    found, missed = schedule, list[Run]()
    timetable, run = timetable_of(schedule), _next_of(schedule)
    for _ in range(STEPS):
        if run is None or (at := looked_at(_at_run(found, run))) is None or at > keeper.now:
            break
        report = keeper.reports.replayed(found.key_of(run.at), keeper.now)
        following = timetable.first_after(run.at)
        if report:
            found = _with_run(found, PastRun(text_of(run.at), report.uuid), keeper)
        elif keeper.now < _deadline(run, following):
            return _started(found, _noted(found, run, missed, keeper), run, keeper)
        else:
            missed.append(run)
        run = following
    return _written(found, _noted(found, run, missed, keeper), keeper)


def _with_run(found: Schedule, run: PastRun, keeper: Keeper) -> Schedule:
    noted = keeper.schedules.note_run(found, run)
    if noted.revision != found.revision:
        raise Fenced  # what we are about to write is of an older one
    return noted


def _next_of(schedule: Schedule) -> Run | None:
    return Run(schedule.next_run, schedule.is_skipped) if schedule.next_run and schedule.is_active else None


def _at_run(schedule: Schedule, run: Run) -> Schedule:
    """The schedule without what is to be told, as it waits for this run."""
    retry_at = schedule.retry_at if run == _next_of(schedule) else None
    return replace(schedule, next_run=run.at, is_skipped=run.is_skipped, retry_at=retry_at, notices=())


def _deadline(run: Run, following: Run | None) -> datetime:
    """Until when it is better to have the run late than not: two of one schedule are never made up together."""
    return min(run.at + LATEST, following.at) if following else run.at + LATEST


def _noted(schedule: Schedule, run: Run | None, missed: list[Run], keeper: Keeper) -> Schedule:
    """The schedule when it waits for *run*, with what was missed to be told."""
    if run != _next_of(schedule):
        code = schedule.problem or "not_started"
        schedule = waiting_for(run, schedule)
        if missed:
            notice = Notice("missed", keeper.now, code, text_of(missed[0].at), len(missed))
            schedule = replace(schedule, notices=(*schedule.notices, notice))
    keeper.care.missed += len(missed)
    return replace(schedule, due_at=looked_at(schedule))


def _written(found: Schedule, noted: Schedule, keeper: Keeper) -> Schedule:
    return keeper.schedules.change(found, noted) if noted != found else found


def _started(found: Schedule, noted: Schedule, run: Run, keeper: Keeper) -> Schedule:
    """Have the run made now; should the Scheduler have lost the schedule, it is told of it again."""
    wait = min(FIRST_WAIT * 2 ** min(noted.tries, 10), LONGEST_WAIT)
    waiting = replace(noted, tries=noted.tries + 1, retry_at=keeper.now + wait)
    waiting = replace(waiting, due_at=looked_at(waiting))
    is_lost = noted.tries == 0 and noted.problem is None and not run.is_skipped
    schedules, scheduler = keeper.schedules, keeper.scheduler
    written = schedules.change(found, unsettled(waiting, keeper.now) if is_lost else waiting)
    written = settle(written, now=keeper.now, schedules=schedules, scheduler=scheduler)
    if written.is_active:
        with suppress(StoreUnavailable):  # the next try, then
            scheduler.start_run(written, run.at, keeper.now)
            keeper.care.started += 1
    return written
