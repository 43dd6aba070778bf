"""One run of a schedule makes one report, or says why not."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from rapor.caller import Caller
from rapor.errors import Forbidden, Invalid, TooManyUnfinished
from rapor.report import Failure, IdempotencyKey, Order, Origin, Report, Scope, Status
from rapor.run_schedule import run_schedule
from rapor.schedule import PastRun, Schedule, text_of
from tests.builders import NOW, a_report, a_result
from tests.schedules import a_schedule
from tests.unit.fakes import FakeReports
from tests.unit.schedule_fakes import FakeSchedules
from tests.unit.test_schedule_year import the_order

FAILED = Failure("source_invalid", "…", retryable=False, attempt=1)


class Run:
    """A schedule whose next run is now, and what comes of it."""

    def __init__(self, *, raises: Exception | None = None, reports: tuple[Report, ...] = (), **changes: Any) -> None:
        self.schedule = a_schedule(**{"next_run": NOW, **changes})
        self.schedules, self.reports = FakeSchedules(self.schedule), FakeReports(*reports)
        self.raises, self.callers = raises, list[Caller]()

    def __call__(self, after: timedelta = timedelta(0)) -> tuple[Report, Origin] | None:
        return run_schedule(
            self.schedule.uuid,
            NOW + after,
            now=NOW,
            schedules=self.schedules,
            reports=self.reports,
            order=the_order,
            record=self.record,
        )

    def record(self, order: Order, *, caller: Caller, key: IdempotencyKey | None) -> tuple[Report, Origin]:
        self.callers.append(caller)
        if self.raises:
            raise self.raises
        made = a_report(uuid=uuid4(), schedule_id=order.schedule_id, scheduled_for=order.scheduled_for)
        return self.reports.add(made, key)[0], Origin.CREATED

    @property
    def row(self) -> Schedule:
        return self.schedules.rows[self.schedule.uuid]


def past(*reports: Report) -> dict[str, Any]:
    runs = [PastRun(text_of(NOW - timedelta(days=9 - number)), it.uuid) for number, it in enumerate(reports)]
    return {"reports": reports, "runs": tuple(runs)}


def failed(**changes: Any) -> Report:
    return a_report(**{"uuid": uuid4(), "status": Status.FAILED, "error": FAILED, **changes})


def test_a_run_makes_a_report_and_the_row_remembers_it() -> None:
    run = Run()

    made = run()

    assert made is not None
    assert (made[0].schedule_id, made[0].scheduled_for) == (str(run.schedule.uuid), "2025-11-20T12:00:00Z")
    assert run.row.runs == (PastRun("2025-11-20T12:00:00Z", made[0].uuid),)


def test_an_event_that_comes_again_finds_the_report() -> None:
    run = Run()
    first = run()

    again = [run() for _ in range(3)]

    assert first is not None
    assert again == [(first[0], Origin.REPLAYED)] * 3
    assert (len(run.reports.rows), len(run.row.runs)) == (1, 1)


def test_a_report_whose_run_the_row_never_heard_of_is_noted_by_the_next_delivery() -> None:
    run = Run()
    first = run()
    run.schedules.rows[run.schedule.uuid] = run.schedule

    run()

    assert first is not None
    assert run.row.runs == (PastRun("2025-11-20T12:00:00Z", first[0].uuid),)


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ({"is_active": False}, timedelta(0)),
        ({"is_deleted": True}, timedelta(0)),
        ({}, -timedelta(hours=1)),
        ({"settling_until": NOW}, timedelta(hours=1)),
    ],
)
def test_what_is_not_expected_makes_nothing(changes: dict[str, Any], after: timedelta) -> None:
    run = Run(**changes)

    assert run(after) is None
    assert run.reports.rows == {}


def test_a_schedule_that_is_gone_makes_nothing() -> None:
    run = Run()
    run.schedules.rows.clear()

    assert run() is None


@pytest.mark.parametrize(
    ("scope", "permission"), [(Scope.ALL, "reports.generate"), (Scope.OWN, "reports.generate.own")]
)
def test_it_orders_as_its_owner_with_the_rights_it_was_left(scope: Scope, permission: str) -> None:
    run = Run(scope=scope, user_id="7")

    run()

    assert run.callers == [Caller("7", frozenset({permission}))]


def test_a_run_over_the_cap_waits_and_says_so() -> None:
    run = Run(raises=TooManyUnfinished())

    assert run() is None

    assert (run.row.problem, run.row.is_active, run.row.next_run) == ("too_many_unfinished", True, NOW)


@pytest.mark.parametrize("error", [Invalid({"report_type": ["…"]}), Forbidden()])
def test_what_can_never_be_ordered_pauses(error: Exception) -> None:
    run = Run(raises=error)

    assert run() is None

    assert (run.row.is_active, run.row.pause and run.row.pause.code) == (False, "not_orderable")
    assert run.row.due_at == NOW


def test_nothing_but_failures_pauses_before_another_is_made() -> None:
    run = Run(**past(*(failed() for _ in range(5))))

    assert run() is None

    assert (run.row.is_active, run.row.pause and run.row.pause.code) == (False, "failed_in_a_row")
    assert len(run.reports.rows) == 5


@pytest.mark.parametrize(
    "last",
    [
        [failed() for _ in range(4)],
        [*(failed() for _ in range(4)), a_report(uuid=uuid4(), status=Status.COMPLETED, result=a_result())],
        [a_report(uuid=uuid4(), status=Status.COMPLETED, result=a_result()), *(failed() for _ in range(4))],
        [*(failed() for _ in range(4)), failed(error=replace(FAILED, code="cancelled"))],
        [*(failed() for _ in range(4)), a_report(uuid=uuid4())],
    ],
    ids=["too few", "the last succeeded", "the first succeeded", "somebody cancelled", "the last runs still"],
)
def test_anything_but_failures_goes_on(last: list[Report]) -> None:
    assert Run(**past(*last))() is not None
