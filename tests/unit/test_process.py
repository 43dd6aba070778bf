import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from rapor.batches import Form, Lines, Source
from rapor.catalogue import Catalogue, ReportType
from rapor.errors import Fenced, RaporError, RenderError, SourceInvalid, SourceUnavailable, StoreUnavailable
from rapor.figures import Figures
from rapor.manifest import write_manifest
from rapor.process import Outcome, Output, Sink, Workshop, deadline_in, process_report
from rapor.report import Format, Progress, Report, Result, Scope, Status, kept
from tests.builders import NOW, a_catalogue, a_report
from tests.unit.fakes import (
    FakeAnnouncer,
    FakeClock,
    FakeDocuments,
    FakeEngine,
    FakeReports,
    FakeRows,
    FakeWritten,
    render_lines,
)

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


class Pen:
    """A writer that remembers what it was told, and takes cells or lines."""

    def __init__(self, *, as_cells: bool = False) -> None:
        self.told: dict[str, Any] = {}
        self.as_cells = as_cells

    def __call__(
        self, report: Report, report_type: ReportType, source: Source, sink: Output, **told: Any
    ) -> FakeWritten:
        self.told = {"report": report, "report_type": report_type, **told}
        form = Form(line="the line")
        chunks = [*(source.batches() if self.as_cells else source.lines(form))]
        sink.write(b"document")
        return FakeWritten(sum(chunk.rows for chunk in chunks), missing_glyphs=2, cut_cells=3)


@pytest.mark.parametrize("as_cells", [False, True])
def test_the_writer_is_told_everything_and_the_result_tells_it_on(as_cells: bool) -> None:  # noqa: FBT001 - a case
    users, report, pen = CATALOGUE.get("users"), a_report(options={"allow_truncated": True}), Pen(as_cells=as_cells)
    assert users is not None
    small = users.model_copy(update={"limits": users.limits.model_copy(update={"rows": {Format.PDF: 2}})})
    engine, documents = FakeEngine(FormedRows([[["a", "b", "c"]]])), FakeDocuments()

    outcome, found = processed(
        report,
        a_workshop(
            FakeReports(report), engine=engine, documents=documents, render=pen, catalogue=Catalogue({"users": small})
        ),
    )

    assert outcome is Outcome.COMPLETED
    assert engine.opened == [(small, report.parameters)]
    assert pen.told == {
        "report": replace(found, status=Status.PROCESSING, result=None, finished_at=None, unannounced=False),
        "report_type": small,
        "figures": Figures(summary=[2]),
        "as_of": NOW,
        "row_count": 2,
        "rows_total": 3,
    }
    assert found.result == Result(
        row_count=2,
        rows_total=3,
        truncated=True,
        columns=tuple((column.name, column.type.value) for column in small.columns),
        size_bytes=8,
        sha256=sha256(b"document").hexdigest(),
        content_type="application/pdf",
        as_of=NOW,
        expires_at=NOW + timedelta(days=90),
        missing_glyphs=2,
        key=found.document_key,
        cut_cells=3,
    )
    assert documents.content_types == ["application/pdf", "application/json"]
    assert (found.started_at, found.finished_at, len(found.owner or "")) == (NOW, NOW, 32)


class FormedRows(FakeRows):
    def lines(self, form: Form, limit: int | None = None) -> Iterator[Lines]:
        assert form.line == "the line"
        return super().lines(form, limit)


def test_two_workers_never_have_one_name() -> None:
    owners = {processed(report, a_workshop(FakeReports(report)))[1].owner for report in [a_report()] * 3}

    assert len(owners) == 3


def test_a_manifest_is_signed_by_the_workshops_signer() -> None:
    report, documents = a_report(), FakeDocuments()
    signer = SimpleNamespace(kid="k", sign=lambda _: b"signature" * 7 + b"x")

    processed(report, a_workshop(FakeReports(report), documents=documents, signer=signer))

    [_, manifest] = documents.stored.values()
    assert json.loads(manifest)["jws"]


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


def test_each_attempt_waits_twice_as_long() -> None:
    waits = []
    for attempt in range(4):
        reports = FakeReports(report := a_report(attempt=attempt, max_attempts=9))
        _, found = processed(report, a_workshop(reports, SourceUnavailable("x")))
        waits.append(reports.released_until and reports.released_until - NOW)
        assert found.updated_at == NOW

    assert waits == [timedelta(seconds=seconds) for seconds in (15, 30, 60, 120)]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (MemoryError(), "The report needs more memory than there is. Narrow its parameters."),
        (StoreUnavailable("arn"), "A service that the report needs could not be reached."),
        (ZeroDivisionError("secret"), "The report could not be made."),
        (FakeRows([[["a"]]], rows_total=2), "The data changed while it was read."),
        (FakeRows([[["a"]]], rows_total=0), "The data changed while it was read."),
    ],
)
def test_every_reason_has_its_sentence(fault: Any, sentence: str) -> None:
    report = a_report(attempt=2)

    _, found = processed(report, a_workshop(FakeReports(report), fault))

    assert found.error is not None
    assert (found.error.message, found.finished_at) == (sentence, NOW)


