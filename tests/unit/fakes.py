"""Fakes that keep state, for the ports of the use cases."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct
from msgspec.structs import replace

from rapor.batches import Batch, Form, Lines, Source
from rapor.catalogue import ReportType
from rapor.errors import Fenced
from rapor.figures import Figures
from rapor.listing import Page, Position, Span
from rapor.process import Output, Rows, Sink
from rapor.report import Failure, Format, IdempotencyKey, Origin, Progress, Report, Result, Status
from rapor.turns import Turn


class FakeClock:
    """Goes on by *step* each time it is asked."""

    def __init__(self, start: datetime, step: timedelta = timedelta(0)) -> None:
        self.now, self.step = start, step

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now


class FakeReports:
    """A table of reports, and what was written to it."""

    def __init__(self, *reports: Report) -> None:
        self.rows = {report.uuid: report for report in reports}
        self.keys: dict[IdempotencyKey, Report] = {}
        self.reused: set[IdempotencyKey] = set()
        self.progress: list[Progress] = []
        self.released_until: datetime | None = None

    def add(self, report: Report, key: IdempotencyKey | None) -> tuple[Report, Origin]:
        if key and (first := self._first(key)):
            return first
        self.rows[report.uuid] = report
        if key:
            self.keys[key] = report
        return report, Origin.CREATED

    def remember(self, key: IdempotencyKey, twin: Report, now: datetime) -> tuple[Report, Origin]:
        if first := self._first(key):
            return first
        self.keys[key] = twin
        self.reused.add(key)
        return twin, Origin.REUSED

    def first_answer(self, key: IdempotencyKey, now: datetime) -> tuple[Report, Origin] | None:
        return self._first(key)

    def _first(self, key: IdempotencyKey) -> tuple[Report, Origin] | None:
        origin = Origin.REUSED_BEFORE if key in self.reused else Origin.REPLAYED
        return (self.keys[key], origin) if key in self.keys else None

    def replayed(self, key: IdempotencyKey, now: datetime) -> Report | None:
        return self.keys.get(key)

    def count_unfinished(self, user_id: str, *, limit: int) -> int:
        return min(limit, sum(report.user_id == user_id and report.is_queued for report in self.rows.values()))

    def get(self, uuid: UUID) -> Report | None:
        return self.rows.get(uuid)

    def change(self, found: Report, changed: Report) -> Report:
        row = self.rows[found.uuid]
        if (row.status, row.attempt, row.revision) != (found.status, found.attempt, found.revision):
            raise Fenced
        self.rows[found.uuid] = replace(changed, revision=uuid4().hex)
        return self.rows[found.uuid]

    def page(self, span: Span, at: Position | None, *, limit: int, matches: Callable[[Report], bool]) -> Page:
        rows = [
            report
            for report in self.rows.values()
            if span.user_id in {None, report.user_id}
            if (span.since or report.created_at) <= report.created_at
            if span.before is None or report.created_at < span.before
            if matches(report)
        ]
        return Page(rows[:limit], None, None)

    def walk(self, span: Span) -> Iterator[Report]:
        return (report for report in reversed(self.rows.values()) if report.user_id == span.user_id)

    def claim(self, uuid: UUID, *, owner: str, now: datetime, lease_until: datetime) -> Report | None:
        report = self.rows.get(uuid)
        if report is None or report.status is not Status.PENDING:
            return None
        self.rows[uuid] = replace(
            report,
            status=Status.PROCESSING,
            owner=owner,
            lease_until=lease_until,
            attempt=report.attempt + 1,
            started_at=now,
        )
        return self.rows[uuid]

    def note_progress(self, report: Report, progress: Progress) -> None:
        self._held(report)
        self.progress.append(progress)

    def complete(self, report: Report, result: Result, *, now: datetime, record: Mapping[str, Any]) -> Report:
        return self._ended(report, now, status=Status.COMPLETED, result=result, record=record or None)

    def fail(self, report: Report, failure: Failure, *, now: datetime) -> Report:
        return self._ended(report, now, status=Status.FAILED, error=failure)

    def _ended(self, report: Report, now: datetime, **changes: Any) -> Report:
        row = replace(self._held(report), finished_at=now, unannounced=True, **changes)
        self.rows[report.uuid] = row
        return row

    def unannounced(self, now: datetime, *, limit: int, is_over: Callable[[], bool]) -> Iterator[UUID]:
        yield from [report.uuid for report in self.rows.values() if report.unannounced][:limit]

    def release(self, report: Report, *, not_before: datetime, now: datetime) -> None:
        self.released_until = not_before
        self.rows[report.uuid] = replace(self._held(report), status=Status.PENDING, owner=None, updated_at=now)

    def _held(self, report: Report) -> Report:
        row = self.rows[report.uuid]
        if row.status is not Status.PROCESSING or row.owner != report.owner:
            raise Fenced
        return row


class FakeOpenIndex:
    """Reports in the sweep's queue; while it is *fenced*, somebody else is always quicker."""

    def __init__(self, *reports: Report, fenced: bool = False) -> None:
        self.rows = {report.uuid: report for report in reports}
        self.fenced = fenced
        self.gone: list[UUID] = []  # still in the index
        self.asked: list[tuple[datetime, int]] = []

    def due(self, now: datetime, *, limit: int, is_over: Callable[[], bool]) -> Iterator[UUID]:
        self.asked.append((now, limit))
        yield from [*self.gone, *self.rows][:limit]

    def get(self, uuid: UUID) -> Report | None:
        return self.rows.get(uuid)

    def dispatch(self, report: Report, *, due_at: datetime) -> None:
        self._replace(report, due_at=due_at, dispatches=report.dispatches + 1)

    def reclaim(self, report: Report, *, due_at: datetime, now: datetime) -> None:
        self._replace(report, status=Status.PENDING, due_at=due_at, dispatches=report.dispatches + 1, updated_at=now)

    def exhaust(self, report: Report, failure: Failure, *, now: datetime) -> None:
        self._replace(report, status=Status.FAILED, error=failure, finished_at=now)

    def dequeue(self, report: Report) -> None:
        self._replace(report, due_at=None)

    def _replace(self, report: Report, **changes: object) -> None:
        if self.fenced:
            raise Fenced
        self.rows[report.uuid] = replace(report, **changes)


