"""When schedules run; tests/calendars.py says it a second time."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest

from rapor.timetable import WrongExpression, check_expression, is_zone, read_timetable
from tests.calendars import MEANINGS, ZONES, a_year, runs_in, walked

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def runs(expression: str, zone: str, after: datetime = NOW, number: int = 3, **bounds: datetime) -> list[str]:
    timetable = read_timetable(expression, zone, anchor=NOW, **bounds)
    return [f"{run:%Y-%m-%dT%H:%M}" for run in timetable.next_runs(after, number)]


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_runs_is_what_a_walk_through_it_finds(zone: str) -> None:
    start, end = a_year(2026)
    walk = list(walked(zone, start, end))

    for expression, meaning in MEANINGS.items():
        timetable = read_timetable(expression, zone, anchor=start)
        found = [run.at for run in takewhile(lambda run: run.at < end, timetable.after(start - timedelta(seconds=1)))]

        assert found == runs_in(walk, meaning), expression


def test_a_time_that_does_not_exist_runs_right_after_the_jump_and_is_marked() -> None:
    timetable = read_timetable("cron(30 2 * * ? *)", "Europe/Berlin", anchor=NOW)

    found = list(takewhile(lambda run: run.at.month == 3, timetable.after(datetime(2026, 3, 28, tzinfo=UTC))))

    assert [(f"{run.at:%d %H:%M}", run.is_skipped) for run in found] == [
        ("28 01:30", False),
        ("29 01:00", True),
        ("30 00:30", False),
        ("31 00:30", False),
    ]


def test_times_that_do_not_exist_are_one_run_and_none_where_one_is_due_anyway() -> None:
    often = "cron(0/15 1-3 29 3 ? *)"
    timetable = read_timetable(often, "Europe/Berlin", anchor=NOW)

    found = list(takewhile(lambda run: run.at.year == 2026, timetable.after(NOW)))

    assert [f"{run.at:%H:%M}" for run in found] == [
        "00:00",
        "00:15",
        "00:30",
        "00:45",
        "01:00",
        "01:15",
        "01:30",
        "01:45",
    ]
    assert [run.is_skipped for run in found].count(True) == 1


def test_a_time_that_comes_twice_runs_the_first_time() -> None:
    assert runs("cron(30 2 25 10 ? 2026)", "Europe/Berlin") == ["2026-10-25T00:30"]


@pytest.mark.parametrize("after", ["2026-10-25T00:30:00", "2026-10-25T01:10:00"])
def test_nothing_runs_again_while_the_clock_repeats_itself(after: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)

    assert runs("cron(30 2 * * ? *)", "Europe/Berlin", moment, 1) == ["2026-10-26T01:30"]


def test_a_rate_counts_from_its_start_whatever_the_clocks_do() -> None:
    start = datetime(2026, 3, 28, 8, tzinfo=UTC)

    assert runs("rate(1 day)", "Europe/Berlin", number=3, start=start) == [
        "2026-03-28T08:00",
        "2026-03-29T08:00",
        "2026-03-30T08:00",
    ]
    assert runs("rate(90 minutes)", "UTC", start + timedelta(hours=4), 2, start=start) == [
        "2026-03-28T12:30",
        "2026-03-28T14:00",
    ]


def test_a_rate_without_start_runs_an_interval_after_it_was_made() -> None:
    assert runs("rate(2 hours)", "UTC", number=2) == ["2026-03-20T14:00", "2026-03-20T16:00"]


def test_both_bounds_belong_to_the_time_in_which_it_runs() -> None:
    bounds = {"start": datetime(2026, 4, 1, 9, tzinfo=UTC), "end": datetime(2026, 4, 3, 9, tzinfo=UTC)}

    assert runs("cron(0 9 * * ? *)", "UTC", number=9, **bounds) == [
        "2026-04-01T09:00",
        "2026-04-02T09:00",
        "2026-04-03T09:00",
    ]


def test_once_is_once() -> None:
    assert runs("at(2026-06-01T09:30:00)", "Europe/Istanbul") == ["2026-06-01T06:30"]
    assert runs("at(2026-03-29T02:30:00)", "Europe/Berlin") == ["2026-03-29T01:00"]
    assert runs("at(2026-03-20T12:00:00)", "UTC") == []


def test_rare_days_are_found_and_impossible_years_are_not_searched_for_ever() -> None:
    assert runs("cron(0 0 29 2 ? *)", "UTC", number=2) == ["2028-02-29T00:00", "2032-02-29T00:00"]
    assert runs("cron(0 0 29 2 ? 2027)", "UTC") == []
    assert runs("cron(0 0 1 1 ? 2020-2025)", "UTC") == []


@pytest.mark.parametrize("expression", [*MEANINGS, "rate(15 minutes)", "rate(1 day)", "at(2020-01-01T00:00:00)"])
def test_what_eventbridge_takes_is_taken(expression: str) -> None:
    check_expression(expression)


FIELD = "must have a valid {} field"
TOO_OFTEN = "must leave 15 minutes between two runs"
ONE_DAY = "must have ? as either its day-of-month or its day-of-week, and only there"
SINGULAR = "must say 1 minute, hour or day, and minutes, hours or days of any other number"
FORMS = "must be cron(minutes hours day-of-month month day-of-week year), rate(value unit) or at(time)"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("0 9 * * ? *", FORMS),
        ("cron(0 9 * * ? *) ", FORMS),
        ("CRON(0 9 * * ? *)", FORMS),
        ("rate(0 minutes)", FORMS),
        ("rate(1.5 hours)", FORMS),
        ("rate(2 weeks)", FORMS),
        ("at(2026-01-01)", FORMS),
        ("at(2026-02-30T00:00:00)", "must be a time that there is, as at(2026-01-31T09:00:00)"),
        ("at(2026-01-31T09:00:30)", "must be a whole minute, as at(2026-01-31T09:00:00)"),
        ("rate(1 hours)", SINGULAR),
        ("rate(2 hour)", SINGULAR),
        ("rate(400 days)", "must run once in 366 days at least"),
        ("rate(14 minutes)", TOO_OFTEN),
        ("cron(0/5 * * * ? *)", TOO_OFTEN),
        ("cron(* 9 * * ? *)", TOO_OFTEN),
        ("cron(0,50 * * * ? *)", TOO_OFTEN),
        ("cron(0 9 * * *)", "must have six fields, minute, hour, day-of-month, month, day-of-week, year, in cron(…)"),
        ("cron(60 9 * * ? *)", FIELD.format("minute")),
        ("cron(0 24 * * ? *)", FIELD.format("hour")),
        ("cron(0 9 32 * ? *)", FIELD.format("day-of-month")),
        ("cron(0 9 31 2 ? *)", FIELD.format("day-of-month")),
        ("cron(0 9 32W * ? *)", FIELD.format("day-of-month")),
        ("cron(0 9 LW * ? *)", FIELD.format("day-of-month")),
        ("cron(0 9 1W,15W * ? *)", FIELD.format("day-of-month")),
        ("cron(0 9 * 13 ? *)", FIELD.format("month")),
        ("cron(0 9 * ABC ? *)", FIELD.format("month")),
        ("cron(0 9 ? * 0 *)", FIELD.format("day-of-week")),
        ("cron(0 9 ? * 8 *)", FIELD.format("day-of-week")),
        ("cron(0 9 ? * FRI-MON *)", FIELD.format("day-of-week")),
        ("cron(0 9 ? * 3#6 *)", FIELD.format("day-of-week")),
        ("cron(0 9 ? * 3#1,6#3 *)", FIELD.format("day-of-week")),
        ("cron(0 9 ? * MON 1969)", FIELD.format("year")),
        ("cron(0 9 ? * MON 2200)", FIELD.format("year")),
        ("cron(0 9 ? * MON 2030-2020)", FIELD.format("year")),
        ("cron(0 9 * * * *)", ONE_DAY),
        ("cron(0 9 1 * MON *)", ONE_DAY),
        ("cron(0 9 ? * ? *)", ONE_DAY),
    ],
)
def test_what_eventbridge_would_not_take_is_refused_with_a_reason(expression: str, reason: str) -> None:
    with pytest.raises(WrongExpression) as found:
        check_expression(expression)

    assert str(found.value) == reason


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("Europe/Istanbul", True),
        ("UTC", True),
        ("America/Argentina/Buenos_Aires", True),
        ("Mars/Base", False),
        ("europe/istanbul", False),
        ("../etc/passwd", False),
        ("localtime", False),
        ("Factory", False),
        ("", False),
    ],
)
def test_a_zone_is_one_of_ianas(name: str, *, is_one: bool) -> None:
    assert is_zone(name) is is_one
