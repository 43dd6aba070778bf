"""
What the history of a report's row may not show, whatever broke.

Written out a second time, against the service's own table of moves and list of codes, so that a change there is a
decision here. Rules look at two writes that follow each other, or at one; none of them asks the service.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple

Row = Mapping[str, Any]  # a row's attributes as plain Python values

LEGAL = {
    "pending": {"pending", "processing", "failed"},
    "processing": {"processing", "pending", "completed", "failed"},
    "completed": {"completed"},
    "failed": {"failed", "pending"},
}
ENDS = {"completed", "failed"}
CODES = {  # of a failed report: whether trying again may help
    "invalid_parameters": False,
    "source_unavailable": True,
    "source_invalid": False,
    "too_many_rows": False,
    "out_of_memory": False,
    "timed_out": False,
    "cancelled": False,
    "attempts_exhausted": True,
    "reference_not_found": False,
    "internal": True,
}
FOR_EVER = {"id", "uuid", "user_id", "created_at", "created_sk", "user_pk", "all_pk", "client_uuid", "imported"}
CONTENT = {"report_type", "parameters", "format", "options"}
# Its owner may rename, hide and delete what has ended; the rest says where its row waits for whom.
AFTER_THE_END = {"title", "is_active", "deleted_at", "purging", "revision", "updated_at"} | {
    "open_pk",
    "due_at",
    "lane",
    "unannounced",
}


class Rule(StrEnum):
    """Each is a sentence that was true of a history in which something went wrong."""

    MOVE = "made an illegal move"
    REBORN = "was written anew over a row that was there"
    AFTER_END = "was changed after its end"
    ATTEMPT = "counted its attempts wrongly"
    ALLOWANCE = "changed its allowance without a retry, or retried without a new one"
    TWO_WORKERS = "had two workers at a time"
    CLAIM = "was being processed without owner, lease or start"
    LEASE = "was taken from its worker before the lease ran out"
    FOR_EVER = "changed what never changes"
    CONTENT = "changed what its document is made of, too late"
    SCOPE = "may show more rows than it might at first"
    PROGRESS = "went back in its progress"
    RESULT = "has a result without being completed, or is completed without one"
    FOREIGN_DOCUMENT = "names a document that another attempt or report made"
    TWO_DOCUMENTS = "named two documents"
    CODE = "failed without a code of the list"
    GAVE_UP = "failed while it might have been tried again"
    GOOD_FAILED = "failed though it can be made"
    BAD_COMPLETED = "completed though it cannot be made"
    QUEUED = "has ended and still waits in a queue"
    FORGOTTEN = "waits in no queue, so nobody will find it"
    UNFINISHED = "never came to an end"
    NO_DOCUMENT = "is completed without its document"
    WRONG_DOCUMENT = "is completed with a document of other bytes"
    NO_MANIFEST = "is completed without its manifest"
    UNTOLD = "has ended without anybody being told, or was told of otherwise"
    TOLD_TWICE = "was told of by two ids, or two ends of it by one"
    KEY_WITHOUT_REPORT = "is what a key stands for, and was never recorded"
    TWO_OF_A_KEY = "is a second report of one key"


class Violation(NamedTuple):
    """What happened to which report."""

    uuid: str
    rule: Rule
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.uuid} {self.rule}: {self.detail}" if self.detail else f"{self.uuid} {self.rule}"


def broken_rules(history: Sequence[Row | None]) -> Iterator[tuple[Rule, str]]:
    """Every rule that a row's writes break, oldest first; None stands for its removal."""
    rows = [row for row in history if row is not None]
    if not rows or "imported" in rows[0]:
        yield from (broken for row in rows for broken in _of_an_import(row))
        return
    if rows[0]["status"] != "pending":
        yield Rule.MOVE, f"begins as {rows[0]['status']}"
    for before, after in pairwise(history):
        yield from _between(before, after)
    for row in rows:
        yield from _within(row)
    documents = {row["result"]["key"] for row in rows if "result" in row}
    if len(documents) > 1:
        yield Rule.TWO_DOCUMENTS, ", ".join(sorted(documents))


def _of_an_import(row: Row) -> Iterator[tuple[Rule, str]]:
    if row["status"] == "pending" or row["attempt"]:
        yield Rule.MOVE, "an import is not made here"
    if _waits(row):
        yield Rule.QUEUED, "an import"


def _between(before: Row | None, after: Row | None) -> Iterator[tuple[Rule, str]]:
    if after is None:
        return
    if before is None:
        yield Rule.REBORN, "after its removal"
        return
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    one, other = before["status"], after["status"]
    if other not in LEGAL[one]:
        yield Rule.MOVE, f"{one} → {other}"
    if one == other and one in ENDS and changed - AFTER_THE_END:
        yield Rule.AFTER_END, ", ".join(sorted(changed - AFTER_THE_END))
    if changed & FOR_EVER:
        yield Rule.FOR_EVER, ", ".join(sorted(changed & FOR_EVER))
    if changed & CONTENT and (one, other) != ("pending", "pending"):
        yield Rule.CONTENT, ", ".join(sorted(changed & CONTENT))
    if before["scope"] == "own" and after["scope"] != "own":
        yield Rule.SCOPE, ""
    yield from _of_attempts(before, after)
    yield from _of_workers(before, after)