class FakeRows:
    """Rows of one text column each."""

    def __init__(self, batches: Sequence[Sequence[Sequence[Any]]], rows_total: int | None = None) -> None:
        self._batches = batches
        self.rows_total = sum(len(b[0]) for b in batches) if rows_total is None else rows_total

    def batches(self, limit: int | None = None) -> Iterator[Batch]:
        left = sum(len(b[0]) for b in self._batches) if limit is None else limit
        for batch in self._batches:
            part = [column[:left] for column in batch]
            left -= len(part[0])
            if part[0]:
                yield Batch(part)

    def lines(self, form: Form, limit: int | None = None) -> Iterator[Lines]:
        for batch in self.batches(limit):
            texts = [f"{cell}\n".encode() for cell in batch[0]]
            yield Lines(b"".join(texts), [0, *accumulate(map(len, texts))])

    def figures(self, limit: int | None = None) -> Figures:
        return Figures(summary=[self.rows_total if limit is None else limit])


class FakeEngine:
    """Gives the same rows to everybody, and remembers for whom."""

    def __init__(self, rows: Rows | Exception) -> None:
        self.rows = rows
        self.asked: list[str | None] = []
        self.opened: list[tuple[ReportType, Mapping[str, Any]]] = []

    @contextmanager
    def open(
        self,
        report_type: ReportType,
        parameters: Mapping[str, Any],
        *,
        own_user_id: str | None,
        output: Format,
        left: Callable[[], timedelta],
    ) -> Iterator[Rows]:
        self.left, self.output = left, output
        self.asked.append(own_user_id)
        self.opened.append((report_type, parameters))
        if isinstance(self.rows, Exception):
            raise self.rows
        yield self.rows


class FakeSink(bytearray):
    @property
    def size_bytes(self) -> int:
        return len(self)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self).hexdigest()

    def write(self, data: bytes, /) -> None:
        self.extend(data)


@dataclass
class FakeDocuments:
    """A bucket: nothing is there before the context has ended well."""

    stored: dict[str, bytes] = field(default_factory=dict)
    content_types: list[str] = field(default_factory=list)

    @contextmanager
    def open(self, key: str, content_type: str) -> Iterator[Sink]:
        self.content_types.append(content_type)
        sink = FakeSink()
        yield sink
        self.stored[key] = bytes(sink)

    def read(self, key: str) -> bytes:
        return self.stored[key]

    def link(self, key: str, *, file_name: str, content_type: str, lifetime: timedelta) -> str:
        return f"https://bucket.example/{key}?as={file_name}"


@dataclass
class FakeEvents:
    """A bus that keeps what it took; while it is *broken*, it takes nothing."""

    taken: list[Mapping[str, Any]] = field(default_factory=list)
    broken: Exception | None = None

    def send(self, event: Mapping[str, Any]) -> None:
        if self.broken:
            raise self.broken
        self.taken.append(event)


@dataclass
class FakeAnnouncer:
    """Keeps what it was to announce, and marks nothing."""

    announced: list[Report] = field(default_factory=list)
    sent: list[Report] = field(default_factory=list)

    def announce(self, report: Report) -> Report:
        if report.unannounced:
            self.announced.append(report)
        return report

    def send(self, report: Report) -> None:
        self.sent.append(report)


class FakeWritten(Struct, frozen=True):
    rows: int
    missing_glyphs: int = 0
    cut_cells: int = 0


def render_lines(
    report: Report,
    report_type: ReportType,
    source: Source,
    sink: Output,
    *,
    figures: Figures,
    as_of: datetime,
    row_count: int,
    rows_total: int,
) -> FakeWritten:
    """A document of one line a row."""
    written = 0
    for lines in source.lines(Form(line="")):
        sink.write(lines.data)
        written += lines.rows
    return FakeWritten(written)


@dataclass
class FakeLog:
    """Keeps what it was told."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def info(self, msg: str, **kwargs: Any) -> None:
        self.entries.append({"message": msg, **kwargs})

    warning = info


def a_turn(log: FakeLog | None = None, *, is_over: bool = False) -> Turn:
    """A step's, with all the time it wants or none."""
    return Turn(step="step", clock=lambda: 0.0, ends_at=-1.0 if is_over else 1.0, log=log or FakeLog())
