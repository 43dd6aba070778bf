"""Rows that a newer version of the service wrote, met by this one: during a deployment, and after a rollback."""

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from local.aws import LocalAws
from local.template import Stack
from rapor.announce import Announcer
from rapor.errors import Fenced
from rapor.http import laravel
from rapor.listing import Span
from rapor.orphans import Place
from rapor.report import Failure, Format, IdempotencyKey, Progress, Report, Scope, Status, is_known, kept
from rapor.schedule import Notice, PastRun, Pause, Schedule
from rapor.store import schedules
from rapor.store.changes import ReportChanges
from rapor.store.items import Item, from_item, to_plain, typed
from rapor.store.keys import idempotency_key, report_key, report_row, schedule_key, schedule_keys
from rapor.store.lists import ReportLists
from rapor.store.notes import Notes
from rapor.store.schedules import ScheduleTable
from rapor.sweep import Repair, sweep_reports
from tests.builders import NOW, a_caller, a_report, a_result
from tests.schedules import a_schedule
from tests.unit.fakes import a_turn

pytestmark = pytest.mark.integration
NEWS: Item = {
    "zzz_text": {"S": "new"},
    "zzz_fraction": {"N": "0.5"},
    "zzz_set": {"SS": ["a", "b"]},
    "zzz_map": {"M": {"deep": {"L": [{"NULL": True}, {"N": "1.5"}]}}},
}
RUN = PastRun("2025-11-20T06:00:00Z", uuid4())


def with_news(value: Item) -> Item:
    """The same, with fields that nobody here knows in every map, and one more value in every pair."""
    match value:
        case {"M": inner}:
            return {"M": newer(inner)}
        case {"L": inner}:
            longer = [{"S": "new"}] if all("S" in it for it in inner) and len(inner) == 2 else []
            return {"L": [*map(with_news, inner), *longer]}
    return value


def newer(item: Item) -> Item:
    """A row as a newer version might write it; what a report's `record` holds is data, and has no fields of ours."""
    return {name: value if name == "record" else with_news(value) for name, value in item.items()} | NEWS


def a_full_report(**changes: Any) -> Report:
    return a_report(
        uuid=uuid4(),
        user_id=str(uuid4()),
        options={"locale": "tr"},
        owner="o",
        lease_until=NOW,
        progress=Progress(50, "rendering", 1, 2, NOW),
        result=a_result(),
        error=Failure("internal", "…", True, 1),
        record={"score": 7},
        **changes,
    )


def a_full_schedule() -> Schedule:
    return a_schedule(
        uuid=uuid4(),
        user_id=str(uuid4()),
        pause=Pause("refused", "…", NOW),
        runs=(RUN,),
        notices=(Notice("missed", NOW, "not_started", "2025-11-20T06:00:00Z", 2),),
    )


@pytest.fixture
def table(stack: tuple[Stack, LocalAws]) -> str:
    return stack[0].name("Reports")


@pytest.fixture
def dynamodb(stack: tuple[Stack, LocalAws]) -> Any:
    return stack[1].client("dynamodb")


@pytest.fixture
def reports(dynamodb: Any, table: str) -> ReportChanges:
    return ReportChanges(dynamodb, table)


@pytest.fixture
def lists(dynamodb: Any, table: str) -> ReportLists:
    return ReportLists(dynamodb, table)


@pytest.fixture
def put(dynamodb: Any, table: str) -> Callable[[Item], None]:
    return lambda item: dynamodb.put_item(TableName=table, Item=item)


@pytest.fixture
def row(dynamodb: Any, table: str) -> Callable[[Item], Item]:
    return lambda key: dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]


def test_a_reports_new_fields_are_passed_over(
    reports: ReportChanges, lists: ReportLists, put: Callable[[Item], None]
) -> None:
    report = a_full_report()
    put(newer(report_row(report)))

    expected = replace(report, due_at=reports.get(report.uuid).due_at)  # type: ignore[union-attr]
    assert reports.get(report.uuid) == expected
    assert list(lists.walk(Span(report.user_id))) == [expected]


def test_what_a_key_made_is_read_from_a_newer_row(reports: ReportChanges, put: Callable[[Item], None]) -> None:
    key = IdempotencyKey("B", str(uuid4()), "k", "f", timedelta(days=1))
    report = a_full_report()
    first = {"first": {"M": report_row(report)}}
    expires_at = int((NOW + timedelta(days=1)).timestamp())
    put(newer({**idempotency_key(key), **typed({"fingerprint": "f", "expires_at": expires_at}), **first}))

    found = reports.replayed(key, NOW)

    assert found == replace(report, due_at=found and found.due_at)


def test_a_schedules_new_fields_are_passed_over(dynamodb: Any, table: str, put: Callable[[Item], None]) -> None:
    schedule = a_full_schedule()
    put(newer(typed({**schedule_keys(schedule), **schedules.to_plain(schedule)})))

    assert ScheduleTable(dynamodb, table).get(schedule.uuid) == schedule
    assert ScheduleTable(dynamodb, table).page(schedule.user_id, None, limit=9) == [schedule]


