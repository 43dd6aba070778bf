"""
When a schedule runs: an expression of EventBridge Scheduler, in a time zone, to moments.

The fields are those EventBridge documents, the day's part of them is cronsim's. What a clock that jumps means is ours:
a local time that does not exist runs once, as soon as the clock has jumped over it; one that comes twice runs the
first time. EventBridge leaves out the former, so such a run is marked: somebody else has to start it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from msgspec import Struct

from rapor.schedule import Schedule

SHORTEST = timedelta(minutes=15)  # between two runs
LOOKED_AT = 100  # runs, for the shortest time between two: more than a day holds
HORIZON = timedelta(days=366 * 12)  # a 29 February is 8 years away at most
FIRST_YEAR, LAST_YEAR = 1970, 2199
MOST = {"minutes": 60 * 24 * 366, "hours": 24 * 366, "days": 366}

NUMBER = r"\d{1,2}"
MONTH, DAY = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC", "SUN|MON|TUE|WED|THU|FRI|SAT"
LIST_OF = r"{0}(-{0})?(/\d{{1,4}})?(,{0}(-{0})?(/\d{{1,4}})?)*|\*(/\d{{1,4}})?"
PLAIN = re.compile(LIST_OF.format(NUMBER))
MONTHS = re.compile(LIST_OF.format(f"({NUMBER}|{MONTH})"))
WEEKDAYS = re.compile(LIST_OF.format(f"([1-7]|{DAY})") + rf"|\?|L|[1-7]L|([1-7]|{DAY})#[1-5]")
DAYS = re.compile(rf"{PLAIN.pattern}|\?|L|(?P<near>{NUMBER})W")
YEARS = re.compile(LIST_OF.format(r"\d{4}"))
CRON = re.compile(r"cron\(([^()]*)\)")
RATE = re.compile(r"rate\((?P<value>[1-9]\d{0,6}) (?P<unit>minute|hour|day)(?P<plural>s?)\)")
AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", re.ASCII)


class WrongExpression(ValueError):
    """What is wrong with an expression, as the end of a sentence that begins with its name: `must …`."""


class Run(Struct, frozen=True):
    """A moment in UTC; `is_skipped` says that EventBridge leaves it out."""

    at: datetime
    is_skipped: bool = False


class Timetable(Struct, frozen=True):
    """
    An expression that was checked, and within which bounds it counts.

    `walls` gives local times after one, without a zone, in order; None for a rate, of which one run is at `anchor` and
    one at every `every` from there. Both bounds belong to the time in which it runs.
    """

    zone: ZoneInfo
    anchor: datetime
    walls: Callable[[datetime], Iterator[datetime]] | None = None
    every: timedelta = timedelta(0)
    start: datetime | None = None
    end: datetime | None = None

    def after(self, moment: datetime) -> Iterator[Run]:
        """Every run later than *moment*, in order."""
        if self.start:
            moment = max(moment, self.start - timedelta(microseconds=1))
        for run in self._local(moment) if self.walls else self._even(moment):
            if self.end and run.at > self.end:
                return
            yield run

    def first_after(self, moment: datetime) -> Run | None:
        """The run next after *moment*, if there is one."""
        return next(self.after(moment), None)

    def next_runs(self, moment: datetime, number: int) -> list[datetime]:
        """At most so many moments of runs after *moment*."""
        return [run.at for run in islice(self.after(moment), number)]

    def _even(self, moment: datetime) -> Iterator[Run]:
        number = max(0, (moment - self.anchor) // self.every + 1)
        while True:
            yield Run(self.anchor + number * self.every)
            number += 1

    def _local(self, moment: datetime) -> Iterator[Run]:
        assert self.walls  # noqa: S101 - who calls has looked
        last = moment
        for wall in self.walls(moment.astimezone(self.zone).replace(tzinfo=None)):
            if wall - moment.replace(tzinfo=None) > HORIZON:
                return
            run = run_at(wall, self.zone)
            if run.at > last:
                yield run
                last = run.at


def read_timetable(
    expression: str, timezone: str, *, anchor: datetime, start: datetime | None = None, end: datetime | None = None
) -> Timetable:
    """
    Read what was checked before; *anchor* is what a rate counts from where there is no *start*.

    Raises:
        WrongExpression: Nobody checked it.
    """
    walls, every = _read(expression)
    return Timetable(ZoneInfo(timezone), start or anchor, walls, every, start, end)


def timetable_of(schedule: Schedule) -> Timetable:
    """When a schedule runs."""
    it = schedule
    return read_timetable(it.expression, it.timezone, anchor=it.anchor, start=it.start, end=it.end)


def check_expression(expression: str) -> None:
    """
    Look whether EventBridge takes it, and whether it leaves enough time between two runs.

    Raises:
        WrongExpression: It does not; says what an expression must be.
    """
    walls, every = _read(expression)
    if walls:
        found = list(islice(walls(datetime(2024, 1, 1)), LOOKED_AT))  # noqa: DTZ001 - local time, anywhere
        every = min((other - one for one, other in pairwise(found)), default=SHORTEST)
    if every < SHORTEST:
        raise WrongExpression(f"must leave {SHORTEST // timedelta(minutes=1)} minutes between two runs")


def is_zone(name: str) -> bool:
    """Whether that is a zone of the IANA database."""
    return name in _zones() and name[0].isupper() and name != "Factory"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def run_at(wall: datetime, zone: ZoneInfo) -> Run:
    """When the clock in *zone* shows *wall* first; where it never does, when it jumps over it."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return Run(moment)
    return Run(_jump(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment, zone), is_skipped=True)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second between the two that has the offset of the later one."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def _read(expression: str) -> tuple[Callable[[datetime], Iterator[datetime]] | None, timedelta]:
    if match := CRON.fullmatch(expression):
        return _cron(match[1]), timedelta(0)
    if match := RATE.fullmatch(expression):
        return None, _rate(int(match["value"]), match["unit"] + "s", is_plural=bool(match["plural"]))
    if match := AT.fullmatch(expression):
        return _at(match[1]), timedelta(0)
    raise WrongExpression(
        "must be cron(minutes hours day-of-month month day-of-week year), rate(value unit) or at(time)"
    )


