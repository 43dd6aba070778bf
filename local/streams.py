"""
Plays the event source mappings: reads tables' streams and calls functions, with Lambda's rules for what goes wrong.

One batch at a time for each mapping, so one poisoned record holds up the others until its retries are used up; in
Lambda a parallelization factor lets other keys go on. "Process DynamoDB records with Lambda" in the Lambda developer
guide, sections on batching, reporting batch item failures, retries and discarded records.
"""

import base64
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import StreamShard

from local import moto_fixes
from local.cloudformation import ACCOUNT, REGION
from local.dead_letters import dead_letter
from local.functions import FunctionError
from local.patterns import matches_any
from local.template import StreamMapping

Record = dict[str, Any]
Batch = list[Record]
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
SCAN_RECORDS = 1000


@dataclass(frozen=True)
class Outcome:
    """How many records of a batch, from its first, are done; all of them when none failed."""

    done: int
    failed: bool


@dataclass(frozen=True)
class Surroundings:
    """What a mapping works with: functions by name, positions that are kept, queues, the terminal, the time."""

    invoke: Callable[[str, Any], Any]
    positions: MutableMapping[str, int]
    send: Callable[[str, str], None]
    say: Callable[[str], None]
    clock: Callable[[], float] = time.time
    first_pause_s: float = FIRST_PAUSE_S


class Reader:
    """One mapping's way through one stream."""

    def __init__(
        self,
        mapping: StreamMapping,
        around: Surroundings,
    ) -> None:
        self._mapping = mapping
        self._around = around
        self._stop = threading.Event()
        shard = self._shard()
        start = shard.starting_sequence_number + (len(shard.items) if mapping.from_latest else 0)
        around.positions.setdefault(mapping.name, start)
        self._thread = threading.Thread(target=self._run, name=mapping.name, daemon=True)

    def start(self) -> None:
        """Read from where the last run stopped."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more; a batch that is being processed goes on."""
        self._stop.set()
        with moto_fixes.WRITTEN:
            moto_fixes.WRITTEN.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Wait for the batch that is being processed; whether it ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            records, position = self._next()
            if self._work_off(records):
                self._around.positions[self._mapping.name] = position

    def _next(self) -> tuple[Batch, int]:
        """A batch of what the filter lets through, and the position behind it; waits for something to read."""
        with moto_fixes.WRITTEN:
            shard, position = self._shard(), self._position
            while not self._stop.is_set() and position >= shard.starting_sequence_number + len(shard.items):
                moto_fixes.WRITTEN.wait(1.0)
                shard = self._shard()
            found: Batch = []
            for item in shard.items[position - shard.starting_sequence_number :][:SCAN_RECORDS]:
                position += 1
                record = as_event(item.record, arn=self._arn)
                if matches_any(self._mapping.patterns, record):
                    found.append(record)
                if len(found) == self._mapping.batch_size:
                    break
            return found, position

    def _work_off(self, records: Batch) -> bool:
        """Call the function until every record is processed or given up; whether there was time for it."""
        todo = deque([(records, 0)] if records else [])
        while todo and not self._stop.is_set():
            batch, tries = todo.popleft()
            batch = self._without_old(batch)
            if not batch:
                continue
            outcome = self._call(batch)
            if not outcome.failed:
                continue
            todo.extendleft(reversed(self._after_failure(batch, tries, outcome.done)))
        return not todo

    def _after_failure(self, batch: Batch, tries: int, done: int) -> list[tuple[Batch, int]]:
        """What is to be tried next, in order."""
        if done:
            return [(batch[done:], 0)]
        if self._mapping.bisects and len(batch) > 1:  # a split is not a retry
            half = len(batch) // 2
            return [(batch[:half], tries), (batch[half:], tries)]
        if self._mapping.max_retries is not None and tries >= self._mapping.max_retries:
            self._give_up(batch, "RetryAttemptsExhausted", tries + 1)
            return []
        self._stop.wait(min(LONGEST_PAUSE_S, self._around.first_pause_s * 2**tries))
        return [(batch, tries + 1)]

    def _call(self, batch: Batch) -> Outcome:
        try:
            answer = self._around.invoke(self._mapping.function, {"Records": batch})
        except FunctionError:
            return Outcome(0, failed=True)
        return (
            self._reported(batch, answer) if self._mapping.reports_failed_items else Outcome(len(batch), failed=False)
        )

    def _reported(self, batch: Batch, answer: Any) -> Outcome:
        """Lambda goes on from the lowest failed record; what it cannot find fails the batch."""
        if not answer or not answer.get("batchItemFailures"):
            return Outcome(len(batch), failed=False)
        numbers = [it["dynamodb"]["SequenceNumber"] for it in batch]
        try:
            done = min(numbers.index(it["itemIdentifier"]) for it in answer["batchItemFailures"])
        except (KeyError, TypeError, ValueError):
            done = 0
        return Outcome(done, failed=True)

    def _without_old(self, batch: Batch) -> Batch:
        if self._mapping.max_age_s is None:
            return batch
        oldest = self._around.clock() - self._mapping.max_age_s
        old = [it for it in batch if it["dynamodb"]["ApproximateCreationDateTime"] < oldest]
        if old:
            self._give_up(old, "RecordAgeExceeded", 0)
        return batch[len(old) :]

    def _give_up(self, batch: Batch, condition: str, calls: int) -> None:
        first = batch[0]["dynamodb"]["SequenceNumber"]
        self._around.say(f"{self._mapping.name} gave up on {len(batch)} record(s) from {first}: {condition}")
        if self._mapping.on_failure is not None:
            letter = dead_letter(self._mapping, batch, shard_id=self._shard().id, condition=condition, calls=calls)
            self._around.send(self._mapping.on_failure, letter)

    def _shard(self) -> StreamShard:
        return shard_of(self._mapping.table)

    @property
    def _arn(self) -> str:
        table = dynamodb_backends[ACCOUNT][REGION].tables[self._mapping.table]
        return f"{table.table_arn}/stream/{table.latest_stream_label}"

    @property
    def _position(self) -> int:
        """Where to read on; never before what was trimmed or behind what was written."""
        shard = self._shard()
        first = shard.starting_sequence_number
        return min(max(self._around.positions[self._mapping.name], first), first + len(shard.items))


