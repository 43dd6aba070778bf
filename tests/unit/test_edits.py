from typing import Any

import pytest

from rapor.caller import Caller
from rapor.catalogue import Catalogue
from rapor.errors import Invalid, MalformedBody
from rapor.http import laravel
from rapor.http.edits import revised, revision_in
from rapor.http.gateway import Request
from rapor.report import Failure, Format, Progress, Report
from tests.builders import NOW, a_caller, a_catalogue, a_report, load_event

CATALOGUE = a_catalogue()
REPORT = a_report(options={"csv": {"bom": True}}, schedule_id="weekly", scheduled_for="2025-11-24T06:00:00Z")


def a_request(method: str, body: str) -> Request:
    return Request.from_event({**load_event(f"update_report/{method}_api_v1_reports_uuid.json"), "body": body})


def errors_of(body: dict[str, Any], report: Report = REPORT, **options: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as raised:
        revised(body, report, CATALOGUE, **options)
    return raised.value.errors


@pytest.mark.parametrize("body", [{}, {"parameters": None, "format": None, "is_active": None, "options": None}])
def test_what_is_not_sent_or_null_stays(body: dict[str, Any]) -> None:
    order = revised(body, REPORT, CATALOGUE)

    for name in ("title", "report_type", "parameters", "format", "status", "is_active", "options", "locale"):
        assert getattr(order, name) == getattr(REPORT, name)


@pytest.mark.parametrize("options", [None, {}])
def test_no_options_are_the_same_as_none_sent(options: dict[str, Any] | None) -> None:
    assert revised({"options": {}}, a_report(options=options), CATALOGUE).options == options
    assert revised({"options": {}}, REPORT, CATALOGUE).options == {}
    assert errors_of({"options": []}, a_report(options=options)) == {
        "options": ["The options field must be an object."]
    }


@pytest.mark.parametrize("caller", [a_caller("1"), a_caller("2")])
def test_what_we_answered_may_be_sent_back_with_one_field_changed(caller: Caller) -> None:
    told = a_report(
        options={"locale": "en"},
        schedule_id="weekly",
        scheduled_for="x",
        progress=Progress(1, "rendering", 1, 9, NOW),
        error=Failure("internal", "x", retryable=True, attempt=1),
    )
    body = laravel.as_detail(told, caller) | {"deleted_at": None, "title": "B"}

    order = revised(body, told, CATALOGUE)

    assert order.title == "B"
    assert (order.parameters, order.format, order.options) == (told.parameters, Format.PDF, told.options)


def test_servers_fields_are_not_looked_at() -> None:
    body = {"id": 7, "uuid": [], "user_id": 2, "result": {"sha256": "0"}, "file_path": "/etc"}

    assert revised(body, REPORT, CATALOGUE).title == REPORT.title


SENTENCES: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    ({"title": None}, {"title": ["The title field is required."]}),
    ({"title": " "}, {"title": ["The title field is required."]}),
    ({"title": 7, "status": "done"}, {"title": ["The title field must be a string."], "status": ["The selected status is invalid."]}),
    ({"is_active": "yes"}, {"is_active": ["The is active field must be true or false."]}),
    ({"report_type": None}, {"report_type": ["The report type field is required."]}),
    ({"report_type": "x"}, {"report_type": ["The selected report type is invalid."]}),
    ({"parameters": []}, {"parameters": ["The parameters field must be an object."]}),
    ({"parameters": {"status": "x"}}, {"parameters.status": ["The selected parameters.status is invalid."]}),
    ({"format": "docx"}, {"format": ["The selected format is invalid."]}),
    ({"options": {"x": 1}}, {"options.x": ["The options.x field is prohibited."]}),
    (
        {"attempt": 9, "scope": "all", "title": "", "format": "docx"},
        {
            "attempt": ["The attempt field is prohibited."],
            "scope": ["The scope field is prohibited."],
            "title": ["The title field is required."],
            "format": ["The selected format is invalid."],
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "errors"), SENTENCES, ids=[str(case[0]) for case in SENTENCES])
def test_everything_wrong_is_named_at_once(body: dict[str, Any], errors: dict[str, list[str]]) -> None:
    assert errors_of(body) == errors


def test_a_new_type_must_take_the_parameters_and_the_format_that_stay() -> None:
    users = CATALOGUE.get("users")
    assert users is not None
    changes = {
        "name": "other",
        "formats": (Format.CSV,),
        "query": "select 1",
        "parameters": {"properties": {"city": {"type": "string"}}, "additionalProperties": False},
    }
    other = users.model_copy(update=changes)
    catalogue = Catalogue({"users": users, "other": other})

    with pytest.raises(Invalid) as raised:
        revised({"report_type": "other"}, a_report(parameters={"status": "active"}), catalogue)

    assert raised.value.errors == {
        "parameters.status": ["The parameters.status field is prohibited."],
        "format": ["The selected format is invalid."],
    }
    assert (
        revised({"report_type": "other", "parameters": {}, "format": "csv"}, REPORT, catalogue).report_type == "other"
    )


def test_a_report_whose_type_is_gone_can_be_renamed_and_hidden() -> None:
    order = revised({"title": "B", "is_active": False}, REPORT, Catalogue({}))

    assert (order.title, order.is_active, order.report_type) == ("B", False, "users")


def test_put_must_name_title_and_type_and_patch_must_not() -> None:
    with pytest.raises(Invalid) as raised:
        revision_in(a_request("put", "{}"), CATALOGUE)(REPORT)

    assert raised.value.errors == {
        "title": ["The title field is required."],
        "report_type": ["The report type field is required."],
    }
    assert revision_in(a_request("patch", "{}"), CATALOGUE)(REPORT).title == REPORT.title
    put = revision_in(a_request("put", '{"title": "B", "report_type": "users"}'), CATALOGUE)(REPORT)
    assert (put.title, put.parameters) == ("B", REPORT.parameters)


def test_a_body_that_is_no_object_is_refused_before_the_report_is_read() -> None:
    with pytest.raises(MalformedBody):
        revision_in(a_request("patch", "[]"), CATALOGUE)
