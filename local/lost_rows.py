"""
Rows of a restored table, and which of them go back into the table that runs.

A restored table has what was there at a moment, also what was rightly removed since: the audit trail knows of that. Of
the rest, what is in the running table is newer and stays, unless an operator names it; names that clients gave their
scores follow their reports; and what is only remembered for hours (idempotency keys, a function's notes) stays away.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError
from msgspec import Struct
from msgspec.structs import replace

from rapor.errors import Fenced
from rapor.schedule import Schedule
from rapor.settling import planned
from rapor.store.faults import refused_item
from rapor.store.lists import MOST_PER_GET
from rapor.store.schedules import ScheduleTable
from rapor.store.schedules import from_item as schedule_in

Item = dict[str, Any]
AUDIT = '{ $.message = "audit" }'
MOST_SUCCESSFUL = 399
REMOVES = {"report.delete": "report", "report.purge": "report", "schedule.delete": "schedule"}
RETURNS = {"report.restore": "report"}


class Fate(StrEnum):
    """What becomes of a row."""

    BACK = "back"
    INSTEAD = "instead"
    THERE = "there"
    REMOVED = "removed"
    CHANGED = "changed"


class Row(Struct, frozen=True):
    """A report, a schedule, or a score's name, and what becomes of it; `uuid` is whose it is."""

    kind: str
    uuid: str
    item: Item
    fate: Fate


class Wanted(Struct, frozen=True, kw_only=True):
    """
    What an operator asks for.

    Without `only` everything that is missing; `instead` are those whose old row shall replace the one that is there.
    `removed` were taken away rightly since.
    """

    removed: frozenset[str]
    only: frozenset[str] = frozenset()
    instead: frozenset[str] = frozenset()

    def concerns(self, uuid: str) -> bool:
        """Whether it is about this one."""
        return not (self.only or self.instead) or uuid in self.only | self.instead

    def fate(self, uuid: str, item: Item, *, is_there: bool) -> Fate:
        """What becomes of a row; a removal that was under way at the moment of the restore is one."""
        if uuid in self.removed or "purging" in item or "is_deleted" in item:
            return Fate.REMOVED
        if is_there:
            return Fate.INSTEAD if uuid in self.instead and "uuid" in item else Fate.THERE
        return Fate.BACK


def removed_by(entries: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Say which reports and schedules the trail, given by time, leaves deleted or purged."""
    removed: set[str] = set()
    for entry in entries:
        if (entry.get("status") or 0) > MOST_SUCCESSFUL:
            continue
        if entry["action"] in REMOVES:
            removed.add(entry[REMOVES[entry["action"]]])
        elif entry["action"] in RETURNS:
            removed.discard(entry[RETURNS[entry["action"]]])
    return frozenset(removed)


def trail(logs: Any, groups: Iterable[str], since: datetime) -> list[Mapping[str, Any]]:
    """Read the audit trail's entries, in the order of their time."""
    found: list[tuple[int, Mapping[str, Any]]] = []
    for group in groups:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(since.timestamp() * 1000), filterPattern=AUDIT
        )
        events = (event for page in pages for event in page["events"])
        found += ((event["timestamp"], entry) for event in events if (entry := _entry(event["message"])))
    return [entry for _, entry in sorted(found, key=lambda it: it[0])]


def _entry(line: str) -> Mapping[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    entry: Mapping[str, Any] | None = told.get("audit") if isinstance(told, dict) else None
    return entry


def rows(client: Any, restored: str, table: str, wanted: Wanted) -> Iterator[Row]:
    """Read the restored table, every row that may go back."""
    pages = client.get_paginator("scan").paginate(TableName=restored, ConsistentRead=True)
    named = ((item, *of) for page in pages for item in page["Items"] if (of := _whose(item)) and wanted.concerns(of[1]))
    while some := list(islice(named, MOST_PER_GET)):
        there = _there(client, table, [item for item, *_ in some])
        for item, kind, uuid in some:
            yield Row(kind, uuid, item, wanted.fate(uuid, item, is_there=item["pk"]["S"] in there))


def _whose(item: Item) -> tuple[str, str] | None:
    """Kind and uuid; None of what does not go back."""
    kind, _, rest = item["pk"]["S"].partition("#")
    if kind in {"REPORT", "SCHEDULE"}:
        return kind.lower(), rest
    if kind == "KEY" and rest.startswith("A#"):
        return "name", item["first"]["M"]["uuid"]["S"]
    return None


def _there(client: Any, table: str, items: Iterable[Item]) -> set[str]:
    asked: Any = {table: {"Keys": [{"pk": it["pk"], "sk": it["sk"]} for it in items], "ProjectionExpression": "pk"}}
    found: set[str] = set()
    while asked:
        answer = client.batch_get_item(RequestItems=asked)
        found |= {item["pk"]["S"] for item in answer["Responses"].get(table, [])}
        asked = answer.get("UnprocessedKeys")
    return found


class PuttingBack:
    """Writes rows into the running table, each on condition that nothing has happened to it meanwhile."""

    def __init__(self, client: Any, table: str, now: datetime) -> None:
        self._client, self._table, self._now = client, table, now
        self._schedules = ScheduleTable(client, table)

    def put(self, row: Row) -> Fate:
        """Put it back, or in the place of what is there; what has changed since it was looked at stays."""
        if row.fate not in {Fate.BACK, Fate.INSTEAD}:
            return row.fate
        if row.kind == "schedule":
            return self._put_schedule(row)
        if row.fate is Fate.INSTEAD:
            return self._replace(row)
        return row.fate if self._write(row.item, "attribute_not_exists(pk)", {}) else Fate.CHANGED

    def _replace(self, row: Row) -> Fate:
        """Only what no worker has in hand, and as something that nobody has seen: whoever read the old one is late."""
        key = {"pk": row.item["pk"], "sk": row.item["sk"]}
        there = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})
        seen = {name: there[name] for name in ("updated_at", "attempt", "status") if name in there}
        is_idle = there.get("status", {}).get("S") in {"pending", "completed", "failed"}
        condition = " AND ".join(f"#{name} = :{name}" for name in seen)
        item = row.item | {"revision": {"S": uuid4().hex}}
        return row.fate if is_idle and self._write(item, condition, seen) else Fate.CHANGED

    def _write(self, item: Item, condition: str, seen: Mapping[str, Any]) -> bool:
        names = {"ExpressionAttributeNames": {f"#{it}": it for it in seen}} if seen else {}
        values = {"ExpressionAttributeValues": {f":{it}": value for it, value in seen.items()}} if seen else {}
        try:
            self._client.put_item(TableName=self._table, Item=item, ConditionExpression=condition, **names, **values)
        except ClientError as error:
            refused_item(error)
            return False
        return True

    def _put_schedule(self, row: Row) -> Fate:
        """Its runs begin anew from now on: those between are nobody's any more. The sweep tells the Scheduler of it."""
        old = self._from_now_on(schedule_in(row.item))
        if row.fate is Fate.BACK:
            return row.fate if self._schedules.add(old) == old else Fate.CHANGED
        found = self._schedules.get(old.uuid)
        if found is None:
            return Fate.CHANGED
        try:
            self._schedules.change(found, old)
        except Fenced:
            return Fate.CHANGED
        return row.fate

    def _from_now_on(self, schedule: Schedule) -> Schedule:
        return replace(planned(schedule, self._now), settling_until=self._now, due_at=self._now)
