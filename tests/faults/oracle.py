"""
Says what went wrong, from what is there: the table's own stream, and the bucket.

It asks neither the service nor its clients. The stream is read where the stand-in keeps it, documents through a
client of the oracle's own, so that no injected fault reaches it. On AWS the history would have to be recorded while
it happens, for a stream forgets after 24 hours; here nobody trims it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from local import moto_fixes
from local.streams import shard_of
from tests.faults.rules import ENDS, Row, Rule, Violation, broken_news, broken_rules, milliseconds

_python = TypeDeserializer().deserialize


@dataclass(frozen=True)
class Expected:
    """
    What a test knows beforehand.

    *can_be_made* says of a report as it was ordered whether its document can be made; None where either end is
    right. With *ended* nothing may be under way any more. *told* are details of all events that came over the bus;
    None where nobody listened.
    """

    can_be_made: Callable[[Row], bool | None] = lambda _: None
    ended: bool = False
    told: Sequence[Mapping[str, Any]] | None = None

    def broken_by(self, first: Row, last: Row) -> Iterator[tuple[Rule, str]]:
        """What is wrong with the end of a report that was ordered as *first*."""
        can_be_made, code = self.can_be_made(first), last.get("error", {}).get("code")
        if self.ended and last["status"] not in ENDS and last["is_active"] and "deleted_at" not in last:
            yield Rule.UNFINISHED, last["status"]
        might_go_on = last["status"] == "failed" and code != "cancelled" and last["attempt"] < last["max_attempts"]
        if can_be_made and might_go_on:
            yield Rule.GOOD_FAILED, f"{code} at attempt {last['attempt']} of {last['max_attempts']}"
        if can_be_made is False and last["status"] == "completed":
            yield Rule.BAD_COMPLETED, ""


class Oracle:
    """The history of one table's reports, and the documents they name."""

    def __init__(self, table: str, bucket: str, s3: Any = None) -> None:
        self._table, self._bucket = table, bucket
        self._s3 = s3 or boto3.client("s3")
        self._read_up_to = 0
        self._reports: dict[str, list[Row | None]] = defaultdict(list)
        self._keys: dict[str, list[Row | None]] = defaultdict(list)

    def history(self, uuid: object) -> list[Row | None]:
        """All writes to a report's row, oldest first; None is its removal."""
        self._read()
        return self._reports[str(uuid)]

    def reports(self) -> list[str]:
        """Every report that was ever recorded."""
        self._read()
        return list(self._reports)

    def violations(self, uuids: Iterable[object] | None = None, expected: Expected | None = None) -> list[Violation]:
        """Everything that is wrong, with some reports or with all."""
        self._read()
        wanted = self.reports() if uuids is None else [str(uuid) for uuid in uuids]
        found = [Violation(uuid, *broken) for uuid in wanted for broken in self._broken(uuid, expected or Expected())]
        return found + [it for it in self._of_keys() if uuids is None or it.uuid in wanted]

    def orphans(self) -> list[str]:
        """Keys of objects that no report names, neither as its document nor as its manifest."""
        self._read()
        named = {key for history in self._reports.values() for key in _named_by(history[-1])}
        return sorted(key for key in self._keys_under("reports/") if key not in named)

    def uploads(self) -> list[str]:
        """Keys of multipart uploads that were begun and not ended."""
        answer = self._s3.list_multipart_uploads(Bucket=self._bucket)
        return [it["Key"] for it in answer.get("Uploads", []) if it["Key"].startswith("reports/")]

    def content(self, key: str) -> bytes | None:
        """An object's bytes, if it is there."""
        try:
            content: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return content

    def _broken(self, uuid: str, expected: Expected) -> Iterator[tuple[Rule, str]]:
        history = self._reports[uuid]
        yield from broken_rules(history)
        first, last = history[0], history[-1]
        if first is None or last is None:
            return
        yield from expected.broken_by(first, last)
        if expected.told is not None:
            yield from broken_news(history, [event for event in expected.told if event["subject"] == uuid])
        if "result" in last and not last.get("purging"):
            yield from self._of_the_document(last["result"])

    def _of_the_document(self, result: Mapping[str, Any]) -> Iterator[tuple[Rule, str]]:
        document = self.content(result["key"])
        if document is None:
            yield Rule.NO_DOCUMENT, result["key"]
        elif (hashlib.sha256(document).hexdigest(), len(document)) != (result["sha256"], result["size_bytes"]):
            yield Rule.WRONG_DOCUMENT, f"{len(document)} bytes of {result['size_bytes']}"
        if self.content(f"{result['key']}.manifest.json") is None:
            yield Rule.NO_MANIFEST, result["key"]

    def _of_keys(self) -> Iterator[Violation]:
        """A key and its report are recorded together; while it lives, a key stands for one report."""
        for name, writes in self._keys.items():
            lives_until = 0.0
            for row in writes:
                if row is not None:
                    uuid = row["first"]["uuid"]
                    if uuid not in self._reports:
                        yield Violation(uuid, Rule.KEY_WITHOUT_REPORT, name)
                    if milliseconds(row["first"]["created_at"]) / 1000 < lives_until:
                        yield Violation(uuid, Rule.TWO_OF_A_KEY, name)
                lives_until = 0.0 if row is None else float(row.get("expires_at", "inf"))

    def _read(self) -> None:
        """Take in what was written since the last look; the stand-in is held still meanwhile."""
        with moto_fixes.LOCK:
            shard = shard_of(self._table)
            start = max(0, self._read_up_to - shard.starting_sequence_number)
            records = [item.record for item in shard.items[start:]]
            self._read_up_to = shard.starting_sequence_number + len(shard.items)
        for record in records:
            image = record["dynamodb"].get("NewImage") if record["eventName"] != "REMOVE" else None
            kind, _, name = record["dynamodb"]["Keys"]["pk"]["S"].partition("#")
            history = {"REPORT": self._reports, "KEY": self._keys}.get(kind)
            if history is not None:
                is_anew = record["eventName"] == "INSERT" and history[name] and history[name][-1] is not None
                history[name] += [None, _plain(image)] if is_anew else [_plain(image)]

    def _keys_under(self, prefix: str) -> Iterator[str]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (it["Key"] for it in page.get("Contents", []))


def _named_by(row: Row | None) -> list[str]:
    """A report's objects, as long as it is not being purged."""
    if row is None or "result" not in row or row.get("purging"):
        return []
    key = row["result"]["key"]
    return [key, f"{key}.manifest.json"]


def _plain(image: Mapping[str, Any] | None) -> Row | None:
    return None if image is None else {name: _python(value) for name, value in image.items()}
