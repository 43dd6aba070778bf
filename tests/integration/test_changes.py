"""Changes from outside the pipeline, on a real DynamoDB and S3 API: what is written, who wins, what is left."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from local.aws import LocalAws
from local.streams import as_event, shard_of
from local.template import Stack
from rapor.announce import Announcer
from rapor.errors import Fenced, NotFailed, RaporError
from rapor.purge import purge_reports
from rapor.report import Failure, Lane, Progress, Report, Status
from rapor.score import key_of
from rapor.store.changes import ReportChanges
from rapor.store.documents import DocumentBucket
from rapor.sweep import sweep_reports
from rapor.update import Desk, cancel_report, delete_report, restore_report, retry_report
from tests.builders import NOW, a_caller, a_catalogue, a_report, a_result
from tests.unit.fakes import FakeEvents, FakeLog, a_turn

pytestmark = pytest.mark.integration
LATER = NOW + timedelta(minutes=3)
NEXT_YEAR = NOW + timedelta(days=365)
KEEP = timedelta(days=30)
CATALOGUE = a_catalogue()
FAILURE = Failure("source_invalid", "Column x is missing.", retryable=False, attempt=1)
RESULT = a_result()


@pytest.fixture
def table(stack: tuple[Stack, LocalAws]) -> ReportChanges:
    loaded, aws = stack
    return ReportChanges(aws.client("dynamodb"), loaded.name("Reports"))


@pytest.fixture
def documents(stack: tuple[Stack, LocalAws]) -> DocumentBucket:
    loaded, aws = stack
    return DocumentBucket(aws.client("s3"), loaded.name("Documents"))


def added(table: ReportChanges, **changes: Any) -> Report:
    made = table.add(a_report(**{"uuid": uuid4(), "user_id": str(uuid4()), **changes}), None)[0]
    return got(table, made.uuid)


def claimed(table: ReportChanges, **changes: Any) -> Report:
    report = table.claim(added(table, **changes).uuid, owner="me", now=NOW, lease_until=LATER)
    assert report is not None
    return report


def got(table: ReportChanges, uuid: UUID) -> Report:
    report = table.get(uuid)
    assert report is not None
    return report


def queues(table: ReportChanges, report: Report) -> dict[str, Any]:
    """What the row's sparse attributes say, as they are stored."""
    row = table._client.get_item(
        TableName=table._name, Key={"pk": {"S": f"REPORT#{report.uuid}"}, "sk": {"S": "REPORT"}}
    )["Item"]
    here = {f"{kind}#{report.uuid.int % 16}": f"{kind}#n" for kind in ("OPEN", "OUTBOX", "TRASH")}
    here[f"UNFINISHED#{report.user_id}"] = "UNFINISHED#u"
    return {
        name: here.get(value, value)
        for name in ("open_pk", "unfinished_pk", "lane", "due_at")
        if name in row
        for value in row[name].values()
    }


def ms(moment: Any) -> str:
    return str(int(moment.timestamp() * 1000))


def a_desk(table: ReportChanges, **changes: Any) -> Desk:
    return replace(
        Desk(
            caller=a_caller(),
            now=LATER,
            reports=table,
            catalogue=CATALOGUE,
            announcer=Announcer(table, FakeEvents(), FakeLog()),
            max_unfinished=100,
        ),
        **changes,
    )


ENDED = {"status": Status.FAILED, "error": FAILURE, "finished_at": NOW, "unannounced": True}
OUTBOX = {"open_pk": "OUTBOX#n", "due_at": ms(NOW + timedelta(seconds=30))}
OPEN = {"open_pk": "OPEN#n", "unfinished_pk": "UNFINISHED#u", "lane": "fast"}


# -- what is written ----------------------------------------------------------


def test_a_change_comes_back_as_it_is_stored(table: ReportChanges) -> None:
    report = added(table)

    answer = table.change(report, replace(report, title="B", options={"locale": "en"}, updated_at=LATER))

    assert answer == got(table, report.uuid)
    assert (answer.title, answer.options, answer.updated_at) == ("B", {"locale": "en"}, LATER)
    assert answer.revision


