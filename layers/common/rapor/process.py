"""Turn a pending report into a document."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID, uuid4

from msgspec import Struct

from rapor.batches import Batch, Form, Lines, Source
from rapor.catalogue import Catalogue, ReportType
from rapor.errors import (
    Fenced,
    Internal,
    OutOfMemory,
    RenderError,
    SourceUnavailable,
    StoreUnavailable,
    TimedOut,
    TooManyRows,
    causes_of,
)
from rapor.figures import Figures
from rapor.manifest import CONTENT_TYPE, Signer, manifest_key, write_manifest
from rapor.record import record_of
from rapor.report import OPTIONS, Failure, Format, Progress, Report, Result, Scope, is_known

Rendered = TypeVar("Rendered", Batch, Lines)

LEASE_MARGIN = timedelta(seconds=30)
STOP_BEFORE = timedelta(seconds=20)  # long enough to say `timed_out` before Lambda ends us
PROGRESS_EVERY = timedelta(seconds=1)
BACKOFF = timedelta(seconds=15)  # doubled with every attempt


class Outcome(StrEnum):
    """What one delivery of a report came to."""

    COMPLETED = "completed"
    FAILED = "failed"
    RETRY = "retry"
    FENCED = "fenced"
    SKIPPED = "skipped"


class Ending(NamedTuple):
    """How a delivery ended, and why it made no document; the reason's `__cause__` is for logs only."""

    outcome: Outcome
    reason: RenderError | None = None

    @property
    def explained(self) -> dict[str, Any]:
        """Why there is no document, for logs: what its owner is told, and the causes without their messages."""
        if self.reason is None:
            return {}
        told = {"code": self.reason.code, "reason": str(self.reason), "causes": causes_of(self.reason)}
        return {"outcome": self.outcome} | told


class Reports(Protocol):
    """The protocol's writes; each is conditional, and knows its own lost answer."""

    def claim(self, uuid: UUID, *, owner: str, now: datetime, lease_until: datetime) -> Report | None: ...
    def note_progress(self, report: Report, progress: Progress) -> None: ...
    def complete(self, report: Report, result: Result, *, now: datetime, record: Mapping[str, Any]) -> Report: ...
    def fail(self, report: Report, failure: Failure, *, now: datetime) -> Report: ...
    def release(self, report: Report, *, not_before: datetime, now: datetime) -> None: ...


class Announcer(Protocol):
    """Tells of an end, whatever happens to it then: what it leaves, the sweep tells."""

    def announce(self, report: Report) -> Report: ...


class Rows(Protocol):
    """An opened query: how many rows there are, what they come to, then the rows."""

    @property
    def rows_total(self) -> int: ...
    def figures(self, limit: int | None = None) -> Figures: ...
    def batches(self, limit: int | None = None) -> Iterator[Batch]: ...
    def lines(self, form: Form, limit: int | None = None) -> Iterator[Lines]: ...


class Engine(Protocol):
    """Runs a type's query for one format, over everybody's rows or one user's, in the time that *left* says."""

    def open(
        self,
        report_type: ReportType,
        parameters: Mapping[str, Any],
        *,
        own_user_id: str | None,
        output: Format,
        left: Callable[[], timedelta],
    ) -> AbstractContextManager[Rows]: ...


class Output(Protocol):
    """Takes a document's bytes."""

    def write(self, data: bytes, /) -> object: ...


class Sink(Output, Protocol):
    """Takes a document's bytes; knows size and SHA-256 once it is closed."""

    @property
    def size_bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...


class Documents(Protocol):
    """Where documents are kept: an error inside the context leaves nothing behind."""

    def open(self, key: str, content_type: str) -> AbstractContextManager[Sink]: ...


class Written(Protocol):
    """What a writer wrote."""

    @property
    def rows(self) -> int: ...
    @property
    def missing_glyphs(self) -> int: ...
    @property
    def cut_cells(self) -> int: ...


class Render(Protocol):
    """Writes a report's document."""

    def __call__(
        self,
        report: Report,
        report_type: ReportType,
        source: Source,
        sink: Output,
        *,
        figures: Figures,
        as_of: datetime,
        row_count: int,
        rows_total: int,
    ) -> Written: ...


