"""Every error has a code of its own, an answer at both doors, and a line in docs/errors.md."""

import json
import re
from typing import Any

import pytest

from rapor import errors
from rapor.errors import (
    AlreadyFinished,
    BodyTooLarge,
    Conflict,
    DocumentExpired,
    Forbidden,
    Invalid,
    InvalidQuery,
    KeyReused,
    MalformedBody,
    NotCompleted,
    NotEstimated,
    NotFailed,
    NotFound,
    RaporError,
    RenderError,
    RenderingStarted,
    RequestError,
    StoreUnavailable,
    TooManySchedules,
    TooManyUnfinished,
    Unauthenticated,
    UnsupportedMediaType,
    UuidDeleted,
    UuidTaken,
)
from rapor.http import strapi
from rapor.http.gateway import Request, Response
from rapor.http.openapi.errors import LARAVEL, STRAPI, Door
from rapor.http.openapi.operations import OPERATIONS
from rapor.http.problems import answer
from tests.builders import ROOT, load_event
from tests.unit.fakes import FakeLog

DOOR_B, DOOR_A = "create_report/post_api_v1_reports.json", "create_report/post_reports.json"
ANSWERS: dict[RequestError, tuple[int, str]] = {
    MalformedBody(): (400, "malformed_body"),
    InvalidQuery(): (400, "invalid_query"),
    Unauthenticated(): (401, "unauthenticated"),
    Forbidden(): (403, "forbidden"),
    NotFound(): (404, "not_found"),
    NotCompleted(): (409, "not_completed"),
    Conflict(): (409, "conflict"),
    RenderingStarted(): (409, "rendering_started"),
    NotFailed(): (409, "not_failed"),
    AlreadyFinished(): (409, "already_finished"),
    TooManySchedules(): (409, "too_many_schedules"),
    UuidTaken(): (409, "uuid_taken"),
    UuidDeleted(): (409, "uuid_deleted"),
    DocumentExpired(): (410, "document_expired"),
    BodyTooLarge(): (413, "body_too_large"),
    UnsupportedMediaType(): (415, "unsupported_media_type"),
    Invalid({"title": ["The title field is required."]}): (422, "validation_failed"),
    KeyReused(): (422, "idempotency_key_reused"),
    TooManyUnfinished(): (429, "too_many_unfinished"),
    NotEstimated(): (503, "not_estimated"),
}
CASES = [pytest.param(error, *it, id=it[1]) for error, it in ANSWERS.items()]


def below(kind: type[RaporError]) -> set[type[RaporError]]:
    """Every class under *kind*, however deep."""
    return {it for child in kind.__subclasses__() for it in (child, *below(child))}


RENDER_ERRORS: Any = below(RenderError)


def refused(error: Exception, door: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """How the door answers an error."""
    event = load_event(door)

    def broken(request: Request) -> Response:
        raise error

    found = answer(event, {event["routeKey"]: broken}, FakeLog())
    return found["statusCode"], found["headers"], json.loads(found["body"])


def test_every_request_error_is_in_the_table() -> None:
    assert {type(error) for error in ANSWERS} == below(RequestError)


def test_codes_are_unlike() -> None:
    real: Any = below(RequestError) | below(RenderError)

    assert len({it.code for it in real}) == len(real)
    assert [it.code for it in real if not re.fullmatch("[a-z]+(_[a-z]+)*", it.code)] == []


@pytest.mark.parametrize("kind", [RequestError, RenderError])
def test_the_drawn_tree_of_errors_is_the_real_one(kind: type[RaporError]) -> None:
    drawn = dict(re.findall(r"── (\w+) +(\w+)$", errors.__doc__ or "", re.MULTILINE))
    real: Any = below(kind)

    assert {it.__name__: it.code for it in real}.items() <= drawn.items()


@pytest.mark.parametrize(("error", "status", "code"), CASES)
def test_door_b_answers_every_error_in_laravels_shape(error: RequestError, status: int, code: str) -> None:
    found, headers, body = refused(error, DOOR_B)

    named = {"errors": error.errors} if isinstance(error, Invalid) else {}
    assert found == status
    assert body == {"message": str(error), "code": code, "request_id": headers["X-Request-Id"], **named}


@pytest.mark.parametrize(("error", "status", "code"), CASES)
def test_door_a_answers_every_error_in_strapis_shape(error: RequestError, status: int, code: str) -> None:
    found, headers, body = refused(error, DOOR_A)

    said = {"code": status, "message": str(error), "reason": code, "request_id": headers["X-Request-Id"]}
    named = {"errors": error.errors} if isinstance(error, Invalid) else {}
    assert found == status
    assert body == said | named


@pytest.mark.parametrize("door", [DOOR_B, DOOR_A])
@pytest.mark.parametrize("error", ANSWERS)
def test_every_refusal_carries_the_standard_headers(error: RequestError, door: str) -> None:
    _, headers, body = refused(error, door)

    wait = {"Retry-After": "30"} if isinstance(error, TooManyUnfinished | NotEstimated) else {}
    assert headers == wait | {
        "Content-Type": "application/json",
        "X-Request-Id": body["request_id"],
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Strict-Transport-Security": "max-age=31536000",
        "X-Content-Type-Options": "nosniff",
    }


@pytest.mark.parametrize("door", [DOOR_B, DOOR_A])
def test_what_the_store_says_is_not_passed_on(door: str) -> None:
    error = StoreUnavailable("arn:aws:dynamodb:eu-central-1:123456789012:table/Reports")
    error.__cause__ = ValueError("ProvisionedThroughputExceededException")

    status, headers, body = refused(error, door)

    assert (status, headers["Retry-After"], body["message"]) == (503, "1", "Service Unavailable")
    assert not re.search("arn:|Reports|Exception", json.dumps([headers, body]))


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading of docs/errors.md, by the code in their first column."""
    [section] = re.findall(
        rf"^## {heading}\n(.*?)(?=^## |\Z)", (ROOT / "docs/errors.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "| `" in line]
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0].strip("`"): row[1:] for row in rows}


def test_the_page_lists_every_refusal_with_its_status_at_each_door() -> None:
    listed = table("A refused request")

    statuses = {code: str(status) for status, code in [*ANSWERS.values(), (503, "store_unavailable")]}
    assert {code: row[:2] for code, row in listed.items()} == {
        code: [status if code in codes_at(door) else "—" for door in (LARAVEL, STRAPI)]
        for code, status in statuses.items()
    }


def codes_at(door: Door) -> set[str]:
    """What the description says that any operation of a door may answer."""
    operations = [it for it in OPERATIONS if strapi.is_route(it.route) is (door is STRAPI)]
    return {"store_unavailable"} | {error.code for it in operations for error in it.all_errors}


def test_the_page_lists_every_failure_and_whether_to_try_again() -> None:
    listed = table("A failed report")

    assert {code: row[0] for code, row in listed.items()} == {
        kind.code: "yes" if kind.retryable else "no" for kind in RENDER_ERRORS
    }


def test_the_page_says_what_to_do_about_each() -> None:
    for heading in ("A refused request", "A failed report"):
        for code, row in table(heading).items():
            assert row[-1].endswith("."), code