def test_every_attribute_can_come_and_go(table: ReportChanges) -> None:
    bare = added(table, is_active=False)
    full = replace(
        bare,
        options={"locale": "en"},
        not_before=NOW,
        owner="me",
        lease_until=NOW,
        started_at=NOW,
        finished_at=NOW,
        unannounced=True,
        progress=Progress(1, "rendering", 1, 9, NOW),
        result=RESULT,
        error=FAILURE,
        purging=True,
    )

    filled = table.change(bare, full)
    emptied = table.change(filled, replace(bare, revision=filled.revision))

    assert filled == replace(full, revision=filled.revision, due_at=NOW + timedelta(seconds=30))
    assert emptied == replace(bare, revision=emptied.revision)


def test_a_change_leaves_what_a_worker_tells_meanwhile(table: ReportChanges) -> None:
    report = claimed(table)
    told = Progress(50, "rendering", 1, 2, NOW)
    table.note_progress(report, told)

    table.change(report, replace(report, title="B"))

    assert got(table, report.uuid).progress == told
    table.complete(report, RESULT, now=LATER)
    assert (got(table, report.uuid).title, got(table, report.uuid).status) == ("B", Status.COMPLETED)


QUEUED: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, str]]] = [
    ("activated", {"is_active": False}, {"is_active": True, "due_at": None}, OPEN | {"due_at": ms(NOW + timedelta(minutes=5))}),
    ("put aside", {}, {"is_active": False}, {}),
    ("cancelled", {}, {"status": Status.FAILED, "error": FAILURE}, {}),
    ("cancelled and untold", {}, ENDED, OUTBOX),
    ("deleted and untold", {}, ENDED | {"deleted_at": NOW}, OUTBOX),
    ("told", ENDED, {"unannounced": False}, {}),
    ("told after its deletion", ENDED | {"deleted_at": NOW}, {"unannounced": False}, {"open_pk": "TRASH#n", "due_at": ms(NOW)}),
    ("retried", {"status": Status.FAILED}, {"status": Status.PENDING}, OPEN | {"due_at": ms(NOW + timedelta(minutes=5))}),
    ("deleted", {}, {"status": Status.FAILED, "deleted_at": NOW}, {"open_pk": "TRASH#n", "due_at": ms(NOW)}),
    ("deleted before it was told", ENDED, {"deleted_at": NOW}, OUTBOX),
    ("retried untold", ENDED, {"status": Status.PENDING, "finished_at": None, "unannounced": False, "due_at": None}, OPEN | {"due_at": ms(NOW + timedelta(minutes=5))}),
    ("restored", {"status": Status.COMPLETED, "deleted_at": NOW}, {"deleted_at": None}, {}),
    ("renamed", {}, {"title": "B"}, OPEN | {"due_at": ms(NOW + timedelta(minutes=2))}),
    ("of another lane", {}, {"lane": Lane.HEAVY}, OPEN | {"lane": "heavy", "due_at": ms(NOW + timedelta(minutes=2))}),
]  # fmt: skip


@pytest.mark.parametrize(("before", "change", "expected"), [q[1:] for q in QUEUED], ids=[q[0] for q in QUEUED])
def test_a_report_is_in_the_queues_that_its_state_asks_for(
    table: ReportChanges, before: dict[str, Any], change: dict[str, Any], expected: dict[str, str]
) -> None:
    report = added(table, **before)

    table.change(report, replace(report, updated_at=LATER, **change))

    assert queues(table, report) == expected


def test_what_runs_stays_where_the_sweep_finds_it_when_made_inactive(table: ReportChanges) -> None:
    report = claimed(table)

    table.change(report, replace(report, is_active=False))

    assert queues(table, report) == OPEN | {"due_at": ms(LATER)}


def came_back_inactive(table: ReportChanges) -> Report:
    report = claimed(table)
    inactive = table.change(report, replace(report, is_active=False))
    table.release(inactive, not_before=LATER, now=NOW)
    return got(table, report.uuid)


def test_any_change_takes_out_what_came_back_inactive(table: ReportChanges) -> None:
    report = came_back_inactive(table)

    table.change(report, replace(report, title="B"))

    assert queues(table, report) == {}


def test_the_sweep_takes_out_what_came_back_inactive(table: ReportChanges) -> None:
    report = came_back_inactive(table)

    sweep_reports(now=LATER, reports=table, turn=a_turn(), limit=10_000)

    assert queues(table, report) == {}
    assert got(table, report.uuid).status is Status.PENDING
    assert table.claim(report.uuid, owner="you", now=LATER, lease_until=LATER) is None


# -- who wins -----------------------------------------------------------------


def released(table: ReportChanges, report: Report) -> None:
    held = table.claim(report.uuid, owner="you", now=NOW, lease_until=LATER)
    assert held is not None
    table.release(held, not_before=NOW, now=NOW)


