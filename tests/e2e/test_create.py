"""`POST /api/v1/reports` to the letter, through the gateway."""

import http.client
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.builders import CYBERCERT
from tests.service import Service

pytestmark = pytest.mark.e2e
PATH = "/api/v1/reports"
VALID = {"title": "A", "report_type": "users"}
REQUIRED = {
    "message": "Validation failed",
    "errors": {
        "title": ["The title field is required."],
        "report_type": ["The report type field is required."],
    },
    "code": "validation_failed",
}
MALFORMED = {"message": "The body must be one JSON object in UTF-8.", "code": "malformed_body"}
NOT_JSON = {"message": "The body must be application/json in UTF-8.", "code": "unsupported_media_type"}
FORBIDDEN = {"message": "Forbidden", "code": "forbidden"}


def invalid(**errors: str) -> dict[str, Any]:
    named = {name.replace("__", "."): [sentence] for name, sentence in errors.items()}
    return {"message": "Validation failed", "errors": named, "code": "validation_failed"}


def send(
    service: Service, body: object, *, token: str | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Mapping[str, str], Any]:
    """Post bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", "Authorization": f"Bearer {token or service.token()}"}
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)
    try:
        connection.request("POST", PATH, content, {**sent, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())  # type: ignore[return-value]
    finally:
        connection.close()


def test_the_originals_request_gets_the_originals_answer(service: Service) -> None:
    status, headers, report = send(service, CYBERCERT)

    assert status == 201
    assert headers["Location"] == f"{PATH}/{report['uuid']}"
    assert headers["Content-Type"] == "application/json"
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    assert list(report) == [
        "id", "uuid", "title", "report_type", "parameters", "format",
        "status", "is_active", "user_id", "created_at", "updated_at",
    ]  # fmt: skip
    assert {name: report[name] for name in CYBERCERT} == CYBERCERT
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", report["uuid"])
    assert [type(value) for value in report.values()] == [int, str, str, str, dict, str, str, bool, int, str, str]
    assert 0 < report["id"] < 2**53
    assert report["user_id"] == 1
    assert re.fullmatch(moment, report["created_at"])
    assert report["updated_at"] == report["created_at"]


def test_what_is_left_out_has_the_originals_default(service: Service) -> None:
    status, _, report = send(service, VALID)

    assert status == 201
    assert len(report) == 11
    assert {name: report[name] for name in ("parameters", "format", "status")} == {
        "parameters": {},
        "format": "pdf",
        "status": "pending",
    }
    assert report["is_active"] is True


def test_ids_grow(service: Service) -> None:
    ids = [send(service, {**VALID, "is_active": False})[2]["id"] for _ in range(3)]

    assert ids == sorted(ids)


def test_every_answer_says_that_it_is_private(service: Service) -> None:
    for body in (VALID, {}, b"{"):
        _, headers, _ = send(service, body)

        assert headers["X-Request-Id"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"


ERRORS: list[tuple[str, object, dict[str, str], int, dict[str, Any]]] = [
    ("nothing", {}, {}, 422, REQUIRED),
    ("empty body", b"", {}, 400, MALFORMED),
    ("no json", b"{title: 1}", {}, 400, MALFORMED),
    ("a list", [], {}, 400, MALFORMED),
    ("not utf-8", b'{"title":"\xff"}', {}, 400, MALFORMED),
    ("a key twice", b'{"title":"a","title":"b"}', {}, 400, MALFORMED),
    ("NaN", b'{"title":NaN}', {}, 400, MALFORMED),
    ("a form", b"title=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415, NOT_JSON),
    (
        "too large",
        b'{"title":"' + b"a" * (256 * 1024) + b'"}',
        {},
        413,
        {"message": "The body must not be larger than 256 KiB.", "code": "body_too_large"},
    ),
    (
        "a long title",
        {**VALID, "title": "a" * 256},
        {},
        422,
        invalid(title="The title field must not be greater than 255 characters."),
    ),
    (
        "a control character",
        {**VALID, "title": "a\u0000b"},
        {},
        422,
        invalid(title="The title field format is invalid."),
    ),
    (
        "an unknown type",
        {**VALID, "report_type": "x"},
        {},
        422,
        invalid(report_type="The selected report type is invalid."),
    ),
    (
        "parameters as a list",
        {**VALID, "parameters": [1]},
        {},
        422,
        invalid(parameters="The parameters field must be an object."),
    ),
    (
        "a wrong parameter",
        {**VALID, "parameters": {"date_from": "yesterday"}},
        {},
        422,
        invalid(parameters__date_from="The parameters.date from field must be a valid date."),
    ),
    (
        "dates the wrong way round",
        {**VALID, "parameters": {"date_from": "2025-12-31", "date_to": "2025-01-01"}},
        {},
        422,
        invalid(
            parameters__date_to="The parameters.date to field must be a date after or equal to parameters.date from."
        ),
    ),
    (
        "large parameters",
        {**VALID, "parameters": {"status": "a" * 33_000}},
        {},
        422,
        invalid(parameters="The parameters field must not be greater than 32 kilobytes."),
    ),
    ("an unknown format", {**VALID, "format": "docx"}, {}, 422, invalid(format="The selected format is invalid.")),
    ("an unknown status", {**VALID, "status": "done"}, {}, 422, invalid(status="The selected status is invalid.")),
    (
        "is_active as text",
        {**VALID, "is_active": "true"},
        {},
        422,
        invalid(is_active="The is active field must be true or false."),
    ),
    ("options as text", {**VALID, "options": "x"}, {}, 422, invalid(options="The options field must be an object.")),
    ("an unknown field", {**VALID, "user_id": 2}, {}, 422, invalid(user_id="The user id field is prohibited.")),
    (
        "a strange key",
        VALID,
        {"Idempotency-Key": "a b"},
        422,
        {
            "message": "Validation failed",
            "errors": {"Idempotency-Key": ["The Idempotency-Key header must be 1 to 255 visible ASCII characters."]},
            "code": "validation_failed",
        },
    ),
]


@pytest.mark.parametrize(
    ("body", "headers", "status", "answer"), [case[1:] for case in ERRORS], ids=[c[0] for c in ERRORS]
)
def test_a_wrong_request_gets_exactly_this(
    service: Service, body: object, headers: dict[str, str], status: int, answer: dict[str, Any]
) -> None:
    found_status, found_headers, found = send(service, body, headers=headers)

    assert found_status == status
    assert found == {**answer, "request_id": found_headers["X-Request-Id"]}


@pytest.mark.parametrize(
    "permissions", [[], ["reports.view"], ["reports.generate.everything"], ["reports"], ["reports.generate.own.x"]]
)
def test_without_the_permission_it_is_forbidden(service: Service, permissions: list[str]) -> None:
    for body in (VALID, {}, b"{"):
        status, headers, answer = send(service, body, token=service.token(permissions=permissions))

        assert status == 403
        assert answer == {**FORBIDDEN, "request_id": headers["X-Request-Id"]}


def test_a_token_without_subject_is_nobodys(service: Service) -> None:
    status, headers, answer = send(service, VALID, token=service.token(sub=None))

    assert status == 401
    assert answer == {
        "message": "Unauthorized",
        "code": "unauthenticated",
        "request_id": headers["X-Request-Id"],
    }


@pytest.mark.parametrize("status", ["processing", "completed", "failed"])
def test_only_a_general_holder_may_record_history(service: Service, status: str) -> None:
    own = service.token(permissions=["reports.generate.own"])

    refused, headers, answer = send(service, {**VALID, "status": status}, token=own)
    accepted, _, report = send(service, {**VALID, "status": status})

    assert refused == 422
    expected = invalid(status="The status field must be pending.")
    assert answer == {**expected, "request_id": headers["X-Request-Id"]}
    assert (accepted, report["status"]) == (201, status)


def test_the_same_key_gets_the_same_answer(service: Service) -> None:
    key = {"Idempotency-Key": "order-1"}

    first = send(service, CYBERCERT, headers=key)
    again = send(service, dict(reversed(CYBERCERT.items())), headers=key)
    other = send(service, CYBERCERT, headers=key, token=service.token(sub="2"))

    assert again[0] == 201
    assert again[2] == first[2]
    assert again[1]["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first[1]
    assert other[2]["uuid"] != first[2]["uuid"]


def test_the_same_key_with_another_body_is_refused(service: Service) -> None:
    key = {"Idempotency-Key": "order-2"}
    send(service, VALID, headers=key)

    status, headers, answer = send(service, {**VALID, "title": "B"}, headers=key)

    assert status == 422
    assert answer == {
        "message": "Validation failed",
        "errors": {"Idempotency-Key": ["The Idempotency-Key was used before with another body."]},
        "code": "idempotency_key_reused",
        "request_id": headers["X-Request-Id"],
    }


REUSING: dict[str, Any] = {
    **VALID, "format": "csv", "parameters": {"status": "active"}, "options": {"reuse": {"max_age": 3600}}
}  # fmt: skip


def test_a_key_counts_though_what_it_gets_was_there_before(service: Service) -> None:
    token, key = service.token(sub="reuser"), {"Idempotency-Key": "reuse-1"}
    twin = send(service, REUSING, token=token)[2]["uuid"]
    service.finished(twin, token=token)

    first = send(service, REUSING, token=token, headers=key)
    other = send(service, {**REUSING, "title": "ÖTEKİ", "options": {}}, token=token, headers=key)
    service.call("DELETE", f"{PATH}/{twin}", token=token)
    again = send(service, REUSING, token=token, headers=key)

    assert (first[0], first[2]["uuid"], first[2]["status"]) == (200, twin, "completed")
    assert "Idempotency-Replayed" not in first[1]
    assert (other[0], other[2]["code"]) == (422, "idempotency_key_reused")
    assert (again[0], again[2]) == (200, first[2])
    assert again[1]["Idempotency-Replayed"] == "true"
    assert again[1]["Location"] == f"{PATH}/{twin}"
    assert send(service, REUSING, token=token)[0] == 201  # there is none to reuse any more
