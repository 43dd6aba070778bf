"""Bodies of schedules: what is read, and everything that is wrong at once, in Laravel's sentences."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from rapor.errors import Invalid, MalformedBody
from rapor.http.gateway import Request
from rapor.http.orders import due_order
from rapor.http.schedules import as_shown, draft_from, page_in, revised, revision_in
from rapor.report import Format
from rapor.schedule import Draft
from tests.builders import NOW, a_caller, a_catalogue, a_post, load_event
from tests.schedules import BODY, a_schedule

CATALOGUE = a_catalogue()
LAST_MONTH = {"date_from": {"$date": "-1 month", "anchor": "start"}, "date_to": {"$date": "-1 month", "anchor": "end"}}


def read(body: Any = BODY, headers: dict[str, str] | None = None) -> Draft:
    return draft_from(Request.from_event(a_post(body, headers)), CATALOGUE, NOW)[0]


def with_report(**changes: Any) -> dict[str, Any]:
    report = {**BODY["report"], **changes}
    return {**BODY, "report": {name: value for name, value in report.items() if value != "absent"}}


def errors(body: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as found:
        read(body)
    return found.value.errors


def test_a_body_is_read_to_a_draft() -> None:
    draft = read({**BODY, "name": "  A ", "start": "2026-01-01T00:00", "end": "2026-06-01T00:00:59+02:00"})

    assert draft == Draft(
        name="A",
        report={**BODY["report"]},
        locale="tr",
        expression=str(BODY["expression"]),
        timezone="Europe/Istanbul",
        start=datetime(2025, 12, 31, 21, tzinfo=UTC),
        end=datetime(2026, 5, 31, 22, tzinfo=UTC),
        is_active=True,
    )


def test_what_a_report_may_leave_out_is_settled_when_the_schedule_is_made() -> None:
    draft = read(with_report(format="absent", parameters="absent", options={"locale": "en"}))

    assert draft.report["format"] == "pdf"
    assert (draft.report["parameters"], draft.report["options"], draft.locale) == ({}, {"locale": "en"}, "en")


def test_relative_dates_are_kept_and_are_dates_at_each_run() -> None:
    draft = read(with_report(parameters=LAST_MONTH))
    schedule = a_schedule(report=draft.report, timezone="America/New_York")

    order = due_order(schedule, datetime(2026, 3, 1, 3, tzinfo=UTC), CATALOGUE)  # in New York it is still February

    assert draft.report["parameters"] == LAST_MONTH
    assert order.parameters == {"date_from": "2026-01-01", "date_to": "2026-01-31"}
    assert (order.schedule_id, order.scheduled_for) == (str(schedule.uuid), "2026-03-01T03:00:00Z")
    assert order.format is Format.CSV


def test_everything_that_is_missing_is_named() -> None:
    assert errors({}) == {
        "name": ["The name field is required."],
        "report": ["The report field is required."],
        "expression": ["The expression field is required."],
        "timezone": ["The timezone field is required."],
    }


def test_everything_that_is_wrong_is_named() -> None:
    assert errors(
        {
            "name": 1,
            "report": {"title": "", "report_type": "x", "status": "pending", "format": 1, "parameters": []},
            "expression": "cron(0/5 * * * ? *)",
            "timezone": "Mars/Base",
            "start": "tomorrow",
            "end": "2026-02-30T00:00:00Z",
            "is_active": "yes",
            "colour": "red",
        }
    ) == {
        "name": ["The name field must be a string."],
        "report.title": ["The report.title field is required."],
        "report.report_type": ["The selected report.report type is invalid."],
        "report.status": ["The report.status field is prohibited."],
        "report.format": ["The report.format field must be a string."],
        "report.parameters": ["The report.parameters field must be an object."],
        "expression": ["The expression field must leave 15 minutes between two runs."],
        "timezone": ["The timezone field must be a valid timezone."],
        "start": ["The start field must be a valid date and time."],
        "end": ["The end field must be a valid date and time."],
        "is_active": ["The is active field must be true or false."],
        "colour": ["The colour field is prohibited."],
    }


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"expression": 5}, "expression", "The expression field must be a string."),
        ({"timezone": 5}, "timezone", "The timezone field must be a string."),
        ({"report": []}, "report", "The report field must be an object."),
        ({"start": 5}, "start", "The start field must be a valid date and time."),
        ({"start": "2026-01-01"}, "start", "The start field must be a valid date and time."),
        ({"end": "0001-01-01T00:00:00+14:00"}, "end", "The end field must be a valid date and time."),
        (
            {"start": "2026-02-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
            "end",
            "The end field must be a date after start.",
        ),
        (
            {"expression": "at(2025-11-20T14:00:00)"},
            "expression",
            "The expression field must run at least once from now on, between start and end.",
        ),
        (
            {"end": "2025-11-21T00:00:00Z"},
            "expression",
            "The expression field must run at least once from now on, between start and end.",
        ),
    ],
)
def test_what_is_wrong_with_a_field(changes: dict[str, Any], field: str, sentence: str) -> None:
    assert errors({**BODY, **changes}) == {field: [sentence]}


RELATIVE = 'a relative date, such as {"$date": "-1 month", "anchor": "start"}'


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (
            {"parameters": {"date_from": {"$date": "-1 fortnight"}}},
            {"report.parameters.date_from": [f"The report.parameters.date from field must be {RELATIVE}."]},
        ),
        (
            {"parameters": {"date_from": {"$date": "today"}, "date_to": {"$date": "-1 day"}}},
            {
                "report.parameters.date_to": [
                    "The report.parameters.date to field must be a date after or equal to parameters.date from."
                ]
            },
        ),
        (
            {"parameters": {"status": {"$date": "today"}}},
            {"report.parameters.status": ["The selected report.parameters.status is invalid."]},
        ),
        (
            {"options": {"reuse": "running"}},
            {"report.options.reuse": ["The report.options.reuse field is prohibited."]},
        ),
    ],
)
def test_what_is_wrong_with_its_report(report: dict[str, Any], expected: dict[str, list[str]]) -> None:
    assert errors(with_report(**report)) == expected


# -- changes ------------------------------------------------------------------


def test_what_is_not_sent_or_null_stays_and_what_is_ours_is_ignored() -> None:
    schedule = a_schedule(end=datetime(2030, 1, 1, tzinfo=UTC))
    shown = json.loads(json.dumps(as_shown(schedule, NOW)))

    for body in ({}, dict.fromkeys(("name", "report", "expression", "timezone", "start", "end", "is_active")), shown):
        draft = revised(body, schedule, CATALOGUE, NOW)

        assert (draft.name, draft.report, draft.end) == (schedule.name, schedule.report, schedule.end)
        assert (draft.expression, draft.timezone, draft.is_active) == (schedule.expression, schedule.timezone, True)


def test_a_report_is_changed_field_by_field_and_a_bound_taken_away() -> None:
    schedule = a_schedule(end=datetime(2030, 1, 1, tzinfo=UTC))

    draft = revised({"report": {"format": "excel"}, "end": ""}, schedule, CATALOGUE, NOW)

    assert draft.report == {**schedule.report, "format": "excel"}
    assert draft.end is None


def test_one_that_is_over_or_of_a_lost_type_can_still_be_renamed_and_paused() -> None:
    over = a_schedule(expression="at(2020-01-01T00:00:00)", report={"title": "A", "report_type": "gone"})

    draft = revised({"name": "B", "is_active": False}, over, CATALOGUE, NOW)

    assert (draft.name, draft.is_active) == ("B", False)
    with pytest.raises(Invalid):
        revised({"is_active": True}, a_schedule(is_active=False, report=over.report), CATALOGUE, NOW)
    with pytest.raises(Invalid):
        revised({"is_active": True}, a_schedule(is_active=False, expression=over.expression), CATALOGUE, NOW)


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"is_active": 1},
        {"user_id": 2, "colour": 1},
        {"report": {"options": {"reuse": "running"}}},
        {"report": {"options": {"reuse": {"max_age": 60}}}},
    ],
)
def test_a_wrong_change_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        revised(body, a_schedule(), CATALOGUE, NOW)


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(MalformedBody):
        revision_in(Request.from_event(a_post("[]")), CATALOGUE, NOW)
    with pytest.raises(MalformedBody):
        read("[]")


# -- lists --------------------------------------------------------------------


@pytest.mark.parametrize("query", [{"per_page": "0"}, {"per_page": "101"}, {"cursor": "x"}])
def test_a_wrong_page_is_refused(query: dict[str, str]) -> None:
    event = copy.deepcopy(load_event("schedules/get_api_v1_schedules.json")) | {"queryStringParameters": query}

    with pytest.raises(Invalid):
        page_in(Request.from_event(event), a_caller())
