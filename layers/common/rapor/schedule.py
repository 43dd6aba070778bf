"""
A schedule: what to order, when, and with whose rights. No I/O, no AWS, no clock but the one passed in.

When it runs next is in the row; `timetable` works it out, for whoever has the time zones and a cron library at hand.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from rapor.report import IdempotencyKey, Scope

KEPT_RUNS = 5  # as many failures in a row pause a schedule
REMEMBERED = timedelta(days=8)  # how long a run's key makes no second report
SETTLING = timedelta(minutes=1)  # no function that speaks to the Scheduler after a change of the row runs as long

RELATIVE = re.compile(r"today|(?P<number>[+-]?\d{1,4}) (?P<unit>day|week|month|quarter|year)s?")
ANCHORS = ("start", "end")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
FAR = 9998  # the calendar's last year has no next month


class Pause(Struct, frozen=True):
    """Why the service itself stopped a schedule, in a code for programs and a sentence for people."""

    code: str
    message: str
    at: datetime


PAUSES: Mapping[str, str] = {
    "permission_lost": "Its owner may not order reports any more.",
    "failed_in_a_row": f"The last {KEPT_RUNS} reports failed.",
    "not_orderable": "The report cannot be ordered any more: its type is gone, or takes other parameters.",
    "refused": "EventBridge Scheduler does not take the expression.",
}


class PastRun(Struct, frozen=True):
    """A run that made a report."""

    scheduled_for: str
    report: UUID


class Notice(Struct, frozen=True):
    """What is to be told of a schedule; `runs` counts those that were missed, the first at `scheduled_for`."""

    kind: str  # missed, paused
    at: datetime
    code: str
    scheduled_for: str | None = None
    runs: int = 1


class Draft(Struct, frozen=True, kw_only=True):
    """What a client asks for, checked; `report` is an order's body whose parameters may hold relative dates."""

    name: str
    report: Mapping[str, Any]
    locale: str
    expression: str
    timezone: str
    start: datetime | None
    end: datetime | None
    is_active: bool


class Schedule(Struct, frozen=True, kw_only=True):
    """
    What is ordered again and again, for its owner, who sees of the data what `scope` says.

    `report` is an order's body whose parameters may hold relative dates. A rate counts from `anchor`. `revision` is
    new with every change; until `settling_until` the Scheduler may not know of the last one, and somebody may be
    telling it. `next_run` is the next that nobody has looked after: `is_skipped` says that EventBridge leaves it out,
    `tries` how often we started it, `retry_at` when we may again, and `problem` why it made no report. `due_at` is
    when somebody has to look.
    """

    uuid: UUID
    name: str
    user_id: str
    scope: Scope
    report: Mapping[str, Any]
    locale: str
    expression: str
    timezone: str
    anchor: datetime
    created_at: datetime
    updated_at: datetime
    start: datetime | None = None
    end: datetime | None = None
    is_active: bool = True
    is_deleted: bool = False
    pause: Pause | None = None
    revision: int = 1
    settling_until: datetime | None = None
    next_run: datetime | None = None
    is_skipped: bool = False
    tries: int = 0
    retry_at: datetime | None = None
    problem: str | None = None
    due_at: datetime | None = None
    runs: tuple[PastRun, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def runs_on(self) -> bool:
        """Whether there is anything the Scheduler has to know."""
        return self.is_active and not self.is_deleted and self.next_run is not None

    def key_of(self, scheduled_for: datetime) -> IdempotencyKey:
        """One run is one report, whatever the report became since."""
        # Not the execution id, which is new with every delivery.
        value = text_of(scheduled_for)
        return IdempotencyKey("schedule", f"schedule/{self.uuid}", value, fingerprint="", lifetime=REMEMBERED)

    def paused(self, code: str, now: datetime) -> "Schedule":
        """The same, stopped by the service."""
        due_at = max(self.settling_until or now, now)  # who settles another change is left in peace
        return replace(
            self,
            is_active=False,
            pause=Pause(code, PAUSES[code], now),
            notices=(*self.notices, Notice("paused", now, code)),
            next_run=None,
            settling_until=due_at,
            due_at=due_at,
            updated_at=now,
        )

    def run_meant(self, moment: datetime) -> datetime:
        """
        Which run the Scheduler means that calls at *moment*: runs are at whole minutes.

        A local time that comes twice is one run, the first time; a rate knows no local time.
        """
        minute = moment.astimezone(UTC).replace(second=0, microsecond=0)
        local = minute.astimezone(ZoneInfo(self.timezone))
        return minute if self.expression.startswith("rate") else local.replace(fold=0).astimezone(UTC)

    def is_expected(self, run: datetime) -> bool:
        """Whether it is still to be made; while the Scheduler may know an older expression, only the next one is."""
        if not self.is_active or self.is_deleted or self.next_run is None:
            return False
        return run == self.next_run if self.settling_until else run >= self.next_run


def text_of(scheduled_for: datetime) -> str:
    """A run's moment as EventBridge writes it; with a fraction where it has one, as only runs by hand do."""
    return scheduled_for.astimezone(UTC).isoformat().replace("+00:00", "Z")


def is_relative(value: object) -> bool:
    """Whether a value stands for a date."""
    return isinstance(value, Mapping) and "$date" in value


def is_readable(value: Mapping[str, Any]) -> bool:
    """Whether a relative date can be read: `{"$date": "-1 month", "anchor": "start"}`."""
    text, anchor = value.get("$date"), value.get("anchor")
    match = RELATIVE.fullmatch(text) if isinstance(text, str) else None
    if match is None or value.keys() - {"$date", "anchor"}:
        return False
    return "anchor" not in value or (anchor in ANCHORS and match["unit"] is not None)


def dated(value: Any, today: date) -> Any:
    """Replace every relative date in *value* by the date it is *today*, ISO 8601; those out of the calendar end it."""
    if is_relative(value) and is_readable(value):
        return _date_of(value, today).isoformat()
    match value:
        case dict():
            return {name: dated(inner, today) for name, inner in value.items()}
        case list():
            return [dated(inner, today) for inner in value]
    return value


def _date_of(value: Mapping[str, Any], today: date) -> date:
    match = RELATIVE.fullmatch(value["$date"])
    number, unit = (int(match["number"]), match["unit"]) if match and match["unit"] else (0, "day")
    return _anchored(_moved(today, number, unit), unit, value.get("anchor"))


def _moved(day: date, number: int, unit: str) -> date:
    """So many units later; a month that has no such day gives its last."""
    if unit not in MONTHS:
        return day + timedelta(days=number * (7 if unit == "week" else 1))
    months = min(max(day.year * 12 + day.month - 1 + number * MONTHS[unit], 12), FAR * 12 + 11)
    year, month = months // 12, months % 12 + 1
    last = (date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return date(year, month, min(day.day, last.day))


def _anchored(day: date, unit: str, anchor: str | None) -> date:
    """The first or last day of the unit that *day* is in; weeks begin on Monday, as in ISO 8601."""
    if anchor is None or unit == "day":
        return day
    if unit == "week":
        first = day - timedelta(days=day.weekday())
        return first if anchor == "start" else first + timedelta(days=6)
    length = MONTHS[unit]
    first = day.replace(month=(day.month - 1) // length * length + 1, day=1)
    return first if anchor == "start" else _moved(first, length, "month") - timedelta(days=1)
