"""Relative dates, and which run an event means."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from rapor.schedule import dated, is_readable
from tests.builders import NOW
from tests.schedules import a_schedule

TODAY = date(2026, 3, 31)  # a Tuesday


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ({"$date": "today"}, "2026-03-31"),
        ({"$date": "-1 day"}, "2026-03-30"),
        ({"$date": "+1 day"}, "2026-04-01"),
        ({"$date": "1 day"}, "2026-04-01"),
        ({"$date": "-2 weeks"}, "2026-03-17"),
        ({"$date": "0 weeks", "anchor": "start"}, "2026-03-30"),
        ({"$date": "0 weeks", "anchor": "end"}, "2026-04-05"),
        ({"$date": "-1 month"}, "2026-02-28"),
        ({"$date": "-13 months"}, "2025-02-28"),
        ({"$date": "-1 month", "anchor": "start"}, "2026-02-01"),
        ({"$date": "-1 month", "anchor": "end"}, "2026-02-28"),
        ({"$date": "0 months", "anchor": "end"}, "2026-03-31"),
        ({"$date": "9 months", "anchor": "end"}, "2026-12-31"),
        ({"$date": "-1 quarter", "anchor": "start"}, "2025-10-01"),
        ({"$date": "-1 quarter", "anchor": "end"}, "2025-12-31"),
        ({"$date": "-2 years"}, "2024-03-31"),
        ({"$date": "-1 year", "anchor": "start"}, "2025-01-01"),
        ({"$date": "-1 year", "anchor": "end"}, "2025-12-31"),
        ({"$date": "-1 day", "anchor": "start"}, "2026-03-30"),
        ({"$date": "+9999 years"}, "9998-12-31"),
        ({"$date": "-9999 years", "anchor": "start"}, "0001-01-01"),
    ],
)
def test_a_relative_date_is_another_each_day(value: dict[str, str], day: str) -> None:
    assert is_readable(value)

    assert dated(value, TODAY) == day


def test_relative_dates_are_found_wherever_they_are() -> None:
    parameters = {"a": {"$date": "today"}, "b": [1, {"c": {"$date": "-1 day"}}], "d": "today", "e": None}

    assert dated(parameters, TODAY) == {"a": "2026-03-31", "b": [1, {"c": "2026-03-30"}], "d": "today", "e": None}


@pytest.mark.parametrize(
    "value",
    [
        {"$date": None},
        {"$date": 1},
        {"$date": "yesterday"},
        {"$date": "-1 fortnight"},
        {"$date": "-1.5 days"},
        {"$date": "- 1 day"},
        {"$date": "-10000 days"},
        {"$date": "today", "anchor": "start"},
        {"$date": "-1 month", "anchor": "middle"},
        {"$date": "-1 month", "anchor": None},
        {"$date": "-1 month", "anchors": "start"},
    ],
)
def test_what_cannot_be_read_is_left_to_be_refused(value: dict[str, Any]) -> None:
    assert not is_readable(value)
    assert dated({"a": value}, TODAY) == {"a": value}


@pytest.mark.parametrize(
    ("expression", "moment", "run"),
    [
        ("cron(0 9 * * ? *)", "2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z"),
        ("cron(0 9 * * ? *)", "2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z"),  # 02:30 for the second time
        ("at(2026-10-25T02:30:00)", "2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z"),
        ("rate(1 hour)", "2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z"),
        ("cron(0 9 * * ? *)", "2026-10-25T02:00:41Z", "2026-10-25T02:00:00Z"),
        ("cron(0 9 * * ? *)", "2026-10-25T05:00:00+03:00", "2026-10-25T02:00:00Z"),
    ],
)
def test_an_event_means_a_whole_minute_and_of_two_the_first(expression: str, moment: str, run: str) -> None:
    schedule = a_schedule(expression=expression, timezone="Europe/Berlin")

    assert schedule.run_meant(datetime.fromisoformat(moment)) == datetime.fromisoformat(run)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {-HOUR: False, 0 * HOUR: True, HOUR: True}),
        ({"settling_until": NOW}, {-HOUR: False, 0 * HOUR: True, HOUR: False}),
        ({"is_active": False}, {0 * HOUR: False}),
        ({"is_deleted": True}, {0 * HOUR: False}),
        ({"next_run": None}, {0 * HOUR: False}),
    ],
)
def test_only_what_is_to_come_is_expected(changes: dict[str, Any], expected: dict[timedelta, bool]) -> None:
    schedule = a_schedule(**{"next_run": NOW, **changes})

    assert {off: schedule.is_expected(NOW + off) for off in expected} == expected


def test_a_runs_key_is_its_moment_whatever_the_offset() -> None:
    berlin = datetime.fromisoformat("2026-03-28T10:00:00+01:00")

    assert a_schedule().key_of(berlin) == a_schedule().key_of(berlin.astimezone(UTC))
    assert a_schedule().key_of(berlin).value == "2026-03-28T09:00:00Z"
