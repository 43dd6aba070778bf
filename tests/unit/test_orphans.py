from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from rapor.errors import StoreUnavailable
from rapor.orphans import AGES_DAYS, Cleared, sweep_orphans
from rapor.report import Report, Status, kept
from tests.builders import NOW, a_report, a_result
from tests.unit.fakes import a_turn

LATER = NOW + timedelta(days=2)
UUID_1, UUID_2 = sorted([uuid4(), uuid4()])


class FakeVersion(NamedTuple):
    key: str
    modified_at: datetime = NOW


class FakeBucket:
    """Two keys a page."""

    def __init__(self, *versions: FakeVersion) -> None:
        self.stored = list(versions)
        self.asked: list[tuple[str, str | None]] = []

    def versions(self, prefix: str, after: str | None) -> tuple[Sequence[FakeVersion], str | None]:
        self.asked.append((prefix, after))
        found = sorted(it for it in self.stored if it.key.startswith(prefix) and it.key > (after or ""))
        return found[:2], found[1].key if len(found) > 2 else None

    def remove(self, versions: Iterable[FakeVersion]) -> None:
        for version in versions:
            self.stored.remove(version)


class FakeRows:
    def __init__(self, *reports: Report) -> None:
        self.reports = {report.uuid: report for report in reports}

    def found(self, uuids: Iterable[UUID]) -> Mapping[UUID, Report]:
        return {uuid: self.reports[uuid] for uuid in uuids if uuid in self.reports}


class FakeNotes:
    def __init__(self) -> None:
        self.notes: dict[str, Mapping[str, Any]] = {}

    def read(self, name: str) -> Mapping[str, Any] | None:
        return self.notes.get(name)

    def write(self, name: str, note: Mapping[str, Any]) -> None:
        self.notes[name] = note


def swept(
    bucket: FakeBucket,
    *reports: Report,
    now: datetime = LATER,
    notes: FakeNotes | None = None,
    pages: int = 99,
) -> Cleared:
    return sweep_orphans(
        now=now, rows=FakeRows(*reports), documents=bucket, notes=notes or FakeNotes(), turn=a_turn(), pages=pages
    )


def completed(**changes: Any) -> Report:
    report = a_report(status=Status.COMPLETED, attempt=2, owner="0123456789ab", **changes)
    return a_report(
        status=Status.COMPLETED, attempt=2, owner=report.owner, result=a_result(key=report.document_key), **changes
    )


def lying(*keys: str) -> FakeBucket:
    return FakeBucket(*map(FakeVersion, keys))


def test_what_the_row_names_stays_and_all_else_goes() -> None:
    report = completed()
    key = report.document_key
    left = f"{report.folder}1-ba987654.pdf"
    bucket = lying(key, f"{key}.manifest.json", left, f"{left}.manifest.json")

    assert swept(bucket, report) == Cleared({report.uuid: 2}, 0)
    assert {it.key for it in bucket.stored} == {key, f"{key}.manifest.json"}


def test_a_failed_report_has_no_document() -> None:
    report = a_report(status=Status.FAILED, attempt=1, owner="0123456789ab")
    bucket = lying(report.document_key)

    assert swept(bucket, report).removed == {report.uuid: 1}


@pytest.mark.parametrize("status", [Status.PROCESSING, kept(Status, "uploading")])
def test_what_a_live_attempt_may_still_publish_stays(status: Status) -> None:
    report = a_report(status=status, attempt=2, owner="0123456789ab", lease_until=NOW)
    left = f"{report.folder}1-ba987654.pdf"
    bucket = lying(report.document_key, f"{report.document_key}.manifest.json", left)

    swept(bucket, report)

    assert {it.key for it in bucket.stored} == {report.document_key, f"{report.document_key}.manifest.json"}


def test_what_is_younger_than_a_day_stays() -> None:
    report = a_report(status=Status.FAILED)
    young, old = FakeVersion(f"{report.folder}2-b.pdf", LATER - timedelta(hours=23)), f"{report.folder}1-a.pdf"
    bucket = FakeBucket(young, FakeVersion(old, LATER - timedelta(hours=24)))

    swept(bucket, report)

    assert bucket.stored == [young]


def test_a_deleted_reports_document_stays_for_a_restore() -> None:
    report = completed(deleted_at=NOW)
    bucket = lying(report.document_key)

    assert swept(bucket, report) == Cleared({}, 0)


def test_a_folder_without_a_row_is_left_and_told() -> None:
    bucket = lying(f"reports/2025-11-20/{uuid4()}/1-a.pdf")

    assert swept(bucket) == Cleared({}, 1)
    assert len(bucket.stored) == 1


@pytest.mark.parametrize(
    "key", ["x", "not-a-uuid/1-a.pdf", f"{str(UUID_1).upper()}/1-a.pdf", f"{UUID_1}/deeper/1-a.pdf"]
)
def test_what_is_not_ours_is_not_touched(key: str) -> None:
    bucket = lying(f"reports/2025-11-20/{key}")

    assert swept(bucket, a_report(uuid=UUID_1, status=Status.FAILED)) == Cleared({}, 0)
    assert len(bucket.stored) == 1


def test_each_run_goes_on_where_the_last_one_stopped() -> None:
    reports = [a_report(uuid=uuid, status=Status.FAILED) for uuid in (UUID_1, UUID_2)]
    bucket = lying(*(f"{report.folder}{attempt}-a.pdf" for report in reports for attempt in (1, 2, 3)))
    notes = FakeNotes()

    counts = [sum(swept(bucket, *reports, notes=notes, pages=1).removed.values()) for _ in range(4)]

    assert counts == [2, 2, 2, 0]
    assert bucket.stored == []


def test_a_page_that_broke_is_taken_again() -> None:
    class Broken(FakeBucket):
        def remove(self, versions: Iterable[FakeVersion]) -> None:
            raise StoreUnavailable

    report, notes = a_report(status=Status.FAILED), FakeNotes()
    bucket = lying(f"{report.folder}1-a.pdf")

    assert swept(Broken(*bucket.stored), report, notes=notes) == Cleared({}, 0)
    assert swept(bucket, report, notes=notes).removed == {report.uuid: 1}


def test_a_day_is_looked_through_once_at_each_age() -> None:
    bucket, notes = lying(), FakeNotes()

    for minute in range(3):
        swept(bucket, notes=notes, now=NOW + timedelta(minutes=minute))

    assert bucket.asked == [(f"reports/{(NOW - timedelta(days=age)).date()}/", None) for age in AGES_DAYS]


def test_days_on_which_nobody_swept_are_made_up_for() -> None:
    bucket, notes = lying(), FakeNotes()
    swept(bucket, notes=notes)
    bucket.asked.clear()

    swept(bucket, notes=notes, now=LATER + timedelta(days=3))

    youngest = [prefix for prefix, _ in bucket.asked][:: len(AGES_DAYS)]
    assert youngest == ["reports/2025-11-21/", "reports/2025-11-22/", "reports/2025-11-23/"]
