from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace

from rapor.errors import Fenced, StoreUnavailable
from rapor.purge import purge_reports
from rapor.report import IdempotencyKey, Report
from rapor.score import key_of
from tests.builders import NOW, a_report
from tests.unit.fakes import FakeLog, FakeReports, a_turn

KEEP = timedelta(days=30)
OLD = NOW - KEEP


class FakeTrash(FakeReports):
    """A table whose index of deleted reports lags behind: it names every row there ever was."""

    def __init__(self, *reports: Report) -> None:
        super().__init__(*reports)
        self.indexed = list(self.rows)

    def deleted_before(self, moment: datetime, *, limit: int, is_over: Callable[[], bool]) -> Iterator[UUID]:
        yield from self.indexed[:limit]

    def forget(self, key: IdempotencyKey, report: Report) -> None:
        if key in self.keys and self.keys[key].uuid == report.uuid:
            del self.keys[key]

    def remove(self, found: Report) -> None:
        if self.rows[found.uuid] != found:
            raise Fenced
        del self.rows[found.uuid]


class FakeFolders:
    def __init__(self, *folders: str) -> None:
        self.folders = set(folders)

    def remove_folder(self, folder: str) -> None:
        self.folders.discard(folder)


class Unremovable(FakeFolders):
    """Some folders that stay where they are."""

    def remove_folder(self, folder: str) -> None:
        if folder in self.folders:
            raise StoreUnavailable


def purged(trash: FakeTrash, documents: FakeFolders, *, limit: int = 9) -> int:
    return len(purge_reports(now=NOW, keep=KEEP, reports=trash, documents=documents, turn=a_turn(), limit=limit))


def test_what_was_deleted_long_enough_ago_goes_with_its_documents() -> None:
    old, kept = a_report(deleted_at=OLD), a_report(uuid=uuid4(), deleted_at=OLD + timedelta(seconds=1))
    trash, documents = FakeTrash(old, kept), FakeFolders(old.folder, kept.folder)

    assert purged(trash, documents) == 1
    assert trash.rows == {kept.uuid: kept}
    assert documents.folders == {kept.folder}


def test_a_clients_own_name_goes_with_its_report() -> None:
    named = a_report(client_uuid="mine", deleted_at=OLD)
    trash = FakeTrash(named)
    mine, another = key_of("1", "mine"), key_of("1", "another")
    trash.keys = {mine: named, another: a_report(uuid=uuid4())}

    purged(trash, FakeFolders())

    assert list(trash.keys) == [another]


def test_a_report_that_came_back_is_left_with_its_documents() -> None:
    back = a_report()
    trash, documents = FakeTrash(back), FakeFolders(back.folder)

    assert purged(trash, documents) == 0
    assert trash.rows == {back.uuid: back}
    assert documents.folders == {back.folder}


def test_a_restore_that_comes_first_keeps_the_documents() -> None:
    class Restored(FakeTrash):
        def change(self, found: Report, changed: Report) -> Report:
            self.rows[found.uuid] = replace(found, deleted_at=None, revision="theirs")
            return super().change(found, changed)

    old = a_report(deleted_at=OLD)
    trash, documents = Restored(old), FakeFolders(old.folder)

    assert purged(trash, documents) == 0
    assert trash.rows[old.uuid].deleted_at is None
    assert documents.folders == {old.folder}


def test_restoring_is_shut_out_before_a_document_goes_and_the_next_purge_goes_on() -> None:
    old = a_report(deleted_at=OLD)
    trash, documents = FakeTrash(old), FakeFolders(old.folder)

    assert purged(trash, Unremovable(old.folder)) == 0
    assert trash.rows[old.uuid].purging
    assert purged(trash, documents) == 1
    assert (trash.rows, documents.folders) == ({}, set())


def test_a_document_that_cannot_be_removed_does_not_stop_the_others() -> None:
    first, second = (a_report(uuid=uuid4(), deleted_at=OLD) for _ in range(2))
    trash, log = FakeTrash(first, second), FakeLog()
    documents, turn = Unremovable(first.folder), a_turn(log)

    done = purge_reports(now=NOW, keep=KEEP, reports=trash, documents=documents, turn=turn)

    assert done == [second.uuid]
    assert [entry["uuid"] for entry in log.entries] == [str(first.uuid)]
    assert [type(error) for error in turn.errors] == [StoreUnavailable]


def test_a_purge_is_bounded() -> None:
    trash = FakeTrash(*(a_report(uuid=uuid4(), deleted_at=OLD) for _ in range(5)))

    assert purged(trash, FakeFolders(), limit=3) == 3
    assert len(trash.rows) == 2
