"""
Whenever a change comes between two calls of a worker, the report ends as both are told.

The functions are the real ones: their rooms, DuckDB, the writer.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import pytest
from msgspec.structs import replace

from rapor.report import Report, Status
from rapor.store import documents as documents_module
from tests.faults.injector import Intruder
from tests.faults.oracle import Expected
from tests.faults.scenarios import CANCEL, DELETE, UPDATE, vouched_for
from tests.faults.world import World

pytestmark = pytest.mark.faults
WORKERS_CALLS = ["UpdateItem", "UpdateItem", "PutObject", "UpdateItem"]  # claim, progress, document, complete
REQUESTS = {
    "update": (UPDATE, {"title": "B", "format": "json"}),
    "rename": (UPDATE, {"title": "B"}),
    "put aside": (UPDATE, {"is_active": False}),
    "cancel": (CANCEL, None),
    "delete": (DELETE, None),
}


@pytest.fixture(autouse=True)
def _empty(world: World) -> None:
    world.reset()


@pytest.mark.parametrize("at", range(1, len(WORKERS_CALLS) + 1))
@pytest.mark.parametrize("name", REQUESTS)
def test_a_worker_and_a_client_agree_on_the_end(world: World, name: str, at: int) -> None:
    report = world.order()
    event, body = REQUESTS[name]
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
        assert list(vouched_for(world, report)) == []
        assert world.oracle.violations(expected=Expected(ended=True)) == []
        assert found.title == ("B" if name == "rename" or (name == "update" and not is_claimed) else report.title)
        assert found.is_active is (name != "put aside")


def check_stopped(world: World, report: Report, name: str) -> None:
    """It ended as its client wanted, and nobody wakes it up."""
    world.skew += timedelta(minutes=5)
    world.deliver(*world.records(report))
    world.sweep()
    found = world.reports.get(report.uuid)
    assert found is not None
    assert found.result is None
    assert world.oracle.violations() == []
    assert "completed" not in [row["status"] for row in world.oracle.history(report.uuid) if row]
    last = world.records(report)[-1]["dynamodb"]["NewImage"]
    assert "unfinished_pk" not in last
    assert ("open_pk" in last) is (name == "delete")
    if name != "put aside":
        assert (found.status, found.error and found.error.code) == (Status.FAILED, "cancelled")


@pytest.mark.parametrize("event", [CANCEL, DELETE])
def test_a_large_document_stops_on_its_way_and_leaves_nothing(
    world: World, event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = world.order(parameters={"date_from": "2025-01-01", "date_to": "2025-12-31", "status": "active"})
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
