"""
Find what lost its hint, every minute.

A report that is due was forgotten: its stream record was lost, its worker died, or its time to try again has
come. Nothing here is needed for a report to be right, only for it to be done. A sweep that stood still for hours
must not fail good reports, so a report nobody ever claimed is given up only after many dispatches.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from msgspec import Struct, field

from rapor.errors import AttemptsExhausted, Fenced
from rapor.report import Failure, Report, Status
from rapor.turns import Turn

DISPATCH_BACKOFF = timedelta(minutes=2)
LONGEST_BACKOFF = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=24)
GIVE_UP_DISPATCHES = 24
PER_SWEEP = 500


class Reports(Protocol):
    """The open index, and the sweep's conditional writes."""

    def due(self, now: datetime, *, limit: int, is_over: Callable[[], bool]) -> Iterator[UUID]: ...
    def get(self, uuid: UUID) -> Report | None: ...
    def dispatch(self, report: Report, *, due_at: datetime) -> None: ...
    def reclaim(self, report: Report, *, due_at: datetime, now: datetime) -> None: ...
    def exhaust(self, report: Report, failure: Failure, *, now: datetime) -> None: ...
    def dequeue(self, report: Report) -> None: ...


class Repair(StrEnum):
    """What the sweep did for a report."""

    DISPATCHED = "dispatched"
    RECLAIMED = "reclaimed"
    EXHAUSTED = "exhausted"
    DEQUEUED = "dequeued"
    LEFT = "left"


class Sweep(Struct, frozen=True):
    """What one sweep did: how often what, which reports still wait for a worker, and which it gave up."""

    repairs: dict[Repair, int] = field(default_factory=lambda: dict.fromkeys(Repair, 0))
    waiting: list[Report] = field(default_factory=list)
    exhausted: list[UUID] = field(default_factory=list)


def sweep_reports(*, now: datetime, reports: Reports, turn: Turn, limit: int = PER_SWEEP) -> Sweep:
    """Repair at most *limit* reports that are due; what this *turn* does not see to is the next minute's."""
    sweep = Sweep()

    def see_to(uuid: UUID) -> None:
        report = reports.get(uuid)
        repair = _repair(report, now, reports)
        sweep.repairs[repair] += 1
        if report and repair is Repair.DISPATCHED:
            sweep.waiting.append(report)
        if repair is Repair.EXHAUSTED:
            sweep.exhausted.append(uuid)

    turn.tend(reports.due(now, limit=limit, is_over=turn.is_over), see_to)
    return sweep


def _repair(report: Report | None, now: datetime, reports: Reports) -> Repair:
    if report is None or not _is_due(report, now):
        return Repair.LEFT  # the index lags behind the table
    try:
        if _is_put_aside(report):
            reports.dequeue(report)
            return Repair.DEQUEUED
        if _is_hopeless(report, now):
            error = AttemptsExhausted("The report was tried as often as allowed and no attempt came to an end.")
            reports.exhaust(report, Failure(error.code, str(error), error.retryable, report.attempt), now=now)
            return Repair.EXHAUSTED
        due_at = now + min(DISPATCH_BACKOFF * 2 ** min(report.dispatches, 10), LONGEST_BACKOFF)
        if report.status is Status.PROCESSING:
            reports.reclaim(report, due_at=due_at, now=now)
            return Repair.RECLAIMED
        reports.dispatch(report, due_at=due_at)
    except Fenced:
        return Repair.LEFT
    return Repair.DISPATCHED


def _is_hopeless(report: Report, now: datetime) -> bool:
    if report.attempt >= report.max_attempts:
        return True
    return report.dispatches >= GIVE_UP_DISPATCHES and now - report.created_at > GIVE_UP_AFTER


def _is_due(report: Report, now: datetime) -> bool:
    return (report.is_queued or _is_put_aside(report)) and report.due_at is not None and report.due_at <= now


def _is_put_aside(report: Report) -> bool:
    """Made inactive while a worker had it, who gave it back since."""
    return report.status is Status.PENDING and not report.is_active and not report.imported and not report.deleted_at
