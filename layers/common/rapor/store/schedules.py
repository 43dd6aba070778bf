"""
Schedules in the same table; `keys` says what lies where.

Every change is written on condition that the revision is still the one that was found, and makes a new one. What runs
made is noted without one, so that a run and its owner never stand in each other's way.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from rapor.errors import Fenced, StoreUnavailable
from rapor.listing import Position
from rapor.report import IdempotencyKey, Scope, iso, kept
from rapor.schedule import KEPT_RUNS, Notice, PastRun, Pause, Schedule
from rapor.store.faults import refused_item, transient_as_unavailable
from rapor.store.idempotency import in_force, key_item, put_with_key
from rapor.store.items import Item, from_milliseconds, known, plain, typed, update_to
from rapor.store.keys import (
    LAST_KEY,
    SCHEDULE_SHARDS,
    created_key,
    schedule_key,
    schedule_keys,
    schedule_queue,
)
from rapor.store.lists import MOST_PER_GET, rows_of
from rapor.store.table import due_in, endless

TRIES = 5


class ScheduleTable:
    """Schedules, one by one, by owner, and those that are due."""

    def __init__(self, client: BaseClient, name: str) -> None:
        self._client: Any = client
        self._name = name

    def add(self, schedule: Schedule) -> Schedule:
        """Record a new schedule; returns what stands under its uuid, which may have been there before."""
        try:
            with transient_as_unavailable():
                self._client.put_item(
                    TableName=self._name,
                    Item=_row(schedule),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            found = refused_item(error)
            if found is None:  # gone again since
                raise StoreUnavailable from error
            return from_item(found)
        return schedule

    def add_with_key(self, schedule: Schedule, key: IdempotencyKey) -> tuple[Schedule, bool]:
        """
        Record a new schedule, together with its key; the flag says that the key was there first, with what it made.

        Raises:
            KeyReused: The key stands for another body.
        """
        put = {
            "TableName": self._name,
            "Item": _row(schedule),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        item = put_with_key(self._client, put, key, schedule.created_at)
        first = _first_in(item) if item else schedule
        return first, first.uuid != schedule.uuid

    def replayed(self, key: IdempotencyKey, now: datetime) -> Schedule | None:
        """
        Find what the key recorded first, as it was then.

        Raises:
            KeyReused: It was another body.
        """
        item = in_force(key_item(self._client, self._name, key), key, now)
        return _first_in(item) if item else None

    def get(self, uuid: UUID) -> Schedule | None:
        """One schedule, as it is now."""
        with transient_as_unavailable():
            answer = self._client.get_item(TableName=self._name, Key=schedule_key(uuid), ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    def change(self, found: Schedule, changed: Schedule) -> Schedule:
        """
        Make *found* what *changed* says; returns it with its new revision.

        Raises:
            Fenced: It is not any more what was found.
        """
        before = {**to_plain(found), **schedule_queue(found)}
        after = {**to_plain(changed), **schedule_queue(changed), "revision": found.revision + 1}
        update, names, values = update_to(after, before)
        try:
            with transient_as_unavailable():
                answer = self._client.update_item(
                    TableName=self._name,
                    Key=schedule_key(found.uuid),
                    UpdateExpression=update,
                    ConditionExpression="revision = :found",
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=typed(values | {":found": found.revision}),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            row = refused_item(error)
            if row and _says(from_item(row), after):  # was it me?
                return from_item(row)
            raise Fenced from error
        return from_item(answer["Attributes"])

    def remove(self, found: Schedule) -> None:
        """
        Remove the row for good.

        Raises:
            Fenced: It is not any more what was found.
        """
        try:
            with transient_as_unavailable():
                self._client.delete_item(
                    TableName=self._name,
                    Key=schedule_key(found.uuid),
                    ConditionExpression="revision = :found",
                    ExpressionAttributeValues=typed({":found": found.revision}),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if refused_item(error):  # no row: gone, by this very request or one like it
                raise Fenced from error

    def note_run(self, found: Schedule, run: PastRun) -> Schedule:
        """Remember what a run made, with the last few others; one that is known already costs nothing."""
        for _ in range(TRIES):
            if run in found.runs:
                return found
            runs = sorted({*found.runs, run}, key=lambda it: it.scheduled_for)[-KEPT_RUNS:]
            try:
                return self._note(found, {"runs": _plain_runs(runs)})
            except Fenced:
                fresh = self.get(found.uuid)
                if fresh is None:
                    return found
                found = fresh
        raise StoreUnavailable

    def note_problem(self, found: Schedule, code: str) -> None:
        """Remember why the next run made no report."""
        try:
            self._note(found, {"problem": code})
        except Fenced:
            return  # it runs, or it is gone

    def _note(self, found: Schedule, values: Mapping[str, Any]) -> Schedule:
        """Write on condition that the runs are still the same."""
        sets = ", ".join(f"#{name} = :{name}" for name in values)
        condition, names, seen = _with_runs(found.runs)
        try:
            with transient_as_unavailable():
                answer = self._client.update_item(
                    TableName=self._name,
                    Key=schedule_key(found.uuid),
                    UpdateExpression=f"SET {sets}",
                    ConditionExpression=f"attribute_exists(pk) AND {condition}",
                    ExpressionAttributeNames={f"#{name}": name for name in values} | names,
                    ExpressionAttributeValues=typed({f":{k}": v for k, v in values.items()} | seen),
                    ReturnValues="ALL_NEW",
                )
        except ClientError as error:
            refused_item(error)
            raise Fenced from error
        return from_item(answer["Attributes"])

    def count(self, user_id: str, *, limit: int) -> int:
        """How many schedules the user has, counted up to *limit*."""
        with transient_as_unavailable():
            answer = self._client.query(
                TableName=self._name,
                IndexName="by_user",
                Select="COUNT",
                Limit=limit,
                KeyConditionExpression="user_pk = :pk",
                ExpressionAttributeValues=typed({":pk": f"SCHEDULES#{user_id}"}),
            )
        return int(answer["Count"])

    def owned_by(self, user_id: str) -> Iterator[Schedule]:
        """Every schedule of the user's."""
        at: Position | None = None
        while True:
            found = self.page(user_id, at, limit=MOST_PER_GET)
            yield from found
            if len(found) < MOST_PER_GET:
                return
            at = Position(found[-1].created_at, found[-1].uuid)

    def page(self, user_id: str | None, at: Position | None, *, limit: int) -> list[Schedule]:
        """The next schedules of the user's, or of everybody's, newest first; the index may lag a moment behind."""
        index, attribute, pk = ("by_user", "user_pk", f"SCHEDULES#{user_id}")
        if user_id is None:
            index, attribute, pk = ("by_all", "all_pk", "SCHEDULES")
        with transient_as_unavailable():
            answer = self._client.query(
                TableName=self._name,
                IndexName=index,
                Limit=limit,
                ScanIndexForward=False,
                KeyConditionExpression=f"{attribute} = :pk AND created_sk < :last",
                ExpressionAttributeValues=typed(
                    {":pk": pk, ":last": created_key(at.created_at, at.uuid) if at else LAST_KEY}
                ),
            )
        return [from_item(row) for row in rows_of(self._client, self._name, answer["Items"])]

    def due(self, now: datetime, *, limit: int, is_over: Callable[[], bool] = endless) -> Iterator[UUID]:
        """Schedules that somebody has to look after since before *now*: as reports that are due."""
        partitions = [f"SCHEDULE#{shard}" for shard in range(SCHEDULE_SHARDS)]
        return due_in(self._client, self._name, partitions, now, limit, is_over=is_over)


