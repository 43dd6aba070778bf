from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from rapor.caller import Caller
from rapor.catalogue import Catalogue, Source
from rapor.errors import (
    AlreadyFinished,
    Conflict,
    Forbidden,
    Invalid,
    NotFailed,
    NotFound,
    RenderingStarted,
    StoreUnavailable,
    TooManyUnfinished,
)
from rapor.http.edits import revised
from rapor.report import Failure, Lane, Order, Progress, Report, Scope, Status
from rapor.update import Desk, cancel_report, delete_report, restore_report, retry_report, update_report
from tests.builders import GENERAL, NOW, a_caller, a_catalogue, a_report
from tests.unit.fakes import FakeAnnouncer, FakeReports

CATALOGUE = a_catalogue()
LATER = NOW + timedelta(minutes=5)
FAILURE = Failure("source_invalid", "Column x is missing.", retryable=False, attempt=3)
Act = Callable[[UUID, Desk], Report]


def users(**changes: Any) -> Catalogue:
    """The catalogue with its one type changed, and a second that is like it."""
    report_type = CATALOGUE.get("users")
    assert report_type is not None
    heavy = {"name": "heavy", "lane": Lane.HEAVY, "version": 7}
    made = [report_type.model_copy(update=change) for change in (changes, heavy)]
    return Catalogue({it.name: it for it in made})


CLOSED = users(sources={"users": Source()})


def a_desk(
    reports: FakeReports,
    caller: Caller | None = None,
    catalogue: Catalogue = CATALOGUE,
    cap: int = 2,
    announcer: FakeAnnouncer | None = None,
) -> Desk:
    return Desk(
        caller=caller or a_caller(),
        now=LATER,
        reports=reports,
        catalogue=catalogue,
        announcer=announcer or FakeAnnouncer(),
        max_unfinished=cap,
    )


def updated(
    report: Report, body: dict[str, Any], caller: Caller | None = None, catalogue: Catalogue = CATALOGUE
) -> Report:
    """The report after a PATCH; what is answered is what is stored."""
    reports = FakeReports(report)
    answer = update_report(
        report.uuid, lambda found: revised(body, found, catalogue), desk=a_desk(reports, caller, catalogue)
    )
    assert reports.rows[report.uuid] == answer
    return answer


def acted(act: Callable[..., Report], report: Report, **desk: Any) -> Report:
    reports = FakeReports(report)
    answer = act(report.uuid, desk=a_desk(reports, **desk))
    assert reports.rows[report.uuid] == answer
    return answer


def changes(before: Report, after: Report) -> dict[str, Any]:
    """What is unlike, without the revision, which is the table's."""
    return {
        name: getattr(after, name)
        for name in Report.__struct_fields__
        if name != "revision" and getattr(before, name) != getattr(after, name)
    }


def a_failed_report(**changed: Any) -> Report:
    return a_report(
        **{
            "status": Status.FAILED,
            "attempt": 3,
            "error": FAILURE,
            "owner": "me",
            "started_at": NOW,
            "finished_at": NOW,
            "progress": Progress(7, "rendering", 1, 9, NOW),
            "dispatches": 30,
            **changed,
        }
    )


WAITING = a_report(due_at=NOW)
RUNNING = a_report(status=Status.PROCESSING, attempt=1, owner="me", lease_until=LATER, due_at=LATER, started_at=NOW)
PUT_ASIDE = a_report(is_active=False)
COMPLETED = a_report(status=Status.COMPLETED, attempt=1)
FAILED = a_failed_report()
IMPORTED = a_report(status=Status.COMPLETED, imported=True)
OF_EACH = {
    "waiting": WAITING,
    "running": RUNNING,
    "put aside": PUT_ASIDE,
    "completed": COMPLETED,
    "failed": FAILED,
    "imported": IMPORTED,
    "imported as failed": replace(IMPORTED, status=Status.FAILED),
    "imported as processing": replace(IMPORTED, status=Status.PROCESSING),
}


# -- update -------------------------------------------------------------------


@pytest.mark.parametrize("state", OF_EACH)
def test_title_and_is_active_change_at_any_time(state: str) -> None:
    report = OF_EACH[state]

    renamed = updated(report, {"title": "B"})
    hidden = updated(report, {"is_active": False})

    assert changes(report, renamed) == {"title": "B", "updated_at": LATER}
    assert hidden.is_active is False
    assert hidden.status is report.status


