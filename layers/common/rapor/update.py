"""
Change a report from outside the pipeline: update, retry, cancel, delete, restore.

Each reads the report, decides on what it found, and writes on condition that nothing of it has changed since. Who
loses such a race looks again and decides anew, so every refusal tells of the report as it is now.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from rapor.caller import DELETE, GENERATE, RESTORE, Caller
from rapor.catalogue import Catalogue, ReportType
from rapor.errors import (
    AlreadyFinished,
    Cancelled,
    Conflict,
    Fenced,
    Forbidden,
    Invalid,
    NotFailed,
    NotFound,
    RenderingStarted,
    TooManyUnfinished,
)
from rapor.report import Failure, Order, Report, Scope, Status

TRIES = 5
MORE_ATTEMPTS = 3  # of a retry; attempts only grow, so it is the allowance that does


class Reports(Protocol):
    """The table; a change is refused when the report is not any more what was found."""

    def get(self, uuid: UUID) -> Report | None: ...
    def change(self, found: Report, changed: Report) -> Report: ...
    def count_unfinished(self, user_id: str, *, limit: int) -> int: ...


class Announcer(Protocol):
    """Tells of a report's end: `announce` whatever happens to it then, `send` or else it raises."""

    def announce(self, report: Report) -> Report: ...
    def send(self, report: Report) -> None: ...


class Desk(Struct, frozen=True, kw_only=True):
    """Who changes a report, when, and by which rules."""

    caller: Caller
    now: datetime
    reports: Reports
    catalogue: Catalogue
    announcer: Announcer
    max_unfinished: int


def update_report(uuid: UUID, revised: Callable[[Report], Order], *, desk: Desk) -> Report:
    """
    Make the report what *revised* orders in its place.

    Raises:
        Forbidden: The caller may update nothing, or may not order this type.
        NotFound: Absent, deleted, or somebody else's.
        Invalid: The order is wrong, or claims a status it may not.
        RenderingStarted: It changes what the document is made of, too late.
        TooManyUnfinished: It would queue the report, and its owner has to wait.
        Conflict: Others kept changing it.
    """
    return _changed(uuid, GENERATE, lambda report: _updated(report, revised(report), desk), desk)


def retry_report(uuid: UUID, *, desk: Desk, is_meant: Callable[[Report], bool] = lambda _: True) -> Report:
    """
    Queue a failed report again, as its type is by now; one that has changed meanwhile may not be *meant* any more.

    If its failure may not have been told, that comes first: afterwards nobody could know of it.

    Raises:
        StoreUnavailable: The failure could not be told.
        Forbidden, NotFound, TooManyUnfinished, Conflict: As for an update.
        NotFailed: There is nothing to retry.
        Invalid: The type is gone, or changed so that the report's parameters do not fit it any more.
    """
    return _changed(uuid, GENERATE, lambda report: _retried(report, desk, is_meant), desk)


def cancel_report(uuid: UUID, *, desk: Desk) -> Report:
    """
    End an unfinished report; a worker learns it when it next tells its progress.

    Raises:
        Forbidden, NotFound, Conflict: As for an update.
        AlreadyFinished: There is nothing to cancel.
    """
    return desk.announcer.announce(_changed(uuid, GENERATE, lambda report: _cancelled(report, desk.now), desk))


def delete_report(uuid: UUID, *, desk: Desk) -> Report:
    """
    Put the report into the trash, and cancel it if it has not ended.

    Raises:
        Forbidden, NotFound, Conflict: As for an update.
    """
    return desk.announcer.announce(_changed(uuid, DELETE, lambda report: _deleted(report, desk.now), desk))


def restore_report(uuid: UUID, *, desk: Desk) -> Report:
    """
    Take the report out of the trash, as it went in; one that is not there is as wanted already.

    Raises:
        Forbidden: The caller may restore nothing.
        NotFound: Absent, being purged, or somebody else's.
        Conflict: Others kept changing it.
    """
    return _changed(uuid, RESTORE, lambda report: _restored(report, desk.now), desk)


def _changed(uuid: UUID, permission: str, decide: Callable[[Report], Report], desk: Desk) -> Report:
    desk.caller.require(permission)  # before the row is read
    for _ in range(TRIES):
        found = desk.caller.require_for(permission, desk.reports.get(uuid))
        if found.deleted_at and permission != RESTORE:
            raise NotFound
        changed = decide(found)
        if changed == found:
            return found
        if changed.is_queued and not found.is_queued:
            changed = replace(changed, due_at=None, dispatches=0)
            _check_cap(changed.user_id, desk)
        try:
            return desk.reports.change(found, changed)
        except Fenced:
            continue
    raise Conflict


