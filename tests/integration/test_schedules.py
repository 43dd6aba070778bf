"""Schedules in a real table and a stand-in of EventBridge Scheduler, and the rooms that work with them."""

import copy
import json
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from local.aws import LocalAws
from local.scheduler import MotoEntries
from local.scheduler import Scheduler as EventBridge
from local.template import Stack
from rapor.errors import Fenced, NotScheduled, StoreUnavailable
from rapor.listing import Position, Span
from rapor.schedule import Notice, PastRun, Pause, Schedule
from rapor.store.lists import ReportLists
from rapor.store.scheduler import Scheduler
from rapor.store.schedules import ScheduleTable
from tests.builders import NOW, load_event
from tests.rooms import CONTEXT, a_room
from tests.schedules import BODY, a_schedule

pytestmark = pytest.mark.integration
GROUP = "rapor-users"


@pytest.fixture
def table(stack: tuple[Stack, LocalAws]) -> ScheduleTable:
    loaded, aws = stack
    return ScheduleTable(aws.client("dynamodb"), loaded.name("Reports"))


@pytest.fixture
def scheduler(stack: tuple[Stack, LocalAws]) -> Scheduler:
    loaded, aws = stack
    return Scheduler(aws.client("scheduler"), GROUP, loaded.function("CreateReport").arn, "arn:aws:iam::1:role/x")


