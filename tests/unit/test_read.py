from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from rapor.caller import Caller
from rapor.errors import DocumentExpired, Forbidden, NotCompleted, NotFound
from rapor.listing import Filters, Listing
from rapor.read import Shelf, link_to_document, list_reports, read_manifest, read_report
from rapor.report import Report, Status
from tests.builders import NOW, a_caller, a_report, a_result
from tests.unit.fakes import FakeDocuments, FakeReports

RESULT = a_result(key="reports/k.pdf")


def a_shelf(report: Report, documents: FakeDocuments | None = None, days: int = 90) -> Shelf:
    return Shelf(FakeReports(report), documents or FakeDocuments(), timedelta(days=days))


def a_completed_report(**changes: object) -> Report:
    return replace(a_report(), status=Status.COMPLETED, result=RESULT, **changes)


def listed(caller: Caller, *reports: Report, **filters: Any) -> list[Report]:
    listing = Listing(Filters(**filters), None, 9)
    return list(list_reports(listing, caller=caller, lists=FakeReports(*reports)).reports)


def test_an_own_viewer_lists_only_their_own() -> None:
    mine, theirs = a_report(), a_report(uuid=uuid4(), user_id="2")

    assert listed(a_caller("1", "reports.view.own"), mine, theirs) == [mine]
    assert listed(a_caller("1", "reports.view"), mine, theirs) == [mine, theirs]


def test_without_a_permission_there_is_nothing_to_list() -> None:
    with pytest.raises(Forbidden):
        listed(a_caller("1", "reports.generate"))


def test_a_list_is_narrowed_in_time_by_its_span() -> None:
    report = a_report()
    second = timedelta(seconds=1)

    assert listed(a_caller(), report, since=NOW, before=NOW + second) == [report]
    assert listed(a_caller(), report, since=NOW + second) == []
    assert listed(a_caller(), report, before=NOW) == []


def test_deleted_reports_are_listed_for_those_who_ask_and_may_delete_them() -> None:
    mine, theirs = a_report(deleted_at=NOW), a_report(uuid=uuid4(), user_id="2", deleted_at=NOW)
    own_deleter = a_caller("1", "reports.view", "reports.generate", "reports.delete.own")

    assert listed(a_caller(), mine, theirs) == []
    assert listed(a_caller(), mine, theirs, with_trashed=True) == [mine, theirs]
    assert listed(own_deleter, mine, theirs, with_trashed=True) == [mine]
    with pytest.raises(Forbidden):
        listed(a_caller("1", "reports.view", "reports.generate"), mine, with_trashed=True)


def test_the_trash_is_there_for_who_may_fill_it_whether_or_not_they_may_update() -> None:
    mine, theirs = a_report(deleted_at=NOW), a_report(uuid=uuid4(), user_id="2", deleted_at=NOW)
    keeper = ("reports.view", "reports.restore")

    assert listed(a_caller("1", *keeper, "reports.delete"), mine, theirs, with_trashed=True) == [mine, theirs]
    assert listed(a_caller("1", *keeper, "reports.delete.own"), mine, theirs, with_trashed=True) == [mine]


@pytest.mark.parametrize(
    "hidden", [a_report(is_active=False), a_report(is_active=False, deleted_at=NOW)], ids=["inactive", "deleted, too"]
)
def test_an_inactive_report_is_listed_only_for_those_who_may_update_it(hidden: Report) -> None:
    def trash(*permissions: str) -> list[Report]:
        return listed(a_caller("1", *permissions), hidden, with_trashed=True)

    assert trash() == [hidden]
    assert trash("reports.view", "reports.delete") == []
    assert trash("reports.view", "reports.delete", "reports.generate.own") == [hidden]


@pytest.mark.parametrize("hidden", [a_report(is_active=False), a_report(deleted_at=NOW)])
def test_a_hidden_report_is_there_only_for_those_who_may_update_it(hidden: Report) -> None:
    reports = FakeReports(hidden)

    assert read_report(hidden.uuid, caller=a_caller("1"), reports=reports) == hidden
    with pytest.raises(NotFound):
        read_report(hidden.uuid, caller=a_caller("1", "reports.view"), reports=reports)


def test_absent_and_foreign_reports_are_one() -> None:
    theirs = a_report(user_id="2")
    caller = a_caller("1", "reports.view.own")

    with pytest.raises(NotFound):
        read_report(theirs.uuid, caller=caller, reports=FakeReports(theirs))
    with pytest.raises(NotFound):
        read_report(theirs.uuid, caller=caller, reports=FakeReports())


def test_a_link_names_the_file_after_the_title_and_lasts_five_minutes() -> None:
    report = a_completed_report()

    link, until = link_to_document(report.uuid, caller=a_caller(), now=NOW, shelf=a_shelf(report))

    assert link == "https://bucket.example/reports/k.pdf?as=Kullanıcı Raporu.pdf"
    assert until == NOW + timedelta(minutes=5)


def test_a_manifest_is_read_beside_its_document() -> None:
    report = a_completed_report()
    documents = FakeDocuments({"reports/k.pdf": b"%PDF-", "reports/k.pdf.manifest.json": b"{}"})

    found = read_manifest(report.uuid, caller=a_caller(), now=NOW, shelf=a_shelf(report, documents))

    assert found == b"{}"


@pytest.mark.parametrize("ask", [link_to_document, read_manifest])
def test_no_document_no_link_and_no_manifest(ask: Callable[..., object]) -> None:
    for report, after, error in (
        (a_report(), timedelta(0), NotCompleted),
        (a_completed_report(), timedelta(days=90), DocumentExpired),
        (a_completed_report(user_id="2"), timedelta(0), NotFound),
    ):
        with pytest.raises(error):
            ask(
                report.uuid,
                caller=a_caller("1", "reports.export.own"),
                now=NOW + after,
                shelf=a_shelf(report),
            )


@pytest.mark.parametrize("ask", [link_to_document, read_manifest])
def test_a_document_is_there_no_longer_than_the_bucket_keeps_it_now(ask: Callable[..., object]) -> None:
    report = a_completed_report(finished_at=NOW + timedelta(hours=1))
    documents = FakeDocuments({"reports/k.pdf.manifest.json": b"{}"})

    def asked(after: timedelta, days: int) -> object:
        return ask(report.uuid, caller=a_caller(), now=NOW + after, shelf=a_shelf(report, documents, days))

    assert asked(timedelta(days=7, minutes=59), days=7)
    assert asked(timedelta(days=89), days=365)
    with pytest.raises(DocumentExpired):
        asked(timedelta(days=7, hours=1), days=7)
    with pytest.raises(DocumentExpired):
        asked(timedelta(days=90), days=365)


@pytest.mark.parametrize("ask", [link_to_document, read_manifest])
def test_viewing_is_not_exporting(ask: Callable[..., object]) -> None:
    report = a_completed_report()

    with pytest.raises(Forbidden):
        ask(
            report.uuid,
            caller=a_caller("1", "reports.view"),
            now=NOW,
            shelf=a_shelf(report),
        )
