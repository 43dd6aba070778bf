"""Fakes that keep state, for what schedules need beside reports."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from botocore.exceptions import ClientError
from msgspec.structs import replace

from local.scheduler import Entry
from local.template import Schedule as Declared
from rapor.errors import Fenced
from rapor.listing import Position
from rapor.report import IdempotencyKey
from rapor.schedule import KEPT_RUNS, PastRun, Schedule


class FakeSchedules:
    """A table of schedules."""

    def __init__(self, *schedules: Schedule) -> None:
        self.rows = {schedule.uuid: schedule for schedule in schedules}
        self.keys: dict[IdempotencyKey, Schedule] = {}

    def add(self, schedule: Schedule) -> Schedule:
        return self.rows.setdefault(schedule.uuid, schedule)

    def add_with_key(self, schedule: Schedule, key: IdempotencyKey) -> tuple[Schedule, bool]:
        if first := self.replayed(key, schedule.created_at):
            return first, True
        self.keys[key] = schedule
        return self.add(schedule), False

    def replayed(self, key: IdempotencyKey, now: datetime) -> Schedule | None:
        return self.keys.get(key)

    def get(self, uuid: UUID) -> Schedule | None:
        return self.rows.get(uuid)

    def change(self, found: Schedule, changed: Schedule) -> Schedule:
        row = self._same(found)
        self.rows[found.uuid] = replace(changed, revision=row.revision + 1, runs=changed.runs or row.runs)
        return self.rows[found.uuid]

    def remove(self, found: Schedule) -> None:
        self._same(found)
        del self.rows[found.uuid]

    def _same(self, found: Schedule) -> Schedule:
        row = self.rows.get(found.uuid)
        if row is None or row.revision != found.revision:
            raise Fenced
        return row

    def count(self, user_id: str, *, limit: int) -> int:
        return len(list(self.owned_by(user_id)))

    def owned_by(self, user_id: str) -> Iterator[Schedule]:
        return (row for row in list(self.rows.values()) if row.user_id == user_id)

    def page(self, user_id: str | None, at: Position | None, *, limit: int) -> list[Schedule]:
        return [row for row in self.rows.values() if user_id in {None, row.user_id}][:limit]

    def due(self, now: datetime, *, limit: int, is_over: Callable[[], bool]) -> Iterator[UUID]:
        due = sorted((row.due_at, row.uuid) for row in self.rows.values() if row.due_at and row.due_at <= now)
        return (uuid for _, uuid in due[:limit])

    def note_run(self, found: Schedule, run: PastRun) -> Schedule:
        row = self.rows[found.uuid]
        runs = sorted({*row.runs, run}, key=lambda it: it.scheduled_for)[-KEPT_RUNS:]
        self.rows[found.uuid] = replace(row, runs=tuple(runs))
        return replace(found, runs=tuple(runs))

    def note_problem(self, found: Schedule, code: str) -> None:
        self.rows[found.uuid] = replace(self.rows[found.uuid], problem=code)


class FakeEventBridge:
    """A client of EventBridge Scheduler, and what the local one fires from."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, Any]] = {}
        self.started: list[str] = []
        self.refuses: str | None = None  # code of the error with which every call is answered
        self.calls = 0

    def create_schedule(self, **entry: Any) -> None:
        self._answer()
        if entry["Name"] in self.entries:
            raise _error("ConflictException")
        self._keep(entry)

    def update_schedule(self, **entry: Any) -> None:
        self._answer()
        self._named(entry["Name"])
        self._keep(entry)

    def delete_schedule(self, *, GroupName: str, Name: str) -> None:  # noqa: N803 - the API's
        self._answer()
        self._named(Name)
        del self.entries[Name]

    def _keep(self, entry: dict[str, Any]) -> None:
        self.entries[entry["Name"]] = entry
        if entry["ScheduleExpression"].startswith("at(") and "T" in entry["Name"]:
            self.started.append(json.loads(entry["Target"]["Input"])["scheduled_for"])

    def _named(self, name: str) -> None:
        if name not in self.entries:
            raise _error("ResourceNotFoundException")

    def _answer(self) -> None:
        self.calls += 1
        if self.refuses:
            raise _error(self.refuses)

    def all(self) -> list[Entry]:
        return [self._entry(it) for it in self.entries.values()]

    def remove(self, entry: Entry) -> None:
        del self.entries[entry.schedule.name]

    @staticmethod
    def _entry(it: dict[str, Any]) -> Entry:
        declared = Declared(
            it["Name"],
            it["Target"]["Arn"],
            it["ScheduleExpression"],
            it["ScheduleExpressionTimezone"],
            is_enabled=True,
            input=it["Target"]["Input"],
        )
        start, end = (it[name].timestamp() if name in it else None for name in ("StartDate", "EndDate"))
        return Entry(declared, it["GroupName"], start, end, is_deleted_after=True)


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "Schedule")