class Workshop(Struct, frozen=True):
    """All that rendering needs, apart from the report."""

    reports: Reports
    catalogue: Catalogue
    engine: Engine
    render: Render
    documents: Documents
    announcer: Announcer
    clock: Callable[[], datetime]
    retention: timedelta
    signer: Signer | None = None  # without one, manifests are not signed


def deadline_in(remaining: timedelta, *, now: datetime) -> datetime:
    """Say when to stop by ourselves, where Lambda stops us after *remaining*: it must leave time to say why."""
    return now + remaining - min(STOP_BEFORE, remaining / 6)


def process_report(uuid: UUID, *, deadline: datetime, workshop: Workshop) -> Ending:
    """
    Claim, render, publish, finalise, announce.

    In that order, the manifest right after its document: what lies there without a finished row is an orphan
    the sweep removes; a finished row without a document would be a lie, and so would news of one. *deadline* is
    when the work must have stopped by itself.

    Raises:
        StoreUnavailable: The table could not be written, so the event must come again.
    """
    reports, now = workshop.reports, workshop.clock()
    report = reports.claim(uuid, owner=uuid4().hex, now=now, lease_until=deadline + LEASE_MARGIN)
    if report is None:
        return Ending(Outcome.SKIPPED)
    try:
        result, record = _document(report, deadline, workshop)
        _publish_manifest(report, result, workshop)
        ended = reports.complete(report, result, now=workshop.clock(), record=record)
    except Fenced:
        return Ending(Outcome.FENCED)
    except Exception as error:  # noqa: BLE001 - whatever happened, the report must come to an end
        reason = _reason(error)
        return Ending(_give_up(report, reason, workshop), reason)
    workshop.announcer.announce(ended)
    return Ending(Outcome.COMPLETED)


def _reason(error: Exception) -> RenderError:
    match error:
        case RenderError():
            return error
        case MemoryError():
            reason: RenderError = OutOfMemory("The report needs more memory than there is. Narrow its parameters.")
        case StoreUnavailable():
            reason = Internal("A service that the report needs could not be reached.")
        case _:
            reason = Internal("The report could not be made.")
    reason.__cause__ = error
    return reason


def _give_up(report: Report, reason: RenderError, workshop: Workshop) -> Outcome:
    now = workshop.clock()
    try:
        if reason.retryable and report.attempt < report.max_attempts:
            delay = BACKOFF * 2 ** (report.attempt - 1)
            workshop.reports.release(report, not_before=now + delay, now=now)
            return Outcome.RETRY
        failure = Failure(reason.code, str(reason), reason.retryable, report.attempt)
        ended = workshop.reports.fail(report, failure, now=now)
    except Fenced:
        return Outcome.FENCED
    workshop.announcer.announce(ended)
    return Outcome.FAILED


def _document(report: Report, deadline: datetime, workshop: Workshop) -> tuple[Result, Mapping[str, Any]]:
    report_type = _type_of(report, workshop.catalogue)
    as_of = workshop.clock()
    own_user_id = None if report.scope is Scope.ALL else report.user_id
    with workshop.engine.open(
        report_type,
        report.parameters,
        own_user_id=own_user_id,
        output=report.format,
        left=lambda: deadline - workshop.clock(),
    ) as rows:
        row_count = _rows_to_write(report, report_type, rows.rows_total)
        record = record_of(report_type, rows)
        # No needless limit: with it, rows that came since the count would go unnoticed.
        limit = row_count if row_count < rows.rows_total else None
        watch = Watch(report, row_count, deadline, workshop)
        watch.look()
        figures = rows.figures(limit)
        with workshop.documents.open(report.document_key, report.format.content_type) as sink:
            written = workshop.render(
                report,
                report_type,
                Watched(rows, limit, watch),
                sink,
                figures=figures,
                as_of=as_of,
                row_count=row_count,
                rows_total=rows.rows_total,
            )
            if written.rows != row_count:  # raised inside the context, so that it is never stored
                raise Internal("The document lacks rows.")
            watch.look()
        result = Result(
            row_count=written.rows,
            rows_total=rows.rows_total,
            truncated=written.rows < rows.rows_total,
            columns=tuple((column.name, column.type.value) for column in report_type.columns),
            size_bytes=sink.size_bytes,
            sha256=sink.sha256,
            content_type=report.format.content_type,
            as_of=as_of,
            expires_at=workshop.clock() + workshop.retention,
            missing_glyphs=written.missing_glyphs,
            key=report.document_key,
            cut_cells=written.cut_cells,
        )
        return result, record


