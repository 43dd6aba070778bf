"""
Faults of design, put in on purpose, and the check that has to notice each of them.

A suite that is green says nothing until it is known what would make it red.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from msgspec.structs import replace

from rapor import announce, process, purge, sweep, update
from rapor.announce import Announcer
from rapor.caller import Caller
from rapor.catalogue import ReportType
from rapor.data.engine import DuckDBEngine
from rapor.errors import Fenced
from rapor.process import Outcome, Workshop
from rapor.report import Failure, IdempotencyKey, Origin, Report, Scope
from rapor.store import idempotency, keys, table
from rapor.store.documents import DocumentUpload
from rapor.store.items import Item
from rapor.store.keys import idempotency_key, idempotency_row, report_row
from rapor.store.table import ReportTable
from tests.builders import a_post, load_event
from tests.faults.injector import Fault, Intruder, Plan
from tests.faults.lives import live
from tests.faults.oracle import Expected
from tests.faults.points import DIFFERENT, NAMED, singles
from tests.faults.scenarios import BODY, CANCEL, KEY, WITH_REUSE, always, reused
from tests.faults.world import MINUTES, World, an_act
from tests.production import a_type

Check = Callable[[World], Iterable[str]]
Patch = Callable[[pytest.MonkeyPatch, World], None]


# -- checks -------------------------------------------------------------------


def lived(scenario: str, *faults: Fault) -> Check:
    """A scenario undisturbed, and then with each of its calls broken in these ways."""

    def check(world: World) -> Iterator[str]:
        plans: list[Plan] = [{}, *singles(NAMED[scenario], faults)]
        yield from (wrong for plan in plans for wrong in live(world, NAMED[scenario], plan).wrong)

    return check


def wrong_now(world: World) -> list[str]:
    """What the oracle sees of good reports, and what functions complained of."""
    found = world.oracle.violations(expected=Expected(always, ended=True, told=world.told()))
    return [*map(str, found), *world.complaints]


def a_worker_that_lost_its_lease(world: World) -> list[str]:
    """It stands still while it renders, another one takes over and completes; then it goes on."""
    world.reset()
    report = world.order()
    (record,) = world.records(report)

    def meanwhile() -> None:
        world.skew += MINUTES
        world.sweep()
        world.deliver(world.records(report)[-1])

    with Intruder(1, meanwhile).among(world.room.workshop.documents._client):
        world.deliver(record)
    world.settle()
    return wrong_now(world)


def a_sweep_at_the_last_moment(world: World) -> list[str]:
    """A worker is at work to the end of its time, and the sweep's clock is ten seconds ahead."""
    world.reset()
    report = world.order()
    late = timedelta(seconds=60 + 10) - timedelta(milliseconds=1)

    def meanwhile() -> None:
        world.skew += late
        world.sweep()
        world.skew -= late

    with Intruder(1, meanwhile).among(world.room.workshop.documents._client):
        world.deliver(*world.records(report))
    found = world.found(report)
    again = [] if found.attempt == 1 and found.is_finished else [f"{found.status} at attempt {found.attempt}"]
    return [*wrong_now(world), *again]


def a_sweep_that_comes_late(world: World) -> list[str]:
    """Between its look at a report and its write, a worker completes it."""
    world.reset()
    report = world.order()
    world.skew += MINUTES
    client = world.rooms["SweepReports"].reports._client

    def meanwhile() -> None:
        world.deliver(*world.records(report))

    at = NAMED["SweepReports: a record that was lost"].calls.index("UpdateItem") + 1
    with Intruder(at, meanwhile).among(client):
        world.sweep()
    world.settle()
    return wrong_now(world)


def two_orders_at_a_time(world: World) -> list[str]:
    """With one key: the second comes when the first is about to be written."""
    world.reset()
    client = world.rooms["CreateReport"].reports._client
    answers: list[Any] = []

    def order() -> None:
        answers.append(world.ask("CreateReport", a_post(BODY, KEY)).body["uuid"])

    at = NAMED["CreateReport: an order with a key"].calls.index("TransactWriteItems") + 1
    with Intruder(at, order).among(client):
        order()
    world.settle()
    return [*wrong_now(world), *([f"two answers: {answers}"] if len(set(answers)) != 1 else [])]


