"""
Whatever breaks between two AWS calls, a run of a schedule makes one report, and the Scheduler knows what the row says.

The rooms are the real ones, and the sweep's use case; EventBridge Scheduler is a store that never fires by itself, so
what would be called is looked up there.
"""

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from local.aws import LocalAws
from local.scheduler import MotoEntries
from local.template import Stack
from rapor.errors import StoreUnavailable
from rapor.listing import Span
from rapor.report import Report
from rapor.schedule import Schedule, text_of
from rapor.store.lists import ReportLists
from rapor.store.scheduler import Scheduler
from rapor.store.schedules import ScheduleTable
from rapor.store.table import ReportTable
from rapor.sweep_schedules import Keeper, sweep_schedules
from tests.builders import load_event
from tests.faults.injector import Crash, Fault, Injector
from tests.rooms import CONTEXT, a_room
from tests.schedules import BODY, a_schedule
from tests.unit.fakes import FakeEvents, a_turn

pytestmark = pytest.mark.faults
MINUTE = timedelta(minutes=1)
DAILY = "cron(0 3 * * ? *)"
RUN_CALLS = ["GetItem", "GetItem", "Query", "TransactWriteItems", "UpdateItem"]
#            schedule, known?, cap, report and key, the schedule's row
START_CALLS = ["Query", "GetItem", "GetItem", "UpdateItem", "CreateSchedule", "UpdateItem", "CreateSchedule"]
#              due, schedule, run?, claim, told again, settled, once


@dataclass
class World:
    """Two rooms, the sweep, and the AWS they share."""

    create: ModuleType
    schedules: ModuleType
    stack: Stack
    table: ScheduleTable
    reports: ReportTable
    lists: ReportLists
    scheduler: Scheduler
    injector: Injector

    def due(self, **changes: Any) -> Schedule:
        """A schedule whose next run is now; far in the past for all the others."""
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        return self.table.add(
            a_schedule(**{
                "uuid": uuid4(),
                "user_id": str(uuid4()),
                "expression": "rate(1 day)",
                "anchor": now,
                "next_run": now,
                "due_at": now + 5 * MINUTE,
                **changes,
            })
        )  # fmt: skip

    def deliver(self, schedule: Schedule) -> None:
        assert schedule.next_run
        event = {"schedule_id": str(schedule.uuid), "scheduled_for": text_of(schedule.next_run)}
        self.create.lambda_handler(event, CONTEXT)

    def deliver_what_is_started(self, schedule: Schedule) -> None:
        """Call as EventBridge would for the runs that were started by hand."""
        for name, input_ in self.entries(schedule).items():
            if name != str(schedule.uuid):
                self.create.lambda_handler(json.loads(input_), CONTEXT)

    def entries(self, schedule: Schedule) -> dict[str, str]:
        functions = {it.arn: it.name for it in self.stack.functions}
        found = [it.schedule for it in MotoEntries(functions).all()]
        return {it.name: it.input or "" for it in found if it.name.startswith(str(schedule.uuid))}

    def made(self, schedule: Schedule) -> list[Report]:
        return list(self.lists.walk(Span(schedule.user_id)))

    def sweep(self, now: datetime) -> FakeEvents:
        events = FakeEvents()
        keeper = Keeper(
            now=now,
            schedules=self.table,
            scheduler=self.scheduler,
            reports=self.reports,
            events=events,
        )
        sweep_schedules(keeper, a_turn())
        return events

    def ask(self, file: str, body: object = None, uuid: str = "", sub: str = "faults") -> dict[str, Any]:
        event = copy.deepcopy(load_event(f"schedules/{file}.json"))
        event["requestContext"]["authorizer"]["jwt"]["claims"] |= {"sub": sub, "permissions": "reports.generate"}
        event["headers"]["idempotency-key"] = f"key-of-{sub}"
        if body is not None:
            event["body"] = json.dumps(body)
        if uuid:
            event["pathParameters"] = {"uuid": uuid}
        answer: dict[str, Any] = self.schedules.lambda_handler(event, CONTEXT)
        return answer


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    stack = Stack.load()
    with LocalAws(stack) as aws, pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))  # the SDK's patience, not ours
        create, schedules = (a_room(stack.function(name), patch) for name in ("CreateReport", "Schedules"))
        injector, dynamodb, name = Injector(), aws.client("dynamodb"), stack.name("Reports")
        scheduler = Scheduler(aws.client("scheduler"), "rapor-users", stack.function("CreateReport").arn, "role")
        for client in (create.dynamodb, schedules.dynamodb, schedules.scheduler._client, dynamodb, scheduler._client):
            injector.attach(client)
        table, reports = ScheduleTable(dynamodb, name), ReportTable(dynamodb, name)
        yield World(create, schedules, stack, table, reports, ReportLists(dynamodb, name), scheduler, injector)


