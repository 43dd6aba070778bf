from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from rapor.catalogue import Catalogue
from rapor.create import INDEX_LAG, LOOKED_AT, create_report
from rapor.errors import Forbidden, Invalid, TooManyUnfinished
from rapor.http.orders import order_in
from rapor.listing import Span
from rapor.report import IdempotencyKey, Order, Origin, Report, Scope, Status
from tests.builders import CYBERCERT, NOW, a_caller, a_catalogue, a_report, a_result
from tests.unit.fakes import FakeReports

CATALOGUE = a_catalogue()
KEY = IdempotencyKey("B", "1", "k", "f")


def an_order(**changes: Any) -> Order:
    return order_in({**CYBERCERT, **changes}, CATALOGUE, "tr")


def created(reports: FakeReports, *permissions: str, **changes: Any) -> tuple[Report, Origin]:
    options = {
        "catalogue": CATALOGUE,
        "max_unfinished": 2,
        "key": None,
        "now": NOW,
        "lists": reports,
        "caller": a_caller("1", *permissions),
    }
    order = changes.pop("order", None) or an_order(
        **{name: value for name, value in changes.items() if name not in options}
    )
    chosen: dict[str, Any] = {name: changes.get(name, value) for name, value in options.items()}
    return create_report(order, reports=reports, **chosen)


def test_a_report_is_recorded_pending_and_owned_by_its_caller() -> None:
    reports = FakeReports()

    report, origin = created(reports)

    assert origin is Origin.CREATED
    assert reports.rows == {report.uuid: report}
    assert (report.status, report.user_id, report.scope, report.attempt) == (Status.PENDING, "1", Scope.ALL, 0)
    assert report.created_at == report.updated_at == NOW


def test_an_own_callers_report_holds_own_rows_only() -> None:
    assert created(FakeReports(), "reports.generate.own")[0].scope is Scope.OWN


def test_without_the_permission_nothing_is_recorded() -> None:
    reports = FakeReports()

    with pytest.raises(Forbidden):
        created(reports, "reports.view")

    assert reports.rows == {}


def test_a_type_that_says_nothing_of_own_rows_is_closed_to_own_callers() -> None:
    users = CATALOGUE.get("users")
    assert users is not None
    source = users.sources["users"].model_copy(update={"own": None})
    closed = Catalogue({"users": users.model_copy(update={"sources": {"users": source}})})

    with pytest.raises(Forbidden):
        created(FakeReports(), "reports.generate.own", catalogue=closed)
    assert created(FakeReports(), "reports.generate", catalogue=closed)


def test_a_general_holder_may_import_history() -> None:
    report, _ = created(FakeReports(), status="completed")

    assert report.imported
    assert not report.is_queued
    assert report.status is Status.COMPLETED


@pytest.mark.parametrize("status", ["processing", "completed", "failed"])
def test_an_own_caller_may_not_claim_a_status(status: str) -> None:
    with pytest.raises(Invalid) as raised:
        created(FakeReports(), "reports.generate.own", status=status)

    assert raised.value.errors == {"status": ["The status field must be pending."]}


def test_the_cap_counts_unfinished_reports_of_the_caller() -> None:
    mine = [a_report(uuid=uuid4()) for _ in range(2)]

    with pytest.raises(TooManyUnfinished):
        created(FakeReports(*mine))
    assert created(FakeReports(*mine), is_active=False)
    assert created(FakeReports(mine[0], a_report(uuid=uuid4(), user_id="2")))


def test_a_known_key_is_answered_even_at_the_cap() -> None:
    reports = FakeReports()
    first, _ = created(reports, key=KEY)

    again, origin = created(reports, key=KEY, max_unfinished=1)

    assert origin is Origin.REPLAYED
    assert again == first
    assert len(reports.rows) == 1


def test_an_import_under_a_known_key_is_answered_too() -> None:
    reports = FakeReports()
    first, _ = created(reports, key=KEY, status="completed")

    assert created(reports, key=KEY, status="completed", max_unfinished=0) == (first, Origin.REPLAYED)


def test_what_a_key_made_comes_before_a_twin() -> None:
    reports = FakeReports()
    first, _ = created(reports, key=KEY, options=RUNNING)
    twin, _ = created(reports)

    assert created(reports, options=RUNNING) == (twin, Origin.REUSED)
    assert created(reports, key=KEY, options=RUNNING) == (first, Origin.REPLAYED)


def test_a_key_stands_for_the_twin_that_it_found() -> None:
    reports = FakeReports()
    twin, _ = created(reports)

    found = created(reports, key=KEY, options=RUNNING)
    reports.rows.clear()

    assert found == (twin, Origin.REUSED)
    assert created(reports, key=KEY, options=RUNNING) == (twin, Origin.REUSED_BEFORE)


def test_a_key_that_is_new_is_not_looked_for() -> None:
    class Unread(FakeReports):
        def first_answer(self, key: IdempotencyKey, now: datetime) -> tuple[Report, Origin] | None:
            raise AssertionError(key)

    for reports, status in ((Unread(), "pending"), (Unread(), "completed")):
        first, origin = created(reports, key=KEY, status=status)

        assert origin is Origin.CREATED
        assert created(reports, key=KEY, status=status) == (first, Origin.REPLAYED)