class Streams:
    """All mappings of a template."""

    def __init__(
        self,
        mappings: Sequence[StreamMapping],
        around: Surroundings,
    ) -> None:
        self._mappings = mappings
        self._positions = around.positions
        self._readers = [Reader(it, around) for it in mappings]

    def start(self) -> None:
        """Start all readers."""
        for reader in self._readers:
            reader.start()

    def stop(self, timeout_s: float) -> bool:
        """Stop all readers; whether none is left behind in its function."""
        for reader in self._readers:
            reader.stop()
        deadline = time.monotonic() + timeout_s
        left = [it for it in self._readers if not it.join(max(0.0, deadline - time.monotonic()))]
        return not left

    def trim(self) -> None:
        """Forget what all mappings of a stream have read."""
        for table in {it.table for it in self._mappings}:
            with moto_fixes.LOCK:
                moto_fixes.trim(
                    shard_of(table), min(self._positions[it.name] for it in self._mappings if it.table == table)
                )


def shard_of(table: str) -> StreamShard:
    """The one shard of a table's stream."""
    shard = dynamodb_backends[ACCOUNT][REGION].tables[table].stream_shard
    if shard is None:
        raise LookupError(f"{table} has no stream")
    return shard


def as_event(record: Mapping[str, Any], *, arn: str) -> Record:
    """A stream record in the shape a Lambda event has it."""
    event: Record = json.loads(json.dumps({**record, "eventSourceARN": arn}, default=_as_json))
    return event


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):  # moto's are UTC without saying so
        return int(value.replace(tzinfo=value.tzinfo or UTC).timestamp())
    raise TypeError(type(value).__name__)
