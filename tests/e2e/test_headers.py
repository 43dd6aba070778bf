"""What every answer of ours carries, whatever the route and however it ends."""

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.template import Stack
from tests.service import Service

pytestmark = pytest.mark.e2e
SUB = "headers-1"
ABSENT = "123e4567-e89b-42d3-a456-426614174000"
ORDER = {"title": "A", "report_type": "reference", "parameters": {"referenceId": "92442"}}
GOOD: Mapping[str, Any] = {
    "POST /api/v1/reports": ORDER,
    "POST /api/v1/reports/estimate": ORDER,
    "PUT /api/v1/reports/{uuid}": ORDER,
    "PATCH /api/v1/reports/{uuid}": {"title": "B"},
    "POST /reports": {"referenceId": "92442"},
}
BAD: tuple[tuple[bytes, str], ...] = (
    (b"{", "application/json"),
    (b"{}", "text/plain"),
    (b" " * 300_000, "application/json"),
    (b'{"title": 1, "referenceId": 1}', "application/json"),
)
STRICT = "default-src 'none'; frame-ancestors 'none'"
HOUR = "public, max-age=3600"
KEPT: Mapping[str, str] = {  # files for everyone
    "GET /": "no-cache",
    "GET /console/{file}": HOUR,
    "GET /docs": HOUR,
    "GET /docs/{file}": HOUR,
    "GET /openapi.json": HOUR,
}
Sent = tuple[str, str, bytes | None, dict[str, str]]


@pytest.fixture(scope="module")
def names(service: Service) -> Mapping[str, str]:
    """What stands for a path's variables: a completed report of ours among others."""
    uuid = service.call("POST", "/api/v1/reports", ORDER, token=service.token(SUB)).json()["uuid"]
    assert service.finished(uuid)["status"] == "completed"
    return {"uuid": uuid, "id": uuid, "name": "users", "file": "docs.js"}


def requests_to(route: str, service: Service, names: Mapping[str, str]) -> Iterator[Sent]:
    """Good ones, ones by nobody and by who may do nothing, ones of what is not there, and bad ones."""
    method, path = route.split(" ")
    there = re.sub(r"\{(\w+)\}", lambda it: names[it[1]], path.replace("/console/{file}", "/console/app.js"))
    body = json.dumps(GOOD[route]).encode() if route in GOOD else None
    for token in (service.token(SUB), service.token(None), service.token(SUB, [])):
        yield method, there, body, bearer(token)
    for name in (ABSENT, "nothing"):
        yield method, re.sub(r"\{\w+\}", name, path), body, bearer(service.token(SUB))
    yield method, f"{there}?cursor=x&_limit=x", body, bearer(service.token(SUB))
    for wrong, kind in BAD if body else ():
        yield method, there, wrong, {**bearer(service.token(SUB)), "Content-Type": kind}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def test_every_answer_of_every_route_carries_the_guards(service: Service, names: Mapping[str, str]) -> None:
    routes = [route.key for route in Stack.load().routes]

    answers: list[tuple[str, int, Message]] = []
    with closing(http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=60)) as connection:
        # What deletes comes last: the others need the report.
        for route in sorted(routes, key=lambda it: it.startswith("DELETE")):
            for sent in requests_to(route, service, names):
                connection.request(*sent)
                answer = connection.getresponse()
                answer.read()
                answers.append((route, answer.status, answer.headers))

    assert {route for route, _, _ in answers} == set(routes)
    assert {status for _, status, _ in answers} >= {200, 201, 302, 400, 401, 403, 404, 409, 413, 415, 422}
    assert [(route, status) for route, status, headers in answers if not is_guarded(route, status, headers)] == []


def is_guarded(route: str, status: int, headers: Message) -> bool:
    """Files for everyone may be kept, and their own policy names what a page of ours loads."""
    is_file = status == 200 and route in KEPT
    return (
        headers["Cache-Control"] == (KEPT[route] if is_file else "no-store")
        and is_policy(headers["Content-Security-Policy"], is_file=is_file)
        and headers["Strict-Transport-Security"] == "max-age=31536000"
        and headers["X-Content-Type-Options"] == "nosniff"
        and bool(headers["X-Request-Id"])
        and not any(name.lower().startswith("access-control-") for name in headers)
    )


def is_policy(policy: str, *, is_file: bool) -> bool:
    if policy == STRICT or not is_file:  # a script or a style sheet loads nothing by itself
        return policy == STRICT
    own = re.sub(r"connect-src 'self' http://127\.0\.0\.1:\d+;", "", policy)  # where the console finds documents
    scripts = re.search(r"script-src ([^;]*)", policy)
    return (
        policy.startswith("default-src 'none'; ")
        and not re.search(r"unsafe|\*|https?:", own)
        and scripts is not None
        and scripts[1] == "'self'"
    )


SECRET = "Gizli-7f3a9"
ASKED = (
    f"GET /reports?{SECRET}=1", f"GET /reports?_sort={SECRET}:asc", f"GET /reports?_limit={SECRET}",
    f"GET /reports?created_at_gte={SECRET}", f"GET /reports?_start={SECRET}", f"GET /reports/count?{SECRET}=1",
    f"GET /reports/{SECRET}", f"GET /reports?%3Cscript%3E{SECRET}=1",
    f"GET /api/v1/reports?status={SECRET}&format={SECRET}&per_page={SECRET}&is_active={SECRET}&page={SECRET}",
    f"GET /api/v1/reports?cursor={SECRET}&report_type={SECRET}&created_from={SECRET}&created_to={SECRET}",
    f"GET /api/v1/reports/{SECRET}", f"GET /api/v1/reports/{SECRET}/download", f"GET /api/v1/reports/{SECRET}/manifest",
    f"POST /api/v1/reports/{SECRET}/retry", f"POST /api/v1/reports/{SECRET}/cancel", f"DELETE /api/v1/reports/{SECRET}",
    f"POST /api/v1/reports/{SECRET}/restore", f"GET /api/v1/report-types/{SECRET}", f"GET /docs/{SECRET}", f"GET /{SECRET}",
)  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_no_refusal_repeats_what_was_asked_or_tells_where_it_broke(service: Service, asked: str) -> None:
    answer = service.call(*asked.split(" "), token=service.token(SUB))

    text = answer.body.decode()
    assert answer.status in {400, 404, 422}
    assert SECRET not in text
    assert not re.search(r"Traceback|\.py\b|rapor\.|Error\b|Exception|botocore|duckdb", text, re.IGNORECASE)
