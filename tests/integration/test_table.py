"""The table's protocol, on a real DynamoDB API."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from local.aws import LocalAws
from local.template import Stack
from rapor.errors import Fenced, KeyReused, UuidTaken
from rapor.report import Failure, Format, IdempotencyKey, Progress, Report, Status, new_identity
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
        {"attempt": 3},
        {"status": Status.FAILED},
    ],
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

    first, replayed = table.add(report, key)
    table.claim(report.uuid, owner="me", now=NOW, lease_until=LATER)
    again, replayed_again = table.add(a_new_report(user_id=report.user_id), key)

    assert (replayed, replayed_again) == (False, True)
    assert again.uuid == first.uuid
    assert again.status is Status.PENDING  # the answer as created, whatever became of it


def test_a_key_raced_for_makes_one_report(table: ReportTable) -> None:
    reports = [a_new_report() for _ in range(8)]
    key = IdempotencyKey("B", "racer", "k", "f")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda report: table.add(report, key), reports))

    assert len({report.uuid for report, _ in answers}) == 1
    assert sorted(replayed for _, replayed in answers) == [False] + [True] * 7
    assert len([report for report in reports if table.get(report.uuid)]) == 1


def test_a_create_whose_answer_was_lost_knows_itself(table: ReportTable) -> None:
    report, keyed = a_new_report(), a_new_report()
    key = IdempotencyKey("B", keyed.user_id, "k", "f")

    plain = [table.add(report, None) for _ in range(2)]
    with_key = [table.add(keyed, key) for _ in range(2)]

    assert plain == [(report, False)] * 2
    assert [(found.uuid, replayed) for found, replayed in with_key] == [(keyed.uuid, False)] * 2


def test_a_key_with_another_body_is_refused(table: ReportTable) -> None:
    report = a_new_report()
    table.add(report, IdempotencyKey("B", report.user_id, "k", "f"))

    with pytest.raises(KeyReused):
        table.add(a_new_report(), IdempotencyKey("B", report.user_id, "k", "g"))
    with pytest.raises(KeyReused):
        table.replayed(IdempotencyKey("B", report.user_id, "k", "g"), NOW)


def test_keys_of_others_are_others(table: ReportTable) -> None:
    for caller in ("x", "y", "x#y"):
        assert table.add(a_new_report(), IdempotencyKey("B", caller, "k", "f"))[1] is False


def test_a_key_is_kept_for_a_day(table: ReportTable) -> None:
    key = IdempotencyKey("B", str(uuid4()), "k", "f")
    table.add(a_new_report(), key)
    next_day = NOW + timedelta(hours=24)

    assert table.replayed(key, next_day - timedelta(seconds=1)) is not None
    assert table.replayed(key, next_day) is None
    assert table.add(a_new_report(created_at=next_day), key)[1] is False


def test_a_key_without_end_is_kept_for_ever_and_names_its_report(table: ReportTable) -> None:
    report = a_new_report()
    key = IdempotencyKey("A", report.user_id, "k", "f", lifetime=None)
    table.add(report, key)

    assert table.replayed(key, NOW + timedelta(days=9999)) == replace(report, due_at=NOW + timedelta(minutes=2))
    assert table.named(replace(key, fingerprint="")) == report.uuid
    assert table.named(replace(key, caller_id="another")) is None
    with pytest.raises(UuidTaken):
        table.replayed(replace(key, fingerprint="g"), NOW)