@pytest.mark.parametrize(
    "body",
    [
        {"parameters": {"status": "inactive"}},
        {"parameters": {}},
        {"format": "csv"},
        {"options": {"locale": "en"}},
        {"report_type": "heavy"},
        {"title": "B", "format": "csv"},
    ],
)
@pytest.mark.parametrize("state", OF_EACH)
def test_what_the_document_is_made_of_changes_only_before_rendering(state: str, body: dict[str, Any]) -> None:
    report = OF_EACH[state]

    if state in {"waiting", "put aside"}:
        assert updated(report, body, catalogue=users()).updated_at == LATER
    else:
        with pytest.raises(RenderingStarted):
            updated(report, body, catalogue=users())


def test_lane_and_version_follow_the_new_type() -> None:
    after = updated(WAITING, {"report_type": "heavy"}, catalogue=users())

    assert changes(WAITING, after) == {
        "report_type": "heavy",
        "type_version": 7,
        "lane": Lane.HEAVY,
        "updated_at": LATER,
    }


def test_an_update_is_made_for_the_type_as_it_is_now() -> None:
    assert updated(WAITING, {"format": "csv"}, catalogue=users(version=2)).type_version == 2


def test_options_are_replaced_and_their_locale_is_the_reports() -> None:
    before = replace(WAITING, options={"allow_truncated": True})

    after = updated(before, {"options": {"locale": "en"}})

    assert (after.options, after.locale) == ({"locale": "en"}, "en")
    assert updated(after, {"options": {}}).locale == "en"


def test_what_is_as_it_was_is_not_written() -> None:
    for report in OF_EACH.values():
        body = {"title": report.title, "parameters": dict(report.parameters), "format": "pdf", "status": report.status}

        assert updated(report, body) == report


@pytest.mark.parametrize("state", OF_EACH)
@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("permission", ["reports.generate", "reports.generate.own"])
def test_only_a_general_holder_changes_a_status_and_only_an_imports(
    state: str, status: Status, permission: str
) -> None:
    report, caller = OF_EACH[state], a_caller("1", permission)
    allowed = report.imported and permission == "reports.generate" and status is not Status.PENDING

    if status is report.status or allowed:
        assert updated(report, {"status": status}, caller).status is status
    else:
        with pytest.raises(Invalid) as raised:
            updated(report, {"status": status}, caller)
        assert raised.value.errors == {"status": [f"The status field must be {report.status.value}."]}


def test_activating_queues_as_a_new_report_and_putting_aside_takes_it_out() -> None:
    before = replace(PUT_ASIDE, dispatches=30, due_at=NOW)  # as a worker that gave it back left it

    active = updated(before, {"is_active": True}, catalogue=users(version=2))

    assert changes(before, active) == {
        "is_active": True,
        "due_at": None,  # the table gives it a new one
        "dispatches": 0,
        "type_version": 2,
        "updated_at": LATER,
    }
    assert active.is_queued
    assert not updated(WAITING, {"is_active": False}).is_queued
    assert updated(RUNNING, {"is_active": False}).is_queued


def test_what_queues_obeys_its_owners_cap() -> None:
    others = [a_report(uuid=uuid4()), a_report(uuid=uuid4())]
    admin = a_caller("2")
    acts: list[tuple[Report, Act]] = [
        (FAILED, lambda uuid, desk: retry_report(uuid, desk=desk)),
        (PUT_ASIDE, lambda uuid, desk: update_report(uuid, activated, desk=desk)),
    ]

    for report, act in acts:
        with pytest.raises(TooManyUnfinished):
            act(report.uuid, a_desk(FakeReports(report, *others), admin))
        assert act(report.uuid, a_desk(FakeReports(report, others[0]), admin)).is_queued


def test_what_does_not_queue_asks_for_no_room() -> None:
    full = [a_report(uuid=uuid4()), a_report(uuid=uuid4())]
    hidden = a_failed_report(is_active=False)
    reports = FakeReports(hidden, *full)

    assert not retry_report(hidden.uuid, desk=a_desk(reports)).is_queued
    assert update_report(full[0].uuid, activated, desk=a_desk(reports)).is_queued


