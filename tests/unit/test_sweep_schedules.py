"""What the sweep does for schedules."""

import json
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jsonschema_rs
import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from local.cloudformation import Template
from local.template import PARAMETERS, STACK_NAME, TEMPLATE
from rapor.errors import StoreUnavailable
from rapor.report import Report
from rapor.schedule import Notice, PastRun, Schedule, text_of
from rapor.store.scheduler import Scheduler
from rapor.sweep_schedules import PUT_OFF, Care, Keeper, Patient, notice_event, sweep_schedules
from tests.builders import NOW, ROOT, a_report
from tests.schedules import a_schedule
from tests.unit.fakes import FakeEvents, FakeLog, FakeReports, a_turn
from tests.unit.schedule_fakes import FakeEventBridge, FakeSchedules

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SCHEMA = jsonschema_rs.validator_for(
    json.loads((ROOT / "docs/events/schedule.schema.json").read_text()), validate_formats=True
)
RUN = datetime.fromisoformat("2025-11-20T06:00:00+00:00")  # 09:00 in Istanbul, a Thursday
NEXT = RUN + DAY
MISSED = Notice("missed", RUN, "not_started", text_of(RUN))
UUIDS = [str(UUID(int=number)) for number in range(20)]


class World:
    """One schedule, and all the sweep works with."""

    def __init__(self, **changes: Any) -> None:
        made = a_schedule(**{"next_run": RUN, "due_at": RUN + 5 * MINUTE, **changes})
        self.uuid = made.uuid
        self.schedules, self.reports, self.events = FakeSchedules(made), FakeReports(), FakeEvents()
        self.client, self.log = FakeEventBridge(), FakeLog()
        self.turn = a_turn(self.log)

    @property
    def row(self) -> Schedule:
        return self.schedules.rows[self.uuid]

    def sweep(self, now: datetime) -> Care:
        return sweep_schedules(
            Keeper(
                now=now,
                schedules=self.schedules,
                scheduler=Scheduler(self.client, "users", "create", "role"),
                reports=self.reports,
                events=self.events,
            ),
            self.turn,
        )

    def made(self, run: datetime) -> Report:
        report = a_report(uuid=uuid4())
        return self.reports.add(report, self.row.key_of(run))[0]


def test_a_run_that_was_made_is_found_and_the_next_waited_for() -> None:
    world = World()
    report = world.made(RUN)

    world.sweep(RUN + 5 * MINUTE)

    assert (world.row.next_run, world.row.due_at) == (NEXT, NEXT + 5 * MINUTE)
    assert world.row.runs == (PastRun(text_of(RUN), report.uuid),)
    assert (world.events.taken, world.client.entries) == ([], {})


def test_nothing_is_done_before_its_time() -> None:
    world = World()

    assert world.sweep(RUN + 4 * MINUTE) == Care()


def test_a_run_that_is_not_there_is_started_and_the_scheduler_told_again() -> None:
    world = World()

    care = world.sweep(RUN + 5 * MINUTE)

    assert care.started == 1
    assert world.client.started == [text_of(RUN)]
    assert str(world.uuid) in world.client.entries
    assert (world.row.next_run, world.row.tries, world.row.settling_until) == (RUN, 1, None)


def test_a_time_that_does_not_exist_is_started_at_once_and_nothing_else_told() -> None:
    world = World(is_skipped=True, due_at=RUN)

    world.sweep(RUN)

    assert world.client.started == [text_of(RUN)]
    assert str(world.uuid) not in world.client.entries


