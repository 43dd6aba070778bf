import time
from datetime import timedelta, timezone

import pytest

from rapor.report import MOVES, Progress, Status, as_plain, iso, new_identity
from tests.builders import NOW, a_report

ALLOWED = {
    ("pending", "processing"),
    ("pending", "failed"),
    ("processing", "completed"),
    ("processing", "failed"),
    ("processing", "pending"),
    ("failed", "pending"),
}


def test_reports_move_only_as_drawn() -> None:
    assert {(one.value, other.value) for one in Status for other in Status if other in MOVES[one]} == ALLOWED


def test_ids_grow_with_time_and_fit_53_bits() -> None:
    in_2090 = NOW + timedelta(days=365 * 65)

    earlier, later, last = (
        new_identity(NOW).id,
        new_identity(NOW + timedelta(milliseconds=1)).id,
        new_identity(in_2090).id,
    )

    assert earlier < later < last < 2**53


def test_an_id_is_the_milliseconds_since_2025_and_twelve_random_bits() -> None:
    a_millisecond = NOW.replace(microsecond=789_000)

    ids = {new_identity(a_millisecond).id for _ in range(200)}

    assert {id >> 12 for id in ids} == {27_950_400_789}  # noqa: A001 - that is what it is
    assert len(ids) > 150


def test_ids_of_one_millisecond_differ() -> None:
    assert len({new_identity(NOW).uuid for _ in range(100)}) == 100


def test_moments_are_printed_with_microseconds_and_z() -> None:
    assert iso(NOW) == "2025-11-20T12:00:00.000000Z"
    assert iso(NOW.astimezone(timezone(timedelta(hours=3)))) == "2025-11-20T12:00:00.000000Z"


def test_moments_are_in_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Istanbul")
    time.tzset()
    try:
        assert iso(NOW) == "2025-11-20T12:00:00.000000Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_part_is_plain_name_by_name_and_moments_are_text() -> None:
    assert as_plain(Progress(50, "rendering", 1, 2, NOW)) == {
        "percent": 50,
        "stage": "rendering",
        "rows_done": 1,
        "rows_total": 2,
        "updated_at": "2025-11-20T12:00:00.000000Z",
    }


def test_only_active_reports_made_here_are_queued() -> None:
    assert a_report().is_queued
    assert not a_report(is_active=False).is_queued
    assert not a_report(imported=True).is_queued
    assert not a_report(deleted_at=NOW).is_queued
    assert not a_report(status=Status.COMPLETED).is_queued


def test_what_runs_stays_queued_when_it_is_made_inactive() -> None:
    running = a_report(is_active=False, status=Status.PROCESSING)

    assert running.is_queued
    assert not a_report(is_active=False, status=Status.PROCESSING, imported=True).is_queued


def test_an_import_never_moves() -> None:
    assert a_report().may_become(Status.PROCESSING)
    assert not a_report().may_become(Status.COMPLETED)
    assert not any(a_report(imported=True).may_become(status) for status in Status)
