"""The catalogue as callers see it."""

from typing import Any

import pytest

from rapor.catalogue import Catalogue, ReportType
from rapor.errors import NotFound, Unauthenticated
from rapor.http.gateway import Request
from rapor.http.report_types import as_resource, type_detail, type_list
from tests.builders import a_caller, a_catalogue, load_event

CATALOGUE = a_catalogue()


def a_request(language: str = "", **changes: Any) -> Request:
    event = load_event("read_report/get_api_v1_report_types_name.json")
    event["headers"]["accept-language"] = language
    return Request.from_event(event | changes)


def users(**changes: Any) -> ReportType:
    found = CATALOGUE.get("users")
    assert found is not None
    return found.model_copy(update=changes)


def test_a_type_says_all_that_an_order_needs() -> None:
    shown = as_resource(users(), a_caller(), "en")

    assert {name: shown[name] for name in ("name", "version", "title", "formats", "default_format", "limits")} == {
        "name": "users",
        "version": 1,
        "title": "User Report",
        "formats": ["pdf", "excel", "csv", "json"],
        "default_format": "pdf",
        "limits": {"rows": {"pdf": 100_000, "excel": 1_000_000}},
    }
    assert shown["columns"][-1] == {"name": "balance", "type": "decimal", "label": "Balance"}
    assert shown["parameters_schema"] == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "x-ordered": [["date_from", "date_to"]],
        "properties": {
            "date_from": {"title": "Registered from", "type": "string", "format": "date"},
            "date_to": {"title": "Registered until", "type": "string", "format": "date"},
            "status": {
                "title": "Status",
                "type": "string",
                "enum": ["active", "inactive", "suspended"],
                "oneOf": [
                    {"const": "active", "title": "Active"},
                    {"const": "inactive", "title": "Inactive"},
                    {"const": "suspended", "title": "Suspended"},
                ],
            },
        },
    }


@pytest.mark.parametrize(
    ("accepted", "language", "title"), [("", "tr", "Kullanıcı Raporu"), ("en-GB, tr;q=0.5", "en", "User Report")]
)
def test_words_are_in_the_callers_language(accepted: str, language: str, title: str) -> None:
    for response in (type_list(a_request(accepted), CATALOGUE), type_detail(a_request(accepted), CATALOGUE)):
        assert response.headers == {"Content-Language": language}
        assert title in response.to_event("r")["body"]


def test_a_type_without_that_language_speaks_the_one_it_has() -> None:
    assert as_resource(users(title={"tr": "Kullanıcı Raporu"}), a_caller(), "en")["title"] == "Kullanıcı Raporu"


@pytest.mark.parametrize(
    ("permission", "own", "can_order"),
    [
        ("reports.generate", "user_id", True),
        ("reports.generate", None, True),
        ("reports.generate.own", "user_id", True),
        ("reports.generate.own", "all", True),
        ("reports.generate.own", None, False),
        ("reports.view", "user_id", False),
    ],
)
def test_a_type_says_whether_the_caller_may_order_it(permission: str, own: str | None, can_order: bool) -> None:  # noqa: FBT001
    source = users().sources["users"].model_copy(update={"own": own})

    shown = as_resource(users(sources={"users": source}), a_caller("1", permission), "tr")

    assert shown["can_order"] is can_order


def test_an_unknown_type_is_not_found() -> None:
    with pytest.raises(NotFound):
        type_detail(a_request(pathParameters={"name": "nothing"}), CATALOGUE)


def test_the_catalogue_is_for_those_who_are_known() -> None:
    event = load_event("read_report/get_api_v1_report_types_name.json")
    event["requestContext"]["authorizer"]["jwt"]["claims"] = {}

    for answer in (type_list, type_detail):
        with pytest.raises(Unauthenticated):
            answer(Request.from_event(event), Catalogue({}))
