"""The rooms of create and sweep with a real table: what needs settings of its own, or no gateway."""

import base64
import json
import os
import subprocess
import sys
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from local.aws import LocalAws
from local.template import Stack
from rapor.errors import Invalid
from rapor.listing import Span
from rapor.store.lists import ReportLists
from tests.builders import CYBERCERT, a_post, a_report, load_event
from tests.rooms import CONTEXT, a_room

pytestmark = pytest.mark.integration


@pytest.fixture
def lists(stack: tuple[Stack, LocalAws]) -> ReportLists:
    loaded, aws = stack
    return ReportLists(aws.client("dynamodb"), loaded.name("Reports"))


@pytest.fixture
def create(stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return a_room(stack[0].function("CreateReport"), monkeypatch, MAX_UNFINISHED="2")


def post(room: ModuleType, body: object, sub: str) -> tuple[int, Any, Any]:
    answer = room.lambda_handler(a_post(body, claims={"sub": sub, "permissions": "[reports.generate]"}), CONTEXT)
    return answer["statusCode"], answer["headers"], json.loads(answer["body"])


def test_the_cap_is_answered_with_when_to_come_again(create: ModuleType) -> None:
    for _ in range(2):
        assert post(create, CYBERCERT, "capped")[0] == 201

    status, headers, body = post(create, CYBERCERT, "capped")

    assert status == 429
    assert headers["Retry-After"] == "30"
    assert body == {
        "message": "Too many unfinished reports. Wait for some to finish.",
        "code": "too_many_unfinished",
        "request_id": "JKJaXmPLvHcESHA=",
    }
    assert post(create, {**CYBERCERT, "is_active": False}, "capped")[0] == 201
    assert post(create, CYBERCERT, "another")[0] == 201


def test_a_route_that_lost_its_authorizer_fails_closed(create: ModuleType) -> None:
    event = a_post(CYBERCERT)
    del event["requestContext"]["authorizer"]
    event["headers"]["authorization"] = "Bearer of-bad-news"

    assert create.lambda_handler(event, CONTEXT)["statusCode"] == 401


def test_a_base64_body_is_read(create: ModuleType) -> None:
    event = a_post(CYBERCERT, claims={"sub": "b64", "permissions": "reports.generate"})
    event["body"] = base64.b64encode(event["body"].encode()).decode()
    event["isBase64Encoded"] = True

    assert create.lambda_handler(event, CONTEXT)["statusCode"] == 201
    event["body"] = "*"
    assert create.lambda_handler(event, CONTEXT)["statusCode"] == 400


def test_a_scheduled_run_makes_one_report_however_often_it_is_delivered(create: ModuleType, lists: ReportLists) -> None:
    event = load_event("create_report/schedule.json")

    uuids = {create.lambda_handler(event, CONTEXT)["uuid"] for _ in range(3)}
    [later] = {create.lambda_handler({**event, "scheduled_for": "2025-12-01T06:00:00Z"}, CONTEXT)["uuid"]}

    assert len(uuids) == 1
    assert later not in uuids
    assert {(report.schedule_id, report.scheduled_for) for report in lists.walk(Span("schedule/weekly-users"))} == {
        ("weekly-users", "2025-11-24T06:00:00Z"),
        ("weekly-users", "2025-12-01T06:00:00Z"),
    }


def test_a_wrong_schedule_is_a_loud_failure(create: ModuleType) -> None:
    event = load_event("create_report/schedule.json")

    with pytest.raises(Invalid):
        create.lambda_handler({**event, "report": {"title": "A"}}, CONTEXT)


def test_a_route_that_is_not_ours_is_not_found(create: ModuleType) -> None:
    assert create.lambda_handler(load_event("read_report/get_api_v1_reports.json"), CONTEXT)["statusCode"] == 404


def test_the_originals_own_example_is_a_score_made_elsewhere(create: ModuleType, lists: ReportLists) -> None:
    answer = create.lambda_handler(load_event("create_report/post_reports.json"), CONTEXT)

    score = json.loads(answer["body"])
    [found] = [report for report in lists.walk(Span("1")) if str(report.uuid) == score["id"]]
    assert (answer["statusCode"], score["processed"], score["score"]) == (200, True, 0)
    assert (found.title, found.report_type, found.imported) == ("Score 92442", "reference", True)


def test_an_order_waits_for_nothing_that_announces(stack: tuple[Stack, LocalAws]) -> None:
    function = stack[0].function("CreateReport")
    code = "import sys, app; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=function.code,
        env={**os.environ, **function.environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert "rapor.create" in loaded
    assert {"rapor.announce", "rapor.store.events"}.isdisjoint(loaded)


def test_the_sweep_says_what_it_did(stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch) -> None:
    room = a_room(stack[0].function("SweepReports"), monkeypatch)

    answer = room.lambda_handler(load_event("sweep_reports/schedule.json"), CONTEXT)

    assert answer == {
        "dispatched": 0,
        "reclaimed": 0,
        "exhausted": 0,
        "dequeued": 0,
        "left": 0,
        "announced": 0,
        "purged": 0,
    }


def test_one_line_of_log_says_who_changed_what_and_nothing_more(
    stack: tuple[Stack, LocalAws],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    room = a_room(stack[0].function("UpdateReport"), monkeypatch)
    event = load_event("update_report/patch_api_v1_reports_uuid.json")
    report = room.reports.add(a_report(uuid=UUID(event["pathParameters"]["uuid"])), None)[0]

    assert room.lambda_handler(event, CONTEXT)["statusCode"] == 200

    [logged] = [vars(record) for record in caplog.records]
    assert (logged["message"], logged["audit"]["report"], logged["audit"]["actor"]) == ("audit", str(report.uuid), "1")
    assert "Kullanıcı" not in str(logged)


@pytest.mark.parametrize("function", ["CreateReport", "ReadReport", "UpdateReport"])
def test_every_route_of_the_template_has_its_handler(
    stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    room = a_room(stack[0].function(function), monkeypatch)

    assert room.ROUTES.keys() == {route.key for route in stack[0].routes if route.function == function}