def test_a_run_over_the_cap_is_tried_again_and_again_until_the_next_is_due() -> None:
    world = World(problem="too_many_unfinished")

    now, tries = RUN + 5 * MINUTE, []
    while now < NEXT:
        if world.sweep(now).started:
            tries.append((now - RUN) // MINUTE)
        now += MINUTE
    world.sweep(NEXT + 5 * MINUTE)

    assert tries[:6] == [5, 7, 11, 19, 35, 65]
    assert [event["data"]["code"] for event in world.events.taken] == ["too_many_unfinished"]
    assert (world.row.next_run, world.row.problem) == (NEXT, None)


def test_what_was_missed_is_told_once_and_under_one_id() -> None:
    world = World()
    world.events.broken = StoreUnavailable()

    world.sweep(NEXT + HOUR)  # on Friday: Thursday's is lost
    world.events.broken = None
    for minute in range(7):
        world.sweep(NEXT + HOUR + minute * MINUTE)

    [event] = world.events.taken
    SCHEMA.validate(event)
    assert event["type"] == "schedule.missed"
    assert event["data"] == {
        "uuid": str(world.uuid),
        "user_id": "1",
        "code": "not_started",
        "scheduled_for": text_of(RUN),
        "runs": 1,
    }
    assert set(world.client.started) == {text_of(NEXT)}  # Friday's is late, and better late than not


def test_one_that_is_made_too_late_for_anybody_is_missed() -> None:
    world = World(expression="cron(0 9 L * ? *)")

    world.sweep(RUN + 23 * HOUR)
    assert world.client.started == [text_of(RUN)]
    world.sweep(RUN + 25 * HOUR)

    assert [event["type"] for event in world.events.taken] == ["schedule.missed"]


def test_many_runs_that_were_missed_are_one_event() -> None:
    world = World(expression="rate(15 minutes)", anchor=RUN)

    for minute in range(10):
        world.sweep(RUN + 2 * DAY + minute * MINUTE)

    assert sum(event["data"]["runs"] for event in world.events.taken) == 2 * 24 * 4
    assert len(world.events.taken) <= 2


def test_runs_made_while_nobody_looked_are_not_missed() -> None:
    world = World()
    for day in range(2):
        world.made(RUN + day * DAY)

    world.sweep(RUN + 2 * DAY)

    assert world.events.taken == []
    assert world.row.next_run == datetime.fromisoformat("2025-11-24T06:00:00+00:00")
    assert len(world.row.runs) == 2


def test_what_was_not_told_is_told_after_its_time_and_not_before() -> None:
    world = World(settling_until=NOW, due_at=NOW, next_run=NEXT)

    world.sweep(NOW - MINUTE)
    assert world.client.entries == {}
    world.sweep(NOW)

    assert world.client.entries.keys() == {str(world.uuid)}
    assert (world.row.settling_until, world.row.due_at) == (None, NEXT + 5 * MINUTE)


def test_what_was_paused_is_taken_from_the_scheduler_and_told() -> None:
    world = World()
    world.sweep(RUN + 5 * MINUTE)
    world.schedules.rows[world.uuid] = world.row.paused("failed_in_a_row", NOW)

    world.sweep(NOW)

    assert str(world.uuid) not in world.client.entries
    [event] = world.events.taken
    SCHEMA.validate(event)
    assert (event["type"], event["data"]["code"]) == ("schedule.paused", "failed_in_a_row")
    assert (world.row.due_at, world.row.notices) == (None, ())


def test_what_was_deleted_is_taken_from_both() -> None:
    world = World(settling_until=NOW, due_at=NOW, is_deleted=True, is_active=False, next_run=None)

    world.sweep(NOW)

    assert world.schedules.rows == {}


def test_a_scheduler_out_of_reach_is_tried_again() -> None:
    world = World(settling_until=NOW, due_at=NOW, next_run=NEXT)
    world.client.refuses = "ThrottlingException"

    world.sweep(NOW)
    world.client.refuses = None
    world.sweep(NOW + MINUTE)

    assert world.client.entries.keys() == {str(world.uuid)}


def test_one_that_is_over_waits_for_nobody() -> None:
    world = World(expression="at(2025-11-20T09:00:00)")
    world.made(RUN)

    world.sweep(RUN + 5 * MINUTE)

    assert (world.row.next_run, world.row.due_at) == (None, None)


@pytest.mark.parametrize("code", ["permission_lost", "refused", "not_orderable"])
def test_every_pause_is_an_event_of_the_documented_form(code: str) -> None:
    paused = a_schedule().paused(code, NOW)

    SCHEMA.validate(notice_event(paused, paused.notices[0]))


def test_a_change_by_its_owner_meanwhile_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    get = world.schedules.get

    def and_then_it_is_renamed(uuid: Any) -> Schedule | None:
        found = get(uuid)
        assert found is not None
        world.schedules.change(found, replace(found, name="B"))
        return found

    monkeypatch.setattr(world.schedules, "get", and_then_it_is_renamed)
    world.sweep(RUN + 5 * MINUTE)

    assert (world.row.name, world.row.tries) == ("B", 0)


def test_a_change_while_a_run_is_noted_wins_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.made(RUN)
    note = world.schedules.note_run

    def and_then_it_is_put_off(found: Schedule, run: PastRun) -> Schedule:
        note(found, run)
        return world.schedules.change(found, replace(world.row, next_run=NEXT + HOUR))

    monkeypatch.setattr(world.schedules, "note_run", and_then_it_is_put_off)
    world.sweep(RUN + 5 * MINUTE)

    assert world.row.next_run == NEXT + HOUR


def test_one_that_nobody_thought_of_does_not_stop_the_others() -> None:
    world = World()
    odd = a_schedule(uuid=uuid4(), timezone="Mars/Base", next_run=RUN, due_at=RUN)
    world.schedules.rows = {odd.uuid: odd, **world.schedules.rows}
    world.made(RUN)

    world.sweep(RUN + 5 * MINUTE)

    assert world.row.next_run == NEXT
    assert [entry["uuid"] for entry in world.log.entries] == [str(odd.uuid)]


# -- what cannot be done ------------------------------------------------------

DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, "PutEvents")