def test_a_note_of_a_newer_sweep_is_read(dynamodb: Any, table: str) -> None:
    notes = Notes(dynamodb, table)
    notes.write("newer", Place(NOW.date()).to_note() | {"zzz": [1]})

    assert Place.from_note(notes.read("newer") or {}) == Place(NOW.date())


def test_a_change_leaves_what_it_does_not_know(
    reports: ReportChanges, put: Callable[[Item], None], row: Callable[[Item], Item]
) -> None:
    report = a_full_report()
    put(newer(report_row(report)))
    found = reports.get(report.uuid)
    assert found is not None

    changed = reports.change(found, replace(found, title="B"))

    after = row(report_key(report.uuid))
    assert changed.title == after["title"]["S"] == "B"
    assert {name: after[name] for name in NEWS} == NEWS
    assert all(NEWS.items() <= after[part]["M"].items() for part in ("progress", "result", "error"))


def test_a_schedule_of_a_newer_version_is_changed_and_run(
    dynamodb: Any, table: str, put: Callable[[Item], None], row: Callable[[Item], Item]
) -> None:
    schedule, run = a_full_schedule(), PastRun("2025-11-21T06:00:00Z", uuid4())
    put(newer(typed({**schedule_keys(schedule), **schedules.to_plain(schedule)})))
    mine = ScheduleTable(dynamodb, table)

    noted = mine.note_run(schedule, run)
    mine.note_problem(noted, "too_many_unfinished")
    changed = mine.change(noted, replace(noted, name="B"))

    after = row(schedule_key(schedule.uuid))
    assert noted.runs == (RUN, run)
    assert (changed.name, changed.problem) == ("B", "too_many_unfinished")
    assert NEWS.items() <= after.items()
    assert NEWS.items() <= after["pause"]["M"].items()
    assert NEWS.items() <= after["notices"]["L"][0]["M"].items()


# Values of an enumeration

STRANGE = {"status": "archived", "format": "parquet", "type_lane": "gpu", "scope": "team"}


@pytest.mark.parametrize("name", STRANGE)
def test_a_value_that_only_a_newer_version_knows_is_shown_as_it_stands(
    reports: ReportChanges, lists: ReportLists, put: Callable[[Item], None], name: str
) -> None:
    report = a_full_report()
    put(report_row(report) | {name: {"S": STRANGE[name]}})

    [found] = lists.walk(Span(report.user_id))

    member = getattr(found, name.removeprefix("type_"))
    assert (member, member.value, f"{member}") == (STRANGE[name], STRANGE[name], STRANGE[name])
    assert not is_known(member)
    assert found.document_key.startswith(found.folder)
    assert to_plain(from_item(report_row(found))) == to_plain(found)
    shown = json.loads(laravel.detail(found, a_caller(found.user_id)).to_event("id")["body"])
    assert shown.get(name, STRANGE[name]) == STRANGE[name]


def test_the_sweep_leaves_what_it_does_not_know_and_goes_on(
    reports: ReportChanges, put: Callable[[Item], None], row: Callable[[Item], Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = NOW - timedelta(days=2)
    unknown, known = (a_report(uuid=uuid4(), created_at=long_ago, updated_at=long_ago) for _ in range(2))
    put(report_row(unknown) | {"status": {"S": "archived"}})
    put(report_row(known))
    before = row(report_key(unknown.uuid))
    monkeypatch.setattr(reports, "due", lambda _now, limit, **_: iter([unknown.uuid, known.uuid][:limit]))

    sweep = sweep_reports(now=NOW, reports=reports, turn=a_turn())

    assert (sweep.repairs[Repair.LEFT], sweep.repairs[Repair.DISPATCHED]) == (1, 1)
    assert row(report_key(unknown.uuid)) == before


def test_an_end_that_only_a_newer_version_knows_is_not_told_by_this_one(
    reports: ReportChanges, put: Callable[[Item], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = a_full_report(status=Status.COMPLETED, unannounced=True, finished_at=NOW)
    put(report_row(ended) | {"status": {"S": "archived"}})
    told: list[Any] = []
    bus: Any = SimpleNamespace(send=told.append)
    monkeypatch.setattr(reports, "unannounced", lambda _now, limit, **_: iter([ended.uuid][:limit]))

    Announcer(reports, bus, bus).announce_left(now=NOW, turn=a_turn())

    assert told == []


def test_nobody_changes_a_report_in_a_state_of_which_only_a_newer_version_knows(
    reports: ReportChanges, put: Callable[[Item], None]
) -> None:
    report = a_full_report()
    put(report_row(report) | {"status": {"S": "archived"}})
    found = reports.get(report.uuid)
    assert found is not None

    with pytest.raises(Fenced):
        reports.change(found, replace(found, title="B"))

    assert not any(found.may_become(status) for status in Status)


@pytest.mark.parametrize("kind", [Status, Format, Scope])
def test_a_stranger_is_no_member_and_members_are_themselves(kind: Any) -> None:
    stranger = kept(kind, "zzz")

    assert all(stranger != member and kept(kind, member.value) is member and is_known(member) for member in kind)
    assert not is_known(stranger)
    assert stranger == kept(kind, "zzz")
