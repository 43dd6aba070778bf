"""The table's protocol, on a real DynamoDB API."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from local.aws import LocalAws
from local.template import Stack
from rapor.errors import Fenced, KeyReused, StoreUnavailable, UuidTaken
from rapor.report import Failure, Format, IdempotencyKey, Origin, Progress, Report, Status, new_identity
from rapor.store.table import ReportTable
from tests.builders import NOW, a_report, a_result

pytestmark = pytest.mark.integration
LATER = NOW + timedelta(minutes=3)
RESULT = a_result()
FAILURE = Failure("source_invalid", "Column x is missing.", retryable=False, attempt=1)


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[LocalAws, str]]:
    stack = Stack.load()
    with LocalAws(stack) as running:
        yield running, stack.name("Reports")


@pytest.fixture
def table(aws: tuple[LocalAws, str]) -> ReportTable:
    running, name = aws
    return ReportTable(running.client("dynamodb"), name)


def a_new_report(**changes: Any) -> Report:
    identity = new_identity(NOW)
    return a_report(**{"id": identity.id, "uuid": identity.uuid, "user_id": str(uuid4()), **changes})


def added(table: ReportTable, **changes: Any) -> Report:
    return table.add(a_new_report(**changes), None)[0]


def claimed(table: ReportTable, **changes: Any) -> Report:
    report = table.claim(added(table, **changes).uuid, owner="me", now=NOW, lease_until=LATER)
    assert report is not None
    return report


def got(table: ReportTable, uuid: UUID) -> Report:
    report = table.get(uuid)
    assert report is not None
    return report


def is_due(table: ReportTable, report: Report) -> bool:
    return report.uuid in set(table.due(NOW + timedelta(days=9), limit=10_000))


def test_a_report_comes_back_as_it_was_recorded(table: ReportTable) -> None:
    report = added(
        table,
        parameters={"tr": "ğüşıöçİ", "n": 0.1, "big": 2**60, "deep": {"a": [1, None, True]}},
        options={"csv": {"bom": True}},
        format=Format.EXCEL,
        schedule_id="s",
        scheduled_for="2025-11-24T06:00:00Z",
    )

    assert got(table, report.uuid) == replace(report, due_at=NOW + timedelta(minutes=2))


def test_a_record_keeps_every_digit(table: ReportTable) -> None:
    record = {"score": 595, "p": Decimal("0.12345678901234567890"), "version": "v1", "known": None, "good": True}
    import_ = added(table, record=record, imported=True, client_uuid="c", published_at=NOW, status=Status.COMPLETED)
    rendered = claimed(table)

    table.complete(rendered, RESULT, now=LATER, record=record)

    assert got(table, import_.uuid) == import_
    assert got(table, rendered.uuid).record == record


def test_what_is_not_queued_is_in_no_queue(table: ReportTable) -> None:
    for report in (
        added(table, is_active=False),
        added(table, imported=True, status=Status.COMPLETED),
    ):
        assert not is_due(table, report)
        assert table.count_unfinished(report.user_id, limit=9) == 0


def test_one_claim_wins(table: ReportTable) -> None:
    report = added(table)

    with ThreadPoolExecutor(8) as pool:
        owners = [f"worker {n}" for n in range(8)]
        claims = list(pool.map(lambda owner: table.claim(report.uuid, owner=owner, now=NOW, lease_until=LATER), owners))

    [winner] = [claim for claim in claims if claim]
    assert (winner.status, winner.attempt, winner.lease_until) == (Status.PROCESSING, 1, LATER)
    assert got(table, report.uuid).owner == winner.owner


def test_a_claim_whose_answer_was_lost_knows_itself(table: ReportTable) -> None:
    report = claimed(table)

    again = table.claim(report.uuid, owner="me", now=NOW, lease_until=LATER)

    assert again == report


@pytest.mark.parametrize(
    "changes",
    [
        {"is_active": False},
        {"imported": True},
        {"imported": True, "status": Status.PROCESSING},
        {"attempt": 3},
        {"status": Status.FAILED},
    ],
    ids=str,
)
def test_what_is_not_to_be_rendered_cannot_be_claimed(table: ReportTable, changes: dict[str, Any]) -> None:
    report = added(table, **changes)

    assert table.claim(report.uuid, owner="me", now=NOW, lease_until=LATER) is None
    assert table.claim(uuid4(), owner="me", now=NOW, lease_until=LATER) is None


def test_a_released_report_waits_for_its_time(table: ReportTable) -> None:
    report = claimed(table)

    table.release(report, not_before=LATER, now=NOW)

    assert got(table, report.uuid).status is Status.PENDING
    assert table.claim(report.uuid, owner="you", now=NOW, lease_until=LATER) is None
    second = table.claim(report.uuid, owner="you", now=LATER, lease_until=LATER + timedelta(minutes=1))
    assert second is not None
    assert second.attempt == 2


def test_a_completed_report_keeps_its_result_and_leaves_the_queues(table: ReportTable) -> None:
    report = claimed(table)

    table.complete(report, RESULT, now=LATER)

    found = got(table, report.uuid)
    assert (found.status, found.result, found.finished_at) == (Status.COMPLETED, RESULT, LATER)
    assert found.progress == Progress(100, "completed", 3, 3, LATER)
    assert not is_due(table, report)
    assert table.count_unfinished(report.user_id, limit=9) == 0


def is_unannounced(table: ReportTable, report: Report, now: datetime) -> bool:
    return report.uuid in set(table.unannounced(now, limit=10_000))


@pytest.mark.parametrize(
    "end",
    [
        lambda table, report: table.complete(report, RESULT, now=LATER),
        lambda table, report: table.fail(report, FAILURE, now=LATER),
        lambda table, report: table.exhaust(report, FAILURE, now=LATER),
    ],
    ids=["completed", "failed", "exhausted"],
)
def test_every_end_waits_to_be_announced(table: ReportTable, end: Callable[[ReportTable, Report], object]) -> None:
    report = claimed(table)

    end(table, report)

    found = got(table, report.uuid)
    assert (found.unannounced, found.due_at) == (True, LATER + timedelta(seconds=30))
    assert not is_unannounced(table, report, LATER + timedelta(seconds=29))
    assert is_unannounced(table, report, LATER + timedelta(seconds=30))


def test_a_failed_report_says_why(table: ReportTable) -> None:
    report = claimed(table)

    table.fail(report, FAILURE, now=LATER)

    found = got(table, report.uuid)
    assert (found.status, found.error) == (Status.FAILED, FAILURE)


def test_a_finish_whose_answer_was_lost_knows_itself(table: ReportTable) -> None:
    completed, failed = claimed(table), claimed(table)

    for _ in range(2):
        assert table.complete(completed, RESULT, now=LATER) == got(table, completed.uuid)
        assert table.fail(failed, FAILURE, now=LATER) == got(table, failed.uuid)

    assert got(table, completed.uuid).status is Status.COMPLETED


def test_who_lost_the_report_writes_nothing(table: ReportTable) -> None:
    report = claimed(table)
    table.reclaim(got(table, report.uuid), due_at=LATER, now=NOW)
    second = table.claim(report.uuid, owner="you", now=NOW, lease_until=LATER)
    before = got(table, report.uuid)

    writes: list[Callable[[], object]] = [
        lambda: table.note_progress(report, Progress(1, "rendering", 1, 2, NOW)),
        lambda: table.complete(report, RESULT, now=NOW),
        lambda: table.fail(report, FAILURE, now=NOW),
        lambda: table.release(report, not_before=NOW, now=NOW),
    ]
    for write in writes:
        with pytest.raises(Fenced):
            write()

    assert got(table, report.uuid) == before == second


def test_an_end_is_an_end(table: ReportTable) -> None:
    report = claimed(table)
    table.complete(report, RESULT, now=NOW)

    with pytest.raises(Fenced):
        table.fail(report, FAILURE, now=NOW)

    assert got(table, report.uuid).status is Status.COMPLETED


def test_due_reports_are_found_by_their_time(table: ReportTable) -> None:
    report = added(table)

    assert report.uuid not in set(table.due(NOW + timedelta(seconds=119), limit=10_000))
    assert report.uuid in set(table.due(NOW + timedelta(seconds=120), limit=10_000))


def test_the_sweep_writes_only_what_it_saw(table: ReportTable) -> None:
    stale = got(table, added(table).uuid)
    table.claim(stale.uuid, owner="me", now=NOW, lease_until=LATER)

    writes: list[Callable[[], object]] = [
        lambda: table.dispatch(stale, due_at=LATER),
        lambda: table.reclaim(stale, due_at=LATER, now=NOW),
        lambda: table.exhaust(stale, FAILURE, now=NOW),
    ]
    for write in writes:
        with pytest.raises(Fenced):
            write()

    assert got(table, stale.uuid).owner == "me"


def test_dispatching_makes_a_stream_record(table: ReportTable, aws: tuple[LocalAws, str]) -> None:
    report = got(table, added(table).uuid)

    table.dispatch(report, due_at=LATER)

    found = got(table, report.uuid)
    assert (found.status, found.due_at, found.dispatches) == (Status.PENDING, LATER, 1)
    assert found.updated_at == report.updated_at


def test_an_exhausted_report_fails(table: ReportTable) -> None:
    report = claimed(table, attempt=2)

    table.exhaust(report, FAILURE, now=LATER)

    assert got(table, report.uuid).status is Status.FAILED
    assert not is_due(table, report)


def test_a_key_makes_one_report(table: ReportTable) -> None:
    report = a_new_report()
    key = IdempotencyKey("B", report.user_id, "k", "f")

    first, origin = table.add(report, key)
    table.claim(report.uuid, owner="me", now=NOW, lease_until=LATER)
    again, origin_again = table.add(a_new_report(user_id=report.user_id), key)

    assert (origin, origin_again) == (Origin.CREATED, Origin.REPLAYED)
    assert again.uuid == first.uuid
    assert again.status is Status.PENDING  # the answer as created, whatever became of it


def test_a_key_raced_for_makes_one_report(table: ReportTable) -> None:
    reports = [a_new_report() for _ in range(8)]
    key = IdempotencyKey("B", "racer", "k", "f")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda report: table.add(report, key), reports))

    assert len({report.uuid for report, _ in answers}) == 1
    assert sorted(origin for _, origin in answers) == [Origin.CREATED] + [Origin.REPLAYED] * 7
    assert len([report for report in reports if table.get(report.uuid)]) == 1


def test_a_create_whose_answer_was_lost_knows_itself(table: ReportTable) -> None:
    report, keyed = a_new_report(), a_new_report()
    key = IdempotencyKey("B", keyed.user_id, "k", "f")

    plain = [table.add(report, None) for _ in range(2)]
    with_key = [table.add(keyed, key) for _ in range(2)]

    assert plain == [(report, Origin.CREATED)] * 2
    assert [(found.uuid, origin) for found, origin in with_key] == [(keyed.uuid, Origin.CREATED)] * 2


def test_a_key_stands_for_what_it_found_to_reuse(table: ReportTable) -> None:
    twin, key = added(table), IdempotencyKey("B", str(uuid4()), "k", "f")

    found = table.remember(key, twin, NOW)
    lost = table.remember(key, twin, NOW)  # the same write, whose answer was lost
    again = [table.remember(key, twin, LATER), table.first_answer(key, NOW), table.add(a_new_report(), key)]

    assert [found, lost] == [(twin, Origin.REUSED)] * 2
    assert [it and (it[0].uuid, it[1]) for it in again] == [(twin.uuid, Origin.REUSED_BEFORE)] * 3
    with pytest.raises(KeyReused):
        table.remember(replace(key, fingerprint="g"), twin, NOW)
    with pytest.raises(KeyReused):
        table.add(a_new_report(), replace(key, fingerprint="g"))


def test_what_a_key_made_or_found_first_it_stands_for(table: ReportTable) -> None:
    twins, key = [added(table) for _ in range(4)], IdempotencyKey("B", str(uuid4()), "k", "f")

    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(table.remember, key, it, NOW + timedelta(seconds=at)) for at, it in enumerate(twins)]
        made = [pool.submit(table.add, a_new_report(), key) for _ in range(4)]
        answers = [it.result() for it in (*found, *made)]

    assert len({report.uuid for report, _ in answers}) == 1
    assert sum(not origin.is_replayed for _, origin in answers) == 1
    assert len({origin.is_reused for _, origin in answers}) == 1


def test_a_key_that_found_something_is_kept_for_a_day_from_then(table: ReportTable) -> None:
    key, found_at = IdempotencyKey("B", str(uuid4()), "k", "f"), NOW + timedelta(days=3)
    table.remember(key, added(table), found_at)
    next_day = found_at + timedelta(hours=24)

    assert table.first_answer(key, next_day - timedelta(seconds=1)) is not None
    assert table.first_answer(key, next_day) is None
    assert table.remember(key, added(table), next_day)[1] is Origin.REUSED


def test_a_key_with_another_body_is_refused(table: ReportTable) -> None:
    report = a_new_report()
    table.add(report, IdempotencyKey("B", report.user_id, "k", "f"))

    with pytest.raises(KeyReused):
        table.add(a_new_report(), IdempotencyKey("B", report.user_id, "k", "g"))
    with pytest.raises(KeyReused):
        table.replayed(IdempotencyKey("B", report.user_id, "k", "g"), NOW)


def test_a_key_that_is_there_is_told_of_by_the_write_it_refuses(table: ReportTable) -> None:
    report = a_new_report()
    key = IdempotencyKey("B", report.user_id, "k", "f")
    table.add(report, key)

    class Blind:
        """A client that cannot read."""

        transact_write_items = table._client.transact_write_items

    client: Any = Blind()
    blind = ReportTable(client, table._name)

    assert blind.add(a_new_report(), key)[0].uuid == report.uuid
    with pytest.raises(KeyReused):
        blind.add(a_new_report(), replace(key, fingerprint="g"))


def test_a_key_that_is_being_written_by_another_is_looked_for(table: ReportTable) -> None:
    report = a_new_report()
    key = IdempotencyKey("B", report.user_id, "k", "f")
    table.add(report, key)
    conflict = an_error("TransactionCanceledException")
    conflict.response["CancellationReasons"] = [{"Code": "None"}, {"Code": "TransactionConflict"}]

    class Conflicting(Refusing):
        get_item = staticmethod(table._client.get_item)

    client: Any = Conflicting(conflict)

    assert ReportTable(client, table._name).add(a_new_report(), key)[0].uuid == report.uuid


def test_keys_of_others_are_others(table: ReportTable) -> None:
    for caller in ("x", "y", "x#y"):
        assert table.add(a_new_report(), IdempotencyKey("B", caller, "k", "f"))[1] is Origin.CREATED
    assert table.add(a_new_report(), IdempotencyKey("A", "x", "k", "f"))[1] is Origin.CREATED
    assert table.add(a_new_report(), IdempotencyKey("B", "x", "l", "f"))[1] is Origin.CREATED


def test_what_decides_is_read_as_it_is_now() -> None:
    """A read that does not ask for it may show what was there a moment ago, which no table here does."""
    asked: list[bool] = []

    class Asked:
        def get_item(self, *, ConsistentRead: bool = False, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
            asked.append(ConsistentRead)
            return {}

    client: Any = Asked()
    table, key = ReportTable(client, "Reports"), IdempotencyKey("B", "x", "k", "f")

    assert (table.get(uuid4()), table.replayed(key, NOW), table.named(key)) == (None, None, None)
    assert asked == [True] * 3


def test_a_key_is_kept_for_a_day(table: ReportTable) -> None:
    key = IdempotencyKey("B", str(uuid4()), "k", "f")
    table.add(a_new_report(), key)
    next_day = NOW + timedelta(hours=24)

    assert table.replayed(key, next_day - timedelta(seconds=1)) is not None
    assert table.replayed(key, next_day) is None
    assert table.add(a_new_report(created_at=next_day), key)[1] is Origin.CREATED


def test_a_key_without_end_is_kept_for_ever_and_names_its_report(table: ReportTable) -> None:
    report = a_new_report()
    key = IdempotencyKey("A", report.user_id, "k", "f", lifetime=None)
    table.add(report, key)

    assert table.replayed(key, NOW + timedelta(days=9999)) == replace(report, due_at=NOW + timedelta(minutes=2))
    assert table.named(replace(key, fingerprint="")) == report.uuid
    assert table.named(replace(key, caller_id="another")) is None
    for ask in (lambda taken: table.replayed(taken, NOW), lambda taken: table.add(a_new_report(), taken)):
        with pytest.raises(UuidTaken):
            ask(replace(key, fingerprint="g"))


# Each write, whole: what it changes, and that it changes nothing else.

SOON = NOW + timedelta(minutes=1)
TOLD = Progress(10, "rendering", 1, 10, NOW)
Write = Callable[[ReportTable, Report], object]
WRITES: dict[str, tuple[dict[str, Any], Write, dict[str, Any]]] = {
    # What the row is before, the write, and what is different then. `claim` starts from a waiting row, the rest from one
    # that is being rendered.
    "claim": (
        {"not_before": NOW, "progress": TOLD, "attempt": 2},
        lambda table, report: table.claim(report.uuid, owner="me", now=NOW, lease_until=LATER),
        {
            "status": Status.PROCESSING,
            "owner": "me",
            "lease_until": LATER,
            "due_at": LATER,
            "attempt": 3,
            "started_at": NOW,
            "updated_at": NOW,
            "not_before": None,
            "progress": None,
        },
    ),
    "note_progress": ({}, lambda table, report: table.note_progress(report, TOLD), {"progress": TOLD}),
    "release": (
        {"progress": TOLD},
        lambda table, report: table.release(report, not_before=SOON, now=LATER),
        {
            "status": Status.PENDING,
            "not_before": SOON,
            "due_at": SOON,
            "updated_at": LATER,
            "owner": None,
            "lease_until": None,
        },
    ),
    "complete": (
        {"progress": TOLD},
        lambda table, report: table.complete(report, RESULT, now=LATER, record={"score": 1}),
        {
            "status": Status.COMPLETED,
            "result": RESULT,
            "record": {"score": 1},
            "progress": Progress(100, "completed", 3, 3, LATER),
            "finished_at": LATER,
            "updated_at": LATER,
            "lease_until": None,
            "unannounced": True,
            "due_at": LATER + timedelta(seconds=30),
        },
    ),
    "fail": (
        {"progress": TOLD},
        lambda table, report: table.fail(report, FAILURE, now=LATER),
        {
            "status": Status.FAILED,
            "error": FAILURE,
            "finished_at": LATER,
            "updated_at": LATER,
            "lease_until": None,
            "unannounced": True,
            "due_at": LATER + timedelta(seconds=30),
        },
    ),
    "dispatch": ({}, lambda table, report: table.dispatch(report, due_at=SOON), {"due_at": SOON, "dispatches": 1}),
    "reclaim": (
        {"progress": TOLD},
        lambda table, report: table.reclaim(report, due_at=SOON, now=LATER),
        {
            "status": Status.PENDING,
            "due_at": SOON,
            "dispatches": 1,
            "updated_at": LATER,
            "owner": None,
            "lease_until": None,
            "progress": None,
        },
    ),
    "exhaust": (
        {"progress": TOLD},
        lambda table, report: table.exhaust(report, FAILURE, now=LATER),
        {
            "status": Status.FAILED,
            "error": FAILURE,
            "finished_at": LATER,
            "updated_at": LATER,
            "owner": None,
            "lease_until": None,
            "unannounced": True,
            "due_at": LATER + timedelta(seconds=30),
        },
    ),
    "dequeue": ({"is_active": False}, lambda table, report: table.dequeue(report), {"due_at": None}),
}


@pytest.mark.parametrize("name", WRITES)
def test_each_write_changes_just_what_it_says(table: ReportTable, name: str) -> None:
    state, write, changes = WRITES[name]
    is_running = name != "claim"
    held = {"status": Status.PROCESSING, "owner": "me", "attempt": 1, "lease_until": SOON, "due_at": SOON}
    report = added(table, **({**held, **state} if is_running else state))
    before = got(table, report.uuid)

    write(table, before)

    assert got(table, report.uuid) == replace(before, **changes)
    is_over = name in {"complete", "fail", "exhaust", "dequeue"}
    assert is_due(table, report) is not is_over
    assert table.count_unfinished(report.user_id, limit=9) == (0 if is_over else 1)
    assert (report.uuid in set(table.unannounced(NOW + timedelta(days=9), limit=10_000))) is bool(
        changes.get("unannounced")
    )


def test_unfinished_reports_are_counted_no_further_than_asked(table: ReportTable) -> None:
    user = str(uuid4())
    for _ in range(3):
        added(table, user_id=user)

    assert [table.count_unfinished(user, limit=limit) for limit in (1, 2, 3, 9)] == [1, 2, 3, 3]
    assert table.count_unfinished(f"{user}x", limit=9) == 0


def test_a_sweep_looks_at_some_of_every_shard(table: ReportTable) -> None:
    due_at = NOW - timedelta(days=30)
    of_one_shard = [added(table, uuid=UUID(int=16 * number + 5 + (1 << 100)), due_at=due_at) for number in range(4)]
    elsewhere = added(table, uuid=UUID(int=6 + (1 << 100)), due_at=due_at)

    found = {limit: [*table.due(due_at, limit=limit)] for limit in (1, 16, 32, 64)}

    shards = {limit: [uuid.int % 16 for uuid in uuids] for limit, uuids in found.items()}
    assert shards == {1: [5, 6], 16: [5, 6], 32: [5, 5, 6], 64: [5, 5, 5, 5, 6]}
    assert set(found[64]) == {report.uuid for report in [*of_one_shard, elsewhere]}


def test_a_sweep_whose_time_is_over_asks_no_further_shard(table: ReportTable) -> None:
    for shard in (5, 6):
        added(table, uuid=UUID(int=shard + (1 << 101)), due_at=NOW - timedelta(days=20))
    found = list[UUID]()

    found.extend(table.due(NOW - timedelta(days=20), limit=64, is_over=lambda: bool(found)))
    for queue in (table.due, table.unannounced):
        assert list(queue(NOW, limit=64, is_over=lambda: True)) == []

    assert {uuid.int % 16 for uuid in found} == {5}


@pytest.mark.parametrize("changes", [{"attempt": 2}, {"not_before": NOW}])
def test_the_last_attempt_and_the_first_moment_can_be_claimed(table: ReportTable, changes: dict[str, Any]) -> None:
    assert table.claim(added(table, **changes).uuid, owner="me", now=NOW, lease_until=LATER)


def test_what_was_deleted_cannot_be_claimed(table: ReportTable) -> None:
    report = added(table, deleted_at=NOW)

    assert table.claim(report.uuid, owner="me", now=NOW, lease_until=LATER) is None


def test_a_finish_of_another_attempt_or_end_is_not_ours(table: ReportTable) -> None:
    report = claimed(table)
    ended = table.complete(report, RESULT, now=LATER)

    assert ended == got(table, report.uuid)
    assert table.complete(report, RESULT, now=LATER) == ended
    for other in (replace(report, owner="you"), replace(report, attempt=2)):
        with pytest.raises(Fenced):
            table.complete(other, RESULT, now=LATER)
    with pytest.raises(Fenced):
        table.complete(a_new_report(owner="me", attempt=1), RESULT, now=LATER)


class Refusing:
    """A client whose every call ends with the same error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**_: Any) -> Any:
            raise self.error

        return call