def _check_cap(user_id: str, desk: Desk) -> None:
    if desk.reports.count_unfinished(user_id, limit=desk.max_unfinished) >= desk.max_unfinished:
        raise TooManyUnfinished


def _updated(report: Report, order: Order, desk: Desk) -> Report:
    _check_status(report, order.status, desk.caller)
    updated = replace(report, title=order.title, status=order.status, is_active=order.is_active)
    if _content(order) != _content(report):
        if report.imported or report.status is not Status.PENDING:
            raise RenderingStarted(_of_history(report, "changed but for its title, status and is_active"))
        updated = _reordered(updated, order, desk)
    elif updated.is_queued and not report.is_queued:
        updated = _renewed(updated, desk)
    return updated if updated == report else replace(updated, updated_at=desk.now)


def _check_status(report: Report, status: Status, caller: Caller) -> None:
    """Only imports have a status that clients may change, and none may come to wait for a worker."""
    is_history = report.imported and caller.scope_of(GENERATE) is Scope.ALL and status is not Status.PENDING
    if status is not report.status and not is_history:
        raise Invalid({"status": [f"The status field must be {report.status}."]})


def _content(it: Report | Order) -> tuple[object, ...]:
    """What the document is made of."""
    return it.report_type, it.parameters, it.format, it.options


def _of_history(report: Report, deed: str) -> str | None:
    """Say what cannot be done to a report made elsewhere, of which the usual words may be untrue."""
    return f"The report was made elsewhere: it cannot be {deed}." if report.imported else None


def _reordered(report: Report, order: Order, desk: Desk) -> Report:
    reordered = replace(
        report,
        report_type=order.report_type,
        parameters=order.parameters,
        format=order.format,
        options=order.options,
        locale=order.locale,
    )
    return _renewed(reordered, desk)


def _retried(report: Report, desk: Desk, is_meant: Callable[[Report], bool]) -> Report:
    if not report.is_finished or not report.may_become(Status.PENDING) or not is_meant(report):
        raise NotFailed(_of_history(report, "retried"))
    retried = _renewed(_unstarted(report, desk.now), desk)
    if report.unannounced:
        desk.announcer.send(report)
    return retried


def _unstarted(report: Report, now: datetime) -> Report:
    return replace(
        report,
        status=Status.PENDING,
        max_attempts=report.attempt + MORE_ATTEMPTS,
        updated_at=now,
        not_before=None,
        owner=None,
        started_at=None,
        finished_at=None,
        unannounced=False,
        progress=None,
        error=None,
    )


def _renewed(report: Report, desk: Desk) -> Report:
    """
    Fit what is to be rendered to its type as it is by now, for workers know no older one, and to who wants it.

    It never holds more than was ordered, nor more than the caller may see.
    """
    report_type = _type_of(report, desk.catalogue)
    sent = {name: value for name, value in report.parameters.items() if value is not None}
    if report.type_version != report_type.version and not report_type.parameters_validator.is_valid(sent):
        raise Invalid({"parameters": ["The parameters do not fit the report type any more."]})
    scope = Scope.OWN if desk.caller.require(GENERATE) is Scope.OWN else report.scope
    if scope is Scope.OWN and not report_type.open_to_own:
        raise Forbidden
    return replace(report, type_version=report_type.version, lane=report_type.lane, scope=scope)


def _type_of(report: Report, catalogue: Catalogue) -> ReportType:
    report_type = catalogue.get(report.report_type)
    if report_type is None:
        raise Invalid({"report_type": ["The selected report type is invalid."]})
    return report_type


def _cancelled(report: Report, now: datetime) -> Report:
    if not report.may_become(Status.FAILED):
        raise AlreadyFinished(_of_history(report, "cancelled"))
    error = Cancelled("The report was cancelled.")
    return replace(
        report,
        status=Status.FAILED,
        error=Failure(error.code, str(error), error.retryable, report.attempt),
        finished_at=now,
        unannounced=True,
        updated_at=now,
        not_before=None,
        owner=None,
        lease_until=None,
    )


def _deleted(report: Report, now: datetime) -> Report:
    ended = _cancelled(report, now) if report.may_become(Status.FAILED) else report
    return replace(ended, deleted_at=now, updated_at=now)


def _restored(report: Report, now: datetime) -> Report:
    if report.purging:
        raise NotFound
    return replace(report, deleted_at=None, updated_at=now) if report.deleted_at else report
