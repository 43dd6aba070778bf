"""One report made here and now: the service's own create and process, around a table of one row and a file."""

import hashlib
import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO
from uuid import UUID

from msgspec.structs import replace

from local.terminal import Tell
from rapor.caller import GENERATE, Caller
from rapor.catalogue import Catalogue, Limits, ReportType
from rapor.create import create_report
from rapor.data.engine import DuckDBEngine
from rapor.documents.render import render
from rapor.errors import RenderError
from rapor.http.orders import order_in
from rapor.listing import Span
from rapor.manifest import SUFFIX
from rapor.process import Workshop, process_report
from rapor.report import Failure, IdempotencyKey, Origin, Progress, Report, Result

AUTHOR = "1"
PATIENCE = timedelta(minutes=15)  # as long as Lambda has
MEMORY_MB, SPILL_MB = 1024, 4096


class NotMade(Exception):
    """The report came to no document; the cause is the service's own error."""

    def __init__(self, reason: RenderError) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Made:
    """A document, and how long it took from the order on."""

    path: Path
    result: Result
    seconds: float


def preview(
    body: Mapping[str, Any], report_type: ReportType, *, locale: str, data: Path, path: Path,
    most_rows: int | None, own_user_id: str | None, tell: Tell = lambda _done, _total: None,
) -> Made:  # fmt: skip
    """
    Make the document that *body*, as sent to the service, asks for; *own_user_id* orders with `.own` permissions.

    *tell* hears how many rows are written, of how many.

    Raises:
        Invalid: The service would answer 422, with the same errors.
        Forbidden: The type is closed to `.own` callers.
        NotMade: The service would end the report `failed`, or try again.
    """
    start = perf_counter()
    catalogue, desk = Catalogue({report_type.name: _at_most(report_type, most_rows)}), Desk(tell)
    order = order_in(body, catalogue, locale)
    caller = Caller(own_user_id or AUTHOR, frozenset({f"{GENERATE}.own" if own_user_id else GENERATE}))
    report, _ = create_report(
        order, caller=caller, now=_now(), catalogue=catalogue, reports=desk, lists=desk, max_unfinished=1
    )
    ending = process_report(report.uuid, deadline=_now() + PATIENCE, workshop=_workshop(catalogue, desk, data, path))
    if ending.reason:
        raise NotMade(ending.reason)
    assert desk.result is not None, "a report without a reason to fail has a result"  # noqa: S101
    return Made(path, desk.result, perf_counter() - start)


def _at_most(report_type: ReportType, rows: int | None) -> ReportType:
    """Lower every format's limit; the caller allows a cut document along with it."""
    if rows is None:
        return report_type
    lowered = {it: min(rows, report_type.limits.rows.get(it, rows)) for it in report_type.formats}
    return report_type.model_copy(update={"limits": Limits(rows=lowered)})


def _workshop(catalogue: Catalogue, desk: "Desk", data: Path, path: Path) -> Workshop:
    engine = DuckDBEngine(
        str(data), memory_limit_mb=MEMORY_MB, temp_directory=tempfile.gettempdir(), temp_limit_mb=SPILL_MB
    )
    return Workshop(
        reports=desk,
        catalogue=catalogue,
        engine=engine,
        render=render,
        documents=OneFile(path),
        announcer=desk,
        clock=_now,
        retention=timedelta(0),
    )


def _now() -> datetime:
    return datetime.now(UTC)


class Desk:
    """Where one report is recorded and worked on; nobody else comes."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.report: Report | None = None
        self.result: Result | None = None

    def add(self, report: Report, _key: IdempotencyKey | None) -> tuple[Report, Origin]:
        self.report = report
        return report, Origin.CREATED

    def remember(self, _key: IdempotencyKey, twin: Report, _now: datetime) -> tuple[Report, Origin]:
        return twin, Origin.REUSED

    def first_answer(self, _key: IdempotencyKey, _now: datetime) -> None:
        return None

    def get(self, _uuid: UUID) -> Report | None:
        return self.report

    def walk(self, _span: Span) -> Iterator[Report]:
        return iter(())

    def count_unfinished(self, _user_id: str, *, limit: int) -> int:  # noqa: ARG002 - the port's
        return 0

    def claim(self, _uuid: UUID, *, owner: str, now: datetime, lease_until: datetime) -> Report | None:
        return self.report and replace(self.report, owner=owner, attempt=1, started_at=now, lease_until=lease_until)

    def note_progress(self, _report: Report, progress: Progress) -> None:
        self._tell(progress.rows_done, progress.rows_total)

    def complete(self, report: Report, result: Result, *, now: datetime, record: Mapping[str, Any]) -> Report:  # noqa: ARG002 - the port's
        self.result = result
        return report

    def fail(self, report: Report, failure: Failure, *, now: datetime) -> Report:  # noqa: ARG002 - the port's
        """The ending says why."""
        return report

    def announce(self, report: Report) -> Report:
        """Nobody listens."""
        return report

    def release(self, report: Report, *, not_before: datetime, now: datetime) -> None:
        """There is one attempt."""


class OneFile:
    """Where the document goes; its manifest goes nowhere, for a preview is nobody's evidence."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def open(self, key: str, _content_type: str) -> Iterator["FileSink"]:
        """Write the file whole or not at all."""
        if key.endswith(SUFFIX):
            yield FileSink(io.BytesIO())
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._path.parent, prefix=".rapor-") as scratch:
            unfinished = Path(scratch, self._path.name)
            with unfinished.open("wb") as stream:
                yield FileSink(stream)
            unfinished.replace(self._path)


class FileSink:
    """Passes bytes on, and knows how many and which."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """Of all bytes so far, in hex."""
        return self._hash.hexdigest()

    def write(self, data: bytes, /) -> None:
        """Take some bytes."""
        self._hash.update(data)
        self.size_bytes += len(data)
        self._stream.write(data)
