"""Event source mappings: what a function is called with, and what happens when it fails."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from local.aws import LocalAws
from local.functions import FunctionError
from local.scheduler import Entry, Scheduler, event_of
from local.streams import Streams, Surroundings, shard_of
from local.template import Schedule, Stack, StreamMapping

pytestmark = pytest.mark.integration

STACK = Stack.load()
TABLE = STACK.name("Reports")
QUEUE = STACK.name("DeadLetters")
MAPPING = StreamMapping(
    name="Fake/Pending",
    function="Fake",
    table=TABLE,
    patterns=({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"lane": {"S": ["fast"]}}}},),
    batch_size=10,
    from_latest=False,
    max_retries=2,
    max_age_s=None,
    bisects=False,
    reports_failed_items=True,
    on_failure=QUEUE,
)


class Fake:
    """A function that remembers its calls; `fail` says what it thinks of a batch."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.events: list[dict[str, Any]] = []
        self.fail: Callable[[list[str]], Any] = lambda _: None
        self.seen = threading.Condition()

    def __call__(self, name: str, event: dict[str, Any]) -> Any:
        names = [it["dynamodb"]["Keys"]["pk"]["S"] for it in event["Records"]]
        with self.seen:
            self.calls.append(names)
            self.events.append(event)
            self.seen.notify_all()
        return self.fail(names)

    def wait(self, done: Callable[[], bool]) -> None:
        with self.seen:
            assert self.seen.wait_for(done, timeout=10), self.calls

    def item_failures(self, event_index: int, failed: set[str]) -> dict[str, Any]:
        numbers = [
            it["dynamodb"]["SequenceNumber"]
            for it in self.events[event_index]["Records"]
            if it["dynamodb"]["Keys"]["pk"]["S"] in failed
        ]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}

    def fail_items(self, failed: set[str]) -> None:
        self.fail = lambda _: self.item_failures(-1, failed)