def check_made_once(world: World, schedule: Schedule) -> None:
    """One report of that run, which the row knows, and no other."""
    assert schedule.next_run
    [report] = world.made(schedule)
    assert (report.schedule_id, report.scheduled_for) == (str(schedule.uuid), text_of(schedule.next_run))
    row = world.table.get(schedule.uuid)
    assert row is not None
    assert [run.report for run in row.runs] == [report.uuid]


# -- a run --------------------------------------------------------------------


def test_a_run_takes_just_these_calls(world: World) -> None:
    schedule = world.due()
    world.injector.arm(99, Fault.CRASH_BEFORE)

    world.deliver(schedule)

    world.injector.disarm()
    assert world.injector.calls == RUN_CALLS
    check_made_once(world, schedule)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("at", range(1, len(RUN_CALLS) + 1))
def test_a_run_that_broke_makes_one_report_when_its_event_comes_again(world: World, at: int, fault: Fault) -> None:
    schedule = world.due()
    world.injector.arm(at, fault)

    with suppress(Crash, StoreUnavailable):
        world.deliver(schedule)
    world.injector.disarm()
    for _ in range(2):
        world.deliver(schedule)

    assert world.injector.fired
    check_made_once(world, schedule)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("at", range(1, len(RUN_CALLS) + 1))
def test_a_run_that_broke_for_good_is_found_or_started_by_the_sweep(world: World, at: int, fault: Fault) -> None:
    schedule = world.due()
    assert schedule.next_run
    world.injector.arm(at, fault)

    with suppress(Crash, StoreUnavailable):
        world.deliver(schedule)
    world.injector.disarm()
    told = world.sweep(schedule.next_run + 6 * MINUTE)
    world.deliver_what_is_started(schedule)
    told.taken += world.sweep(schedule.next_run + 9 * MINUTE).taken

    check_made_once(world, schedule)
    row = world.table.get(schedule.uuid)
    assert row is not None
    assert row.next_run == schedule.next_run + timedelta(days=1)
    assert told.taken == []


PAUSED: dict[str, Any] = {"is_active": False, "next_run": None, "due_at": None}  # nothing for any sweep
BY_HAND = ["GetItem", "Query", "TransactWriteItems"]  # schedule, cap, report and key


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("at", range(1, len(BY_HAND) + 1))
def test_a_run_by_hand_that_broke_is_one_report_when_it_is_asked_for_again(world: World, at: int, fault: Fault) -> None:
    schedule = world.due(**PAUSED)
    asked = {"uuid": str(schedule.uuid), "sub": schedule.user_id}
    world.injector.arm(at, fault)

    with suppress(Crash):
        world.ask("post_api_v1_schedules_uuid_run", **asked)
    world.injector.disarm()
    answers = [world.ask("post_api_v1_schedules_uuid_run", **asked) for _ in range(2)]

    assert world.injector.fired
    assert [it["statusCode"] for it in answers] == [201, 201]
    [report] = world.made(schedule)
    assert {json.loads(it["body"])["uuid"] for it in answers} == {str(report.uuid)}
    assert answers[1]["headers"]["Idempotency-Replayed"] == "true"


def test_a_run_by_hand_takes_just_these_calls(world: World) -> None:
    schedule = world.due(**PAUSED)
    world.injector.arm(99, Fault.CRASH_BEFORE)

    world.ask("post_api_v1_schedules_uuid_run", uuid=str(schedule.uuid), sub=schedule.user_id)

    world.injector.disarm()
    assert world.injector.calls == BY_HAND