def _at(text: str) -> Callable[[datetime], Iterator[datetime]]:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise WrongExpression("must be a time that there is, as at(2026-01-31T09:00:00)") from None
    if wall.second:
        raise WrongExpression("must be a whole minute, as at(2026-01-31T09:00:00)")
    return lambda after: iter([wall] if wall > after - timedelta(days=2) else [])  # the zone's jumps are the caller's


def _rate(value: int, unit: str, *, is_plural: bool) -> timedelta:
    if is_plural is (value == 1):
        raise WrongExpression("must say 1 minute, hour or day, and minutes, hours or days of any other number")
    if value > MOST[unit]:
        raise WrongExpression("must run once in 366 days at least")
    return timedelta(**{unit: value})


def _cron(text: str) -> Callable[[datetime], Iterator[datetime]]:
    """
    Check the six fields, and put them into cronsim's five.

    It knows no years, no nearest weekdays, and Sunday as 0 where it is 1 here.
    """
    fields = text.split(" ")
    for field, (name, form) in zip(fields, FIELDS.items(), strict=False):
        if not form.fullmatch(field):
            raise WrongExpression(f"must have a valid {name} field")
    if len(fields) != len(FIELDS):
        raise WrongExpression(f"must have six fields, {', '.join(FIELDS)}, in cron(…)")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") is (weekdays == "?"):
        raise WrongExpression("must have ? as either its day-of-month or its day-of-week, and only there")
    near = DAYS.fullmatch(days)
    nearest = int(near["near"]) if near and near["near"] else None
    rest = [minutes, hours, "*" if nearest or days == "?" else days, months, _weekdays(weekdays)]
    five, wanted = " ".join(rest), _years(years)
    try:
        CronSim(five, datetime(2024, 1, 1))  # noqa: DTZ001 - local time, anywhere
    except CronSimError as error:
        raise WrongExpression(f"must have a valid {str(error).removeprefix('Bad ')} field") from None
    if nearest is not None and not 1 <= nearest <= 31:  # noqa: PLR2004 - days of a month
        raise WrongExpression("must have a valid day-of-month field")
    return lambda after: _walls(five, after, wanted, nearest)


FIELDS = {
    "minute": PLAIN,
    "hour": PLAIN,
    "day-of-month": DAYS,
    "month": MONTHS,
    "day-of-week": WEEKDAYS,
    "year": YEARS,
}


def _weekdays(field: str) -> str:
    if field == "?":
        return "*"
    if field == "L":
        return "6"  # the week's last day
    # Steps and the number of a week in its month are no days.
    counted = re.sub(r"(?<![#/\d])[1-7]", lambda day: str(int(day[0]) - 1), field)
    return re.sub(r"(?<![-*A-Z\d])([A-Z]{3}|\d)/", r"\1-6/", counted)  # cronsim's weeks end with a second Sunday, 7


def _years(field: str) -> list[int]:
    """
    Every year of the field, in order.

    Raises:
        WrongExpression: It has one that EventBridge does not know.
    """
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = (f"{FIRST_YEAR}-{LAST_YEAR}" if span == "*" else span).partition("-")
        years = range(int(first), (int(last) if last else LAST_YEAR if step else int(first)) + 1, int(step or 1) or 1)
        if not years or step == "0" or years[0] < FIRST_YEAR or years[-1] > LAST_YEAR:
            raise WrongExpression("must have a valid year field")
        found.update(years)
    return sorted(found)


def _walls(five: str, after: datetime, years: Iterable[int], nearest: int | None) -> Iterator[datetime]:
    """Local times later than *after*, year by year; none for years without any."""
    for year in years:
        if year < after.year:
            continue
        for wall in _times(five, max(after, datetime(year, 1, 1) - timedelta(seconds=1))):  # noqa: DTZ001 - local time
            if wall.year > year:
                break
            if nearest is None or _nearest_weekday(wall.year, wall.month, nearest) == wall.date():
                yield wall


def _times(five: str, after: datetime) -> Iterator[datetime]:
    """Find them one by one; cronsim gives up after 50 years without any."""
    yield from CronSim(five, after)


def _nearest_weekday(year: int, month: int, day: int) -> date | None:
    """Monday to Friday, not in another month; None where the month has no such day."""
    try:
        wanted = date(year, month, day)
    except ValueError:
        return None
    for days in (0, -1, 1, 2, -2):  # a Saturday's is before it, a Sunday's after
        found = wanted + timedelta(days=days)
        if found.weekday() < 5 and found.month == month:  # noqa: PLR2004 - Saturday
            return found
    return None  # there is always one
