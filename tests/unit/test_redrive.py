from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from rapor.caller import GENERATE, Caller
from rapor.errors import StoreUnavailable
from rapor.listing import Span
from rapor.redrive import Redriven, Selection, failed_reports, redrive
from rapor.report import Failure, Report, Status
from rapor.update import Desk
from tests.builders import NOW, a_catalogue, a_report
from tests.unit.fakes import FakeAnnouncer, FakeReports

HOUR = timedelta(hours=1)
INTERNAL = Selection(code="internal", since=NOW - HOUR, before=NOW + HOUR)


class FakeLists:
    def __init__(self, *reports: Report) -> None:
        self.reports = reports
        self.asked: list[tuple[Span, bool]] = []

    def walk(self, span: Span, *, oldest_first: bool) -> Iterator[Report]:
        self.asked.append((span, oldest_first))
        yield from self.reports


def failed(code: str = "internal", **changes: Any) -> Report:
    failure = Failure(code, "It could not be made.", retryable=True, attempt=3)
    return a_report(**{"uuid": uuid4(), "status": Status.FAILED, "attempt": 3, "error": failure, **changes})


def redriven(table: FakeReports, *reports: Report, cap: int = 9) -> list[Redriven]:
    desk = Desk(
        caller=Caller("operator", frozenset({GENERATE})),
        now=NOW,
        reports=table,
        catalogue=a_catalogue(),
        announcer=FakeAnnouncer(),
        max_unfinished=cap,
    )
    return list(redrive(reports, INTERNAL, desk=desk, clock=lambda: NOW + HOUR))


def test_only_what_failed_for_this_reason_is_found() -> None:
    wanted = failed()
    lists = FakeLists(
        wanted,
        failed("timed_out"),
        failed(imported=True),
        failed(deleted_at=NOW),
        a_report(status=Status.COMPLETED),
        a_report(),
    )

    assert list(failed_reports(INTERNAL, lists=lists)) == [wanted]
    assert lists.asked == [(Span(None, NOW - HOUR, NOW + HOUR), True)]


def test_a_type_narrows_it() -> None:
    sales = failed(report_type="sales")
    lists = FakeLists(failed(), sales)

    assert list(failed_reports(replace(INTERNAL, report_type="sales"), lists=lists)) == [sales]


def test_a_redriven_report_has_new_attempts_and_everybody_keeps_what_they_see() -> None:
    report = failed(user_id="7")
    table = FakeReports(report)

    [it] = redriven(table, report)

    assert it.refused is None
    assert (it.report.status, it.report.attempt, it.report.max_attempts) == (Status.PENDING, 3, 6)
    assert (it.report.user_id, it.report.scope, it.report.error) == ("7", report.scope, None)
    assert it.report.updated_at == NOW + HOUR
    assert table.rows[report.uuid] == it.report


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": Status.COMPLETED, "error": None}, "not_failed"),
        ({"status": Status.PENDING, "error": None}, "not_failed"),
        ({"error": Failure("timed_out", "Too slow.", retryable=False, attempt=4)}, "not_failed"),
        ({"deleted_at": NOW}, "not_found"),
        ({"imported": True}, "not_failed"),
        ({"report_type": "gone"}, "validation_failed"),
    ],
)
def test_a_report_that_has_changed_since_it_was_found_is_refused(changes: dict[str, Any], code: str) -> None:
    report = failed()
    now = replace(report, **changes)
    table = FakeReports(now)

    assert redriven(table, report) == [Redriven(report, code)]
    assert table.rows[report.uuid] == now


def test_an_owner_with_too_many_unfinished_reports_has_to_wait_and_others_need_not() -> None:
    mine, mine_too, yours = failed(user_id="1"), failed(user_id="1"), failed(user_id="2")

    fates = [it.refused for it in redriven(FakeReports(mine, mine_too, yours), mine, mine_too, yours, cap=1)]

    assert fates == [None, "too_many_unfinished", None]


def test_what_was_done_before_the_table_broke_is_told() -> None:
    class Breaking(FakeReports):
        def change(self, found: Report, changed: Report) -> Report:
            if found.user_id == "2":
                raise StoreUnavailable
            return super().change(found, changed)

    first, second = failed(user_id="1"), failed(user_id="2")
    told = redrive(
        [first, second],
        INTERNAL,
        desk=Desk(
            caller=Caller("operator", frozenset({GENERATE})),
            now=NOW,
            reports=Breaking(first, second),
            catalogue=a_catalogue(),
            announcer=FakeAnnouncer(),
            max_unfinished=9,
        ),
        clock=lambda: NOW,
    )

    assert next(told).report.status is Status.PENDING
    with pytest.raises(StoreUnavailable):
        next(told)
