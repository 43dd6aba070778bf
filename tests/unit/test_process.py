from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from rapor.catalogue import Catalogue
from rapor.errors import Fenced, RaporError, RenderError, SourceInvalid, SourceUnavailable, StoreUnavailable
from rapor.manifest import write_manifest
from rapor.process import Outcome, Sink, Workshop, document_key, process_report
from rapor.report import Format, Report, Scope, Status
from tests.builders import NOW, a_catalogue, a_report
from tests.unit.fakes import FakeAnnouncer, FakeClock, FakeDocuments, FakeEngine, FakeReports, FakeRows, render_lines

DEADLINE = NOW + timedelta(seconds=50)
CATALOGUE = a_catalogue()


def a_workshop(reports: FakeReports, rows: FakeRows | Exception | None = None, **changes: Any) -> Workshop:
    workshop = Workshop(
        reports=reports,
        catalogue=CATALOGUE,
        engine=FakeEngine(rows or FakeRows([[["ayşe", "ümit"]], [["ışık"]]])),
        render=render_lines,
        documents=FakeDocuments(),
        announcer=FakeAnnouncer(),
        clock=FakeClock(NOW),
        retention=timedelta(days=90),
    )
    return replace(workshop, **changes)


def processed(report: Report, workshop: Workshop) -> tuple[Outcome, Report]:
    outcome, _ = process_report(report.uuid, deadline=DEADLINE, workshop=workshop)
    found = workshop.reports.rows[report.uuid]  # type: ignore[attr-defined]
    assert isinstance(found, Report)
    return outcome, found


def test_a_pending_report_becomes_a_document() -> None:
    report, documents = a_report(), FakeDocuments()

    outcome, found = processed(report, a_workshop(FakeReports(report), documents=documents))

    assert outcome is Outcome.COMPLETED
    assert found.status is Status.COMPLETED
    assert found.result is not None
    document, manifest = documents.stored.items()
    assert document == (found.result.key, "ayşe\nümit\nışık\n".encode())
    assert manifest == (f"{found.result.key}.manifest.json", write_manifest(report, found.result, None))
    assert (found.result.row_count, found.result.rows_total, found.result.truncated) == (3, 3, False)
    assert found.result.size_bytes == 20
    assert found.result.expires_at == NOW + timedelta(days=90)


def test_every_end_is_announced_as_it_is_and_nothing_else() -> None:
    for rows, told in ((None, True), (SourceInvalid("x"), True), (SourceUnavailable("x"), False), (Fenced(), False)):
        announcer = FakeAnnouncer()

        _, found = processed(a_report(), a_workshop(FakeReports(a_report()), rows, announcer=announcer))

        assert announcer.announced == ([found] if told else [])
        assert found.unannounced is told


def test_a_delivery_of_something_else_changes_nothing() -> None:
    report = a_report(status=Status.COMPLETED)

    outcome, found = processed(report, a_workshop(FakeReports(report)))

    assert outcome is Outcome.SKIPPED
    assert found == report


def test_the_lease_outlives_the_deadline() -> None:
    report, reports = a_report(), FakeReports(a_report())

    processed(report, a_workshop(reports, SourceUnavailable("x")))

    assert reports.rows[report.uuid].lease_until == DEADLINE + timedelta(seconds=30)


def test_only_an_own_report_is_narrowed_to_its_user() -> None:
    for scope, asked in ((Scope.OWN, ["1"]), (Scope.ALL, [None])):
        report, engine = a_report(scope=scope), FakeEngine(FakeRows([]))

        processed(report, a_workshop(FakeReports(report), engine=engine))

        assert engine.asked == asked


def test_a_lasting_fault_fails_at_once_with_its_code() -> None:
    report = a_report()

    outcome, found = processed(report, a_workshop(FakeReports(report), SourceInvalid("Column x is missing.")))

    assert outcome is Outcome.FAILED
    assert found.error is not None
    assert (found.error.code, found.error.message, found.error.attempt) == ("source_invalid", "Column x is missing.", 1)


@pytest.mark.parametrize("fault", [SourceUnavailable("x"), StoreUnavailable(), ZeroDivisionError("secret")])
def test_a_passing_fault_waits_for_the_next_attempt(fault: Exception) -> None:
    report, reports = a_report(), FakeReports(a_report())

    outcome, found = processed(report, a_workshop(reports, fault))

    assert outcome is Outcome.RETRY
    assert found.status is Status.PENDING
    assert reports.released_until == NOW + timedelta(seconds=15)


