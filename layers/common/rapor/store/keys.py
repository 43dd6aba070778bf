"""
What lies where in the table.

    item          pk                                   sk
    report        REPORT#<uuid>                        REPORT
    idempotency   KEY#<door>#<caller>#<key's SHA-256>  KEY      gone some time after expires_at, if it has one
    schedule      SCHEDULE#<uuid>                      SCHEDULE
    note          NOTE#<name>                          NOTE     what a function tells its next run

    index         pk                       sk                        who is in it
    by_user       USER#<user id>           <created>#<uuid>          every report
                  SCHEDULES#<user id>      <created>#<uuid>          every schedule
    by_all        ALL#<0-7>                <created>#<uuid>          every report; one constant key would throttle
                  SCHEDULES                <created>#<uuid>          every schedule; they are few
    open          OPEN#<0-15>              due_at                    what the sweep may have to look at
                  OUTBOX#<0-15>            due_at                    ended, and its event may not have been sent
                  TRASH#<0-15>             deleted_at, as due_at     what is purged some day
                  SCHEDULE#<0-3>           due_at                    schedules the sweep has to look after
    unfinished    UNFINISHED#<user id>     <created>#<uuid>          what counts against the caller's cap
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rapor.report import IdempotencyKey, Report, iso
from rapor.schedule import Schedule
from rapor.store.items import Item, milliseconds, to_plain, typed

ALL_SHARDS = 8
OPEN_SHARDS = 16
SCHEDULE_SHARDS = 4
FIRST_KEY, LAST_KEY = "0", ":"  # before and after every year
FIRST_DUE = timedelta(minutes=2)  # a stream record is usually there within a second
ANNOUNCE_AFTER = timedelta(seconds=30)  # who ended it sends its event at once; only then it is the sweep's
QUEUES = ("open_pk", "due_at", "unfinished_pk", "lane")  # attributes that only a report in a queue has


def report_key(uuid: UUID) -> Item:
    """Key of a report's row."""
    return typed({"pk": f"REPORT#{uuid}", "sk": "REPORT"})


def idempotency_key(key: IdempotencyKey) -> Item:
    """Key of what a client's key made first."""
    digest = hashlib.sha256(key.value.encode()).hexdigest()
    return typed({"pk": f"KEY#{key.door}#{key.caller_id}#{digest}", "sk": "KEY"})


def note_key(name: str) -> Item:
    """Key of what a function tells its next run."""
    return typed({"pk": f"NOTE#{name}", "sk": "NOTE"})


def created_key(created_at: datetime, uuid: UUID) -> str:
    """Where a report stands in every list."""
    return f"{iso(created_at)}#{uuid}"


def uuid_in(item: Item) -> UUID:
    """Read the uuid of a report or a schedule back from its key."""
    return UUID(item["pk"]["S"].partition("#")[2])


def report_row(report: Report) -> Item:
    """Make the row of a new report."""
    keys = {
        "pk": f"REPORT#{report.uuid}",
        "sk": "REPORT",
        "user_pk": f"USER#{report.user_id}",
        "all_pk": f"ALL#{report.uuid.int % ALL_SHARDS}",
        "created_sk": created_key(report.created_at, report.uuid),
    }
    return typed({**keys, **to_plain(report), **queue_keys(report)})


def queue_keys(report: Report) -> dict[str, Any]:
    """
    Say which queues a report waits in; what waits for nobody is in none.

    One that has just come to wait is due some time after that, for the stream is quicker. An end is told before
    anything else happens to its report, so the outbox goes before the trash.
    """
    keys: dict[str, Any] = dict.fromkeys(QUEUES)
    shard = report.uuid.int % OPEN_SHARDS
    if report.unannounced and report.finished_at:
        return keys | outbox_keys(report.uuid, report.finished_at)
    if report.deleted_at:
        return keys | {"open_pk": f"TRASH#{shard}", "due_at": milliseconds(report.deleted_at)}
    if not report.is_queued:
        return keys
    return {
        "open_pk": f"OPEN#{shard}",
        "due_at": milliseconds(report.due_at or report.updated_at + FIRST_DUE),
        "unfinished_pk": f"UNFINISHED#{report.user_id}",
        "lane": report.lane.value,
    }


def outbox_keys(uuid: UUID, finished_at: datetime) -> dict[str, Any]:
    """Where a report waits whose end may not have been announced."""
    return {"open_pk": f"OUTBOX#{uuid.int % OPEN_SHARDS}", "due_at": milliseconds(finished_at + ANNOUNCE_AFTER)}


def schedule_key(uuid: UUID) -> Item:
    """Key of a schedule's row."""
    return typed({"pk": f"SCHEDULE#{uuid}", "sk": "SCHEDULE"})


def schedule_keys(schedule: Schedule) -> dict[str, str]:
    """Where a new schedule lies."""
    return {
        "pk": f"SCHEDULE#{schedule.uuid}",
        "sk": "SCHEDULE",
        "user_pk": f"SCHEDULES#{schedule.user_id}",
        "all_pk": "SCHEDULES",
        "created_sk": created_key(schedule.created_at, schedule.uuid),
    }


def schedule_queue(schedule: Schedule) -> dict[str, Any]:
    """Say when somebody has to look after a schedule; one that has nothing to come is in no queue."""
    if schedule.due_at is None:
        return {"open_pk": None, "due_at": None}
    return {
        "open_pk": f"SCHEDULE#{schedule.uuid.int % SCHEDULE_SHARDS}",
        "due_at": milliseconds(schedule.due_at),
    }


def idempotency_row(key: IdempotencyKey, row: Item, at: datetime, *, is_reused: bool = False) -> Item:
    """Remember what the key made *at* that moment, as it was made; or found, where it was to be reused."""
    expires_at = int((at + key.lifetime).timestamp()) if key.lifetime else None
    reused_at = iso(at) if is_reused else None
    return {
        **idempotency_key(key),
        **typed({"fingerprint": key.fingerprint, "expires_at": expires_at, "reused_at": reused_at}),
        "first": {"M": row},
    }
