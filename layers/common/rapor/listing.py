"""What can be asked of a list of reports, and the pages it is answered in."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from rapor.report import Format, Report, Status

DOTTED_I = "i\u0307"  # what İ becomes in lower case


class Position(Struct, frozen=True):
    """
    A cut through a list, just older than the report it names, whether or not that is still there.

    A page leads on from it to older reports or, `backwards`, to newer ones, of which the one named is the oldest.
    """

    created_at: datetime
    uuid: UUID
    backwards: bool = False


class Page(Struct, frozen=True):
    """Reports newest first, and where to go on; a page may be short, even empty, and `following` lead to more."""

    reports: Sequence[Report]
    following: Position | None
    preceding: Position | None


class Span(Struct, frozen=True):
    """Whose reports, everybody's if nobody is named, created from *since* on and before *before*."""

    user_id: str | None
    since: datetime | None = None
    before: datetime | None = None


class Filters(Struct, frozen=True, kw_only=True):
    """What a list is narrowed to; None narrows nothing. `search` is a part of the title."""

    search: str | None = None
    report_type: str | None = None
    status: Status | None = None
    format: Format | None = None
    is_active: bool | None = None
    since: datetime | None = None
    before: datetime | None = None
    with_trashed: bool = False

    def match(self, report: Report) -> bool:
        """Whether the report is one of those asked for; its time is the span's affair."""
        return (
            self.report_type in {None, report.report_type}
            and self.status in {None, report.status}
            and self.format in {None, report.format}
            and self.is_active in {None, report.is_active}
            and (self.with_trashed or report.deleted_at is None)
            and (self.search is None or folded(self.search) in folded(report.title))
        )


class Listing(Struct, frozen=True):
    """One page of a list, as a client asks for it."""

    filters: Filters
    at: Position | None
    per_page: int


def folded(text: str) -> str:
    """Text as it is searched: whatever its case, dotted or not, each i is one; people type the one they have."""
    return unicodedata.normalize("NFKC", text).casefold().replace(DOTTED_I, "i").replace("ı", "i")