def activated(report: Report) -> Order:
    return revised({"is_active": True}, report, CATALOGUE)


# -- the data scope -----------------------------------------------------------

RENDERS: dict[str, tuple[Report, Act]] = {
    "edit": (WAITING, lambda uuid, desk: update_report(uuid, as_csv, desk=desk)),
    "activate": (PUT_ASIDE, lambda uuid, desk: update_report(uuid, activated, desk=desk)),
    "retry": (FAILED, lambda uuid, desk: retry_report(uuid, desk=desk)),
}


def as_csv(report: Report) -> Order:
    return revised({"format": "csv"}, report, CATALOGUE)


@pytest.mark.parametrize("act", RENDERS)
@pytest.mark.parametrize(
    ("ordered", "permission", "expected"),
    [
        (Scope.OWN, "reports.generate", Scope.OWN),
        (Scope.ALL, "reports.generate", Scope.ALL),
        (Scope.OWN, "reports.generate.own", Scope.OWN),
        (Scope.ALL, "reports.generate.own", Scope.OWN),
    ],
)
def test_a_report_never_holds_more_than_was_ordered_nor_than_its_caller_may_see(
    act: str, ordered: Scope, permission: str, expected: Scope
) -> None:
    report, do = RENDERS[act]
    reports = FakeReports(replace(report, scope=ordered))

    assert do(report.uuid, a_desk(reports, a_caller("1", permission))).scope is expected


@pytest.mark.parametrize("act", RENDERS)
@pytest.mark.parametrize(
    ("scope", "permission"), [(Scope.ALL, "reports.generate.own"), (Scope.OWN, "reports.generate")]
)
def test_nobody_has_own_rows_rendered_of_a_type_that_is_closed_to_them(act: str, scope: Scope, permission: str) -> None:
    report, do = RENDERS[act]
    reports = FakeReports(replace(report, scope=scope))

    with pytest.raises(Forbidden):
        do(report.uuid, a_desk(reports, a_caller("1", permission), CLOSED))


def test_a_new_title_needs_nothing_of_the_type() -> None:
    own = a_caller("1", "reports.generate.own")

    assert updated(WAITING, {"title": "B"}, own, CLOSED).scope is Scope.ALL
    assert updated(COMPLETED, {"title": "B", "is_active": False}, own, Catalogue({})).title == "B"


@pytest.mark.parametrize("act", ["activate", "retry"])
def test_a_report_whose_type_changed_or_went_is_not_queued_by_mistake(act: str) -> None:
    report, do = RENDERS[act]
    narrower = users(version=2, parameters={"additionalProperties": False}, query="select 1")

    for catalogue, errors in (
        (Catalogue({}), {"report_type": ["The selected report type is invalid."]}),
        (narrower, {"parameters": ["The parameters do not fit the report type any more."]}),
    ):
        with pytest.raises(Invalid) as raised:
            do(report.uuid, a_desk(FakeReports(report), catalogue=catalogue))
        assert raised.value.errors == errors


# -- retry, cancel ------------------------------------------------------------


def test_a_retry_forgets_the_failure_and_allows_three_more_attempts() -> None:
    after = acted(retry_report, FAILED)

    assert changes(FAILED, after) == {
        "status": Status.PENDING,
        "max_attempts": 6,
        "dispatches": 0,
        "owner": None,
        "started_at": None,
        "finished_at": None,
        "progress": None,
        "error": None,
        "updated_at": LATER,
    }


@pytest.mark.parametrize("state", sorted(OF_EACH.keys() - {"failed"}))
def test_only_a_failed_report_made_here_is_retried(state: str) -> None:
    with pytest.raises(NotFailed):
        acted(retry_report, OF_EACH[state])


def test_a_failed_report_that_is_not_meant_is_left_alone() -> None:
    reports = FakeReports(FAILED)
    desk = a_desk(reports)

    with pytest.raises(NotFailed):
        retry_report(FAILED.uuid, desk=desk, is_meant=lambda report: report.attempt > FAILED.attempt)
    assert reports.rows == {FAILED.uuid: FAILED}
    assert retry_report(FAILED.uuid, desk=desk, is_meant=lambda report: report.attempt == FAILED.attempt).is_queued