RUNNING = {"reuse": "running"}
A_MINUTE = timedelta(minutes=1)


def aged(age: timedelta) -> dict[str, Any]:
    return {"reuse": {"max_age": int(age.total_seconds())}}


class Empty:
    """A list that lags behind the table."""

    def walk(self, span: Span) -> Iterator[Report]:
        return iter(())


def test_an_identical_running_report_is_joined() -> None:
    reports = FakeReports()
    first, _ = created(reports)

    again = created(reports, title="Another title", options=RUNNING)

    assert again == (first, Origin.REUSED)
    assert len(reports.rows) == 1


def test_null_makes_no_report_another() -> None:
    report = a_report(parameters={**a_report().parameters, "city": None})

    assert created(FakeReports(report), options=RUNNING) == (report, Origin.REUSED)


def test_one_that_is_being_rendered_is_joined_even_at_the_cap() -> None:
    reports = FakeReports(a_report(status=Status.PROCESSING))

    assert created(reports, options=RUNNING, max_unfinished=1)[1] is Origin.REUSED


@pytest.mark.parametrize(
    "twin",
    [
        {"status": Status.COMPLETED, "result": a_result()},
        {"status": Status.FAILED},
        {"deleted_at": NOW},
        {"is_active": False},
        {"is_active": False, "status": Status.PROCESSING},
        {"imported": True},
        {"scope": Scope.OWN},
        {"locale": "en"},
        {"type_version": 0},
        {"parameters": {}},
        {"options": {"allow_truncated": True}},
        {"user_id": "2"},
    ],
    ids=lambda twin: next(iter(twin)),
)
def test_only_an_identical_unfinished_report_is_joined(twin: dict[str, Any]) -> None:
    reports = FakeReports(a_report(uuid=uuid4(), **twin))

    assert created(reports, options=RUNNING)[1] is Origin.CREATED


def test_a_caller_who_now_sees_less_is_not_given_what_they_saw_before() -> None:
    reports = FakeReports()
    created(reports, "reports.generate")

    assert created(reports, "reports.generate.own", options=RUNNING)[1] is Origin.CREATED


def test_a_completed_report_is_reused_while_its_data_are_young_enough() -> None:
    done = a_report(status=Status.COMPLETED, result=a_result())

    for age, origin in ((A_MINUTE, Origin.REUSED), (A_MINUTE + timedelta(seconds=1), Origin.CREATED)):
        reports = FakeReports(done)
        assert created(reports, options=aged(A_MINUTE), now=NOW + age)[1] is origin


@pytest.mark.parametrize(
    "changes",
    [
        {"result": a_result(expires_at=NOW)},
        {"deleted_at": NOW},
        {"is_active": False},
        {"status": Status.PROCESSING, "result": None},
        {"result": None, "imported": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_only_a_report_with_a_document_to_fetch_is_reused(changes: dict[str, Any]) -> None:
    done = a_report(**{"status": Status.COMPLETED, "result": a_result()} | changes)

    assert created(FakeReports(done), options=aged(A_MINUTE))[1] is Origin.CREATED


def test_of_two_the_newer_is_reused() -> None:
    older, newer = (a_report(uuid=uuid4(), status=Status.COMPLETED, result=a_result()) for _ in range(2))

    assert created(FakeReports(older, newer), options=aged(A_MINUTE))[0] == newer


def test_an_old_report_is_not_looked_for_for_ever() -> None:
    twin = a_report()
    others = [a_report(uuid=uuid4(), status=Status.FAILED) for _ in range(LOOKED_AT)]

    assert created(FakeReports(twin, *others), options=RUNNING)[1] is Origin.CREATED
    assert created(FakeReports(twin, *others[1:]), options=RUNNING)[1] is Origin.REUSED


def test_the_same_order_twice_at_once_is_one_report() -> None:
    reports = FakeReports()

    first = created(reports, options=RUNNING, lists=Empty())
    second = created(reports, options=RUNNING, lists=Empty())

    assert (first[1], second) == (Origin.CREATED, (first[0], Origin.REUSED))
    assert [key.lifetime for key in reports.keys] == [INDEX_LAG]


@pytest.mark.parametrize("change", [{"status": Status.FAILED}, {"parameters": {}}], ids=["it failed", "it was changed"])
def test_a_report_that_will_not_do_any_more_is_ordered_anew_within_the_lag(change: dict[str, Any]) -> None:
    reports = FakeReports()
    first, _ = created(reports, options=RUNNING, lists=Empty())
    reports.rows[first.uuid] = replace(first, **change)

    second, origin = created(reports, options=RUNNING, lists=Empty())

    assert origin is Origin.CREATED
    assert second.uuid != first.uuid


def test_an_import_is_never_something_else() -> None:
    reports = FakeReports(a_report())

    assert created(reports, options=RUNNING, status="completed")[1] is Origin.CREATED
