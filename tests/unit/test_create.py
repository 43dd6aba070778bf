from typing import Any
from uuid import uuid4

import pytest

from rapor.catalogue import Catalogue
from rapor.create import create_report
from rapor.errors import Forbidden, Invalid, TooManyUnfinished
from rapor.http.orders import order_in
from rapor.report import IdempotencyKey, Order, Report, Scope, Status
from tests.builders import CYBERCERT, NOW, a_caller, a_catalogue, a_report
from tests.unit.fakes import FakeReports

CATALOGUE = a_catalogue()
KEY = IdempotencyKey("B", "1", "k", "f")


def an_order(**changes: Any) -> Order:
    return order_in({**CYBERCERT, **changes}, CATALOGUE, "tr")


def created(reports: FakeReports, *permissions: str, **changes: Any) -> tuple[Report, bool]:
    options = {"catalogue": CATALOGUE, "max_unfinished": 2, "key": None, "caller": a_caller("1", *permissions)}
    order = changes.pop("order", None) or an_order(
        **{name: value for name, value in changes.items() if name not in options}
    )
    chosen: dict[str, Any] = {name: changes.get(name, value) for name, value in options.items()}
    return create_report(order, now=NOW, reports=reports, **chosen)


def test_a_report_is_recorded_pending_and_owned_by_its_caller() -> None:
    reports = FakeReports()

    report, replayed = created(reports)

    assert not replayed
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

    again, replayed = created(reports, key=KEY, max_unfinished=1)

    assert replayed
    assert again == first
    assert len(reports.rows) == 1