def _publish_manifest(report: Report, result: Result, workshop: Workshop) -> None:
    manifest = write_manifest(report, result, workshop.signer)
    with workshop.documents.open(manifest_key(result.key), CONTENT_TYPE) as sink:
        sink.write(manifest)


def _type_of(report: Report, catalogue: Catalogue) -> ReportType:
    report_type = catalogue.get(report.report_type)
    if report_type is None or report_type.version != report.type_version:
        # During a deployment the two functions may briefly know different catalogues.
        raise Internal(f"The report type {report.report_type} version {report.type_version} is not known here.")
    strange = [f"{type(it).__name__.lower()} {it}" for it in (report.format, report.scope) if not is_known(it)]
    strange += [f"option {name}" for name in (report.options or {}) if name not in OPTIONS]
    if strange:  # without it, the document would not be what was ordered
        raise Internal(f"The {strange[0]} is not known here.")
    return report_type


def _rows_to_write(report: Report, report_type: ReportType, rows_total: int) -> int:
    limit = report_type.limits.rows.get(report.format)
    if limit is None or rows_total <= limit:
        return rows_total
    if (report.options or {}).get("allow_truncated"):
        return limit
    roomier = [f.value for f in report_type.formats if report_type.limits.rows.get(f, rows_total) >= rows_total]
    advice = f"Use {' or '.join(roomier)}, or narrow the parameters." if roomier else "Narrow the parameters."
    raise TooManyRows(f"{report.format} holds {limit} rows of this type, and there are {rows_total}. {advice}")


class Watch:
    """
    Looks at the clock, and tells the table how far we are: at most each second.

    The table refuses to be told once the report is cancelled, deleted or another worker's, which ends the work.
    """

    def __init__(self, report: Report, row_count: int, deadline: datetime, workshop: Workshop) -> None:
        self._report, self._row_count = report, row_count
        self._deadline, self._workshop = deadline, workshop
        self._done = 0
        self._told_at: datetime | None = None

    def over(self, chunks: Iterator[Rendered]) -> Iterator[Rendered]:
        """
        Pass rows through, and look between them.

        Raises:
            SourceUnavailable: There are not as many rows as were counted.
            RenderError, Fenced: As `look`.
        """
        self.look()
        for chunk in chunks:
            yield chunk
            self._done += chunk.rows
            self.look()
        if self._done != self._row_count:
            raise SourceUnavailable("The data changed while it was read.")

    def look(self) -> None:
        """
        Go on if there is time, and the report is still ours.

        Raises:
            TimedOut: There is no time left.
            Fenced: It is not ours any more.
        """
        now = self._workshop.clock()
        if now >= self._deadline:
            raise TimedOut("The time ran out before the document was written. Narrow the parameters.")
        if self._told_at is None or now - self._told_at >= PROGRESS_EVERY:
            percent = min(99, 99 * self._done // max(1, self._row_count))
            progress = Progress(percent, "rendering", self._done, self._row_count, now)
            self._workshop.reports.note_progress(self._report, progress)
            self._told_at = now


class Watched(Struct, frozen=True):
    """The first *limit* rows, or all, with a look between them."""

    rows: Rows
    limit: int | None
    watch: Watch

    def batches(self) -> Iterator[Batch]:
        """Pass the rows through as cells."""
        return self.watch.over(self.rows.batches(self.limit))

    def lines(self, form: Form) -> Iterator[Lines]:
        """Pass the rows through as bytes."""
        return self.watch.over(self.rows.lines(form, self.limit))