class Desk:
    """The stand-in's tables with one mapping on them."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.function = Fake()
        self.said: list[str] = []
        self.sent: list[tuple[str, str]] = []
        self.clock: Callable[[], float] = time.time
        self.streams: Streams | None = None

    def start(self, **changes: Any) -> Streams:
        self.streams = Streams(
            [replace(MAPPING, **changes)],
            Surroundings(
                invoke=self.function,
                positions=self.aws.positions,
                send=lambda queue, body: self.sent.append((queue, body)),
                say=self.said.append,
                clock=self.clock,
                first_pause_s=0.01,
            ),
        )
        self.streams.start()
        return self.streams

    def put(self, *names: str, lane: str = "fast") -> None:
        dynamodb = self.aws.client("dynamodb")
        for name in names:
            row = {"pk": {"S": name}, "sk": {"S": "REPORT"}, "lane": {"S": lane}}
            dynamodb.put_item(TableName=TABLE, Item=row)

    def wait_until_read(self) -> None:
        shard = shard_of(TABLE)
        deadline = time.monotonic() + 10
        while self.aws.positions.get("Fake/Pending") != shard.starting_sequence_number + len(shard.items):
            assert time.monotonic() < deadline, self.function.calls
            time.sleep(0.01)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with LocalAws(STACK) as aws:
        desk = Desk(aws)
        yield desk
        if desk.streams:
            assert desk.streams.stop(5)


def test_function_is_called_with_what_the_filter_lets_through(desk: Desk) -> None:
    desk.put("a")
    desk.put("b", lane="heavy")
    desk.put("a", lane="heavy")
    desk.put("c")

    desk.start()
    desk.wait_until_read()

    assert desk.function.calls == [["a", "c"]]
    record = desk.function.events[0]["Records"][0]
    assert record["eventName"] == "INSERT"
    assert record["eventSourceARN"].startswith(f"arn:aws:dynamodb:eu-central-1:123456789012:table/{TABLE}/stream/")
    assert record["dynamodb"]["NewImage"]["lane"] == {"S": "fast"}


def test_write_wakes_the_reader(desk: Desk) -> None:
    desk.start()
    start = time.monotonic()

    desk.put("a")
    desk.function.wait(lambda: bool(desk.function.calls))

    assert time.monotonic() - start < 0.9  # the reader's own patience is a second


def test_batch_is_no_larger_than_its_size(desk: Desk) -> None:
    desk.put("a", "b", "c")

    desk.start(batch_size=2)
    desk.wait_until_read()

    assert desk.function.calls == [["a", "b"], ["c"]]


def test_latest_begins_with_what_comes(desk: Desk) -> None:
    desk.put("a")

    desk.start(from_latest=True)
    desk.put("b")
    desk.wait_until_read()

    assert desk.function.calls == [["b"]]


def test_partial_failure_starts_again_from_the_lowest_failed(desk: Desk) -> None:
    desk.put("a", "b", "c", "d")
    answers = iter([{"c", "b"}, set()])
    desk.function.fail = lambda _: desk.function.item_failures(-1, next(answers))

    desk.start()
    desk.wait_until_read()

    assert desk.function.calls == [["a", "b", "c", "d"], ["b", "c", "d"]]
    assert desk.sent == []


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"wrong": "1"}]},
        {"batchItemFailures": [{"itemIdentifier": "404"}]},
    ],
)
def test_failure_that_names_no_record_fails_the_batch(desk: Desk, answer: dict[str, Any]) -> None:
    desk.put("a", "b")
    answers = iter([answer, None])
    desk.function.fail = lambda _: next(answers)

    desk.start()
    desk.wait_until_read()

    assert desk.function.calls == [["a", "b"], ["a", "b"]]


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_answer_without_failures_is_success(desk: Desk, answer: dict[str, Any] | None) -> None:
    desk.put("a", "b")
    desk.function.fail = lambda _: answer

    desk.start()
    desk.wait_until_read()

    assert desk.function.calls == [["a", "b"]]


def test_answer_means_nothing_to_a_mapping_that_does_not_ask(desk: Desk) -> None:
    desk.put("a")
    desk.function.fail_items({"a"})

    desk.start(reports_failed_items=False)
    desk.wait_until_read()

    assert desk.function.calls == [["a"]]


def test_crash_is_retried_and_then_dead(desk: Desk) -> None:
    def crash(names: list[str]) -> None:
        if "bad" in names:
            raise FunctionError

    desk.put("bad", "good")
    desk.function.fail = crash

    desk.start(batch_size=1)
    desk.wait_until_read()

    assert desk.function.calls == [["bad"], ["bad"], ["bad"], ["good"]]
    ((queue, body),) = desk.sent
    letter = json.loads(body)
    assert queue == QUEUE
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["requestContext"]["approximateInvokeCount"] == 3
    batch = letter["DDBStreamBatchInfo"]
    number = desk.function.events[0]["Records"][0]["dynamodb"]["SequenceNumber"]
    assert (batch["startSequenceNumber"], batch["endSequenceNumber"], batch["batchSize"]) == (number, number, 1)
    assert "gave up on 1 record(s)" in desk.said[0]


def test_bisecting_finds_the_bad_record(desk: Desk) -> None:
    def crash(names: list[str]) -> None:
        if "bad" in names:
            raise FunctionError

    desk.put("a", "b", "bad", "c")
    desk.function.fail = crash

    desk.start(bisects=True, max_retries=1)
    desk.wait_until_read()

    assert desk.function.calls == [["a", "b", "bad", "c"], ["a", "b"], ["bad", "c"], ["bad"], ["bad"], ["c"]]
    assert len(desk.sent) == 1


def test_without_bisecting_the_whole_batch_is_given_up(desk: Desk) -> None:
    desk.put("a", "bad")
    desk.function.fail = lambda _: (_ for _ in ()).throw(FunctionError)

    desk.start(max_retries=0)
    desk.wait_until_read()

    assert desk.function.calls == [["a", "bad"]]
    assert json.loads(desk.sent[0][1])["DDBStreamBatchInfo"]["batchSize"] == 2


def test_record_too_old_is_not_delivered(desk: Desk) -> None:
    desk.put("a")
    desk.clock = lambda: time.time() + 7200

    desk.start(max_age_s=3600)
    desk.wait_until_read()

    assert desk.function.calls == []
    assert json.loads(desk.sent[0][1])["requestContext"]["condition"] == "RecordAgeExceeded"


def test_next_run_goes_on_where_the_last_one_stopped(desk: Desk) -> None:
    desk.put("a")
    desk.start().stop(5)
    desk.put("b")

    desk.start()
    desk.wait_until_read()

    assert [name for names in desk.function.calls for name in names] in (["a", "b"], ["a", "a", "b"])
    assert desk.function.calls[-1][-1] == "b"


def test_stopping_does_not_wait_for_retries(desk: Desk) -> None:
    desk.put("a")
    desk.function.fail_items({"a"})
    streams = desk.start(max_retries=None)
    desk.function.wait(lambda: len(desk.function.calls) > 1)

    assert streams.stop(5)

    position = desk.aws.positions["Fake/Pending"]
    assert position == shard_of(TABLE).starting_sequence_number  # it comes again at the next start


def test_stream_is_trimmed_to_what_all_have_read(desk: Desk) -> None:
    desk.put("a", "b")
    streams = desk.start()
    desk.wait_until_read()
    desk.aws.positions["Other"] = 0

    streams.trim()

    assert shard_of(TABLE).items == []
    desk.put("c")
    desk.wait_until_read()
    assert desk.function.calls[-1] == ["c"]


class Clock:
    """Seconds since 1970, told by the test."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def schedule(**changes: Any) -> Schedule:
    made = Schedule("nightly", "Fake", "rate(1 minute)", "UTC", is_enabled=True, input=None)
    return replace(made, **changes)


