"""
Whatever breaks between two AWS calls of the update function, a change happens once, and its client can find out.

And whenever a change comes between two calls of the process function, the report ends as both are told. The
functions are the real ones: their rooms, DuckDB, the writer.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import pytest

from rapor.errors import StoreUnavailable
from rapor.purge import purge_reports
from rapor.report import Failure, Format, Report, Status
from rapor.store import documents as documents_module
from rapor.store.changes import ReportChanges
from rapor.store.documents import DocumentBucket
from rapor.sweep import sweep_reports
from tests.faults.injector import Crash, Fault, Injector, Intruder
from tests.faults.world import World, check, check_announced, check_history

pytestmark = pytest.mark.faults
FAILED = {"status": Status.FAILED, "attempt": 3, "error": Failure("internal", "x", retryable=True, attempt=3)}
UNTOLD = FAILED | {"finished_at": datetime.now(UTC), "unannounced": True}
MENDED_BY_THE_SDK = [Fault.THROTTLED_ONCE, Fault.ERROR_WITHOUT_EFFECT, Fault.ERROR_WITH_EFFECT, Fault.ANSWER_LOST]
READ_AND_WRITE = ["GetItem", "UpdateItem"]
END = [*READ_AND_WRITE, "PutEvents", "UpdateItem"]
QUEUE = ["GetItem", "Query", "UpdateItem"]  # the cap is counted


class Act(NamedTuple):
    """A request, the report it is for, what it calls, and its answers: when it acts, and when it has acted before."""

    event: str
    body: dict[str, Any] | None
    report: dict[str, Any]
    calls: list[str]
    answer: int
    answer_again: int


UPDATE, RETRY, CANCEL, DELETE, RESTORE = (
    "patch_api_v1_reports_uuid",
    "post_api_v1_reports_uuid_retry",
    "post_api_v1_reports_uuid_cancel",
    "delete_api_v1_reports_uuid",
    "post_api_v1_reports_uuid_restore",
)
ACTS = {
    "update": Act(UPDATE, {"title": "B", "format": "json"}, {}, READ_AND_WRITE, 200, 200),
    "activate": Act(UPDATE, {"is_active": True}, {"is_active": False}, QUEUE, 200, 200),
    "retry": Act(RETRY, None, FAILED, QUEUE, 202, 409),
    "retry untold": Act(RETRY, None, UNTOLD, ["GetItem", "PutEvents", "Query", "UpdateItem"], 202, 409),
    "cancel": Act(CANCEL, None, {}, END, 200, 409),
    "delete": Act(DELETE, None, {}, END, 200, 404),
    "restore": Act(RESTORE, None, {"status": Status.COMPLETED, "deleted_at": "now"}, READ_AND_WRITE, 200, 200),
}
CELLS = [(name, at) for name, act in ACTS.items() for at in range(1, len(act.calls) + 1)]


def prepared(world: World, act: Act) -> Report:
    now = {"deleted_at": world.now()} if "deleted_at" in act.report else {}
    return world.order(**{**act.report, **now})


def acted(world: World, act: Act, report: Report) -> int:
    """What a client is told that asks again after a crash or a 5xx."""
    for _ in range(3):
        with suppress(Crash):
            status, _ = world.request(act.event, report, act.body)
            if status < 500:
                return status
        world.update_injector.disarm()
    raise AssertionError("no answer")


def check_once(world: World, report: Report, name: str) -> None:
    """The change is there, was written once, and where it queued the report, a document follows."""
    check_announced(world, report)
    assert len(world.records(report)) == (3 if name in {"cancel", "delete"} else 2)  # these two have their mark
    check_history(world, report)
    found = world.reports.get(report.uuid)
    assert found is not None
    code = found.error.code if found.error else None
    match name:
        case "update":
            assert (found.title, found.format) == ("B", Format.JSON)
        case "retry" | "retry untold":
            assert (found.max_attempts, code, found.finished_at) == (6, None, None)
        case "cancel":
            assert (found.status, code, found.due_at) == (Status.FAILED, "cancelled", None)
        case "delete":
            assert (found.status, code, found.due_at is not None) == (Status.FAILED, "cancelled", True)
            assert found.deleted_at
        case "restore":
            assert (found.status, found.deleted_at, found.due_at) == (Status.COMPLETED, None, None)
    if name in {"update", "activate", "retry", "retry untold"}:
        assert found.is_queued
        world.deliver_until_finished(report)
        check(world, report)


@pytest.mark.parametrize("name", ACTS)
def test_an_act_takes_just_these_calls(world: World, name: str) -> None:
    act = ACTS[name]
    report = prepared(world, act)
    world.update_injector.arm(99, Fault.CRASH_BEFORE)

    status, _ = world.request(act.event, report, act.body)
    again, _ = world.request(act.event, report, act.body)

    world.update_injector.disarm()
    assert world.update_injector.calls[: len(act.calls)] == act.calls
    assert (status, again) == (act.answer, act.answer_again)
    check_once(world, report, name)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize(("name", "at"), CELLS)
def test_any_call_may_break(world: World, name: str, at: int, fault: Fault) -> None:
    act = ACTS[name]
    report = prepared(world, act)
    world.update_injector.arm(at, fault)

    status = acted(world, act, report)

    world.update_injector.disarm()
    assert world.update_injector.fired
    assert status in {act.answer, act.answer_again}
    if fault in MENDED_BY_THE_SDK:
        assert status == act.answer
    check_once(world, report, name)


# -- a change between two calls of a worker -----------------------------------

WORKERS_CALLS = ["UpdateItem", "UpdateItem", "PutObject", "UpdateItem"]  # claim, progress, document, complete


@pytest.mark.parametrize("at", range(1, len(WORKERS_CALLS) + 1))
@pytest.mark.parametrize("name", ["update", "rename", "put aside", "cancel", "delete"])
def test_a_worker_and_a_client_agree_on_the_end(world: World, name: str, at: int) -> None:
    report = world.order()
    event, body = {
        "rename": (UPDATE, {"title": "B"}),
        "put aside": (UPDATE, {"is_active": False}),
    }.get(name) or ACTS[name][:2]
    answers: list[int] = []
    intruder = Intruder(at, lambda: answers.append(world.request(event, report, body)[0]))

    with intruder.among(world.room.workshop.reports._client, world.room.workshop.documents._client):
        world.deliver(world.records(report)[-1])

    is_claimed = at > 1
    assert answers == [409 if name == "update" and is_claimed else 200]
    if name in {"cancel", "delete"} or (name == "put aside" and not is_claimed):
        check_stopped(world, report, name)
        assert len(world.documents(report)) <= (at > 2)  # from the third call on, the document is under way
    else:
        found = world.deliver_until_finished(report)
        check(world, report)
        assert found.title == ("B" if name == "rename" or (name == "update" and not is_claimed) else report.title)
        assert found.is_active is (name != "put aside")


def check_stopped(world: World, report: Report, name: str) -> None:
    """It ended as its client wanted, and nobody wakes it up."""
    world.skew += timedelta(minutes=5)
    world.deliver(*world.records(report))
    sweep_reports(now=world.now(), reports=world.reports)
    found = world.reports.get(report.uuid)
    assert found is not None
    assert found.result is None
    check_announced(world, report)
    assert Status.COMPLETED not in check_history(world, report)
    last = world.records(report)[-1]["dynamodb"]["NewImage"]
    assert "unfinished_pk" not in last
    assert ("open_pk" in last) is (name == "delete")
    if name != "put aside":
        assert (found.status, found.error and found.error.code) == (Status.FAILED, "cancelled")


@pytest.mark.parametrize("event", [CANCEL, DELETE])
def test_a_large_document_stops_on_its_way_and_leaves_nothing(
    world: World, event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = world.order()
    monkeypatch.setattr(documents_module, "PART_BYTES", 32 * 1024)
    monkeypatch.setattr(world.room, "workshop", replace(world.room.workshop, clock=ticking(world)))
    intruder = Intruder(6, lambda: world.request(event, report))

    with intruder.among(world.room.workshop.reports._client, world.room.workshop.documents._client):
        world.deliver(world.records(report)[-1])

    assert intruder.calls[:2] == ["UpdateItem", "UpdateItem"]
    assert {"CreateMultipartUpload", "UploadPart"} <= set(intruder.calls)
    assert intruder.calls[-1] == "AbortMultipartUpload"
    assert "CompleteMultipartUpload" not in intruder.calls
    s3 = world.aws.client("s3")
    assert "Versions" not in s3.list_object_versions(Bucket=world.bucket, Prefix=report.folder)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=world.bucket)
    found = world.reports.get(report.uuid)
    assert found is not None
    assert (found.status, found.error and found.error.code) == (Status.FAILED, "cancelled")


def ticking(world: World) -> Callable[[], datetime]:
    """A clock that each look finds a second later."""
    seconds = count()
    return lambda: world.now() + timedelta(seconds=next(seconds))


# -- the purge ----------------------------------------------------------------

PURGE = ["Query"] * 16 + ["GetItem", "UpdateItem", "ListObjectVersions", "DeleteObjects", "DeleteItem"]
KEEP = timedelta(days=30)


class Purge:
    """The sweep's hands, with an injector on them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.injector = Injector()
        self.reports = ReportChanges(world.aws.client("dynamodb"), world.table)
        self.documents = DocumentBucket(world.aws.client("s3"), world.bucket)
        for port in (self.reports, self.documents):
            self.injector.attach(port._client)

    def run(self) -> int:
        now = self._world.now() + KEEP
        return len(purge_reports(now=now, keep=KEEP, reports=self.reports, documents=self.documents))