MOVES: dict[str, Callable[[ReportChanges, Report], object]] = {
    "claim": lambda table, it: table.claim(it.uuid, owner="you", now=NOW, lease_until=LATER),
    "claim and release": released,
    "exhaust": lambda table, it: table.exhaust(it, FAILURE, now=NOW),
    "rename": lambda table, it: table.change(it, replace(it, title="theirs")),
    "put aside": lambda table, it: table.change(it, replace(it, is_active=False)),
    "cancel": lambda table, it: table.change(it, replace(it, status=Status.FAILED, owner=None)),
    "delete": lambda table, it: table.change(it, replace(it, status=Status.FAILED, owner=None, deleted_at=NOW)),
}


@pytest.mark.parametrize("first", MOVES)
@pytest.mark.parametrize("second", sorted(MOVES.keys() - {"claim", "claim and release"}))
def test_who_saw_the_report_before_it_moved_writes_nothing(table: ReportChanges, first: str, second: str) -> None:
    report = added(table)
    MOVES[first](table, report)
    moved = got(table, report.uuid)

    if (first, second) == ("rename", "exhaust"):
        return  # the sweep decides by status, due date and attempt; a title is none of its business
    with pytest.raises(Fenced):
        MOVES[second](table, report)

    assert got(table, report.uuid) == moved


@pytest.mark.parametrize("first", ["put aside", "cancel", "delete"])
def test_nothing_is_claimed_that_its_owner_took_back(table: ReportChanges, first: str) -> None:
    report = added(table)
    MOVES[first](table, report)

    assert table.claim(report.uuid, owner="you", now=NOW, lease_until=LATER) is None


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_a_worker_whose_report_was_taken_back_writes_nothing(table: ReportChanges, end: str) -> None:
    report = claimed(table)
    MOVES[end](table, report)
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

    assert got(table, report.uuid) == before


def test_a_change_whose_answer_was_lost_knows_itself(
    table: ReportChanges, stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = added(table, status=Status.FAILED, attempt=3)
    unlucky = ReportChanges(stack[1].client("dynamodb"), table._name)
    once = unlucky._client.update_item

    def twice(**request: Any) -> Any:  # as the SDK repeats it; meanwhile a worker was quick
        once(**request)
        table.claim(report.uuid, owner="quick", now=LATER, lease_until=LATER)
        return once(**request)

    monkeypatch.setattr(unlucky._client, "update_item", twice)
    retried = retry_report(report.uuid, desk=a_desk(unlucky))

    assert (retried.status, retried.owner, retried.max_attempts) == (Status.PROCESSING, "quick", 6)
    assert retried == got(table, report.uuid)


def test_a_removal_whose_answer_was_lost_knows_itself(table: ReportChanges) -> None:
    report = added(table, deleted_at=NOW)

    for _ in range(2):
        table.remove(report)

    assert table.get(report.uuid) is None


def test_who_saw_another_report_removes_nothing(table: ReportChanges) -> None:
    report = added(table, deleted_at=NOW)
    restored = table.change(report, replace(report, deleted_at=None))

    with pytest.raises(Fenced):
        table.remove(report)

    assert got(table, report.uuid) == restored


def test_of_many_retries_at_once_one_is_done(table: ReportChanges) -> None:
    report = added(table, status=Status.FAILED, attempt=3)

    def retried(_: int) -> Report | RaporError:
        try:
            return retry_report(report.uuid, desk=a_desk(table))
        except NotFailed as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(retried, range(8)))

    assert len([answer for answer in answers if isinstance(answer, Report)]) == 1
    assert got(table, report.uuid).max_attempts == 6


def test_one_end_wins_when_worker_and_client_end_a_report_at_once(table: ReportChanges) -> None:
    ends: list[tuple[bool, bool]] = []
    for _ in range(12):
        report = claimed(table)
        acts: list[Callable[[], object]] = [
            partial(table.complete, report, RESULT, now=LATER),
            partial(cancel_report, report.uuid, desk=a_desk(table)),
        ]
        with ThreadPoolExecutor(2) as pool:
            completed, cancelled = (it.exception() is None for it in [pool.submit(act) for act in acts])

        ends.append((completed, cancelled))
        found = got(table, report.uuid)
        assert found.status is (Status.COMPLETED if completed else Status.FAILED)
        assert (found.result is None) is cancelled
        assert queues(table, report).get("open_pk") == ("OUTBOX#n" if completed else None)
        assert "unfinished_pk" not in queues(table, report)

    assert set(ends) <= {(True, False), (False, True)}