def a_twin_that_ended_since(world: World) -> list[str]:
    """An order with a key reuses a report, which is cancelled; then the same order comes again."""
    world.reset()
    reused(world)
    (uuid,) = world.oracle.reports()
    world.ask("UpdateReport", an_act(CANCEL, uuid))
    world.forget_records()
    answer = world.ask("CreateReport", a_post(WITH_REUSE, KEY))
    return [] if answer.body["uuid"] == uuid else [f"one key, and two reports: {uuid}, {answer.body['uuid']}"]


def two_callers_with_one_key(world: World) -> list[str]:
    """What a key stands for is one caller's."""
    world.reset()
    owners = []
    for sub in ("1", "2"):
        claims = {"sub": sub, "permissions": "[reports.generate]"}
        uuid = world.ask("CreateReport", a_post(BODY, KEY, claims)).body["uuid"]
        owners.append(world.oracle.history(uuid)[0]["user_id"])  # type: ignore[index]
    return [] if owners == ["1", "2"] else [f"told of reports of {owners}"]


def somebody_elses_report(world: World) -> list[str]:
    """Who may see their own reports does not see another's."""
    world.reset()
    report = world.order(user_id="2")
    event = load_event("read_report/get_api_v1_reports_uuid.json")
    event["pathParameters"]["uuid"] = str(report.uuid)
    event["requestContext"]["authorizer"]["jwt"]["claims"] = {"sub": "1", "permissions": "[reports.view.own]"}
    answer = world.ask("ReadReport", event)
    return [] if answer.status == 404 else [f"answered {answer.status}"]


def own_rows_in_sums(world: World) -> list[str]:
    """A sum over a table is a sum over the caller's own rows of it."""
    columns = {"user_id": ("text", "user_id"), "among": ("integer", "count(*) over ()")}
    users = a_type("users", columns, order_by="user_id", sources={"users": {"own": "user_id"}})
    with world.room.workshop.engine.open(users, {}, own_user_id="1") as rows:
        found = [cells for batch in rows.batches() for cells in zip(*batch, strict=True)]
    return [] if found and found == [("1", len(found))] * len(found) else [f"saw {found[:1]} of {len(found)} rows"]


CHECKS: Mapping[str, Check] = {
    "any call of a document broken": lived("ProcessFast: a document", *DIFFERENT),
    "a worker that lost its lease": a_worker_that_lost_its_lease,
    "a sweep at the last moment": a_sweep_at_the_last_moment,
    "a sweep that comes late": a_sweep_that_comes_late,
    "a record that was lost": lived("SweepReports: a record that was lost"),
    "a report that died at every attempt": lived("SweepReports: a report that died at every attempt"),
    "a worker that died": lived("SweepReports: a worker that died"),
    "a retry": lived("UpdateReport: a retry"),
    "a retry in vain": lived("UpdateReport: a retry in vain"),
    "a purge and a restore": lived("SweepReports: the trash, and its owner wants it back", Fault.CRASH_AFTER),
    "two orders at a time with one key": two_orders_at_a_time,
    "a twin that ended since": a_twin_that_ended_since,
    "two callers with one key": two_callers_with_one_key,
    "somebody else's report": somebody_elses_report,
    "own rows in sums": own_rows_in_sums,
}


# -- bugs ---------------------------------------------------------------------


class Bug(NamedTuple):
    """A fault of design: what it changes, and the check that notices."""

    name: str
    patch: Patch
    check: str


def no_fence(patch: pytest.MonkeyPatch, _: World) -> None:
    def update_held(self: ReportTable, report: Report, update: str, values: Mapping[str, Any]) -> Item:
        return self._update(report.uuid, update, "attribute_exists(pk)", values)

    patch.setattr(ReportTable, "_update_held", update_held)


