import json
import re
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from rapor.errors import (
    Forbidden,
    NotEstimated,
    NotFound,
    StoreUnavailable,
    TimedOut,
    TooManyUnfinished,
)
from rapor.http import laravel
from rapor.http.gateway import Request, Response
from rapor.http.problems import answer, problem
from rapor.listing import Filters, Listing, Page, Position
from tests.builders import NOW, a_caller, a_report, load_event
from tests.unit.fakes import FakeLog

EVENT = load_event("read_report/get_api_v1_reports.json")


def a_request(**query: str) -> Request:
    return Request.from_event({**EVENT, "queryStringParameters": query})


def test_an_unknown_route_is_not_found() -> None:
    found = answer(EVENT, {}, FakeLog())

    assert found["statusCode"] == 404
    assert json.loads(found["body"]) == {
        "message": "Not Found",
        "code": "not_found",
        "request_id": "JKJaXmPLvHcESHA=",
    }


def test_every_answer_carries_the_standard_headers() -> None:
    def broken(request: Request) -> Response:
        raise NotFound

    for routes in ({}, {"GET /api/v1/reports": broken}, {"GET /api/v1/reports": lambda _: Response(200, {})}):
        headers = answer(EVENT, routes, FakeLog())["headers"]

        assert headers["X-Request-Id"] == "JKJaXmPLvHcESHA="
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_table_out_of_reach_asks_to_come_again() -> None:
    def unlucky(request: Request) -> Response:
        raise StoreUnavailable

    found = answer(EVENT, {"GET /api/v1/reports": unlucky}, FakeLog())

    assert found["statusCode"] == 503
    assert found["headers"]["Retry-After"] == "1"


THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": "secret"}}, "GetItem")
LATE = ReadTimeoutError(endpoint_url="https://secret.example", error="secret")


@pytest.mark.parametrize(
    ("raised", "cause", "kinds"),
    [
        (StoreUnavailable("secret"), THROTTLED, ["ClientError ThrottlingException"]),
        (StoreUnavailable(), LATE, ["ReadTimeoutError"]),
        (NotEstimated("secret"), TimedOut("secret"), ["TimedOut"]),
        (StoreUnavailable("secret"), None, ["StoreUnavailable"]),
    ],
)
def test_what_is_answered_5xx_is_explained_under_its_request_id(
    raised: Exception, cause: Exception | None, kinds: list[str]
) -> None:
    def unlucky(request: Request) -> Response:
        raise raised from cause

    log = FakeLog()
    answer(EVENT, {"GET /api/v1/reports": unlucky}, log)

    [told] = [entry for entry in log.entries if entry["message"] != "audit"]
    assert (told["message"], told["status"], told["route"]) == ("answered 5xx", 503, "GET /api/v1/reports")
    assert told["request_id"] == "JKJaXmPLvHcESHA="
    assert told["causes"][: len(kinds)] == kinds
    assert "secret" not in str(told)


def test_a_refusal_that_is_the_callers_affair_is_not_explained() -> None:
    def strict(request: Request) -> Response:
        raise Forbidden

    log = FakeLog()
    answer(EVENT, {"GET /api/v1/reports": strict}, log)

    assert [entry["message"] for entry in log.entries] == ["audit"]


def test_too_many_unfinished_says_when_to_come_again() -> None:
    response = problem(TooManyUnfinished(), "r")

    assert response.status == 429
    assert response.headers["Retry-After"] == "30"


def test_a_crash_is_not_swallowed() -> None:
    def broken(request: Request) -> Response:
        raise ZeroDivisionError("secret")

    log = FakeLog()
    with pytest.raises(ZeroDivisionError):
        answer(EVENT, {"GET /api/v1/reports": broken}, log)

    [told] = log.entries
    assert (told["message"], told["request_id"]) == ("no answer", "JKJaXmPLvHcESHA=")
    assert told["causes"][0] == "ZeroDivisionError"
    assert "in broken" in told["causes"][-1]


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("1", 1),
        ("0", 0),
        ("007", "007"),
        ("9007199254740991", 9007199254740991),
        ("9007199254740992", "9007199254740992"),
        ("-1", "-1"),
        ("1.0", "1.0"),
        ("٣", "٣"),
        ("auth0|5f7c8ec7c33c6c004bbafe82", "auth0|5f7c8ec7c33c6c004bbafe82"),
    ],
)
def test_only_canonical_decimals_show_as_integers(subject: str, shown: int | str) -> None:
    assert laravel.user_id_of(subject) == shown


def test_a_created_report_has_exactly_the_originals_keys() -> None:
    response = laravel.created(a_report(), replayed=False)

    assert response.status == 201
    assert response.headers == {"Location": "/api/v1/reports/550e8400-e29b-41d4-a716-446655440000"}
    assert json.loads(response.to_event("r")["body"]) == {
        "id": 114307178496000,
        "uuid": "550e8400-e29b-41d4-a716-446655440000",
        "title": "Kullanıcı Raporu",
        "report_type": "users",
        "parameters": {"date_from": "2025-01-01", "date_to": "2025-12-31", "status": "active"},
        "format": "pdf",
        "status": "pending",
        "is_active": True,
        "user_id": 1,
        "created_at": "2025-11-20T12:00:00.000000Z",
        "updated_at": "2025-11-20T12:00:00.000000Z",
    }


def test_text_outside_ascii_is_answered_as_such() -> None:
    assert "Kullanıcı Raporu" in laravel.created(a_report(), replayed=False).to_event("r")["body"]


def test_options_are_echoed_only_when_sent() -> None:
    assert laravel.as_created(a_report(options={"locale": "en"}))["options"] == {"locale": "en"}
    assert "options" not in laravel.as_created(a_report())


def test_an_email_is_shown_only_to_its_owner() -> None:
    caller = a_caller("1")

    assert laravel.as_detail(a_report(), caller)["user"] == {"id": 1, "email": "ayse@example.com"}
    assert laravel.as_detail(a_report(user_id="2"), caller)["user"] == {"id": 2}


def test_only_a_deleted_report_says_when_it_was() -> None:
    deleted = laravel.as_detail(a_report(deleted_at=NOW), a_caller())

    assert deleted["deleted_at"] == "2025-11-20T12:00:00.000000Z"
    assert "deleted_at" not in laravel.as_detail(a_report(), a_caller())


def test_a_page_has_laravels_shape() -> None:
    request = a_request(per_page="1", page="1", search="mayıs satış")
    listing = Listing(Filters(search="mayıs satış"), None, 1)
    found = Page([a_report()], Position(NOW, uuid4()), None)

    body: Any = laravel.page(request, listing, found, a_caller()).body

    cursor = body["meta"]["next_cursor"]
    path = "https://api.example.com/api/v1/reports"
    assert body == {
        "data": [laravel.as_detail(a_report(), a_caller())],
        "links": {
            "first": None,
            "last": None,
            "prev": None,
            "next": f"{path}?per_page=1&page=1&search=may%C4%B1s%20sat%C4%B1%C5%9F&cursor={cursor}",
        },
        "meta": {"path": path, "per_page": 1, "next_cursor": cursor, "prev_cursor": None},
    }
    assert re.fullmatch("[A-Za-z0-9_-]+", cursor)