def _row(schedule: Schedule) -> Item:
    """Make the row of a new schedule."""
    return typed({**schedule_keys(schedule), **to_plain(schedule), **schedule_queue(schedule)})


def _first_in(key_row: Item) -> Schedule:
    """What a key made, as it was made."""
    return from_item(key_row["first"]["M"])


def to_plain(schedule: Schedule) -> dict[str, Any]:
    """Everything the row holds of a schedule, without keys and queue."""
    it = schedule
    return {
        "uuid": str(it.uuid),
        "name": it.name,
        "user_id": it.user_id,
        "scope": it.scope.value,
        "report": json.dumps(it.report, ensure_ascii=False, separators=(",", ":")),
        "locale": it.locale,
        "expression": it.expression,
        "timezone": it.timezone,
        "anchor": iso(it.anchor),
        "start": _iso(it.start),
        "end": _iso(it.end),
        "is_active": it.is_active,
        "is_deleted": it.is_deleted or None,
        "pause": {"code": it.pause.code, "message": it.pause.message, "at": iso(it.pause.at)} if it.pause else None,
        "created_at": iso(it.created_at),
        "updated_at": iso(it.updated_at),
        "revision": it.revision,
        "settling_until": _iso(it.settling_until),
        "next_run": _iso(it.next_run),
        "is_skipped": it.is_skipped or None,
        "tries": it.tries,
        "retry_at": _iso(it.retry_at),
        "problem": it.problem,
        "runs": _plain_runs(it.runs),
        "notices": [_plain_notice(notice) for notice in it.notices],
    }


