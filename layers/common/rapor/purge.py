"""Remove for good what was deleted long enough ago: first documents and name, then the row that leads to them."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from msgspec.structs import replace

from rapor.errors import Fenced
from rapor.report import IdempotencyKey, Report
from rapor.score import key_of
from rapor.turns import Turn

PER_PURGE = 80  # at some five requests each, well within what the sweep leaves of a minute


class Reports(Protocol):
    """The trash; writes are refused when the report is not any more what was found."""

    def deleted_before(self, moment: datetime, *, limit: int, is_over: Callable[[], bool]) -> Iterator[UUID]: ...
    def get(self, uuid: UUID) -> Report | None: ...
    def change(self, found: Report, changed: Report) -> Report: ...
    def forget(self, key: IdempotencyKey, report: Report) -> None: ...
    def remove(self, found: Report) -> None: ...


class Documents(Protocol):
    """Where documents are kept."""

    def remove_folder(self, folder: str) -> None: ...


def purge_reports(
    *, now: datetime, keep: timedelta, reports: Reports, documents: Documents, turn: Turn, limit: int = PER_PURGE
) -> list[UUID]:
    """Purge at most *limit* reports deleted *keep* ago, as far as the *turn* goes; returns which."""
    purged = []

    def purge(uuid: UUID) -> None:
        report = reports.get(uuid)
        if report and report.deleted_at and report.deleted_at <= now - keep:
            with suppress(Fenced):  # restored meanwhile
                _purge(report, reports, documents)
                purged.append(uuid)

    turn.tend(reports.deleted_before(now - keep, limit=limit, is_over=turn.is_over), purge)
    return purged


def _purge(report: Report, reports: Reports, documents: Documents) -> None:
    """Shut out a restore first: it would find a report whose document is half gone."""
    if not report.purging:
        report = reports.change(report, replace(report, purging=True))
    documents.remove_folder(report.folder)
    if report.client_uuid:  # remembered without end, with the report as it was ordered
        reports.forget(key_of(report.user_id, report.client_uuid), report)
    reports.remove(report)
