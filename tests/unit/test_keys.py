"""What lies where, written out: a key that is made otherwise loses every row that is there already."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from rapor.report import IdempotencyKey, Lane, Status
from rapor.store.items import Item
from rapor.store.keys import (
    idempotency_key,
    idempotency_row,
    note_key,
    queue_keys,
    report_key,
    report_row,
    schedule_key,
    schedule_keys,
    schedule_queue,
    uuid_in,
)
from tests.builders import a_report
from tests.schedules import a_schedule

UUID_OF_IT = UUID("550e8400-e29b-41d4-a716-446655440019")
MADE = datetime(2025, 11, 20, 9, 30, 0, 250_000, tzinfo=UTC)
MADE_MS = 1_763_631_000_250
NOBODY_WAITS = {"open_pk": None, "due_at": None, "unfinished_pk": None, "lane": None}
KEY = IdempotencyKey("B", "7", "k", "f")
SHA256_OF_K = "8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a"


@pytest.mark.parametrize(
    ("key", "pk", "sk"),
    [
        (lambda: report_key(UUID_OF_IT), f"REPORT#{UUID_OF_IT}", "REPORT"),
        (lambda: schedule_key(UUID_OF_IT), f"SCHEDULE#{UUID_OF_IT}", "SCHEDULE"),
        (lambda: note_key("orphans"), "NOTE#orphans", "NOTE"),
        (lambda: idempotency_key(KEY), f"KEY#B#7#{SHA256_OF_K}", "KEY"),
    ],
    ids=["report", "schedule", "note", "idempotency"],
)
def test_an_item_lies_there(key: Callable[[], Item], pk: str, sk: str) -> None:
    assert key() == {"pk": {"S": pk}, "sk": {"S": sk}}


def test_a_uuid_is_read_back_from_its_key() -> None:
    assert uuid_in(report_key(UUID_OF_IT)) == uuid_in(schedule_key(UUID_OF_IT)) == UUID_OF_IT


def test_a_report_is_listed_by_its_user_and_among_all() -> None:
    row = report_row(a_report(uuid=UUID_OF_IT, user_id="7", created_at=MADE))

    keys = {name: row[name]["S"] for name in ("pk", "sk", "user_pk", "all_pk", "created_sk")}
    assert keys == {
        "pk": f"REPORT#{UUID_OF_IT}",
        "sk": "REPORT",
        "user_pk": "USER#7",
        "all_pk": "ALL#1",
        "created_sk": f"2025-11-20T09:30:00.250000Z#{UUID_OF_IT}",
    }


def test_a_schedule_is_listed_by_its_user_and_among_all() -> None:
    assert schedule_keys(a_schedule(uuid=UUID_OF_IT, user_id="7", created_at=MADE)) == {
        "pk": f"SCHEDULE#{UUID_OF_IT}",
        "sk": "SCHEDULE",
        "user_pk": "SCHEDULES#7",
        "all_pk": "SCHEDULES",
        "created_sk": f"2025-11-20T09:30:00.250000Z#{UUID_OF_IT}",
    }


@pytest.mark.parametrize(
    ("state", "queue"),
    [
        (
            {},
            {"open_pk": "OPEN#9", "due_at": MADE_MS + 120_000, "unfinished_pk": "UNFINISHED#7", "lane": "heavy"},
        ),
        (
            {"due_at": MADE},
            {"open_pk": "OPEN#9", "due_at": MADE_MS, "unfinished_pk": "UNFINISHED#7", "lane": "heavy"},
        ),
        ({"is_active": False}, NOBODY_WAITS),
        ({"imported": True}, NOBODY_WAITS),
        ({"status": Status.COMPLETED, "finished_at": MADE}, NOBODY_WAITS),
        (
            {"status": Status.FAILED, "finished_at": MADE, "unannounced": True, "deleted_at": MADE},
            {**NOBODY_WAITS, "open_pk": "OUTBOX#9", "due_at": MADE_MS + 30_000},
        ),
        (
            {"status": Status.FAILED, "finished_at": MADE, "deleted_at": MADE + timedelta(seconds=1)},
            {**NOBODY_WAITS, "open_pk": "TRASH#9", "due_at": MADE_MS + 1000},
        ),
    ],
    ids=["new", "due again", "put aside", "imported", "ended", "untold", "deleted"],
)
def test_a_report_waits_where_somebody_looks(state: dict[str, Any], queue: dict[str, Any]) -> None:
    report = a_report(uuid=UUID_OF_IT, user_id="7", created_at=MADE, updated_at=MADE, lane=Lane.HEAVY, **state)

    assert queue_keys(report) == queue


def test_a_schedule_waits_while_somebody_has_to_look_after_it() -> None:
    schedule = a_schedule(uuid=UUID_OF_IT, due_at=MADE)

    assert schedule_queue(schedule) == {"open_pk": "SCHEDULE#1", "due_at": MADE_MS}
    assert schedule_queue(a_schedule(due_at=None)) == {"open_pk": None, "due_at": None}


def test_a_key_says_what_it_made_and_until_when() -> None:
    report = a_report(uuid=UUID_OF_IT, created_at=MADE)
    first = report_row(report)

    row = idempotency_row(KEY, report, first)

    assert row == {
        **idempotency_key(KEY),
        "fingerprint": {"S": "f"},
        "expires_at": {"N": str(MADE_MS // 1000 + 86_400)},
        "first": {"M": first},
    }
    assert "expires_at" not in idempotency_row(IdempotencyKey("A", "7", "k", "f", None), report, first)