def fixed_key(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(Report, "document_key", property(lambda report: f"{report.folder}document.{report.format.extension}"))


def stranger_to_its_own_claim(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(table, "_is_held", lambda _item, _owner: False)


def clears_up_after_its_own_success(patch: pytest.MonkeyPatch, world: World) -> None:
    """It takes its own refused repetition for another's success, and removes the document as nobody's."""
    complete = ReportTable.complete

    def complete_or_clear_up(self: ReportTable, report: Report, result: Any, **more: Any) -> Report:
        try:
            return complete(self, report, result, **more)
        except Fenced:
            world.s3.delete_object(Bucket=world.bucket, Key=result.key)
            raise

    patch.setattr(ReportTable, "_mine", lambda *_: None)
    patch.setattr(ReportTable, "complete", complete_or_clear_up)


def unconditional_create(patch: pytest.MonkeyPatch, _: World) -> None:
    def add_with_key(self: ReportTable, report: Report, _put: object, key: IdempotencyKey) -> tuple[Report, Origin]:
        row = report_row(report)
        for item in (row, idempotency_row(key, row, report.created_at)):
            self._client.put_item(TableName=self._name, Item=item)
        return report, Origin.CREATED

    patch.setattr(ReportTable, "_add_with_key", add_with_key)


def no_sweep(patch: pytest.MonkeyPatch, world: World) -> None:
    done = sweep.Sweep()
    patch.setattr(world.rooms["SweepReports"], "sweep_reports", lambda **_: done)


def endless_attempts(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(sweep, "_is_hopeless", lambda *_: False)


def any_error_fails(patch: pytest.MonkeyPatch, _: World) -> None:
    def give_up(report: Report, reason: Any, workshop: Workshop) -> Outcome:
        failure = Failure(reason.code, str(reason), reason.retryable, report.attempt)
        workshop.announcer.announce(workshop.reports.fail(report, failure, now=workshop.clock()))
        return Outcome.FAILED

    patch.setattr(process, "_give_up", give_up)


def lease_without_margin(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(process, "LEASE_MARGIN", timedelta(0))


def retry_without_allowance(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(update, "MORE_ATTEMPTS", 0)


def key_without_caller(patch: pytest.MonkeyPatch, _: World) -> None:
    def of_anybody(key: IdempotencyKey) -> Item:
        return idempotency_key(replace(key, caller_id="anybody"))

    patch.setattr(idempotency, "idempotency_key", of_anybody)
    patch.setattr(keys, "idempotency_key", of_anybody)


def key_without_its_twin(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(ReportTable, "remember", lambda _self, _key, twin, _now: (twin, Origin.REUSED))


def scope_outside_the_aggregate(patch: pytest.MonkeyPatch, _: World) -> None:
    """The caller's own rows are chosen from the result, when sums have been made of everybody's."""
    narrow = DuckDBEngine.open

    def widen(
        self: DuckDBEngine, report_type: ReportType, parameters: Any, *, own_user_id: str | None, **more: Any
    ) -> Any:
        outside = f"select * from ({report_type.query}) where user_id::varchar = '{own_user_id}'"
        return narrow(self, report_type.model_copy(update={"query": outside}), parameters, own_user_id=None, **more)

    patch.setattr(DuckDBEngine, "open", widen)


def part_of_a_word(patch: pytest.MonkeyPatch, _: World) -> None:
    def scope_of(self: Caller, permission: str) -> Scope | None:
        return Scope.ALL if permission in str(sorted(self.permissions)) else None

    patch.setattr(Caller, "scope_of", scope_of)


def sweep_on_what_it_saw(patch: pytest.MonkeyPatch, _: World) -> None:
    """It puts back to pending whatever it once found due."""

    def dispatch(self: ReportTable, report: Report, *, due_at: datetime) -> None:
        self.reclaim(report, due_at=due_at, now=due_at)

    patch.setattr(table, "FOUND", "attribute_exists(pk)")
    patch.setattr(table, "_found_values", lambda _report: {})
    patch.setattr(ReportTable, "dispatch", dispatch)


def ends_in_the_queue(patch: pytest.MonkeyPatch, _: World) -> None:
    update_held = ReportTable._update_held

    def keeping_it_queued(self: ReportTable, report: Report, update: str, values: Mapping[str, Any]) -> Item:
        return update_held(self, report, update.replace(", unfinished_pk", ""), values)

    patch.setattr(ReportTable, "_update_held", keeping_it_queued)


def row_without_document(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(DocumentUpload, "finish", lambda _self: None)


def hash_of_something_else(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(DocumentUpload, "sha256", property(lambda self: self._hash.hexdigest()[::-1]))


def lease_nobody_keeps(patch: pytest.MonkeyPatch, _: World) -> None:
    claim = ReportTable.claim
    patch.setattr(
        ReportTable,
        "claim",
        lambda self, uuid, *, owner, now, lease_until: claim(self, uuid, owner=owner, now=now, lease_until=now),
    )


def purge_without_a_lock(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(purge, "replace", lambda report, **_: report)


class Hasty(Announcer, frozen=True):
    """Takes an end out of the outbox first, and tells of it then."""

    def announce(self, report: Report) -> Report:
        marked = self.reports.change(report, replace(report, unannounced=False)) if report.unannounced else report
        if report.unannounced:
            self.send(report)
        return marked


def outbox_cleared_first(patch: pytest.MonkeyPatch, world: World) -> None:
    workshop = world.room.workshop
    was = workshop.announcer
    patch.setattr(world.room, "workshop", replace(workshop, announcer=Hasty(was.reports, was.events, was.log)))


def ids_by_chance(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(announce, "uuid5", lambda *_: uuid4())


BUGS: Sequence[Bug] = [
    Bug("no fence around a worker's writes", no_fence, "a worker that lost its lease"),
    Bug("one key for all attempts' documents", fixed_key, "a worker that lost its lease"),
    Bug("no 'was it me?' at the claim", stranger_to_its_own_claim, "any call of a document broken"),
    Bug("no 'was it me?' at the end", clears_up_after_its_own_success, "any call of a document broken"),
    Bug("create without a condition", unconditional_create, "two orders at a time with one key"),
    Bug("the sweep switched off", no_sweep, "a record that was lost"),
    Bug("attempts without end", endless_attempts, "a report that died at every attempt"),
    Bug("any error is a failure", any_error_fails, "any call of a document broken"),
    Bug("a lease without margin", lease_without_margin, "a sweep at the last moment"),
    Bug("a lease of no time", lease_nobody_keeps, "a sweep at the last moment"),
    Bug("a retry without a new allowance", retry_without_allowance, "a retry in vain"),
    Bug("idempotency without the caller", key_without_caller, "two callers with one key"),
    Bug("a key that forgets what it found", key_without_its_twin, "a twin that ended since"),
    Bug("data scope outside the aggregate", scope_outside_the_aggregate, "own rows in sums"),
    Bug("permissions as parts of words", part_of_a_word, "somebody else's report"),
    Bug("a sweep that writes what it saw", sweep_on_what_it_saw, "a sweep that comes late"),
    Bug("what has ended stays in the queue", ends_in_the_queue, "any call of a document broken"),
    Bug("a row before its document", row_without_document, "any call of a document broken"),
    Bug("a hash of other bytes", hash_of_something_else, "any call of a document broken"),
    Bug("the outbox cleared before its event is sent", outbox_cleared_first, "any call of a document broken"),
    Bug("an event of another id each time", ids_by_chance, "any call of a document broken"),
    Bug("a purge that lets restores in", purge_without_a_lock, "a purge and a restore"),
]


def sound(world: World, check: str) -> list[str]:
    """What a check sees in the design as it is: nothing."""
    return list(CHECKS[check](world))


def caught(world: World, bug: Bug) -> str | None:
    """The first thing the bug's check sees while the bug is in; an exception of the bug's own is not one."""
    with pytest.MonkeyPatch.context() as patch:
        bug.patch(patch, world)
        return next((wrong for wrong in CHECKS[bug.check](world) if " raised " not in wrong), None)