def test_the_last_attempt_fails_and_tells_no_secret() -> None:
    report = a_report(attempt=2)

    outcome, found = processed(report, a_workshop(FakeReports(report), ZeroDivisionError("secret")))

    assert outcome is Outcome.FAILED
    assert found.error is not None
    assert (found.error.code, found.error.message) == ("internal", "The report could not be made.")


def test_running_out_of_memory_has_a_code() -> None:
    report = a_report()

    _, found = processed(report, a_workshop(FakeReports(report), MemoryError()))

    assert found.error is not None
    assert found.error.code == "out_of_memory"


def test_an_unknown_version_of_the_type_waits() -> None:
    report = a_report(type_version=2)

    assert processed(report, a_workshop(FakeReports(report)))[0] is Outcome.RETRY
    assert processed(report, a_workshop(FakeReports(report), catalogue=Catalogue({})))[0] is Outcome.RETRY


def test_a_report_without_its_manifest_is_not_completed() -> None:
    class Full(FakeDocuments):
        @contextmanager
        def open(self, key: str, content_type: str) -> Iterator[Sink]:
            with super().open(key, content_type) as sink:
                if content_type == "application/json":
                    raise StoreUnavailable
                yield sink

    report = a_report()

    outcome, found = processed(report, a_workshop(FakeReports(report), documents=Full()))

    assert outcome is Outcome.RETRY
    assert found.result is None


@pytest.mark.parametrize("counted", [1, 3])
def test_a_document_that_has_other_rows_than_were_counted_is_never_stored(counted: int) -> None:
    report, documents = a_report(), FakeDocuments()
    rows = FakeRows([[["a", "b"]]], rows_total=counted)

    outcome, _ = processed(report, a_workshop(FakeReports(report), rows, documents=documents))

    assert outcome is Outcome.RETRY
    assert documents.stored == {}


def test_too_many_rows_name_the_format_that_holds_them() -> None:
    report, many = a_report(), FakeRows([], rows_total=100_001)

    _, found = processed(report, a_workshop(FakeReports(report), many))

    assert found.error is not None
    assert found.error.code == "too_many_rows"
    assert "Use excel or csv or json" in found.error.message


def a_score(rows: FakeRows) -> tuple[Outcome, Report]:
    report = a_report(report_type="reference", format=Format.JSON, parameters={"referenceId": "92442"})
    return processed(report, a_workshop(FakeReports(report), rows))


def test_the_values_a_type_records_are_copied_to_the_report() -> None:
    row: list[list[Any]] = [["92442"], [595], [Decimal("0.023232")], [Decimal("0.8692")], ["2026.1"]]

    outcome, found = a_score(FakeRows([row]))

    assert outcome is Outcome.COMPLETED
    assert found.record == {
        "score": 595,
        "scoreProbability": Decimal("0.023232"),
        "scoreConfidence": Decimal("0.8692"),
        "scoreVersion": "2026.1",
    }


@pytest.mark.parametrize(("rows_total", "code"), [(0, "reference_not_found"), (2, "source_invalid")])
def test_a_record_is_of_exactly_one_row(rows_total: int, code: str) -> None:
    outcome, found = a_score(FakeRows([], rows_total=rows_total))

    assert outcome is Outcome.FAILED
    assert found.error is not None
    assert (found.error.code, found.error.retryable) == (code, False)
    assert found.record is None


def test_moments_are_recorded_as_text() -> None:
    seen = CATALOGUE.get("users")
    assert seen is not None
    users = seen.model_copy(update={"record": ("registered_on", "last_seen_at")})
    report = a_report()
    row: list[list[Any]] = [[None]] * 6 + [[date(2025, 1, 2)], [datetime(2025, 1, 2, 3, 4, 5)], [None]]

    _, found = processed(
        report, a_workshop(FakeReports(report), FakeRows([row]), catalogue=Catalogue({"users": users}))
    )

    assert found.record == {"registered_on": "2025-01-02", "last_seen_at": "2025-01-02T03:04:05Z"}