@pytest.mark.parametrize("state", ["waiting", "put aside", "running"])
def test_what_has_not_ended_is_cancelled(state: str) -> None:
    report = OF_EACH[state]

    after = acted(cancel_report, report)

    assert (after.status, after.finished_at, after.updated_at) == (Status.FAILED, LATER, LATER)
    assert after.error == Failure("cancelled", "The report was cancelled.", retryable=False, attempt=report.attempt)
    assert (after.owner, after.lease_until, after.not_before) == (None, None, None)
    assert acted(retry_report, after).status is Status.PENDING


def test_what_waits_for_its_next_attempt_waits_no_more_when_it_ends_or_is_retried() -> None:
    later = LATER + timedelta(hours=1)

    assert acted(cancel_report, replace(WAITING, attempt=1, not_before=later)).not_before is None
    assert acted(retry_report, replace(FAILED, not_before=later)).not_before is None


@pytest.mark.parametrize("state", ["completed", "failed", "imported", "imported as failed", "imported as processing"])
def test_what_has_ended_or_was_made_elsewhere_is_not_cancelled(state: str) -> None:
    with pytest.raises(AlreadyFinished):
        acted(cancel_report, OF_EACH[state])


# -- delete, restore ----------------------------------------------------------


@pytest.mark.parametrize("state", OF_EACH)
def test_deleting_ends_what_has_not_ended_and_changes_nothing_else(state: str) -> None:
    report = OF_EACH[state]

    after = acted(delete_report, report)

    gone = {"deleted_at": LATER, "updated_at": LATER}
    if state in {"waiting", "put aside", "running"}:
        assert after == replace(acted(cancel_report, report), deleted_at=LATER, revision=after.revision)
    else:
        assert changes(report, after) == gone


@pytest.mark.parametrize("state", OF_EACH)
def test_a_deleted_report_is_there_for_restore_alone(state: str) -> None:
    deleted = acted(delete_report, OF_EACH[state])

    for act in (retry_report, cancel_report, delete_report):
        with pytest.raises(NotFound):
            acted(act, deleted)
    with pytest.raises(NotFound):
        updated(deleted, {"title": "B"})
    assert changes(deleted, acted(restore_report, deleted)) == {"deleted_at": None}


def test_a_restored_report_says_when() -> None:
    assert acted(restore_report, replace(COMPLETED, deleted_at=NOW)).updated_at == LATER


def test_restoring_what_is_not_deleted_changes_nothing() -> None:
    assert acted(restore_report, COMPLETED) == COMPLETED


def test_what_is_being_purged_cannot_be_restored() -> None:
    with pytest.raises(NotFound):
        acted(restore_report, replace(COMPLETED, deleted_at=NOW, purging=True))


# -- announcements ------------------------------------------------------------

UNTOLD = replace(FAILED, unannounced=True)


@pytest.mark.parametrize("act", [cancel_report, delete_report])
def test_who_ends_a_report_announces_it(act: Callable[..., Report]) -> None:
    announcer = FakeAnnouncer()

    ended = acted(act, RUNNING, announcer=announcer)

    assert announcer.announced == [ended]
    assert (ended.unannounced, ended.finished_at) == (True, LATER)


@pytest.mark.parametrize("act", [delete_report, restore_report])
def test_what_ends_nothing_announces_nothing(act: Callable[..., Report]) -> None:
    announcer = FakeAnnouncer()

    acted(act, COMPLETED, announcer=announcer)
    acted(act, IMPORTED, announcer=announcer)

    assert announcer.announced == announcer.sent == []


def test_a_failure_nobody_was_told_of_is_told_before_it_is_forgotten() -> None:
    announcer = FakeAnnouncer()

    retried = acted(retry_report, UNTOLD, announcer=announcer)
    acted(retry_report, FAILED, announcer=announcer)

    assert announcer.sent == [UNTOLD]
    assert not retried.unannounced


def test_a_failure_that_cannot_be_told_is_not_forgotten() -> None:
    class Mute(FakeAnnouncer):
        def send(self, report: Report) -> None:
            raise StoreUnavailable

    reports = FakeReports(UNTOLD)

    with pytest.raises(StoreUnavailable):
        retry_report(UNTOLD.uuid, desk=a_desk(reports, announcer=Mute()))

    assert reports.rows[UNTOLD.uuid] == UNTOLD


