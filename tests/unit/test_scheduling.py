"""Schedules made, changed and ended: the row first, then EventBridge Scheduler, and rights that only shrink."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from rapor.errors import Forbidden, Invalid, NotFound, TooManySchedules
from rapor.report import IdempotencyKey, Scope
from rapor.schedule import Draft, PastRun, Pause, Schedule
from rapor.scheduling import (
    Office,
    admitted,
    create_schedule,
    delete_schedule,
    list_schedules,
    read_schedule,
    update_schedule,
)
from rapor.store.scheduler import Scheduler
from tests.builders import NOW, a_caller, a_catalogue, a_report
from tests.schedules import BODY, a_schedule
from tests.unit.schedule_fakes import FakeEventBridge, FakeSchedules

KEY = IdempotencyKey("B", "1", "k", "body")
OWN = "reports.generate.own"
FIRST_RUN = datetime.fromisoformat("2025-11-21T06:00:00+00:00")  # 09:00 in Istanbul, a Friday
CATALOGUE = a_catalogue()


def a_draft(**changes: Any) -> Draft:
    made = Draft(
        name="Her sabah",
        report=dict(BODY["report"]),
        locale="tr",
        expression="cron(0 9 ? * MON-FRI *)",
        timezone="Europe/Istanbul",
        start=None,
        end=None,
        is_active=True,
    )
    return replace(made, **changes)


class World:
    """A table, an EventBridge, and offices for whoever comes in."""

    def __init__(self, *rows: Schedule) -> None:
        self.schedules, self.client = FakeSchedules(*rows), FakeEventBridge()

    def office(self, sub: str = "1", *permissions: str, now: datetime = NOW, most: int = 3) -> Office:
        caller, scheduler = a_caller(sub, *permissions), Scheduler(self.client, "users", "create", "role")
        return admitted(Office(caller, now, self.schedules, scheduler, CATALOGUE, most))

    def row(self, schedule: Schedule) -> Schedule:
        return self.schedules.rows[schedule.uuid]

    def entry(self, schedule: Schedule) -> dict[str, Any] | None:
        return self.client.entries.get(str(schedule.uuid))


def set_up(**changes: Any) -> tuple[World, Schedule]:
    """One schedule that runs."""
    world = World()
    made, _ = create_schedule(a_draft(**changes), None, office=world.office())
    return world, made


# -- create -------------------------------------------------------------------


def test_a_schedule_is_recorded_and_told_with_ids_only() -> None:
    world, made = set_up()

    row, entry = world.row(made), world.entry(made)
    assert (row.next_run, row.settling_until, row.scope, row.user_id) == (FIRST_RUN, None, Scope.ALL, "1")
    assert row.due_at == FIRST_RUN + timedelta(minutes=5)
    assert entry is not None
    assert (entry["ScheduleExpression"], entry["ScheduleExpressionTimezone"]) == (row.expression, row.timezone)
    assert entry["Target"]["Input"] == (
        f'{{"schedule_id": "{row.uuid}", "scheduled_for": "<aws.scheduler.scheduled-time>"}}'
    )
    assert not {"StartDate", "EndDate"} & entry.keys()


def test_a_rate_is_told_where_its_count_begins() -> None:
    world, made = set_up(expression="rate(6 hours)")

    entry = world.entry(made)
    assert entry is not None
    assert entry["StartDate"] == world.row(made).next_run == NOW + timedelta(hours=6)


def test_bounds_are_told_while_they_are_ahead() -> None:
    start, end = NOW + timedelta(days=5), NOW + timedelta(days=50)

    world, made = set_up(start=start, end=end)
    past, begun = set_up(start=NOW - timedelta(days=5))

    entry, other = world.entry(made), past.entry(begun)
    assert entry is not None
    assert other is not None
    assert (entry["StartDate"], entry["EndDate"]) == (start, end + timedelta(seconds=30))
    assert "StartDate" not in other


def test_one_that_is_not_active_is_not_told() -> None:
    world, made = set_up(is_active=False)

    assert world.entry(made) is None
    assert (world.row(made).next_run, world.row(made).due_at) == (None, None)


def test_the_same_key_is_the_same_schedule_as_it_was_made() -> None:
    world = World()
    first, _ = create_schedule(a_draft(), KEY, office=world.office())
    update_schedule(first.uuid, lambda _: a_draft(name="B"), office=world.office())

    again, replayed = create_schedule(a_draft(), KEY, office=world.office())

    assert (again.uuid, again.name, replayed) == (first.uuid, "Her sabah", True)
    assert [row.name for row in world.schedules.rows.values()] == ["B"]


def test_a_key_whose_schedule_was_deleted_makes_no_other() -> None:
    world = World()
    first, _ = create_schedule(a_draft(), KEY, office=world.office())
    delete_schedule(first.uuid, office=world.office())

    again, replayed = create_schedule(a_draft(), KEY, office=world.office())

    assert (again.uuid, replayed) == (first.uuid, True)
    assert (world.schedules.rows, world.client.entries) == ({}, {})


def test_a_known_key_is_answered_even_by_who_may_have_no_more() -> None:
    world = World()
    first, _ = create_schedule(a_draft(), KEY, office=world.office(most=1))

    assert create_schedule(a_draft(), KEY, office=world.office(most=1))[0].uuid == first.uuid
    with pytest.raises(TooManySchedules):
        create_schedule(a_draft(), replace(KEY, value="another"), office=world.office(most=1))


def test_a_caller_has_so_many_and_no_more() -> None:
    world = World()
    for _ in range(3):
        create_schedule(a_draft(), None, office=world.office())

    with pytest.raises(TooManySchedules):
        create_schedule(a_draft(), None, office=world.office())

    create_schedule(a_draft(), None, office=world.office("2"))


def test_a_scheduler_out_of_reach_is_left_to_the_sweep() -> None:
    world = World()
    world.client.refuses = "ThrottlingException"

    made, _ = create_schedule(a_draft(), None, office=world.office())

    assert world.row(made).settling_until == world.row(made).due_at == NOW + timedelta(minutes=1)


def test_what_eventbridge_refuses_pauses_with_a_reason() -> None:
    world = World()
    world.client.refuses = "ValidationException"

    made, _ = create_schedule(a_draft(), None, office=world.office())

    assert (made.is_active, made.pause and made.pause.code) == (False, "refused")
    assert [notice.code for notice in made.notices] == ["refused"]


# -- read, change, end --------------------------------------------------------


def test_somebody_elses_is_not_there_for_who_may_only_order_their_own() -> None:
    world, made = set_up()

    with pytest.raises(NotFound):
        read_schedule(made.uuid, office=world.office("2", OWN))
    with pytest.raises(NotFound):
        update_schedule(made.uuid, lambda _: a_draft(), office=world.office("2", OWN))
    with pytest.raises(NotFound):
        delete_schedule(made.uuid, office=world.office("2", OWN))
    with pytest.raises(NotFound):
        read_schedule(a_report().uuid, office=world.office())
    assert list_schedules(None, 10, office=world.office("2", OWN)) == []
    assert read_schedule(made.uuid, office=world.office("2")).uuid == made.uuid
    assert len(list_schedules(None, 10, office=world.office("2"))) == 1


def test_a_new_time_is_told_and_a_new_name_is_not() -> None:
    world, made = set_up()
    told = dict(world.client.entries)

    update_schedule(made.uuid, lambda _: a_draft(name="B"), office=world.office())
    assert world.client.entries == told
    update_schedule(made.uuid, lambda it: a_draft(name=it.name, expression="cron(0 10 * * ? *)"), office=world.office())

    entry = world.entry(made)
    assert entry is not None
    assert (world.row(made).name, entry["ScheduleExpression"]) == ("B", "cron(0 10 * * ? *)")
    assert world.row(made).next_run == FIRST_RUN + timedelta(hours=1)


def test_a_pause_takes_it_from_the_scheduler_and_resuming_counts_failures_anew() -> None:
    world, made = set_up()
    world.schedules.note_run(made, PastRun("2025-11-20T06:00:00Z", a_report().uuid))

    update_schedule(made.uuid, lambda _: a_draft(is_active=False), office=world.office())
    assert (world.entry(made), world.row(made).next_run) == (None, None)
    world.schedules.rows[made.uuid] = replace(world.row(made), runs=())
    update_schedule(made.uuid, lambda _: a_draft(), office=world.office())

    assert world.entry(made) is not None
    assert (world.row(made).next_run, world.row(made).pause, world.row(made).runs) == (FIRST_RUN, None, ())


def test_while_somebody_may_be_telling_a_change_is_left_to_the_sweep() -> None:
    world, made = set_up()
    world.schedules.rows[made.uuid] = replace(world.row(made), settling_until=NOW + timedelta(seconds=9))
    told = dict(world.client.entries)

    update_schedule(made.uuid, lambda _: a_draft(expression="cron(0 10 * * ? *)"), office=world.office())

    assert world.client.entries == told
    assert world.row(made).expression == "cron(0 10 * * ? *)"
    assert world.row(made).due_at == NOW + timedelta(minutes=1)


def test_a_deleted_schedule_is_gone_from_both() -> None:
    world, made = set_up()

    delete_schedule(made.uuid, office=world.office())

    assert (world.schedules.rows, world.client.entries) == ({}, {})


def test_one_that_could_not_be_taken_from_the_scheduler_stays_hidden_until_the_sweep_has() -> None:
    world, made = set_up()
    world.client.refuses = "ThrottlingException"

    delete_schedule(made.uuid, office=world.office())

    assert world.row(made).is_deleted
    assert world.row(made).due_at is not None
    with pytest.raises(NotFound):
        read_schedule(made.uuid, office=world.office())


# -- rights -------------------------------------------------------------------


def test_who_may_order_only_their_own_keeps_a_schedule_of_only_their_own() -> None:
    world, made = set_up()

    world.office("1", OWN)

    assert (world.row(made).scope, world.row(made).is_active) == (Scope.OWN, True)


def test_rights_never_come_back() -> None:
    world, made = set_up()
    world.office("1", OWN)

    update_schedule(made.uuid, lambda _: a_draft(name="B"), office=world.office("1", "reports.generate"))

    assert world.row(made).scope is Scope.OWN


def test_who_may_order_nothing_has_them_paused() -> None:
    world, made = set_up()

    with pytest.raises(Forbidden):
        world.office("1", "reports.view")

    row = world.row(made)
    assert (row.is_active, row.next_run, row.pause and row.pause.code) == (False, None, "permission_lost")
    assert row.due_at == NOW  # for the sweep, which takes it from the scheduler
    assert [notice.kind for notice in row.notices] == ["paused"]


def test_strangers_and_general_holders_narrow_nothing() -> None:
    world, made = set_up()

    world.office("2", OWN)
    world.office("1", "reports.generate", "reports.generate.own")
    with pytest.raises(Forbidden):
        world.office("3", "reports.view")

    assert world.row(made) == made


def test_one_paused_for_lost_permission_is_resumed_by_its_owner_alone() -> None:
    paused = a_schedule(is_active=False, pause=Pause("permission_lost", "…", NOW))
    world = World(paused)

    with pytest.raises(Invalid):
        update_schedule(paused.uuid, lambda _: a_draft(), office=world.office("2"))
    update_schedule(paused.uuid, lambda _: a_draft(), office=world.office("1"))

    assert world.row(paused).is_active


def test_a_type_that_is_closed_to_own_is_not_ordered_with_an_own_schedule() -> None:
    world, made = set_up()
    closed = CATALOGUE.get("users")
    assert closed is not None
    [source] = closed.sources
    hidden = closed.model_copy(update={"sources": {source: closed.sources[source].model_copy(update={"own": None})}})
    office = replace(world.office("1", OWN), catalogue=type(CATALOGUE)({"users": hidden}))

    with pytest.raises(Forbidden):
        create_schedule(a_draft(), None, office=office)
    with pytest.raises(Forbidden):
        update_schedule(made.uuid, lambda it: a_draft(report={**it.report, "title": "B"}), office=office)