def from_item(item: Item) -> Schedule:
    """Read a row, also one of a newer version, without what is not known here."""
    row = plain(item)
    moments = {name: _moment(row.get(name)) for name in ("start", "end", "settling_until", "next_run", "retry_at")}
    return Schedule(
        uuid=UUID(row["uuid"]),
        name=row["name"],
        user_id=row["user_id"],
        scope=kept(Scope, row["scope"]),
        report=json.loads(row["report"]),
        locale=row["locale"],
        expression=row["expression"],
        timezone=row["timezone"],
        anchor=datetime.fromisoformat(row["anchor"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
        is_active=row["is_active"],
        is_deleted=row.get("is_deleted", False),
        pause=known(Pause, row["pause"], at=datetime.fromisoformat(row["pause"]["at"])) if "pause" in row else None,
        revision=row["revision"],
        is_skipped=row.get("is_skipped", False),
        tries=row["tries"],
        problem=row.get("problem"),
        due_at=from_milliseconds(row.get("due_at")),
        runs=tuple(PastRun(it["scheduled_for"], UUID(it["report"])) for it in row["runs"]),
        notices=tuple(known(Notice, it, at=datetime.fromisoformat(it["at"])) for it in row["notices"]),
        **moments,
    )


def _says(found: Schedule, after: Mapping[str, Any]) -> bool:
    """Whether the row is to the letter what was to be written; runs are noted by others."""
    says = {**to_plain(found), **schedule_queue(found)}
    return all(says[name] == value for name, value in after.items() if name not in {"runs", "problem"})


def _plain_runs(runs: Sequence[PastRun]) -> list[dict[str, str]]:
    return [{"scheduled_for": run.scheduled_for, "report": str(run.report)} for run in runs]


def _with_runs(runs: Sequence[PastRun]) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Make the condition that these are the runs, whatever a newer version says of them; its names and its values."""
    reports = {f":found{number}": str(run.report) for number, run in enumerate(runs)}
    same = ["size(runs) = :count", *(f"runs[{number}].#report = {name}" for number, name in enumerate(reports))]
    return " AND ".join(same), {"#report": "report"} if runs else {}, {":count": len(runs)} | reports


def _plain_notice(notice: Notice) -> dict[str, Any]:
    told = {"kind": notice.kind, "at": iso(notice.at), "code": notice.code, "runs": notice.runs}
    return told | ({"scheduled_for": notice.scheduled_for} if notice.scheduled_for else {})


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