# -- who may ------------------------------------------------------------------

ACTS: dict[str, tuple[str, Report, Act]] = {
    "update": ("reports.generate", WAITING, lambda uuid, desk: update_report(uuid, as_csv, desk=desk)),
    "retry": ("reports.generate", FAILED, lambda uuid, desk: retry_report(uuid, desk=desk)),
    "cancel": ("reports.generate", RUNNING, lambda uuid, desk: cancel_report(uuid, desk=desk)),
    "delete": ("reports.delete", COMPLETED, lambda uuid, desk: delete_report(uuid, desk=desk)),
    "restore": (
        "reports.restore",
        replace(COMPLETED, deleted_at=NOW),
        lambda uuid, desk: restore_report(uuid, desk=desk),
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_each_act_has_its_permission_and_own_reaches_no_further(act: str) -> None:
    permission, report, do = ACTS[act]
    others = set(GENERAL) - {permission}

    assert do(report.uuid, a_desk(FakeReports(report), a_caller("2", permission)))
    assert do(report.uuid, a_desk(FakeReports(report), a_caller("1", f"{permission}.own")))
    with pytest.raises(NotFound):
        do(report.uuid, a_desk(FakeReports(report), a_caller("2", f"{permission}.own")))
    with pytest.raises(NotFound):
        do(uuid4(), a_desk(FakeReports(report), a_caller("1", permission)))
    with pytest.raises(Forbidden):
        do(report.uuid, a_desk(FakeReports(report), a_caller("1", *others)))
    with pytest.raises(Forbidden):
        do(uuid4(), a_desk(FakeReports(), a_caller("1", *others)))


# -- races --------------------------------------------------------------------


class Raced(FakeReports):
    """Somebody else's write comes between the first read and the first write."""

    def __init__(self, report: Report, between: Report, *, times: int = 1) -> None:
        super().__init__(report)
        self.between, self.times = between, times

    def change(self, found: Report, changed: Report) -> Report:
        if self.times:
            self.times -= 1
            self.rows[found.uuid] = replace(self.between, revision=f"theirs {self.times}")
        return super().change(found, changed)


RACES: list[tuple[str, str, Report, type[Exception] | Status]] = [
    ("update", "a worker took it", RUNNING, RenderingStarted),
    ("update", "it was deleted", replace(WAITING, deleted_at=NOW), NotFound),
    ("update", "it was renamed", replace(WAITING, title="B"), Status.PENDING),
    ("cancel", "it completed", COMPLETED, AlreadyFinished),
    ("cancel", "its worker gave it back", replace(WAITING, attempt=1), Status.FAILED),
    ("retry", "it was retried", replace(WAITING, attempt=3, max_attempts=6), NotFailed),
    ("delete", "it was deleted", replace(COMPLETED, deleted_at=NOW), NotFound),
    ("delete", "it was renamed", replace(COMPLETED, title="B"), Status.COMPLETED),
    ("restore", "its purge began", replace(COMPLETED, deleted_at=NOW, purging=True), NotFound),
    ("restore", "it was restored", COMPLETED, Status.COMPLETED),
]


@pytest.mark.parametrize(
    ("act", "between", "end"), [(r[0], *r[2:]) for r in RACES], ids=[f"{r[0]}: {r[1]}" for r in RACES]
)
def test_who_loses_a_race_is_answered_by_what_is_there_now(
    act: str, between: Report, end: type[Exception] | Status
) -> None:
    _, report, do = ACTS[act]
    reports = Raced(report, between)

    if isinstance(end, Status):
        answer = do(report.uuid, a_desk(reports))
        assert (answer.status, answer.title) == (end, between.title)
    else:
        with pytest.raises(end):
            do(report.uuid, a_desk(reports))
        assert reports.rows[report.uuid] == replace(between, revision="theirs 0")


def test_who_loses_every_race_is_told_so() -> None:
    with pytest.raises(Conflict) as raised:
        cancel_report(WAITING.uuid, desk=a_desk(Raced(WAITING, WAITING, times=99)))

    assert raised.value.code == "conflict"