def _of_attempts(before: Row, after: Row) -> Iterator[tuple[Rule, str]]:
    is_claim = (before["status"], after["status"]) == ("pending", "processing")
    is_retry = (before["status"], after["status"]) == ("failed", "pending")
    if after["attempt"] != before["attempt"] + is_claim:
        yield Rule.ATTEMPT, f"{before['attempt']} → {after['attempt']}, {before['status']} → {after['status']}"
    if is_retry and after["max_attempts"] <= after["attempt"]:
        yield Rule.ALLOWANCE, f"{after['attempt']} of {after['max_attempts']} after a retry"
    if not is_retry and after["max_attempts"] != before["max_attempts"]:
        yield Rule.ALLOWANCE, f"{before['max_attempts']} → {after['max_attempts']}"


def _of_workers(before: Row, after: Row) -> Iterator[tuple[Rule, str]]:
    match before["status"], after["status"]:
        case "processing", "processing":
            if before.get("owner") != after.get("owner"):
                yield Rule.TWO_WORKERS, f"{before.get('owner')} → {after.get('owner')}"
            if _percent(after) < _percent(before):
                yield Rule.PROGRESS, f"{_percent(before)} → {_percent(after)}"
        case "processing", "completed":
            if before.get("owner") != after.get("owner"):
                yield Rule.TWO_WORKERS, f"{before.get('owner')} → {after.get('owner')}"
        case "processing", "pending" if after["dispatches"] > before["dispatches"] and _moved_at(after) < _lease(
            before
        ):
            yield Rule.LEASE, f"{_lease(before) - _moved_at(after)} ms early"


def _within(row: Row) -> Iterator[tuple[Rule, str]]:
    status, attempt = row["status"], row["attempt"]
    if attempt > row["max_attempts"]:
        yield Rule.ATTEMPT, f"{attempt} of {row['max_attempts']}"
    if status == "processing" and not {"owner", "lease_until", "started_at", "due_at"} <= row.keys():
        yield Rule.CLAIM, ""
    if (status == "completed") is not ("result" in row) or (status == "completed" and "error" in row):
        yield Rule.RESULT, status
    if "result" in row and not row["result"]["key"].startswith(_own_key(row)):
        yield Rule.FOREIGN_DOCUMENT, f"{row['result']['key']}, not {_own_key(row)}"
    if status == "failed":
        yield from _of_a_failure(row)
    if status in ENDS and _waits(row):
        yield Rule.QUEUED, f"{row.get('open_pk')}, {row.get('unfinished_pk')}"
    is_wanted = status not in ENDS and row["is_active"] and "deleted_at" not in row
    if is_wanted and not (_waits(row) and {"open_pk", "due_at", "unfinished_pk"} <= row.keys()):
        yield Rule.FORGOTTEN, status


def _of_a_failure(row: Row) -> Iterator[tuple[Rule, str]]:
    error = row.get("error") or {}
    code = error.get("code")
    if code not in CODES or not error.get("message") or error.get("retryable") is not CODES[code]:
        yield Rule.CODE, f"{code}, retryable {error.get('retryable')}"
    # A report that nobody ever claimed is given up after a day, whatever attempts remain.
    elif CODES[code] and code != "attempts_exhausted" and row["attempt"] < row["max_attempts"]:
        yield Rule.GAVE_UP, f"{code} at attempt {row['attempt']} of {row['max_attempts']}"


def broken_news(history: Sequence[Row | None], told: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Rule, str]]:
    """What is wrong with the events about a report, however often each came, when all of them have come."""
    rows = [row for row in history if row is not None and "imported" not in row]
    ends = {(f"report.{row['status']}", row["finished_at"]) for row in rows if "finished_at" in row}
    news = {(event["type"], event["time"]) for event in told}
    ids = {event["id"]: (event["type"], event["time"]) for event in told}
    if news != ends:
        yield Rule.UNTOLD, f"ends {sorted(ends)}, news {sorted(news)}"
    if len(ids) != len(news) or any(ids[event["id"]] != (event["type"], event["time"]) for event in told):
        yield Rule.TOLD_TWICE, f"{sorted(ids)} of {sorted(news)}"
    if rows and history[-1] is not None and "unannounced" in rows[-1]:
        yield Rule.UNTOLD, "still in the outbox"


def _waits(row: Row) -> bool:
    """Whether it stands where workers, the sweep or the caller's cap look."""
    return "unfinished_pk" in row or str(row.get("open_pk", "")).startswith("OPEN#")


def _own_key(row: Row) -> str:
    return f"reports/{row['created_at'][:10]}/{row['uuid']}/{row['attempt']}-{row.get('owner', '')[:8]}."


def _percent(row: Row) -> int:
    return int(row.get("progress", {}).get("percent", 0))


def _lease(row: Row) -> int:
    return int(row.get("lease_until", 0))


def _moved_at(row: Row) -> int:
    """When it was moved, by the clock of who moved it."""
    return milliseconds(row["updated_at"])


def milliseconds(moment: str) -> int:
    """ISO 8601 as DynamoDB's numbers have it: whole milliseconds since 1970."""
    return int(datetime.fromisoformat(moment).timestamp() * 1000)
