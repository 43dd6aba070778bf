"""
A year of schedules in fake time: what EventBridge fires and leaves out, what the sweep adds, and each event twice.

Only the table and the clock are fakes. EventBridge is the local one, which leaves out local times that do not exist.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from local.scheduler import Scheduler as EventBridge
from rapor.caller import Caller
from rapor.create import create_report
from rapor.http.orders import run_in
from rapor.report import Format, IdempotencyKey, Order, Origin, Report, Scope, Status
from rapor.run_schedule import run_schedule
from rapor.schedule import Schedule, text_of
from rapor.settling import planned, settle, unsettled
from rapor.store.scheduler import Scheduler
from rapor.sweep_schedules import Keeper, sweep_schedules
from tests.builders import a_catalogue
from tests.calendars import MEANINGS, ZONES, a_year, runs_in, walked
from tests.unit.fakes import FakeEvents, FakeReports, a_turn
from tests.unit.schedule_fakes import FakeEventBridge, FakeSchedules

OFTEN = "cron(15/20 1-3 * * ? *)"  # nine times a day: in three zones it is enough
OFTEN_IN = {"Europe/Berlin", "Australia/Lord_Howe", "Pacific/Chatham"}
CHOSEN = (
    "cron(30 2 * * ? *)",
    "cron(0 0 * * ? *)",
    "cron(45 23 L * ? *)",
    "cron(5 3 ? * 3#1 *)",
    "cron(10 8 15W * ? *)",
)
JUMPING = set(ZONES) - {"Europe/Istanbul", "Asia/Kolkata", "UTC"}
CATALOGUE = a_catalogue()
START, END = a_year(2026)


class ManyReports(FakeReports):
    """Counts none against a cap, for a year of them would take long to count."""

    def count_unfinished(self, user_id: str, *, limit: int) -> int:
        return 0


class Year:
    """Schedules of one zone, EventBridge, the function it calls, and the sweep."""

    def __init__(self, zone: str, expressions: tuple[str, ...]) -> None:
        self.now = START - timedelta(minutes=1)
        self.schedules, self.reports, self.events = FakeSchedules(), ManyReports(), FakeEvents()
        self.client = FakeEventBridge()
        self.scheduler = Scheduler(self.client, "users", "create", "role")
        self.eventbridge = EventBridge([], invoke=self.deliver_twice, say=print, clock=self._clock, entries=self.client)
        self.uuids = {expression: self.order(expression, zone) for expression in expressions}

    def _clock(self) -> float:
        return self.now.timestamp()

    def order(self, expression: str, zone: str) -> str:
        made = Schedule(
            uuid=uuid4(),
            name="Nightly",
            user_id="1",
            scope=Scope.ALL,
            report={},
            locale="tr",
            expression=expression,
            timezone=zone,
            anchor=self.now,
            created_at=self.now,
            updated_at=self.now,
        )
        row = self.schedules.add(unsettled(planned(made, self.now), self.now))
        settle(row, now=self.now, schedules=self.schedules, scheduler=self.scheduler)
        return str(row.uuid)

    def deliver_twice(self, function: str, event: Any) -> None:
        for _ in range(2):
            uuid, moment = run_in(event)
            run_schedule(
                uuid,
                moment,
                now=self.now,
                schedules=self.schedules,
                reports=self.reports,
                order=the_order,
                record=self.record,
            )

    def record(self, order: Order, *, caller: Caller, key: IdempotencyKey | None) -> tuple[Report, Origin]:
        return create_report(
            order,
            caller=caller,
            key=key,
            now=self.now,
            catalogue=CATALOGUE,
            reports=self.reports,
            lists=self.reports,
            max_unfinished=100,
        )

    def pass_by(self, end: datetime) -> None:
        """Go from one moment at which anything happens to the next; the sweep comes once a minute."""
        while self.now < end:
            self.eventbridge.fire_due()
            sweep_schedules(self.keeper(), a_turn())
            self.eventbridge._look()  # as it does twice a second
            fires = [due.at for due in self.eventbridge._due.values() if due.at is not None]
            looks = [row.due_at.timestamp() for row in self.schedules.rows.values() if row.due_at]
            following = min([*fires, *looks], default=end.timestamp())
            minutes = max(int(-(-following // 60)), int(self.now.timestamp()) // 60 + 1)
            self.now = datetime.fromtimestamp(minutes * 60, UTC)

    def keeper(self) -> Keeper:
        return Keeper(
            now=self.now,
            schedules=self.schedules,
            scheduler=self.scheduler,
            reports=self.reports,
            events=self.events,
        )

    def runs_of(self, uuid: str) -> Counter[str | None]:
        return Counter(report.scheduled_for for report in self.reports.rows.values() if report.schedule_id == uuid)


def the_order(schedule: Schedule, moment: datetime) -> Order:
    return Order(
        title="Users",
        report_type="users",
        parameters={},
        format=Format.CSV,
        status=Status.PENDING,
        is_active=True,
        options=None,
        locale="tr",
        schedule_id=str(schedule.uuid),
        scheduled_for=text_of(moment),
    )


@pytest.mark.parametrize("zone", ZONES)
def test_in_a_year_every_run_makes_one_report(zone: str) -> None:
    expressions = (*CHOSEN, OFTEN) if zone in OFTEN_IN else CHOSEN
    year = Year(zone, (*expressions, "rate(7 hours)"))

    year.pass_by(END + timedelta(hours=1))

    walk = list(walked(zone, START, END + timedelta(hours=1)))
    for expression in expressions:
        expected = runs_in(walk, MEANINGS[expression])
        assert year.runs_of(year.uuids[expression]) == Counter(map(text_of, expected)), expression
    intervals = [START - timedelta(minutes=1) + number * timedelta(hours=7) for number in range(1, 1252)]
    assert year.runs_of(year.uuids["rate(7 hours)"]) == Counter(map(text_of, intervals))
    assert year.events.taken == []
    assert bool(year.client.started) is (zone in JUMPING)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Africa/Cairo"])
def test_without_the_sweep_what_eventbridge_leaves_out_would_be_lost(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = Year(zone, ("cron(30 2 * * ? *)", "cron(0 0 * * ? *)"))
    monkeypatch.setattr(year.scheduler, "start_run", lambda *_: None)

    year.pass_by(END)

    walk = list(walked(zone, START, END))
    lost = sum(
        len(runs_in(walk, MEANINGS[expression])) - len(year.runs_of(uuid)) for expression, uuid in year.uuids.items()
    )
    assert lost == 1
    assert [event["type"] for event in year.events.taken] == ["schedule.missed"]