# -- the trash ----------------------------------------------------------------


def deleted(table: ReportChanges, **changes: Any) -> Report:
    return delete_report(added(table, **changes).uuid, desk=a_desk(table, now=NOW))


def stored(documents: DocumentBucket, *keys: str) -> None:
    for key in keys:
        documents._client.put_object(Bucket=documents._name, Key=key, Body=b"x")


def versions(documents: DocumentBucket, folder: str) -> list[str]:
    answer = documents._client.list_object_versions(Bucket=documents._name, Prefix=folder)
    return [it["Key"] for kind in ("Versions", "DeleteMarkers") for it in answer.get(kind, [])]


def test_a_purge_takes_every_version_of_everything_and_nothing_of_others(
    table: ReportChanges, documents: DocumentBucket
) -> None:
    report, neighbour = deleted(table, status=Status.COMPLETED), added(table, status=Status.COMPLETED)
    document, manifest = f"{report.folder}1-me.pdf", f"{report.folder}1-me.manifest.json"
    stored(documents, document, document, manifest, f"{neighbour.folder}1-me.pdf", f"{report.folder[:-1]}0/x")
    documents._client.delete_object(Bucket=documents._name, Key=document)
    assert len(versions(documents, report.folder)) == 4

    too_early = purge_reports(
        now=NOW + KEEP - timedelta(seconds=1), keep=KEEP, reports=table, documents=documents, turn=a_turn()
    )
    assert (too_early, len(versions(documents, report.folder))) == ([], 4)
    purge_reports(now=NOW + KEEP, keep=KEEP, reports=table, documents=documents, turn=a_turn())

    assert table.get(report.uuid) is None
    assert versions(documents, report.folder) == []
    assert len(versions(documents, neighbour.folder)) == 1
    assert len(versions(documents, f"{report.folder[:-1]}0/")) == 1
    assert table.get(neighbour.uuid) == neighbour


def test_what_was_restored_is_not_purged(table: ReportChanges, documents: DocumentBucket) -> None:
    report = deleted(table, status=Status.COMPLETED)
    stored(documents, f"{report.folder}1-me.pdf")
    restored = restore_report(report.uuid, desk=a_desk(table))

    purge_reports(now=NEXT_YEAR, keep=KEEP, reports=table, documents=documents, turn=a_turn())

    assert got(table, report.uuid) == restored
    assert len(versions(documents, report.folder)) == 1


def test_the_sweep_and_the_trash_leave_each_other_alone(table: ReportChanges) -> None:
    waiting, gone = added(table), deleted(table)

    assert gone.uuid not in set(table.due(NEXT_YEAR, limit=10_000))
    assert waiting.uuid not in set(table.deleted_before(NEXT_YEAR, limit=10_000))
    assert gone.uuid in set(table.deleted_before(NOW, limit=10_000))
    assert gone.uuid not in set(table.deleted_before(NOW - timedelta(milliseconds=1), limit=10_000))


def test_a_purge_forgets_a_reports_name_and_no_others(table: ReportChanges, documents: DocumentBucket) -> None:
    owner = str(uuid4())
    named = a_report(uuid=uuid4(), user_id=owner, client_uuid="mine", deleted_at=NOW, status=Status.FAILED)
    later = a_report(uuid=uuid4(), user_id=owner, client_uuid="mine")
    table.add(named, key_of(owner, "mine", "f"))
    table.forget(key_of(owner, "mine"), later)
    kept = table.replayed(key_of(owner, "mine", "f"), NOW)

    purge_reports(now=NEXT_YEAR, keep=KEEP, reports=table, documents=documents, turn=a_turn())

    assert kept is not None
    assert table.replayed(key_of(owner, "mine", "f"), NEXT_YEAR) is None


def test_a_purge_wakes_no_worker(table: ReportChanges, documents: DocumentBucket) -> None:
    report = deleted(table)
    purge_reports(now=NEXT_YEAR, keep=KEEP, reports=table, documents=documents, turn=a_turn())

    events = [as_event(item.record, arn="arn") for item in shard_of(table._name).items]
    last = [it for it in events if it["dynamodb"]["Keys"]["pk"]["S"] == f"REPORT#{report.uuid}"][-1]

    assert last["eventName"] == "REMOVE"
    assert "NewImage" not in last["dynamodb"]
