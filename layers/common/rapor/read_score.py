"""Read a score by either of its names, list and count them: at door A there are no other reports."""

from collections.abc import Iterator
from itertools import islice
from typing import Protocol
from uuid import UUID

from rapor.caller import VIEW, Caller
from rapor.errors import InvalidQuery, NotFound
from rapor.listing import Span
from rapor.read import is_visible
from rapor.report import IdempotencyKey, Report, Scope
from rapor.score import MOST_ROWS, REPORT_TYPE, Query, key_of, our_uuid


class Reports(Protocol):
    """Where reports are read from."""

    def get(self, uuid: UUID) -> Report | None: ...
    def named(self, key: IdempotencyKey) -> UUID | None: ...


class Lists(Protocol):
    """Where reports are listed from."""

    def skim(self, span: Span, *, oldest_first: bool) -> Iterator[Report]: ...


def read_score(name: str, *, caller: Caller, reports: Reports) -> Report:
    """
    Read one score by our uuid, or by the one the caller gave it; what is the caller's own comes first.

    Raises:
        Forbidden: The caller may view nothing.
        NotFound: Absent, somebody else's, hidden, or no score.
    """
    caller.require(VIEW)  # before a row is read
    found = _visible(our_uuid(name), caller, reports)
    if found is None or found.user_id != caller.id:
        found = _visible(reports.named(key_of(caller.id, name)), caller, reports) or found
    if found is None:
        raise NotFound
    return found


def list_scores(query: Query, *, caller: Caller, lists: Lists) -> list[Report]:
    """
    Find the scores that match, from `start` on: everybody's for a general viewer, the caller's own otherwise.

    Reads the rows that come before them, too: it costs by `start`, and by what does not match. What was written a
    moment ago may not be seen yet.

    Raises:
        Forbidden: The caller may view nothing.
        InvalidQuery: Too many rows would have to be looked at.
    """
    return list(islice(_matching(query, caller, lists), query.start, query.start + query.limit))


def count_scores(query: Query, *, caller: Caller, lists: Lists) -> int:
    """
    Count what matches, whatever `start` and `limit`. Reads every row the caller may see.

    Raises:
        Forbidden, InvalidQuery: See `list_scores`.
    """
    return sum(1 for _ in _matching(query, caller, lists))


def _visible(uuid: UUID | None, caller: Caller, reports: Reports) -> Report | None:
    report = reports.get(uuid) if uuid else None
    return report if report and caller.may(VIEW, report) and _is_score(report, caller) else None


def _matching(query: Query, caller: Caller, lists: Lists) -> Iterator[Report]:
    user_id = caller.id if caller.require(VIEW) is Scope.OWN else None
    span = Span(user_id, query.since, query.before)
    for looked_at, report in enumerate(lists.skim(span, oldest_first=query.oldest_first)):
        if looked_at == MOST_ROWS:
            raise InvalidQuery("There are too many reports to look through. Narrow created_at.")
        if _is_score(report, caller) and all(condition.holds(report) for condition in query.conditions):
            yield report


def _is_score(report: Report, caller: Caller) -> bool:
    return report.report_type == REPORT_TYPE and not report.deleted_at and is_visible(report, caller)