def an_error(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "AnyCall")


CALLS: dict[str, Callable[[ReportTable, Report], object]] = {
    "add": lambda table, report: table.add(report, None),
    "add with a key": lambda table, report: table.add(report, IdempotencyKey("B", "1", "k", "f")),
    "remember": lambda table, report: table.remember(IdempotencyKey("B", "1", "k", "f"), report, NOW),
    "replayed": lambda table, report: table.replayed(IdempotencyKey("B", "1", "k", "f"), NOW),
    "named": lambda table, report: table.named(IdempotencyKey("B", "1", "k", "f")),
    "count": lambda table, report: table.count_unfinished("1", limit=1),
    "claim": lambda table, report: table.claim(report.uuid, owner="me", now=NOW, lease_until=LATER),
    "note_progress": lambda table, report: table.note_progress(report, TOLD),
    "due": lambda table, report: list(table.due(NOW, limit=1)),
    "get": lambda table, report: table.get(report.uuid),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_passes_by_itself_is_told_from_what_is_ours(call: str) -> None:
    throttled, broken, denied = (an_error("ThrottlingException"), an_error("Odd", 500), an_error("AccessDenied"))

    for error in (throttled, broken):
        with pytest.raises(StoreUnavailable):
            CALLS[call](ReportTable(Refusing(error), "Reports"), a_report())
    with pytest.raises(ClientError) as raised:
        CALLS[call](ReportTable(Refusing(denied), "Reports"), a_report())
    assert raised.value is denied


def test_a_transaction_that_others_cancelled_comes_again(table: ReportTable) -> None:
    class Cancelling(Refusing):
        def get_item(self, **_: Any) -> dict[str, Any]:
            return {}

    client: Any = Cancelling(an_error("TransactionCanceledException"))

    with pytest.raises(StoreUnavailable):
        ReportTable(client, "Reports").add(a_report(), IdempotencyKey("B", "1", "k", "f"))
