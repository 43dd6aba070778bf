"""One audit entry a request, of a documented form."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from local.template import Stack
from rapor.errors import Forbidden, NotFound, StoreUnavailable
from rapor.http.audit import ACTIONS, system_entry
from rapor.http.gateway import Request, Response
from rapor.http.laravel import created
from rapor.http.problems import answer
from tests.builders import ROOT, a_report, load_event
from tests.prose import Page
from tests.unit.fakes import FakeLog

SCHEMA = json.loads((ROOT / "docs/audit.schema.json").read_text())
VALID = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)
UUID = "550e8400-e29b-41d4-a716-446655440000"
EVENT = load_event("create_report/post_api_v1_reports.json")
Route = Callable[[Request], Response]


def logged(route_key: str, route: Route, **parameters: str) -> list[dict[str, Any]]:
    event = copy.deepcopy(EVENT) | {"routeKey": route_key, "pathParameters": parameters}
    log = FakeLog()
    answer(event, {route_key: route}, log)
    assert {entry["message"] for entry in log.entries} <= {"audit", "answered 5xx"}
    entries: list[dict[str, Any]] = [entry["audit"] for entry in log.entries if entry["message"] == "audit"]
    for entry in entries:
        VALID.validate(entry)
    return entries


def raising(error: Exception) -> Route:
    def route(request: Request) -> Response:
        raise error

    return route


def test_an_order_is_told_with_the_report_it_made() -> None:
    [entry] = logged("POST /api/v1/reports", lambda _: created(a_report(), replayed=False))

    assert entry == {
        "action": "report.create",
        "actor": "1",
        "report": UUID,
        "schedule": None,
        "status": 201,
        "code": None,
        "request_id": EVENT["requestContext"]["requestId"],
        "source_ip": EVENT["requestContext"]["http"]["sourceIp"],
    }


@pytest.mark.parametrize(
    ("route_key", "error", "status", "code"),
    [
        ("DELETE /api/v1/reports/{uuid}", Forbidden(), 403, "forbidden"),
        ("GET /api/v1/reports/{uuid}", NotFound(), 404, "not_found"),
        ("GET /api/v1/reports/{uuid}/download", StoreUnavailable(), 503, "store_unavailable"),
    ],
)
def test_a_refusal_is_told_with_its_reason(route_key: str, error: Exception, status: int, code: str) -> None:
    [entry] = logged(route_key, raising(error), uuid=UUID.upper())

    assert (entry["report"], entry["status"], entry["code"]) == (UUID, status, code)


def test_door_a_tells_the_code_and_not_the_status_twice() -> None:
    [entry] = logged("GET /reports/{id}", raising(Forbidden()), id="x")

    assert (entry["status"], entry["code"]) == (403, "forbidden")


def test_door_a_tells_our_uuid_and_not_the_clients() -> None:
    mine = "99999999-9999-4999-8999-999999999999"

    [entry] = logged("GET /reports/{id}", lambda _: Response(200, {"id": UUID, "uuid": mine}), id=mine)

    assert entry["report"] == UUID


@pytest.mark.parametrize("path", ["ayse@example.com", "{550e8400-e29b-41d4-a716-446655440000}", ""])
def test_what_a_client_wrote_for_a_uuid_is_not_repeated(path: str) -> None:
    [entry] = logged("GET /api/v1/reports/{uuid}", raising(NotFound()), uuid=path)

    assert entry["report"] is None


def test_a_schedule_is_told_apart_from_the_report_it_orders() -> None:
    schedule = "99999999-9999-4999-8999-999999999999"

    [read] = logged("GET /api/v1/schedules/{uuid}", lambda _: Response(200, {"uuid": schedule}), uuid=schedule)
    [made] = logged("POST /api/v1/schedules", lambda _: Response(201, {"uuid": schedule}))
    [ran] = logged("POST /api/v1/schedules/{uuid}/run", lambda _: Response(201, {"uuid": UUID}), uuid=schedule)

    assert [(it["schedule"], it["report"]) for it in (read, made, ran)] == [
        (schedule, None),
        (schedule, None),
        (schedule, UUID),
    ]


def test_a_list_is_about_no_report_in_particular() -> None:
    [at_b] = logged("GET /api/v1/reports", lambda _: Response(200, {"data": [{"uuid": UUID}]}))
    [at_a] = logged("GET /reports", lambda _: Response(200, [{"id": UUID}]))

    assert (at_b["report"], at_a["report"]) == (None, None)


def test_a_request_that_nobody_verified_has_no_actor() -> None:
    log = FakeLog()
    event = copy.deepcopy(EVENT)
    event["requestContext"]["authorizer"] = None

    answer(event, {}, log)

    assert log.entries[0]["audit"]["actor"] is None


def test_what_the_service_does_by_itself_has_the_same_form() -> None:
    VALID.validate(system_entry("report.purge", "sweep", a_report().uuid))


def test_every_route_that_needs_a_token_has_an_action() -> None:
    assert set(ACTIONS) == {route.key for route in Stack.load().routes if route.authorizer}


def test_the_documents_actions_are_the_codes() -> None:
    by_itself = {"report.purge", "orphan.remove", "schedule.run"}

    assert set(SCHEMA["properties"]["action"]["enum"]) == {*ACTIONS.values(), *by_itself}


def test_the_documents_example_is_valid() -> None:
    page = (ROOT / "docs/audit.md").read_text()

    example = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])

    VALID.validate(example["audit"])


def test_the_query_asks_for_what_entries_have() -> None:
    [query] = (it.text for it in Page(ROOT / "docs/audit.md").blocks if it.text.startswith("fields "))

    assert set(re.findall(r"audit\.(\w+)", query)) <= set(SCHEMA["properties"])