@pytest.mark.parametrize("refusal", [StoreUnavailable(), DENIED])
def test_what_cannot_be_told_waits_behind_the_others_and_is_not_lost(refusal: Exception) -> None:
    world = World()
    world.events.broken = refusal

    for minute in range(60):
        world.sweep(NEXT + HOUR + minute * MINUTE)
    tried = len(world.turn.errors)
    world.events.broken = None
    for minute in range(60, 65):
        world.sweep(NEXT + HOUR + minute * MINUTE)

    assert tried == 20  # every three minutes, and the run that followed was looked after meanwhile
    assert set(world.client.started) == {text_of(NEXT)}
    assert [event["type"] for event in world.events.taken] == ["schedule.missed"]
    assert world.row.notices == ()


def test_what_fails_again_and_again_fails_in_every_period_of_its_alarm() -> None:
    stack = Template.read(TEMPLATE, PARAMETERS, stack_name=STACK_NAME)
    alarm = stack.resources("AWS::CloudWatch::Alarm")["SweepFailsAlarm"]

    assert timedelta(seconds=alarm["Period"]) >= PUT_OFF + 2 * MINUTE  # a sweep comes every minute, and one late


def test_a_hundred_that_cannot_be_told_starve_no_other() -> None:
    world = World()
    mute = [a_schedule(uuid=uuid4(), next_run=None, notices=(MISSED,), due_at=RUN) for _ in range(100)]
    world.schedules.rows = {it.uuid: it for it in mute} | world.schedules.rows
    world.events.broken = DENIED
    world.made(RUN)

    for minute in range(15):
        world.sweep(RUN + (5 + minute) * MINUTE)

    assert world.row.next_run == NEXT
    assert all(world.schedules.rows[it.uuid].notices == (MISSED,) for it in mute)


def test_one_the_scheduler_refuses_in_a_way_nobody_thought_of_waits_behind_the_others() -> None:
    world = World(settling_until=NOW, due_at=NOW, next_run=NEXT)
    world.client.refuses = "AccessDeniedException"

    world.sweep(NOW)

    assert world.row.due_at is not None
    assert world.row.due_at > NOW
    assert world.row.settling_until is not None
    assert [type(error) for error in world.turn.errors] == [ClientError]


def test_a_scheduler_out_of_reach_is_asked_three_times_and_no_more() -> None:
    world = World()
    world.schedules.rows = {uuid: a_schedule(uuid=uuid, settling_until=RUN, due_at=RUN) for uuid in map(UUID, UUIDS)}
    found = a_schedule(uuid=uuid4(), next_run=RUN, due_at=RUN)
    world.schedules.rows[found.uuid] = found
    report = world.reports.add(a_report(uuid=uuid4()), found.key_of(RUN))[0]
    world.client.refuses = "ThrottlingException"

    world.sweep(RUN + 5 * MINUTE)

    assert world.client.calls == 3
    assert world.schedules.rows[found.uuid].runs == (PastRun(text_of(RUN), report.uuid),)  # which asks nobody
    assert [str(error) for error in world.turn.errors] == ["EventBridge Scheduler does not answer"]


def test_a_scheduler_that_answers_again_is_asked_on() -> None:
    class Moody:
        calls = 0

        def put(self, schedule: Schedule, first: datetime | None) -> None:
            self.calls += 1
            if self.calls % 3:
                raise StoreUnavailable

        def remove(self, schedule: Schedule) -> None: ...

        def start_run(self, schedule: Schedule, run: datetime, now: datetime) -> None: ...

    moody = Moody()
    patient = Patient(moody)

    for _ in range(9):
        with suppress(StoreUnavailable):
            patient.put(a_schedule(), None)

    assert moody.calls == 9
    patient.check()


def test_an_events_id_is_of_what_is_told() -> None:
    missed = Notice("missed", NOW, "not_started", text_of(RUN))

    ids = [notice_event(a_schedule(), it)["id"] for it in (missed, replace(missed, at=NOW + HOUR, runs=2))]
    other = notice_event(a_schedule(), replace(missed, scheduled_for=text_of(NEXT)))["id"]

    assert ids[0] == ids[1] != other
