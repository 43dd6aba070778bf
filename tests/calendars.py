"""
When schedules run, said a second time: by walking through a year, minute by minute, with zoneinfo and nothing else.

Each expression stands beside what it means, as a predicate on a local time, so that nothing here reads expressions.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

STEP = timedelta(minutes=5)  # every expression here names such minutes, and every clock jumps at one
ZONES = (
    "Europe/Istanbul",  # never jumps
    "Asia/Kolkata",  # half an hour off, never jumps
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",  # half an hour off
    "America/Santiago",  # jumps over midnight, in the southern spring
    "Africa/Cairo",  # jumps over midnight
    "Asia/Beirut",  # the same
    "Africa/Casablanca",  # goes back for Ramadan
    "Australia/Lord_Howe",  # jumps by half an hour
    "Pacific/Chatham",  # 12:45 off
)
MEANINGS: dict[str, Callable[[datetime], bool]] = {
    "cron(30 2 * * ? *)": lambda it: (it.hour, it.minute) == (2, 30),
    "cron(0 0 * * ? *)": lambda it: (it.hour, it.minute) == (0, 0),
    "cron(0 9 ? * MON-FRI *)": lambda it: it.weekday() < 5 and (it.hour, it.minute) == (9, 0),
    "cron(15/20 1-3 * * ? *)": lambda it: it.hour in {1, 2, 3} and it.minute in {15, 35, 55},
    "cron(45 23 L * ? *)": lambda it: (it.hour, it.minute) == (23, 45) and is_last_day(it),
    "cron(0 0 1 1/3 ? *)": lambda it: it.month in {1, 4, 7, 10} and it.day == 1 and (it.hour, it.minute) == (0, 0),
    "cron(30 0,12 ? * 6L *)": lambda it: it.weekday() == 4 and in_last_week(it) and it.hour in {0, 12} and it.minute == 30,
    "cron(5 3 ? * 3#1 *)": lambda it: it.weekday() == 1 and it.day <= 7 and (it.hour, it.minute) == (3, 5),
    "cron(0 2 ? * SUN#5 *)": lambda it: it.weekday() == 6 and it.day >= 29 and (it.hour, it.minute) == (2, 0),
    "cron(10 8 15W * ? *)": lambda it: (it.hour, it.minute) == (8, 10) and it.date() == weekday_near(it.year, it.month, 15),
    "cron(10 8 1W * ? 2026)": lambda it: (it.hour, it.minute) == (8, 10) and it.year == 2026 and it.date() == weekday_near(it.year, it.month, 1),
    "cron(0 12 ? * 2/3 *)": lambda it: it.weekday() in {0, 3} and (it.hour, it.minute) == (12, 0),
    "cron(0 12 ? MAR,OCT-NOV 1,7 2025-2026)": lambda it: it.month in {3, 10, 11} and it.weekday() >= 5 and (it.hour, it.minute) == (12, 0),
    "cron(0 1/2 ? * L *)": lambda it: it.weekday() == 5 and it.hour % 2 == 1 and it.minute == 0,
}  # fmt: skip


def is_last_day(it: datetime) -> bool:
    return (it + timedelta(days=1)).day == 1


def in_last_week(it: datetime) -> bool:
    return (it + timedelta(days=7)).month != it.month


def weekday_near(year: int, month: int, day: int) -> date:
    """Monday to Friday of the same month, as near as can be."""
    days = [date(year, month, day) + timedelta(days=off) for off in range(-3, 4)]
    fit = [it for it in days if it.weekday() < 5 and it.month == month]
    return min(fit, key=lambda it: abs(it.day - day))


def walked(zone: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, list[datetime]]]:
    """
    Every moment from *start* to before *end*, in UTC, with the local times whose turn it is then.

    What the clock jumps over has its turn right after; what it shows again has no other.
    """
    local_zone, moment = ZoneInfo(zone), start
    latest = start.astimezone(local_zone).replace(tzinfo=None) - STEP
    while moment < end:
        local = moment.astimezone(local_zone).replace(tzinfo=None)
        shown = []
        while latest < local:
            latest += STEP
            shown.append(latest)
        yield moment, shown
        moment += STEP


def runs_in(walk: Iterable[tuple[datetime, list[datetime]]], meaning: Callable[[datetime], bool]) -> list[datetime]:
    """When it runs; several at one moment are one."""
    return [moment for moment, shown in walk if any(map(meaning, shown))]


def a_year(year: int) -> tuple[datetime, datetime]:
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
