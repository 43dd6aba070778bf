"""
One DynamoDB table: the truth about every report; `keys` says what lies where.

The database decides every race: each write is conditional. When the SDK repeats a write whose answer was lost,
the repetition fails on our own first try, so every refused write asks *was it me?* before it believes so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from rapor.errors import Fenced, StoreUnavailable
from rapor.report import Failure, IdempotencyKey, Origin, Progress, Report, Result, Status, iso
from rapor.store.faults import refused_item, transient_as_unavailable
from rapor.store.idempotency import in_force, key_item, put_of_key, put_with_key
from rapor.store.items import (
    Item,
    from_item,
    milliseconds,
    part_map,
    typed,
)
from rapor.store.keys import (
    OPEN_SHARDS,
    QUEUES,
    idempotency_row,
    outbox_keys,
    report_key,
    report_row,
    uuid_in,
)

FOUND = "#status = :found_status AND due_at = :found_due AND attempt = :found_attempt"  # what the sweep saw
END = "finished_at = :at, updated_at = :at, unannounced = :true, open_pk = :outbox, due_at = :announce_at"


def endless() -> bool:
    """Say that nothing is over: for those who have the time."""
    return False


class ReportTable:
    """Reports and idempotency keys."""

    def __init__(self, client: BaseClient, name: str) -> None:
        self._client: Any = client
        self._name = name

    # -- create ---------------------------------------------------------------

    def add(self, report: Report, key: IdempotencyKey | None) -> tuple[Report, Origin]:
        """
        Record a report, together with its key; where that was there first, what it stands for.

        Raises:
            KeyReused: The key stands for another body.
            UuidTaken: The same, of a key without end.
        """
        put = {"TableName": self._name, "Item": report_row(report), "ConditionExpression": "attribute_not_exists(pk)"}
        if key is None:
            with transient_as_unavailable():
                self._put_once(put)
            return report, Origin.CREATED
        return self._add_with_key(report, put, key)

    def _put_once(self, put: dict[str, Any]) -> None:
        try:
            self._client.put_item(**put)
        except ClientError as error:
            refused_item(error)  # the uuid is ours alone, so what stands there is our own first try

    def _add_with_key(self, report: Report, put: dict[str, Any], key: IdempotencyKey) -> tuple[Report, Origin]:
        item = put_with_key(self._client, put, key, report.created_at)
        first = _answer_in(item) if item else None
        return (report, Origin.CREATED) if first is None or first[0].uuid == report.uuid else first

    def remember(self, key: IdempotencyKey, twin: Report, now: datetime) -> tuple[Report, Origin]:
        """
        Let the key stand for *twin*, which its order reuses; where it was there first, what it stands for.

        Raises:
            KeyReused: The key stands for another body.
        """
        row = idempotency_row(key, report_row(twin), now, is_reused=True)
        try:
            with transient_as_unavailable():
                self._client.put_item(**put_of_key(self._name, row, now))
        except ClientError as error:
            item = in_force(refused_item(error), key, now)
            if item is None:  # gone again since
                raise StoreUnavailable from error
            return (twin, Origin.REUSED) if item.get("reused_at") == row["reused_at"] else _answer_in(item)
        return twin, Origin.REUSED

    def replayed(self, key: IdempotencyKey, now: datetime) -> Report | None:
        """
        Find what the key recorded first, as it was then.

        Raises:
            KeyReused, UuidTaken: As `first_answer`.
        """
        first = self.first_answer(key, now)
        return first[0] if first else None

    def first_answer(self, key: IdempotencyKey, now: datetime) -> tuple[Report, Origin] | None:
        """
        Find what the key stands for, as it was at first, and whether it made that.

        Raises:
            KeyReused: It was another body.
            UuidTaken: The same, of a key without end.
        """
        item = in_force(key_item(self._client, self._name, key), key, now)
        return _answer_in(item) if item else None

    def named(self, key: IdempotencyKey) -> UUID | None:
        """Which report a key without end stands for, whatever its body was."""
        item = key_item(self._client, self._name, key)
        return UUID(item["first"]["M"]["uuid"]["S"]) if item else None

    def count_unfinished(self, user_id: str, *, limit: int) -> int:
        """How many unfinished reports the user has, counted up to *limit*."""
        with transient_as_unavailable():
            answer = self._client.query(
                TableName=self._name,
                IndexName="unfinished",
                Select="COUNT",
                Limit=limit,
                KeyConditionExpression="unfinished_pk = :pk",
                ExpressionAttributeValues=typed({":pk": f"UNFINISHED#{user_id}"}),
            )
        return int(answer["Count"])

    # -- process --------------------------------------------------------------

    def claim(self, uuid: UUID, *, owner: str, now: datetime, lease_until: datetime) -> Report | None:
        """Take a pending report for one attempt; None if it is not there to be taken."""
        try:
            with transient_as_unavailable():
                answer = self._client.update_item(
                    TableName=self._name,
                    Key=report_key(uuid),
                    UpdateExpression=(
                        "SET #status = :processing, #owner = :owner, lease_until = :lease, due_at = :lease,"
                        " attempt = attempt + :one, started_at = :at, updated_at = :at REMOVE not_before, progress"
                    ),
                    ConditionExpression=(
                        "#status = :pending AND is_active = :true AND attempt < max_attempts"
                        " AND attribute_not_exists(deleted_at) AND attribute_not_exists(imported)"
                        " AND (attribute_not_exists(not_before) OR not_before <= :now)"
                    ),
                    ExpressionAttributeNames={"#status": "status", "#owner": "owner"},
                    ExpressionAttributeValues=typed(
                        {
                            ":processing": Status.PROCESSING.value,
                            ":pending": Status.PENDING.value,
                            ":owner": owner,
                            ":lease": milliseconds(lease_until),
                            ":now": milliseconds(now),
                            ":at": iso(now),
                            ":one": 1,
                            ":true": True,
                        }
                    ),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            found = refused_item(error)
            return from_item(found) if found and _is_held(found, owner) else None
        return from_item(answer["Attributes"])

    def note_progress(self, report: Report, progress: Progress) -> None:
        """
        Tell how far the attempt is.

        Raises:
            Fenced: It is not ours any more.
        """
        self._update_held(report, "SET progress = :progress", {":progress": part_map(progress)})

    def complete(
        self, report: Report, result: Result, *, now: datetime, record: Mapping[str, Any] | None = None
    ) -> Report:
        """
        End the report with its document, and with the values of its one row where its type records them.

        Its end is still to be announced, as after `fail` and `exhaust`.

        Raises:
            Fenced: It is not ours any more; the document stays an orphan.
        """
        done = Progress(100, "completed", result.row_count, result.row_count, now)
        assignments, values = (
            "#result = :result, progress = :progress",
            {":result": part_map(result), ":progress": part_map(done)},
        )
        if record:
            assignments += ", #record = :record"
            values[":record"] = dict(record)
        return self._finish(report, Status.COMPLETED, assignments, values, now)

    def fail(self, report: Report, failure: Failure, *, now: datetime) -> Report:
        """
        End the report without a document.

        Raises:
            Fenced: It is not ours any more.
        """
        return self._finish(report, Status.FAILED, "#error = :error", {":error": part_map(failure)}, now)

    def release(self, report: Report, *, not_before: datetime, now: datetime) -> None:
        """
        Give the report back for a later attempt.

        Raises:
            Fenced: It is not ours any more.
        """
        self._update_held(
            report,
            "SET #status = :pending, not_before = :later, due_at = :later, updated_at = :at REMOVE #owner, lease_until",
            {":pending": Status.PENDING.value, ":later": milliseconds(not_before), ":at": iso(now)},
        )

    def _finish(
        self, report: Report, status: Status, assignments: str, values: Mapping[str, Any], now: datetime
    ) -> Report:
        try:
            row = self._update_held(
                report,
                f"SET #status = :status, {END}, {assignments} REMOVE lease_until, unfinished_pk",
                {**values, ":status": status.value, **_end_values(report, now)},
            )
        except Fenced:
            if mine := self._mine(report, status):
                return mine
            raise
        return from_item(row)

    def _mine(self, report: Report, status: Status) -> Report | None:
        """The row, if it already says what this attempt wanted it to say."""
        found = self.get(report.uuid)
        is_mine = (
            found is not None
            and found.status is status
            and found.owner == report.owner
            and found.attempt == report.attempt
        )
        return found if is_mine else None

    def _update_held(self, report: Report, update: str, values: Mapping[str, Any]) -> Item:
        return self._update(
            report.uuid,
            update,
            "#status = :processing AND #owner = :owner AND attempt = :attempt",
            {
                **values,
                ":processing": Status.PROCESSING.value,
                ":owner": report.owner,
                ":attempt": report.attempt,
            },
        )

    # -- sweep ----------------------------------------------------------------

    def due(self, now: datetime, *, limit: int, is_over: Callable[[], bool] = endless) -> Iterator[UUID]:
        """Reports that wait for somebody since before *now*: at most *limit*, shard after shard, until it *is over*."""
        return self._due_in("OPEN", now, limit, is_over)

    def unannounced(self, now: datetime, *, limit: int, is_over: Callable[[], bool] = endless) -> Iterator[UUID]:
        """Reports that ended some time before *now* and may not have been announced: as `due`."""
        return self._due_in("OUTBOX", now, limit, is_over)

    def _due_in(self, queue: str, moment: datetime, limit: int, is_over: Callable[[], bool]) -> Iterator[UUID]:
        partitions = [f"{queue}#{shard}" for shard in range(OPEN_SHARDS)]
        return due_in(self._client, self._name, partitions, moment, limit, is_over=is_over)

    def dispatch(self, report: Report, *, due_at: datetime) -> None:
        """
        Write the pending row again, which makes a new stream record.

        Raises:
            Fenced: Somebody moved it meanwhile.
        """
        self._update(
            report.uuid,
            "SET due_at = :due, dispatches = dispatches + :one",
            FOUND,
            {**_found_values(report), ":due": milliseconds(due_at), ":one": 1},
        )

    def reclaim(self, report: Report, *, due_at: datetime, now: datetime) -> None:
        """
        Take the report back from a worker whose lease ran out.

        Raises:
            Fenced: Somebody moved it meanwhile.
        """
        self._update(
            report.uuid,
            "SET #status = :pending, due_at = :due, dispatches = dispatches + :one, updated_at = :at"
            " REMOVE #owner, lease_until, progress",
            FOUND,
            {
                **_found_values(report),
                ":pending": Status.PENDING.value,
                ":due": milliseconds(due_at),
                ":one": 1,
                ":at": iso(now),
            },
        )

    def exhaust(self, report: Report, failure: Failure, *, now: datetime) -> None:
        """
        End a report that no attempt brought to an end.

        Raises:
            Fenced: Somebody moved it meanwhile.
        """
        self._update(
            report.uuid,
            f"SET #status = :failed, {END}, #error = :error REMOVE #owner, lease_until, unfinished_pk",
            FOUND,
            {
                **_found_values(report),
                ":failed": Status.FAILED.value,
                ":error": part_map(failure),
                **_end_values(report, now),
            },
        )

    def dequeue(self, report: Report) -> None:
        """
        Take a report that nobody is to render out of the queues.

        Raises:
            Fenced: Somebody moved it meanwhile.
        """
        self._update(
            report.uuid,
            f"REMOVE {', '.join(QUEUES)}",
            f"{FOUND} AND is_active = :false",
            {**_found_values(report), ":false": False},
        )

    # -- read -----------------------------------------------------------------

    def get(self, uuid: UUID) -> Report | None:
        """One report, as it is now."""
        with transient_as_unavailable():
            answer = self._client.get_item(TableName=self._name, Key=report_key(uuid), ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    # -- shared ---------------------------------------------------------------

    def _update(self, uuid: UUID, update: str, condition: str, values: Mapping[str, Any]) -> Item:
        """Write on condition, and return the row as it is then."""
        reserved = ("#status", "#owner", "#result", "#error", "#record")
        names = {name: name[1:] for name in reserved if name in update + condition}
        try:
            with transient_as_unavailable():
                answer = self._client.update_item(
                    TableName=self._name,
                    Key=report_key(uuid),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=typed(values),
                    ReturnValues="ALL_NEW",
                )
        except ClientError as error:
            refused_item(error)
            raise Fenced from error
        row: Item = answer["Attributes"]
        return row


def _answer_in(key_row: Item) -> tuple[Report, Origin]:
    """What a key stands for, and whether it made that."""
    origin = Origin.REUSED_BEFORE if "reused_at" in key_row else Origin.REPLAYED
    return from_item(key_row["first"]["M"]), origin


def due_in(
    client: Any, table: str, partitions: Sequence[str], moment: datetime, limit: int, *, is_over: Callable[[], bool]
) -> Iterator[UUID]:
    """Whatever waits in the open index since before *moment*: at most *limit*, partition after partition."""
    for pk in partitions:
        if is_over():
            return
        with transient_as_unavailable():
            answer = client.query(
                TableName=table,
                IndexName="open",
                Limit=max(1, limit // len(partitions)),
                KeyConditionExpression="open_pk = :pk AND due_at <= :moment",
                ExpressionAttributeValues=typed({":pk": pk, ":moment": milliseconds(moment)}),
            )
        yield from (uuid_in(item) for item in answer["Items"])


def _end_values(report: Report, now: datetime) -> dict[str, Any]:
    outbox = outbox_keys(report.uuid, now)
    return {":at": iso(now), ":true": True, ":outbox": outbox["open_pk"], ":announce_at": outbox["due_at"]}


def _found_values(report: Report) -> dict[str, Any]:
    assert report.due_at is not None, "only reports in the open index are swept"  # noqa: S101
    return {
        ":found_status": report.status.value,
        ":found_due": milliseconds(report.due_at),
        ":found_attempt": report.attempt,
    }


def _is_held(item: Item, owner: str) -> bool:
    is_held: bool = item["status"]["S"] == Status.PROCESSING.value and item.get("owner", {}).get("S") == owner
    return is_held
