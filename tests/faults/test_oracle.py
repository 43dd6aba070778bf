"""The oracle sees what it is there for: each rule is broken once, by the smallest change to a life that breaks none."""

from typing import Any

import pytest

from rapor import errors
from rapor.report import MOVES
from tests.faults.rules import CODES, LEGAL, Rule, broken_rules

pytestmark = pytest.mark.faults
Row = dict[str, Any]
UUID = "550e8400-e29b-41d4-a716-446655440000"
PENDING: Row = {
    "uuid": UUID,
    "id": 1,
    "user_id": "1",
    "created_at": "2025-11-20T12:00:00.000000Z",
    "updated_at": "2025-11-20T12:00:00.000000Z",
    "report_type": "users",
    "parameters": "{}",
    "format": "csv",
    "status": "pending",
    "scope": "all",
    "is_active": True,
    "attempt": 0,
    "max_attempts": 3,
    "dispatches": 0,
    "open_pk": "OPEN#1",
    "due_at": 1763640120000,
    "unfinished_pk": "UNFINISHED#1",
}
PROCESSING: Row = PENDING | {
    "status": "processing",
    "attempt": 1,
    "owner": "0123456789abcdef",
    "started_at": "2025-11-20T12:00:01.000000Z",
    "updated_at": "2025-11-20T12:00:01.000000Z",
    "lease_until": 1763640081000,
    "due_at": 1763640081000,
}
HALF_DONE: Row = PROCESSING | {"progress": {"percent": 50}}
OUT_OF_QUEUES: Row = {
    name: value
    for name, value in PROCESSING.items()
    if name not in {"open_pk", "due_at", "unfinished_pk", "lease_until"}
}
KEY = f"reports/2025-11-20/{UUID}/1-01234567.csv"
COMPLETED: Row = OUT_OF_QUEUES | {"status": "completed", "result": {"key": KEY, "sha256": "", "size_bytes": 0}}
FAILED: Row = OUT_OF_QUEUES | {
    "status": "failed",
    "error": {"code": "too_many_rows", "message": "There are 3.", "retryable": False, "attempt": 1},
}
RELEASED: Row = PENDING | {"attempt": 1, "updated_at": "2025-11-20T12:00:02.000000Z"}
RECLAIMED: Row = RELEASED | {"dispatches": 1, "updated_at": "2025-11-20T12:01:22.000000Z"}
RETRIED: Row = RELEASED | {"max_attempts": 4}
AGAIN: Row = PROCESSING | {"attempt": 2, "owner": "fedcba9876543210", "max_attempts": 4}
GOOD = [
    [PENDING, PROCESSING, HALF_DONE, COMPLETED],
    [PENDING, PENDING | {"dispatches": 1}, PROCESSING, RELEASED, AGAIN | {"max_attempts": 3}],
    [PENDING, PROCESSING, RECLAIMED],
    [PENDING, PROCESSING, FAILED, RETRIED, AGAIN],
    [PENDING, PROCESSING, COMPLETED, COMPLETED | {"title": "B", "deleted_at": "now", "open_pk": "TRASH#1"}, None],
    [
        {name: value for name, value in PENDING.items() if name not in {"open_pk", "unfinished_pk"}}
        | {"is_active": False}
    ],
    [OUT_OF_QUEUES | {"imported": True, "status": "completed", "attempt": 0}],
]


def broken(history: list[Row | None]) -> set[Rule]:
    return {rule for rule, _ in broken_rules(history)}


@pytest.mark.parametrize("history", GOOD)
def test_a_right_history_breaks_no_rule(history: list[Row | None]) -> None:
    assert broken(history) == set()