@pytest.fixture
def rooms(stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    return {name: a_room(stack[0].function(name), monkeypatch) for name in ("Schedules", "CreateReport")}


def new(**changes: Any) -> Schedule:
    return a_schedule(**{"uuid": uuid4(), "user_id": str(uuid4()), **changes})


EVERYTHING: dict[str, Any] = {
    "start": NOW,
    "end": NOW + timedelta(days=9),
    "is_active": False,
    "pause": Pause("refused", "…", NOW),
    "fingerprint": "f",
    "settling_until": NOW,
    "next_run": NOW,
    "is_skipped": True,
    "tries": 3,
    "retry_at": NOW,
    "problem": "too_many_unfinished",
    "due_at": NOW,
    "runs": (PastRun("2025-11-20T06:00:00Z", uuid4()),),
    "notices": (Notice("paused", NOW, "refused"), Notice("missed", NOW, "not_started", "2025-11-20T06:00:00Z", 2)),
}


@pytest.mark.parametrize("changes", [{}, EVERYTHING])
def test_what_was_written_is_read(table: ScheduleTable, changes: dict[str, Any]) -> None:
    schedule = new(**changes)

    assert table.add(schedule) == schedule

    assert table.get(schedule.uuid) == schedule
    assert table.get(uuid4()) is None


def test_one_uuid_is_one_schedule(table: ScheduleTable) -> None:
    first = table.add(new())

    assert table.add(replace(first, name="B")) == first


def test_a_change_makes_a_revision_and_refuses_whoever_knew_another(table: ScheduleTable) -> None:
    found = table.add(new())

    changed = table.change(found, replace(found, **EVERYTHING))
    back = table.change(changed, replace(found, revision=changed.revision))

    assert changed == replace(found, **EVERYTHING, revision=2)
    assert table.get(found.uuid) == back == replace(found, revision=3)
    with pytest.raises(Fenced):
        table.change(found, replace(found, name="C"))
    with pytest.raises(Fenced):
        table.remove(found)
    table.remove(back)
    table.remove(back)
    with pytest.raises(Fenced):
        table.change(back, replace(back, name="C"))


def test_the_last_runs_are_noted_beside_every_change(table: ScheduleTable) -> None:
    found = table.add(new())
    runs = [PastRun(f"2025-11-{day}T06:00:00Z", uuid4()) for day in range(11, 18)]
    table.change(found, replace(found, name="B"))

    for run in [*runs[::-1], *runs]:
        noted = table.note_run(found, run)
    table.note_problem(noted, "too_many_unfinished")

    row = table.get(found.uuid)
    assert row is not None
    assert (row.name, row.runs, row.problem, row.revision) == ("B", tuple(runs[-5:]), "too_many_unfinished", 2)


def test_a_run_of_a_schedule_that_is_gone_is_nobodys(table: ScheduleTable) -> None:
    run = PastRun("2025-11-20T06:00:00Z", uuid4())

    table.note_run(new(), run)
    table.note_problem(new(), "x")


def test_due_are_those_whose_time_has_come(table: ScheduleTable) -> None:
    due = [table.add(new(due_at=NOW - timedelta(minutes=minute))) for minute in range(8)]
    later, never = table.add(new(due_at=NOW + timedelta(minutes=1))), table.add(new())

    found = set(table.due(NOW, limit=400))

    assert {it.uuid for it in due} <= found
    assert not {later.uuid, never.uuid} & found


def test_pages_hold_an_owners_newest_first_and_everybodys(table: ScheduleTable) -> None:
    made = [table.add(new(user_id="pages", created_at=NOW + timedelta(minutes=it))) for it in range(5)]
    other = table.add(new(created_at=NOW + timedelta(days=1)))

    first = table.page("pages", None, limit=3)
    rest = table.page("pages", Position(first[-1].created_at, first[-1].uuid), limit=3)

    assert [*first, *rest] == made[::-1]
    assert table.page(None, None, limit=1) == [other]
    assert list(table.owned_by("pages")) == made[::-1]
    assert (table.count("pages", limit=9), table.count("pages", limit=2)) == (5, 2)


def entries(stack: tuple[Stack, LocalAws]) -> dict[str, Any]:
    functions = {it.arn: it.name for it in stack[0].functions}
    return {it.schedule.name: it for it in MotoEntries(functions).all()}


def test_the_scheduler_is_told_again_and_again_with_one_effect(
    stack: tuple[Stack, LocalAws], scheduler: Scheduler
) -> None:
    schedule = new(end=NOW + timedelta(days=9999))
    name, later = str(schedule.uuid), datetime.now(UTC) + timedelta(days=9)

    for expression in ("cron(0 9 * * ? *)", "cron(0 10 * * ? *)"):
        scheduler.put(replace(schedule, expression=expression), later)
    scheduler.start_run(schedule, NOW, NOW)
    scheduler.start_run(schedule, NOW, NOW + timedelta(minutes=2))

    found = entries(stack)
    assert found[name].schedule.expression == "cron(0 10 * * ? *)"
    assert found[name].schedule.function == "CreateReport"
    assert found[name].start == pytest.approx(later.timestamp())
    once = found[f"{name}-20251120T1200"].schedule
    assert (once.expression, once.timezone) == ("at(2025-11-20T12:03:00)", "UTC")
    assert json.loads(once.input) == {"schedule_id": name, "scheduled_for": "2025-11-20T12:00:00Z"}
    for _ in range(2):
        scheduler.remove(schedule)
    assert name not in entries(stack)


def test_what_eventbridge_refuses_is_told_apart_from_what_it_did_not_hear(
    stack: tuple[Stack, LocalAws], scheduler: Scheduler
) -> None:
    with pytest.raises(NotScheduled):
        scheduler.put(new(), NOW)  # a start that is long past

    nowhere = Scheduler(stack[1].client("scheduler"), "nowhere", "x", "y")
    with pytest.raises(StoreUnavailable):  # here a 500
        nowhere.put(new(), None)


def call(room: ModuleType, file: str, body: object = None, uuid: str = "", **claims: str) -> tuple[int, Any]:
    event = copy.deepcopy(load_event(f"schedules/{file}.json"))
    event["requestContext"]["authorizer"]["jwt"]["claims"] |= claims
    if body is not None:
        event["body"] = json.dumps(body)
    if uuid:
        event["pathParameters"] = {"uuid": uuid}
    answer = room.lambda_handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def test_the_life_of_a_schedule(
    stack: tuple[Stack, LocalAws], rooms: dict[str, ModuleType], table: ScheduleTable
) -> None:
    room, create = rooms["Schedules"], rooms["CreateReport"]
    who = {"sub": "life", "permissions": "reports.generate"}
    lists = ReportLists(stack[1].client("dynamodb"), stack[0].name("Reports"))

    status, made = call(room, "post_api_v1_schedules", BODY, **who)
    assert (status, len(made["next_runs"])) == (201, 5)
    uuid = made["uuid"]
    assert uuid in entries(stack)
    run = {"schedule_id": uuid, "scheduled_for": made["next_runs"][0][:19] + "Z"}
    delivered = {create.lambda_handler(run, CONTEXT)["uuid"] for _ in range(3)}

    answers = [call(room, "post_api_v1_schedules_uuid_run", uuid=uuid, **who) for _ in range(2)]
    assert [status for status, _ in answers] == [201, 201]
    now = {report["uuid"] for _, report in answers}
    assert len(now) == 2
    status, shown = call(room, "get_api_v1_schedules_uuid", uuid=uuid, **who)
    assert [it["report_uuid"] for it in shown["last_runs"]] == list(delivered)
    assert {str(report.uuid) for report in lists.walk(Span("life"))} == delivered | now
    assert {report.schedule_id for report in lists.walk(Span("life"))} == {uuid}

    status, paused = call(room, "patch_api_v1_schedules_uuid", {"is_active": False}, uuid, **who)
    assert (status, paused["next_runs"], uuid in entries(stack)) == (200, [], False)
    later = {**run, "scheduled_for": made["next_runs"][1][:19] + "Z"}
    assert create.lambda_handler(later, CONTEXT)["uuid"] is None

    status, page = call(room, "get_api_v1_schedules", **who)
    assert uuid in [it["uuid"] for it in page["data"]]
    assert call(room, "delete_api_v1_schedules_uuid", uuid=uuid, **who) == (200, {"message": "Schedule deleted"})
    assert call(room, "get_api_v1_schedules_uuid", uuid=uuid, **who)[0] == 404
    assert create.lambda_handler(later, CONTEXT)["uuid"] is None


def test_a_later_request_narrows_and_pauses_and_never_widens(
    rooms: dict[str, ModuleType], table: ScheduleTable
) -> None:
    room, sub = rooms["Schedules"], "narrowed"
    _, made = call(room, "post_api_v1_schedules", BODY, sub=sub, permissions="reports.generate")
    seen = []

    for permissions in ("reports.generate.own", "reports.generate", "reports.view"):
        status, _ = call(room, "get_api_v1_schedules", sub=sub, permissions=permissions)
        [row] = table.owned_by(sub)
        seen.append((status, str(row.uuid) == made["uuid"], row.scope.value, row.is_active))

    assert seen == [(200, True, "own", True), (200, True, "own", True), (403, True, "own", False)]


def test_the_same_key_makes_one_schedule(rooms: dict[str, ModuleType]) -> None:
    event = copy.deepcopy(load_event("schedules/post_api_v1_schedules.json"))
    event["headers"]["idempotency-key"] = "twice"
    event["requestContext"]["authorizer"]["jwt"]["claims"] |= {"sub": "keyed"}

    answers = [rooms["Schedules"].lambda_handler(event, CONTEXT) for _ in range(2)]

    assert [it["statusCode"] for it in answers] == [201, 201]
    assert len({json.loads(it["body"])["uuid"] for it in answers}) == 1
    assert [it["headers"].get("Idempotency-Replayed") for it in answers] == [None, "true"]


def test_what_is_told_is_fired_at_its_time_and_is_over_after_its_last(
    stack: tuple[Stack, LocalAws], rooms: dict[str, ModuleType]
) -> None:
    clock, end = Clock(), datetime.now(UTC) + timedelta(days=2, minutes=1)
    eventbridge = EventBridge(
        [],
        invoke=lambda name, event: rooms[name].lambda_handler(event, CONTEXT),
        say=print,
        clock=clock,
        entries=MotoEntries({it.arn: it.name for it in stack[0].functions}),
    )
    body = {**BODY, "expression": "rate(1 day)", "end": end.isoformat()}
    _, made = call(rooms["Schedules"], "post_api_v1_schedules", body, sub="fired", permissions="reports.generate")

    for _ in range(3 * 24):
        eventbridge.fire_due()
        clock.now += 3600

    found = ReportLists(stack[1].client("dynamodb"), stack[0].name("Reports")).walk(Span("fired"))
    assert [f"{report.scheduled_for}" for report in found] == [f"{it[:19]}Z" for it in made["next_runs"]][::-1]
    assert len(made["next_runs"]) == 2
    assert made["uuid"] not in entries(stack)


class Clock:
    """Seconds since 1970, told by the test."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).timestamp()

    def __call__(self) -> float:
        return self.now


def test_the_sweeps_room_settles_tells_and_starts(
    stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch, table: ScheduleTable
) -> None:
    now = datetime.now(UTC)
    room = a_room(stack[0].function("SweepReports"), monkeypatch)
    paused = table.add(new(next_run=now).paused("failed_in_a_row", now - timedelta(minutes=1)))
    lost = table.add(new(expression="rate(1 day)", anchor=NOW, next_run=now - timedelta(hours=1), due_at=NOW))

    answer = room.lambda_handler(load_event("sweep_reports/schedule.json"), CONTEXT)

    told, started = table.get(paused.uuid), table.get(lost.uuid)
    assert told is not None
    assert (told.notices, told.settling_until, told.due_at) == ((), None, None)
    assert started is not None
    assert started.tries == 1
    assert len([name for name in entries(stack) if name.startswith(str(lost.uuid))]) == 2
    assert answer["started"] >= 1