@pytest.fixture
def purge(world: World) -> Purge:
    made = Purge(world)
    made.run()  # what earlier tests deleted
    return made


def deleted(world: World) -> Report:
    report = world.order()
    world.deliver_until_finished(report)
    assert world.documents(report)
    assert world.request(DELETE, report)[0] == 200
    return report


def calls_in_order(calls: list[str]) -> list[str]:
    """The queries of the shards first: which of them finds the report is its uuid's chance."""
    return sorted(calls, key=lambda call: call != "Query")


def test_a_purge_takes_just_these_calls(world: World, purge: Purge) -> None:
    report = deleted(world)
    purge.injector.arm(99, Fault.CRASH_BEFORE)

    assert purge.run() == 1

    assert calls_in_order(purge.injector.calls) == PURGE
    assert world.reports.get(report.uuid) is None
    assert world.objects(report) == []


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("call", ["GetItem", "UpdateItem", "ListObjectVersions", "DeleteObjects", "DeleteItem"])
def test_a_purge_that_broke_is_finished_by_the_next(world: World, purge: Purge, call: str, fault: Fault) -> None:
    report = deleted(world)
    queries = report.uuid.int % 16 + 1
    purge.injector.arm(queries + PURGE[16:].index(call) + 1, fault)

    with suppress(Crash, StoreUnavailable):
        purge.run()
    purge.injector.disarm()
    restored, _ = world.request(RESTORE, report)
    purge.run()

    assert purge.injector.fired
    if restored == 200:  # then nothing of it was touched
        assert call in {"GetItem", "UpdateItem"}
        check(world, report, changes_since=2)
    else:
        assert restored == 404
        assert world.reports.get(report.uuid) is None
        assert world.objects(report) == []