def test_starting_a_run_takes_just_these_calls(world: World) -> None:
    schedule = world.due()
    assert schedule.next_run
    world.sweep(schedule.next_run + 4 * MINUTE)  # what earlier tests left
    world.injector.arm(99, Fault.CRASH_BEFORE)

    world.sweep(schedule.next_run + 5 * MINUTE)

    world.injector.disarm()
    assert without_other_shards(world.injector.calls) == START_CALLS


def without_other_shards(calls: list[str]) -> list[str]:
    """One query instead of four: which of them finds the schedule is its uuid's chance."""
    return ["Query", *(call for call in calls if call != "Query")]


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("at", range(1, len(START_CALLS)))
def test_a_sweep_that_broke_while_it_started_a_run_is_finished_by_the_next(world: World, at: int, fault: Fault) -> None:
    schedule = world.due(uuid=UUID(int=uuid4().int // 4 * 4))  # of the first shard
    assert schedule.next_run
    now = schedule.next_run + 6 * MINUTE
    world.injector.arm(at + 1, fault)

    with suppress(Crash, StoreUnavailable):
        world.sweep(now)
    world.injector.disarm()
    for _ in range(3):
        now += 2 * MINUTE
        world.sweep(now)
    world.deliver_what_is_started(schedule)
    world.deliver_what_is_started(schedule)
    world.sweep(now + 30 * MINUTE)

    assert world.injector.fired
    check_made_once(world, schedule)
    assert str(schedule.uuid) in world.entries(schedule)


# -- a change -----------------------------------------------------------------

CHANGES = {
    "create": ["Query", "TransactWriteItems", "CreateSchedule", "UpdateItem"],
    "pause": ["GetItem", "UpdateItem", "DeleteSchedule", "UpdateItem"],
    "delete": ["GetItem", "UpdateItem", "DeleteSchedule", "DeleteItem"],
}
CELLS = [(name, at) for name, calls in CHANGES.items() for at in range(1, len(calls) + 1)]


def change(world: World, name: str, sub: str, uuid: str) -> int:
    match name:
        case "create":
            answer = world.ask("post_api_v1_schedules", {**BODY, "expression": DAILY}, sub=sub)
        case "pause":
            answer = world.ask("patch_api_v1_schedules_uuid", {"is_active": False}, uuid, sub)
        case _:
            answer = world.ask("delete_api_v1_schedules_uuid", None, uuid, sub)
    status: int = answer["statusCode"]
    return status


def begun(world: World, name: str, sub: str) -> str:
    """The schedule that is to be changed, if one has to be there."""
    if name == "create":
        return ""
    answer = world.ask("post_api_v1_schedules", {**BODY, "expression": DAILY}, sub=sub)
    return str(json.loads(answer["body"])["uuid"])


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_takes_just_these_calls(world: World, name: str) -> None:
    sub = str(uuid4())
    uuid = begun(world, name, sub)
    world.injector.arm(99, Fault.CRASH_BEFORE)

    change(world, name, sub, uuid)

    world.injector.disarm()
    assert world.injector.calls == CHANGES[name]


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize(("name", "at"), CELLS)
def test_a_change_that_broke_ends_with_row_and_scheduler_of_one_mind(
    world: World, name: str, at: int, fault: Fault
) -> None:
    sub = str(uuid4())
    uuid = begun(world, name, sub)
    world.injector.arm(at, fault)

    with suppress(Crash):
        change(world, name, sub, uuid)
    world.injector.disarm()
    status = change(world, name, sub, uuid)  # asked again
    world.sweep(datetime.now(UTC) + 2 * MINUTE)

    assert world.injector.fired
    assert status in {200, 201, 404 if name == "delete" else 201}
    rows = list(world.table.owned_by(sub))
    if name == "delete":
        assert rows == []
        assert not world.entries(a_schedule(uuid=UUID(uuid)))
        return
    [row] = rows
    assert (row.is_active, row.settling_until) == (name == "create", None)
    assert (str(row.uuid) in world.entries(row)) is row.is_active