@pytest.mark.parametrize(
    ("rule", "history"),
    [
        (Rule.MOVE, [PROCESSING]),
        (Rule.MOVE, [PENDING, COMPLETED | {"attempt": 0}]),
        (Rule.MOVE, [PENDING, PROCESSING, COMPLETED, PENDING]),
        (Rule.MOVE, [PENDING | {"imported": True}]),
        (Rule.REBORN, [PENDING, None, PENDING]),
        (Rule.AFTER_END, [PENDING, PROCESSING, COMPLETED, COMPLETED | {"result": {"key": KEY, "sha256": "other"}}]),
        (Rule.AFTER_END, [PENDING, PROCESSING, FAILED, FAILED | {"attempt": 2}]),
        (Rule.ATTEMPT, [PENDING, PROCESSING, RELEASED | {"attempt": 0}]),
        (Rule.ATTEMPT, [PENDING, PROCESSING | {"attempt": 2}]),
        (Rule.ATTEMPT, [PENDING, PENDING | {"attempt": 1}]),
        (Rule.ATTEMPT, [PENDING | {"max_attempts": 0}, PROCESSING | {"max_attempts": 0}]),
        (Rule.ALLOWANCE, [PENDING, PROCESSING, FAILED, RETRIED | {"max_attempts": 1}]),
        (Rule.ALLOWANCE, [PENDING, PROCESSING | {"max_attempts": 4}]),
        (Rule.TWO_WORKERS, [PENDING, PROCESSING, PROCESSING | {"owner": "another"}]),
        (Rule.TWO_WORKERS, [PENDING, PROCESSING, COMPLETED | {"owner": "another"}]),
        (Rule.CLAIM, [PENDING, {name: value for name, value in PROCESSING.items() if name != "owner"}]),
        (Rule.LEASE, [PENDING, PROCESSING, RECLAIMED | {"updated_at": "2025-11-20T12:01:20.999000Z"}]),
        (Rule.FOR_EVER, [PENDING, PROCESSING | {"user_id": "2"}]),
        (Rule.CONTENT, [PENDING, PROCESSING, HALF_DONE | {"parameters": '{"a": 1}'}]),
        (Rule.SCOPE, [PENDING | {"scope": "own"}, PENDING]),
        (Rule.PROGRESS, [PENDING, PROCESSING, HALF_DONE, PROCESSING | {"progress": {"percent": 49}}]),
        (Rule.RESULT, [PENDING, PROCESSING, OUT_OF_QUEUES | {"status": "completed"}]),
        (Rule.RESULT, [PENDING, PROCESSING, FAILED | {"result": COMPLETED["result"]}]),
        (Rule.FOREIGN_DOCUMENT, [PENDING, PROCESSING, COMPLETED | {"result": {"key": KEY.replace("1-0", "2-0")}}]),
        (Rule.TWO_DOCUMENTS, [PENDING, PROCESSING, COMPLETED, COMPLETED | {"result": {"key": KEY.replace(".csv", ".json")}}]),
        (Rule.CODE, [PENDING, PROCESSING, OUT_OF_QUEUES | {"status": "failed"}]),
        (Rule.CODE, [PENDING, PROCESSING, FAILED | {"error": FAILED["error"] | {"code": "KeyError"}}]),
        (Rule.CODE, [PENDING, PROCESSING, FAILED | {"error": FAILED["error"] | {"retryable": True}}]),
        (Rule.GAVE_UP, [PENDING, PROCESSING, FAILED | {"error": FAILED["error"] | {"code": "internal", "retryable": True}}]),
        (Rule.QUEUED, [PENDING, PROCESSING, FAILED | {"open_pk": "OPEN#1"}]),
        (Rule.QUEUED, [PENDING, PROCESSING, COMPLETED | {"unfinished_pk": "UNFINISHED#1"}]),
        (Rule.FORGOTTEN, [PENDING, {name: value for name, value in PROCESSING.items() if name != "open_pk"}]),
    ],
)  # fmt: skip
def test_each_rule_sees_what_breaks_it(rule: Rule, history: list[Row | None]) -> None:
    assert rule in broken(history)


def test_the_rules_list_every_code_and_every_move() -> None:
    codes = {error.code: error.retryable for error in errors.RenderError.__subclasses__()}
    moves = {status.value: {other.value for other in others} for status, others in MOVES.items()}

    assert codes == CODES
    assert {status: others - {status} for status, others in LEGAL.items()} == moves