def test_schedule_fires_once_an_interval() -> None:
    clock, events = Clock(1_800_000_000.0), []
    scheduler = Scheduler([schedule()], invoke=lambda _, event: events.append(event), say=print, clock=clock)

    scheduler.fire_due()
    assert events == []
    clock.now += 60
    scheduler.fire_due()
    scheduler.fire_due()
    clock.now += 600
    scheduler.fire_due()

    assert [it["time"] for it in events] == ["2027-01-15T08:01:00Z", "2027-01-15T08:02:00Z"]
    assert events[0]["source"] == "aws.scheduler"
    assert events[0]["detail"] == "{}"


def test_schedule_gives_its_own_input_with_placeholders_filled() -> None:
    text = '{"at": "<aws.scheduler.scheduled-time>", "try": "<aws.scheduler.attempt-number>"}'

    event = event_of(Entry(schedule(input=text)), 1_800_000_000.7)

    assert event == {"at": "2027-01-15T08:00:00Z", "try": "1"}


def test_failed_schedule_fires_again() -> None:
    clock, calls = Clock(0.0), []

    def fail(name: str, event: Any) -> None:
        calls.append(name)
        raise FunctionError

    scheduler = Scheduler([schedule()], invoke=fail, say=print, clock=clock)
    for _ in range(2):
        clock.now += 60
        scheduler.fire_due()

    assert len(calls) == 2


def test_disabled_schedules_do_not_fire_and_wrong_ones_are_named() -> None:
    clock, said, events = Clock(0.0), list[str](), list[object]()
    scheduler = Scheduler(
        [schedule(is_enabled=False), schedule(expression="cron(1)", is_enabled=False), schedule(expression="cron(2)")],
        invoke=lambda _, event: events.append(event),
        say=said.append,
        clock=clock,
    )

    clock.now += 999_999
    scheduler.fire_due()

    assert events == []
    assert said == [
        "schedule nightly is not fired: cron(2) must have six fields, minute, hour, day-of-month, month, day-of-week, year, in cron(…)"
    ]


def test_calendar_schedules_fire_at_their_local_time_and_leave_out_one_that_does_not_exist() -> None:
    clock, events = Clock(datetime(2026, 3, 28, 0, tzinfo=UTC).timestamp()), list[Any]()
    nightly = schedule(expression="cron(30 2 * * ? *)", timezone="Europe/Berlin")
    scheduler = Scheduler([nightly], invoke=lambda _, event: events.append(event), say=print, clock=clock)

    for _ in range(60):
        clock.now += 3600
        scheduler.fire_due()

    assert [it["time"] for it in events] == ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"]


class Store:
    """Schedules that functions made."""

    def __init__(self, *entries: Entry) -> None:
        self.entries = list(entries)

    def all(self) -> list[Entry]:
        return self.entries

    def remove(self, entry: Entry) -> None:
        self.entries.remove(entry)


def test_what_functions_make_fires_until_it_is_changed_or_over() -> None:
    clock, events = Clock(0.0), list[Any]()
    once = Entry(schedule(name="once", expression="at(1970-01-01T00:02:00)"), "users", is_deleted_after=True)
    often = Entry(schedule(name="often"), "users", start=300.0, end=420.0, is_deleted_after=True)
    store = Store(once)
    scheduler = Scheduler([], invoke=lambda _, it: events.append(it), say=print, clock=clock, entries=store)

    for minute in range(12):
        if minute == 3:
            store.entries.append(often)
        clock.now = minute * 60.0
        scheduler.fire_due()

    assert [it["time"][11:16] for it in events] == ["00:02", "00:05", "00:06", "00:07"]
    assert store.entries == []
