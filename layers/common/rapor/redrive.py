"""Take up failed reports again, many at once: what an operator does once the reason why they failed is mended."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from rapor.errors import RequestError
from rapor.listing import Span
from rapor.report import Report, Status
from rapor.update import Desk, retry_report


class Lists(Protocol):
    """Where reports are looked for."""

    def walk(self, span: Span, *, oldest_first: bool) -> Iterator[Report]: ...


class Selection(Struct, frozen=True, kw_only=True):
    """Which failed reports: those that failed with *code*, and were ordered from *since* on and before *before*."""

    code: str
    since: datetime
    before: datetime
    report_type: str | None = None

    def takes(self, report: Report) -> bool:
        """Whether it is one of them; what was made elsewhere or is in the trash never is."""
        if report.status is not Status.FAILED or report.imported or report.deleted_at or report.error is None:
            return False
        return report.error.code == self.code and self.report_type in {None, report.report_type}


class Redriven(Struct, frozen=True):
    """A report as it is now, and why it was refused, if it was."""

    report: Report
    refused: str | None = None


def failed_reports(selection: Selection, *, lists: Lists) -> Iterator[Report]:
    """
    Find them, oldest first.

    Raises:
        StoreUnavailable: The table could not be read.
    """
    span = Span(None, selection.since, selection.before)
    return filter(selection.takes, lists.walk(span, oldest_first=True))


def redrive(
    reports: Iterable[Report], selection: Selection, *, desk: Desk, clock: Callable[[], datetime]
) -> Iterator[Redriven]:
    """
    Queue each of the *reports* again with new attempts, as a client's retry would, and tell of it at once.

    One that somebody took up or deleted since it was found is refused, and so is one whose owner has too many
    unfinished reports.

    Raises:
        StoreUnavailable: The table could not be read or written; what was told of is done.
    """
    for report in reports:
        try:
            queued = retry_report(report.uuid, desk=replace(desk, now=clock()), is_meant=selection.takes)
        except RequestError as error:
            yield Redriven(report, error.code)
        else:
            yield Redriven(queued)
