"""List, detail, download, manifest: only what the caller may see, and never whether the rest exists."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from rapor.caller import DELETE, EXPORT, GENERATE, VIEW, Caller
from rapor.errors import DocumentExpired, NotCompleted, NotFound
from rapor.listing import Listing, Page, Position, Span
from rapor.manifest import manifest_key
from rapor.report import Report, Result, Scope

LINK_LIFETIME = timedelta(minutes=5)


class Reports(Protocol):
    """Where reports are read from."""

    def get(self, uuid: UUID) -> Report | None: ...


class Lists(Protocol):
    """Where reports are listed from."""

    def page(self, span: Span, at: Position | None, *, limit: int, matches: Callable[[Report], bool]) -> Page: ...


class Documents(Protocol):
    """Where documents are handed out."""

    def link(self, key: str, *, file_name: str, content_type: str, lifetime: timedelta) -> str: ...
    def read(self, key: str) -> bytes: ...


class Shelf(Struct, frozen=True):
    """Where documents are found, and how long the bucket keeps one from its report's end on, as things are now."""

    reports: Reports
    documents: Documents
    retention: timedelta


def list_reports(listing: Listing, *, caller: Caller, lists: Lists) -> Page:
    """
    Read one page: everybody's reports for a general viewer, the caller's own otherwise.

    It holds nothing that the caller could not read one by one, but for the trash: whoever may put a report there may
    see that it is there.

    Raises:
        Forbidden: The caller may view nothing, or asks for deleted reports and may delete nothing.
    """
    scope, filters = caller.require(VIEW), listing.filters
    if filters.with_trashed:
        caller.require(DELETE)
    span = Span(caller.id if scope is Scope.OWN else None, filters.since, filters.before)

    def matches(report: Report) -> bool:
        is_shown = caller.may(DELETE, report) if report.deleted_at else True
        return filters.match(report) and is_shown and _is_active_for(report, caller)

    return lists.page(span, listing.at, limit=listing.per_page, matches=matches)


def read_report(uuid: UUID, *, caller: Caller, reports: Reports) -> Report:
    """
    Read one report.

    Raises:
        Forbidden: The caller may view nothing.
        NotFound: Absent, somebody else's, or hidden.
    """
    return _found(uuid, VIEW, caller, reports)


def link_to_document(uuid: UUID, *, caller: Caller, now: datetime, shelf: Shelf) -> tuple[str, datetime]:
    """
    Sign a link to the document now, and say until when it works.

    Raises:
        Forbidden: The caller may export nothing.
        NotFound: Absent, somebody else's, or hidden.
        NotCompleted: There is no document (yet).
        DocumentExpired: There was one.
    """
    report = _found(uuid, EXPORT, caller, shelf.reports)
    result = _document_of(report, now, shelf)
    link = shelf.documents.link(
        result.key,
        file_name=f"{report.title}.{report.format.extension}",
        content_type=result.content_type,
        lifetime=LINK_LIFETIME,
    )
    return link, now + LINK_LIFETIME


def read_manifest(uuid: UUID, *, caller: Caller, now: datetime, shelf: Shelf) -> bytes:
    """
    Read what the document is, as it was written beside it.

    Raises:
        RequestError: As `link_to_document`.
    """
    result = _document_of(_found(uuid, EXPORT, caller, shelf.reports), now, shelf)
    return shelf.documents.read(manifest_key(result.key))


def _found(uuid: UUID, permission: str, caller: Caller, reports: Reports) -> Report:
    caller.require(permission)  # before the row is read
    report = caller.require_for(permission, reports.get(uuid))
    if not is_visible(report, caller):
        raise NotFound
    return report


def _document_of(report: Report, now: datetime, shelf: Shelf) -> Result:
    if report.result is None:
        raise NotCompleted("The report has no document: it was made elsewhere." if report.imported else None)
    # The bucket forgets by today's rule, which may be stricter than the one in the report.
    if now >= min(report.result.expires_at, (report.finished_at or report.result.as_of) + shelf.retention):
        raise DocumentExpired
    return report.result


def is_visible(report: Report, caller: Caller) -> bool:
    """Inactive and deleted reports are there only for those who may update them."""
    return _is_active_for(report, caller) and (not report.deleted_at or caller.may(GENERATE, report))


def _is_active_for(report: Report, caller: Caller) -> bool:
    return report.is_active or caller.may(GENERATE, report)
