import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rapor.errors import StoreUnavailable
from rapor.http import strapi
from rapor.http.gateway import Request, Response
from rapor.http.problems import answer
from rapor.report import Failure, Format, Report, Status
from rapor.score import FIGURES
from tests.builders import a_report, load_event
from tests.unit.fakes import FakeLog

EVENT = load_event("create_report/post_reports.json")
RECORD = {
    "score": 595,
    "scoreProbability": Decimal("0.023232"),
    "scoreConfidence": Decimal("0.8692"),
    "scoreVersion": "2026.1",
}
SECRETS = {"password", "resetPasswordToken", "confirmationToken"}


def a_score(**changes: Any) -> Report:
    score = {"report_type": "reference", "format": Format.JSON, "parameters": {"referenceId": "92442"}}
    return a_report(**{**score, **changes})


def a_request(**claims: Any) -> Request:
    event = json.loads(json.dumps(EVENT))
    event["requestContext"]["authorizer"]["jwt"]["claims"] |= claims
    return Request.from_event(event)


def refusal(error: Exception) -> dict[str, Any]:
    def broken(request: Request) -> Response:
        raise error

    return answer(EVENT, {"POST /reports": broken}, FakeLog())


def keys_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_in(inner)


def test_a_score_that_waits_has_exactly_the_originals_keys() -> None:
    response = strapi.created(a_score(), a_request())

    assert response.status == 200
    assert json.loads(response.to_event("r")["body"]) == {
        "id": "550e8400-e29b-41d4-a716-446655440000",
        "uuid": "550e8400-e29b-41d4-a716-446655440000",
        "referenceId": "92442",
        "type": "reference",
        "processed": False,
        "users_permissions_user": {
            "id": "1",
            "username": "ayse",
            "email": "ayse@example.com",
            "provider": "jwt",
            "confirmed": True,
            "blocked": False,
            "role": "authenticated",
            "reports": [],
            "created_by": "1",
            "updated_by": "1",
        },
        "score": None,
        "scoreProbability": None,
        "scoreConfidence": None,
        "scoreVersion": None,
        "published_at": "2025-11-20T12:00:00Z",
    }


def test_a_processed_score_has_its_four_numbers() -> None:
    score = strapi.as_score(a_score(status=Status.COMPLETED, record=RECORD), a_request())

    assert score["processed"] is True
    assert {name: score[name] for name in FIGURES} == {
        "score": 595,
        "scoreProbability": 0.023232,
        "scoreConfidence": 0.8692,
        "scoreVersion": "2026.1",
    }
    assert type(score["score"]) is int
    assert "error" not in score


def test_a_failed_score_says_why() -> None:
    failure = Failure("reference_not_found", "There is nothing under this reference.", retryable=False, attempt=1)

    score = strapi.as_score(a_score(status=Status.FAILED, error=failure), a_request())

    assert score["processed"] is False
    assert score["error"] == {
        "code": "reference_not_found",
        "message": "There is nothing under this reference.",
    }


def test_history_without_scores_is_not_processed() -> None:
    assert strapi.as_score(a_score(status=Status.COMPLETED, imported=True), a_request())["processed"] is False


def test_an_import_shows_its_own_name_and_moment() -> None:
    published = datetime(2019, 8, 24, 14, 15, 22, tzinfo=UTC)

    score = strapi.as_score(a_score(client_uuid="maia-c6cbaa76ba8f", published_at=published), a_request())

    assert (score["uuid"], score["published_at"]) == ("maia-c6cbaa76ba8f", "2019-08-24T14:15:22Z")


def test_the_owner_is_told_from_the_token() -> None:
    request = a_request(preferred_username="Ayşe", email_verified="false", role="analyst", password="secret")

    user = strapi.as_score(a_score(), request)["users_permissions_user"]

    assert (user["username"], user["confirmed"], user["role"]) == ("Ayşe", False, "analyst")
    assert "secret" not in str(user)


def test_of_another_owner_only_the_id_is_known() -> None:
    user = strapi.as_score(a_score(user_id="2"), a_request(preferred_username="Ayşe"))["users_permissions_user"]

    assert (user["id"], user["username"], user["email"]) == ("2", "2", None)


def test_a_table_out_of_reach_is_answered_in_the_originals_shape() -> None:
    found = refusal(StoreUnavailable())

    assert (found["statusCode"], found["headers"]["Retry-After"]) == (503, "1")
    assert json.loads(found["body"]) == {
        "code": 503,
        "message": "Service Unavailable",
        "reason": "store_unavailable",
        "request_id": "JKJaXmPLvHcESHA=",
    }


def test_a_route_is_one_doors() -> None:
    routes = ("POST /reports", "GET /reports/{id}", "GET /api/v1/reports", "GET /reportsx", "$default")

    assert [route for route in routes if strapi.is_route(route)] == ["POST /reports", "GET /reports/{id}"]


def test_no_secret_is_shown_at_any_depth() -> None:
    request = a_request(**dict.fromkeys(SECRETS, "secret"))

    for report in (a_score(), a_score(status=Status.COMPLETED, record=RECORD | dict.fromkeys(SECRETS, "secret"))):
        body = strapi.detail(report, request).body

        assert not SECRETS & set(keys_in(body))
        assert "secret" not in json.dumps(body)