def test_truncation_is_asked_for_and_told() -> None:
    report = a_report(options={"allow_truncated": True})
    users = CATALOGUE.get("users")
    assert users is not None
    small = users.model_copy(update={"limits": users.limits.model_copy(update={"rows": {Format.PDF: 2}})})

    outcome, found = processed(report, a_workshop(FakeReports(report), catalogue=Catalogue({"users": small})))

    assert outcome is Outcome.COMPLETED
    assert found.result is not None
    assert (found.result.row_count, found.result.rows_total, found.result.truncated) == (2, 3, True)


def test_progress_is_told_at_most_each_second_and_never_goes_back() -> None:
    report, reports = a_report(), FakeReports(a_report())
    rows = FakeRows([[[str(n)]] for n in range(40)])

    processed(report, a_workshop(reports, rows, clock=FakeClock(NOW, timedelta(milliseconds=300))))

    percents = [progress.percent for progress in reports.progress]
    assert percents[0] == 0
    assert percents == sorted(percents)
    assert 5 < len(percents) < 14


def test_the_deadline_ends_the_report_before_lambda_does() -> None:
    report = a_report()
    rows = FakeRows([[[str(n)]] for n in range(40)])

    _, found = processed(report, a_workshop(FakeReports(report), rows, clock=FakeClock(NOW, timedelta(seconds=3))))

    assert found.error is not None
    assert found.error.code == "timed_out"


def test_a_worker_that_lost_the_report_touches_nothing() -> None:
    report = a_report()
    reports = FakeReports(report)

    class Robbed(FakeRows):
        def batches(self, limit: int | None = None) -> Iterator[Any]:
            reports.rows[report.uuid] = replace(reports.rows[report.uuid], owner="somebody else")
            yield from super().batches(limit)

    outcome, found = processed(report, a_workshop(reports, Robbed([[["a"]]])))

    assert outcome is Outcome.FENCED
    assert (found.status, found.owner) == (Status.PROCESSING, "somebody else")


@pytest.mark.parametrize("cancelled_at", ["the first batch", "a later batch", "the last line"])
def test_a_cancelled_report_is_not_rendered_on_and_leaves_no_document(cancelled_at: str) -> None:
    report, documents = a_report(), FakeDocuments()
    reports, seen = FakeReports(report), []

    def cancel() -> None:
        reports.rows[report.uuid] = replace(reports.rows[report.uuid], status=Status.FAILED, owner=None)

    class Watched(FakeRows):
        def batches(self, limit: int | None = None) -> Iterator[Any]:
            for number, batch in enumerate(super().batches(limit)):
                seen.append(number)
                if (cancelled_at, number) in {("the first batch", 0), ("a later batch", 3)}:
                    cancel()
                yield batch

    def render(*args: Any, **kwargs: Any) -> Any:
        written = render_lines(*args, **kwargs)
        if cancelled_at == "the last line":
            cancel()
        return written

    rows = Watched([[[str(n)]] for n in range(6)])
    workshop = a_workshop(reports, rows, documents=documents, render=render, clock=FakeClock(NOW, timedelta(seconds=1)))

    outcome, found = processed(report, workshop)

    assert outcome is Outcome.FENCED
    assert found.status is Status.FAILED
    assert documents.stored == {}
    assert len(seen) == {"the first batch": 1, "a later batch": 4, "the last line": 6}[cancelled_at]


def test_a_table_out_of_reach_makes_the_event_come_again() -> None:
    class Gone(FakeReports):
        def release(self, *args: Any, **kwargs: Any) -> None:
            raise StoreUnavailable

    report = a_report()

    with pytest.raises(StoreUnavailable):
        processed(report, a_workshop(Gone(report), SourceUnavailable("x")))


def test_a_document_lies_where_no_other_attempt_can_write() -> None:
    report = a_report(owner="0123456789abcdef", attempt=2, format=Format.EXCEL)

    assert document_key(report) == "reports/2025-11-20/550e8400-e29b-41d4-a716-446655440000/2-01234567.xlsx"


def test_the_cause_is_kept_for_the_logs_alone() -> None:
    report, cause = a_report(), ZeroDivisionError("secret")
    workshop = a_workshop(FakeReports(report), cause)

    ending = process_report(report.uuid, deadline=DEADLINE, workshop=workshop)

    assert ending.reason is not None
    assert ending.reason.__cause__ is cause
    assert "secret" not in str(ending.reason)


def test_being_fenced_is_no_reason_to_fail() -> None:
    assert issubclass(Fenced, RaporError)
    assert not issubclass(Fenced, RenderError)
