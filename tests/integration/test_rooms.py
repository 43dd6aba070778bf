"""The rooms of create and sweep with a real table: what needs settings of its own, or no gateway."""

import base64
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from local.aws import LocalAws
from local.template import Stack
from rapor.errors import Invalid
from rapor.listing import Span
from rapor.store.lists import ReportLists
from rapor.turns import MARGIN_S
from tests.builders import CYBERCERT, a_post, a_report, load_event
from tests.rooms import CONTEXT, a_room, counted

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


def post_score(room: ModuleType, body: object, sub: str) -> tuple[int, Any]:
    event = load_event("create_report/post_reports.json")
    event["requestContext"]["authorizer"]["jwt"]["claims"] = {"sub": sub, "permissions": "[reports.generate]"}
    answer = room.lambda_handler({**event, "body": json.dumps(body)}, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def change(room: ModuleType, event_name: str, uuid: str, sub: str, body: object = None) -> int:
    event = load_event(f"update_report/{event_name}.json")
    event["pathParameters"] = {"uuid": uuid}
    event["requestContext"]["authorizer"]["jwt"]["claims"] = {"sub": sub, "permissions": "[reports.generate]"}
    status: int = room.lambda_handler({**event, "body": json.dumps(body)}, CONTEXT)["statusCode"]
    return status


@pytest.fixture
def update(stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return a_room(stack[0].function("UpdateReport"), monkeypatch, MAX_UNFINISHED="2")


def test_every_way_into_the_queue_ends_at_the_cap(create: ModuleType, update: ModuleType) -> None:
    queued = [post(create, CYBERCERT, "doors")[2]["uuid"], post_score(create, {"referenceId": "1"}, "doors")[1]["id"]]
    aside = post(create, {**CYBERCERT, "is_active": False}, "doors")[2]["uuid"]
    assert change(update, "post_api_v1_reports_uuid_cancel", queued[0], "doors") == 200
    assert post(create, CYBERCERT, "doors")[0] == 201

    status, score = post_score(create, {"referenceId": "2"}, "doors")

    assert (status, score["code"], score["reason"]) == (429, 429, "too_many_unfinished")
    assert post(create, CYBERCERT, "doors")[0] == 429
    assert change(update, "post_api_v1_reports_uuid_retry", queued[0], "doors") == 429
    assert change(update, "patch_api_v1_reports_uuid", aside, "doors", {"is_active": True}) == 429
    assert change(update, "post_api_v1_reports_uuid_cancel", queued[1], "doors") == 200  # one place is free again
    assert change(update, "post_api_v1_reports_uuid_retry", queued[0], "doors") == 202


def test_what_is_there_already_asks_for_no_place(create: ModuleType) -> None:
    keyed = a_post(CYBERCERT, {"Idempotency-Key": "a"}, {"sub": "again", "permissions": "[reports.generate]"})
    assert create.lambda_handler(keyed, CONTEXT)["statusCode"] == 201
    assert post_score(create, {"referenceId": "1", "uuid": "mine"}, "again")[0] == 200

    replayed = create.lambda_handler(keyed, CONTEXT)
    reused = post(create, {**CYBERCERT, "options": {"reuse": "running"}}, "again")

    assert (replayed["statusCode"], replayed["headers"]["Idempotency-Replayed"]) == (201, "true")
    assert (reused[0], reused[2]["uuid"]) == (200, json.loads(replayed["body"])["uuid"])
    assert post_score(create, {"referenceId": "1", "uuid": "mine"}, "again")[0] == 200
    assert post(create, {**CYBERCERT, "status": "failed"}, "again")[0] == 201  # history waits for nobody
    assert post(create, CYBERCERT, "again")[0] == 429


def test_the_cap_is_soft_by_as_many_as_ask_at_once(create: ModuleType, lists: ReportLists) -> None:
    """Who has counted may write: the count and the write are two calls, so a burst may pass together, once."""
    racers = 8
    assert post(create, CYBERCERT, "racer")[0] == 201
    line = Barrier(racers)

    def run(_: int) -> int:
        line.wait()
        return post(create, CYBERCERT, "racer")[0]

    with ThreadPoolExecutor(racers) as pool:
        statuses = list(pool.map(run, range(racers)))

    passed = statuses.count(201)
    assert set(statuses) <= {201, 429}
    assert 1 <= passed <= racers
    assert len(list(lists.walk(Span("racer")))) == 1 + passed
    assert post(create, CYBERCERT, "racer")[0] == 429


LOST: dict[str, Any] = {
    "none": ...,
    "null": None,
    "an empty one": {},
    "one without claims": {"jwt": {}},
    "one that is null": {"jwt": None},
    "claims that are null": {"jwt": {"claims": None, "scopes": None}},
    "claims without a subject": {"jwt": {"claims": {"permissions": "[reports.generate]"}}},
    "an empty subject": {"jwt": {"claims": {"sub": "", "permissions": "[reports.generate]"}}},
    "a subject that is too long": {"jwt": {"claims": {"sub": "x" * 256, "permissions": "[reports.generate]"}}},
    "a REST API's": {"claims": {"sub": "1", "permissions": "[reports.generate]"}},
    "a Lambda's": {"lambda": {"sub": "1", "permissions": "[reports.generate]"}},
    "one by IAM": {"iam": {"userId": "1", "sub": "1"}},
}


@pytest.mark.parametrize("authorizer", LOST.values(), ids=LOST)
def test_a_route_that_lost_its_authorizer_fails_closed(create: ModuleType, authorizer: Any) -> None:
    event = a_post(CYBERCERT)
    event["requestContext"].pop("authorizer")
    if authorizer is not ...:
        event["requestContext"]["authorizer"] = authorizer
    event["headers"]["authorization"] = "Bearer of-bad-news"
    event["headers"] |= {"sub": "1", "x-amzn-oidc-identity": "1", "x-user-id": "1", "permissions": "reports.generate"}
    event["queryStringParameters"] = {"sub": "1", "user_id": "1", "permissions": "reports.generate"}

    answer = create.lambda_handler(event, CONTEXT)

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (401, "unauthenticated")


CLAIMS: list[tuple[dict[str, Any], int]] = [
    ({"permissions": "[reports.generate]"}, 201),
    ({"permissions": "[reports.view reports.generate]"}, 201),
    ({"permissions": "[reports.generate.own]"}, 201),
    ({"permissions": '["reports.view","reports.generate"]'}, 201),
    ({"permissions": ["reports.generate"]}, 201),
    ({"permissions": "reports.view,reports.generate"}, 201),
    ({"permissions": "reports.generate"}, 201),
    ({"scope": "openid reports.generate"}, 201),
    ({"scp": "[openid reports.generate]"}, 201),
    ({}, 403),
    ({"permissions": ""}, 403),
    ({"permissions": "[]"}, 403),
    ({"permissions": None}, 403),
    ({"permissions": "null"}, 403),
    ({"permissions": True}, 403),
    ({"permissions": {"reports.generate": True}}, 403),
    ({"permissions": '{"reports.generate":true}'}, 403),
    ({"permissions": "[reports.view]", "scope": "reports.generate"}, 403),
    ({"permissions": "[]", "scope": "reports.generate"}, 403),
    ({"permissions": "[reports.generates]"}, 403),
    ({"permissions": "[reports.generate.owner]"}, 403),
    ({"permissions": "[reports.generate.]"}, 403),
    ({"permissions": "[reports]"}, 403),
    ({"permissions": "[reports.*]"}, 403),
    ({"permissions": "[*]"}, 403),
    ({"permissions": "[Reports.Generate]"}, 403),
    ({"permissions": "[xreports.generate]"}, 403),
    ({"roles": "[reports.generate]", "groups": "reports.generate", "Permissions": "reports.generate"}, 403),
]


@pytest.mark.parametrize(("claims", "status"), CLAIMS)
def test_claims_grant_whole_names_and_nothing_else(create: ModuleType, claims: dict[str, Any], status: int) -> None:
    event = a_post({**CYBERCERT, "is_active": False}, claims={"sub": "claims", **claims})

    assert create.lambda_handler(event, CONTEXT)["statusCode"] == status


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

    repairs = {"dispatched": 0, "reclaimed": 0, "exhausted": 0, "dequeued": 0, "left": 0, "announced_late": 0}
    schedules = {"schedules": 0, "started": 0, "missed": 0}
    assert answer == {**repairs, **schedules, "purged": 0, "orphans": 0, "unclaimed": 0}


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


@pytest.mark.parametrize("function", ["CreateReport", "ReadReport", "UpdateReport", "Schedules"])
def test_every_route_of_the_template_has_its_handler(
    stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    room = a_room(stack[0].function(function), monkeypatch)

    assert room.ROUTES.keys() == {route.key for route in stack[0].routes if route.function == function}


def test_a_step_that_breaks_costs_no_other_its_turn(
    stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    room = a_room(stack[0].function("SweepReports"), monkeypatch)

    def break_off(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(room, "sweep_schedules", break_off)
    with pytest.raises(ZeroDivisionError):
        room.lambda_handler(load_event("sweep_reports/schedule.json"), CONTEXT)

    told = [name for _, name, _ in counted(capsys.readouterr().out)]
    assert "runs_missed" not in told
    assert {"due", "announced_late", "purged", "orphans"} <= set(told)
    assert told[-1] == "swept"


def test_a_sweep_without_time_says_so_and_comes_to_its_end(
    stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    room = a_room(stack[0].function("SweepReports"), monkeypatch)
    hurried = SimpleNamespace(**{**vars(CONTEXT), "get_remaining_time_in_millis": lambda: 1})

    with pytest.raises(TimeoutError):
        room.lambda_handler(load_event("sweep_reports/schedule.json"), hurried)

    assert [name for _, name, _ in counted(capsys.readouterr().out)] == ["swept"]


def test_a_call_of_the_sweeps_that_hangs_is_given_up_before_the_sweep_is(
    stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = a_room(stack[0].function("SweepReports"), monkeypatch)

    for client in (room.documents._client, room.scheduler_client, room.bus._client):
        config = client.meta.config
        assert config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout) < MARGIN_S
