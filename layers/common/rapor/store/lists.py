"""
Reports in the order of their creation, read step by step; `keys` says what lies where.

The indexes hold keys only: a step is a query for keys and one `BatchGetItem` for the rows, which it reads as they are
now, but for those who skim.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from botocore.client import BaseClient
from msgspec.structs import replace

from rapor.listing import Page, Position, Span
from rapor.report import Report, iso
from rapor.store.faults import transient_as_unavailable
from rapor.store.items import Item, from_item, typed
from rapor.store.keys import ALL_SHARDS, FIRST_KEY, LAST_KEY, created_key, report_key

MOST_PER_GET = 100  # BatchGetItem's limit
ROWS_PER_REPORT = 10  # a page of n looks at 10 n rows for them,
MOST_ROWS = 500  # and never at more than these
# What a score is listed and found by, and a report cannot be read without. The parser takes its time for each value,
# and half of a row's are in its result and its progress: what is skimmed costs two fifths of what is read.
SKIMMED = (
    "pk", "id", "uuid", "title", "report_type", "type_version", "parameters", "format", "status", "is_active",
    "user_id", "scope", "type_lane", "locale", "created_at", "updated_at", "imported", "record", "client_uuid",
    "published_at", "attempt", "max_attempts", "dispatches", "deleted_at", "error",
)  # fmt: skip
WHOLE: Mapping[str, Any] = {"ConsistentRead": True}
SKIM: Mapping[str, Any] = {  # half the price once more, for reads that may be a moment old
    "ConsistentRead": False,
    "ProjectionExpression": ", ".join(f"#{name}" for name in SKIMMED),
    "ExpressionAttributeNames": {f"#{name}": name for name in SKIMMED},
}


class ReportLists:
    """Every report of one user, or of everybody."""

    def __init__(self, client: BaseClient, name: str) -> None:
        self._client: Any = client
        self._name = name

    def page(self, span: Span, at: Position | None, *, limit: int, matches: Callable[[Report], bool]) -> Page:
        """
        Find the next *limit* reports that match.

        However large the table is, a page looks at ten rows for each report it may hold, at 500 at most, and then
        ends, however few it has found.
        """
        backwards = at is not None and at.backwards
        reports = self.walk(span, at, oldest_first=backwards, step=limit + 1)
        found: list[Report] = []
        last: Report | None = None
        for last in islice(reports, min(limit * ROWS_PER_REPORT, MOST_ROWS)):
            if matches(last):
                found.append(last)
            if len(found) == limit:
                break
        beyond = next(reports, None)
        if backwards:
            return Page(found[::-1], _turned(at), _cut_at(beyond, backwards=True))
        return Page(found, _cut_at(last) if beyond else None, _turned(at))

    def walk(
        self, span: Span, at: Position | None = None, *, oldest_first: bool = False, step: int = MOST_PER_GET
    ) -> Iterator[Report]:
        """
        Go through the reports of *span* from *at* on, newest first or oldest first.

        Rows are read when they are asked for, *step* of them at once and then ever more, so whoever stops early has
        read little more than was used.
        """
        return self._walked(span, at, WHOLE, oldest_first=oldest_first, step=step)

    def skim(self, span: Span, *, oldest_first: bool) -> Iterator[Report]:
        """
        Go through the reports of *span* as they were a moment ago, without their progress, result and lease.

        For whoever looks at thousands to show a few of them.
        """
        return self._walked(span, None, SKIM, oldest_first=oldest_first, step=MOST_PER_GET)

    def _walked(
        self, span: Span, at: Position | None, how: Mapping[str, Any], *, oldest_first: bool, step: int
    ) -> Iterator[Report]:
        shards = [self._keys(query, step) for query in _queries(span, at, oldest_first=oldest_first)]
        keys = heapq.merge(*shards, key=lambda item: item["created_sk"]["S"], reverse=not oldest_first)
        for size in _growing(step):
            some = list(islice(keys, size))
            if not some:
                return
            yield from self._reports(some, how)

    def found(self, uuids: Iterable[UUID]) -> dict[UUID, Report]:
        """Those of the reports that there are, as they are now."""
        return {report.uuid: report for report in self._reports([report_key(uuid) for uuid in uuids], WHOLE)}

    def _keys(self, query: dict[str, Any], step: int) -> Iterator[Item]:
        for size in _growing(step):
            with transient_as_unavailable():
                answer = self._client.query(TableName=self._name, Limit=size, **query)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _reports(self, keys: Sequence[Item], how: Mapping[str, Any]) -> Iterator[Report]:
        return map(from_item, rows_of(self._client, self._name, keys, how))


def rows_of(client: Any, table: str, keys: Sequence[Item], how: Mapping[str, Any] = WHOLE) -> Iterator[Item]:
    """Rows in the order of *keys*; a row that went meanwhile is left out."""
    wanted = [{"pk": key["pk"], "sk": key["sk"]} for key in keys]
    rows: dict[str, Item] = {}
    for start in range(0, len(wanted), MOST_PER_GET):
        rows |= {item["pk"]["S"]: item for item in _batch(client, table, wanted[start : start + MOST_PER_GET], how)}
    return (rows[key["pk"]["S"]] for key in wanted if key["pk"]["S"] in rows)


def _batch(client: Any, table: str, keys: Sequence[Item], how: Mapping[str, Any]) -> Iterator[Item]:
    wanted: dict[str, Any] = {table: {"Keys": keys, **how}}
    while wanted:
        with transient_as_unavailable():
            answer = client.batch_get_item(RequestItems=wanted)
        yield from answer["Responses"].get(table, [])
        wanted = answer.get("UnprocessedKeys") or {}


def _queries(span: Span, at: Position | None, *, oldest_first: bool) -> Iterator[dict[str, Any]]:
    """One query a partition; everybody's reports lie in several."""
    low, high = _bounds(span, at, oldest_first=oldest_first)
    index, attribute, partitions = (
        ("by_user", "user_pk", [f"USER#{span.user_id}"])
        if span.user_id is not None
        else ("by_all", "all_pk", [f"ALL#{shard}" for shard in range(ALL_SHARDS)])
    )
    for pk in partitions if low <= high else []:
        yield {
            "IndexName": index,
            "ScanIndexForward": oldest_first,
            "KeyConditionExpression": f"{attribute} = :pk AND created_sk BETWEEN :low AND :high",
            "ExpressionAttributeValues": typed({":pk": pk, ":low": low, ":high": high}),
        }


def _bounds(span: Span, at: Position | None, *, oldest_first: bool) -> tuple[str, str]:
    """The lowest and the highest key that is wanted."""
    low = iso(span.since) if span.since else FIRST_KEY
    high = _just_below(iso(span.before)) if span.before else LAST_KEY
    if at is None:
        return low, high
    cut = created_key(at.created_at, at.uuid)
    return (max(low, cut), high) if oldest_first else (low, min(high, _just_below(cut)))


def _just_below(key: str) -> str:
    """Text above every lower key; keys are alike in form, so that none comes between."""
    return key[:-1] + chr(ord(key[-1]) - 1)


def _growing(step: int) -> Iterator[int]:
    while True:
        yield step
        step = min(2 * step, MOST_PER_GET)


def _turned(at: Position | None) -> Position | None:
    return replace(at, backwards=not at.backwards) if at else None


def _cut_at(report: Report | None, *, backwards: bool = False) -> Position | None:
    return Position(report.created_at, report.uuid, backwards=backwards) if report else None