def test_a_writer_that_loses_rows_makes_no_document() -> None:
    def forgetful(*args: Any, **told: Any) -> FakeWritten:
        return replace(render_lines(*args, **told), rows=2)

    report, documents = a_report(attempt=2), FakeDocuments()

    _, found = processed(report, a_workshop(FakeReports(report), documents=documents, render=forgetful))

    assert found.error is not None
    assert (found.error.code, found.error.message) == ("internal", "The document lacks rows.")
    assert documents.stored == {}


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
    last = replace(report, attempt=2)
    failed = processed(last, a_workshop(FakeReports(last)))[1].error
    assert failed is not None
    assert failed.message == "The report type users version 2 is not known here."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": kept(Format, "parquet")}, "The format parquet is not known here."),
        ({"scope": kept(Scope, "team")}, "The scope team is not known here."),
        ({"options": {"locale": "tr", "watermark": "x"}}, "The option watermark is not known here."),
    ],
)
def test_what_only_a_newer_version_knows_waits_for_it(changes: dict[str, Any], sentence: str) -> None:
    report = a_report(attempt=2, **changes)
    workshop = a_workshop(FakeReports(report))

    _, found = processed(report, workshop)

    assert found.error is not None
    assert (found.error.message, found.error.retryable) == (sentence, True)
    assert workshop.engine.asked == []  # type: ignore[attr-defined]


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


@pytest.mark.parametrize(("rows_total", "message"), [
    (2, None),
    (3, "pdf holds 2 rows of this type, and there are 3. Use csv, or narrow the parameters."),
    (6, "pdf holds 2 rows of this type, and there are 6. Narrow the parameters."),
])  # fmt: skip
def test_advice_names_only_what_helps(rows_total: int, message: str | None) -> None:
    report, users = a_report(), CATALOGUE.get("users")
    assert users is not None
    limits = users.limits.model_copy(update={"rows": {Format.PDF: 2, Format.CSV: 5}})
    small = users.model_copy(update={"limits": limits, "formats": (Format.PDF, Format.CSV)})
    rows = FakeRows([[[str(number) for number in range(rows_total)]]])

    _, found = processed(report, a_workshop(FakeReports(report), rows, catalogue=Catalogue({"users": small})))

    assert (found.error.message if found.error else None) == message


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
    assert [vars_of(progress) for progress in reports.progress] == [
        ("rendering", 40, 99 * progress.rows_done // 40) for progress in reports.progress
    ]
    assert [progress.updated_at for progress in reports.progress] == sorted({it.updated_at for it in reports.progress})
    assert percents[0] == 0
    assert percents == sorted(percents)
    assert 5 < len(percents) < 14


def vars_of(progress: Progress) -> tuple[str, int, int]:
    return progress.stage, progress.rows_total, progress.percent


def test_progress_of_few_rows_is_told_as_they_come() -> None:
    reports = FakeReports(report := a_report())

    processed(report, a_workshop(reports, FakeRows([[["a"]]]), clock=FakeClock(NOW, timedelta(seconds=1))))

    assert [(it.rows_done, it.percent) for it in reports.progress] == [(0, 0), (0, 0), (1, 99), (1, 99)]


def test_rows_that_came_since_the_count_are_no_more_than_all() -> None:
    reports = FakeReports(report := a_report())

    processed(
        report, a_workshop(reports, FakeRows([[["a", "b"]]], rows_total=1), clock=FakeClock(NOW, timedelta(seconds=1)))
    )

    assert max(it.percent for it in reports.progress) == 99


def test_there_is_no_time_left_at_the_deadline_itself() -> None:
    report = a_report(attempt=2)

    _, found = processed(report, a_workshop(FakeReports(report), clock=lambda: DEADLINE))

    assert found.error is not None
    assert found.error.code == "timed_out"
    assert found.error.message == "The time ran out before the document was written. Narrow the parameters."


@pytest.mark.parametrize(("remaining", "works"), [(60, 50), (120, 100), (180, 160), (900, 880)])
def test_a_sixth_of_the_time_is_left_to_say_why_and_no_more_than_20_s(remaining: int, works: int) -> None:
    assert deadline_in(timedelta(seconds=remaining), now=NOW) == NOW + timedelta(seconds=works)


def test_the_deadline_ends_the_report_before_lambda_does() -> None:
    report = a_report()
    rows = FakeRows([[[str(n)]] for n in range(40)])

    _, found = processed(report, a_workshop(FakeReports(report), rows, clock=FakeClock(NOW, timedelta(seconds=3))))

    assert found.error is not None
    assert found.error.code == "timed_out"


def test_the_engine_has_the_time_that_is_left_when_it_asks() -> None:
    report, clock = a_report(), FakeClock(NOW)
    workshop = a_workshop(FakeReports(report), clock=clock)

    processed(report, workshop)
    clock.now += timedelta(seconds=20)

    assert workshop.engine.left() == timedelta(seconds=30)  # type: ignore[attr-defined]


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

    assert report.document_key == "reports/2025-11-20/550e8400-e29b-41d4-a716-446655440000/2-01234567.xlsx"


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
