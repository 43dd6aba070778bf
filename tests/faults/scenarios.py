"""Every way into every function that has AWS calls, and the calls it takes when nothing breaks."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID

import jwt
import pytest
from moto.dynamodb.models import dynamodb_backends

from local.cloudformation import ACCOUNT, REGION
from local.streams import shard_of
from rapor.report import Format, Report, Status
from tests.builders import a_post, load_event
from tests.faults.injector import Fault
from tests.faults.lives import Life, Scenario
from tests.faults.rules import Row
from tests.faults.world import FEW_ROWS, MINUTES, SHARD, SHARDS, Answer, World, an_act

BODY = {"title": "A", "report_type": "users", "parameters": FEW_ROWS, "format": "csv"}
WITH_REUSE = BODY | {"options": {"reuse": "running"}}
KEY = {"Idempotency-Key": "one"}
SCORE = {"referenceId": "92442"}
NAMED_SCORE = SCORE | {"uuid": "s-1"}
UNKNOWN: dict[str, Any] = {"report_type": "reference", "parameters": {"referenceId": "?"}, "format": Format.JSON}
KEEP = timedelta(days=31)  # longer than deleted reports are kept

# The sweep looks into every shard of the open index, and acts on what it finds before it looks further: for reports
# that are due, for ends that were not told, for schedules, for the trash.
BEFORE, AFTER = ["Query"] * (SHARD + 1), ["Query"] * (SHARDS - SHARD - 1)
ALL = BEFORE + AFTER
WAITING = ["GetItem"]  # which reports wait longest; in most scenarios none does
NOTE = ["GetItem"]  # how far it is with orphans; but for one scenario, it has seen to all of them


def always(_first: Row) -> bool:
    return True


def never(_first: Row) -> bool:
    return False


# -- create -------------------------------------------------------------------


def post(body: object, headers: dict[str, str] | None = None) -> Any:
    """Door B."""
    return lambda world, _: world.ask("CreateReport", a_post(body, headers))


def post_score(body: object) -> Any:
    """Door A."""
    return lambda world, _: world.ask("CreateReport", _score_event(body))


def _score_event(body: object) -> Any:
    event = a_post(body)
    event["routeKey"] = event["requestContext"]["routeKey"] = "POST /reports"
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/reports"
    return event


def on_schedule(world: World, _: object) -> Any:
    event = load_event("create_report/schedule.json")
    event["report"] |= {"parameters": FEW_ROWS, "format": "csv"}
    return world.scheduled("CreateReport", event)


def recorded_once(world: World, _: object, life: Life) -> Iterator[str]:
    """However often it was asked for, it is one report, and the answer names it."""
    reports = world.oracle.reports()
    if len(reports) != 1:
        yield f"{len(reports)} reports of one order"
    yield from told(life, reports)


def recorded(world: World, _: object, life: Life) -> Iterator[str]:
    """Without a key each accepted request is a report of its own; nothing that was accepted is missing."""
    reports = world.oracle.reports()
    tries = [call for call in life.calls[: life.own] if call.operation == "PutItem"]
    if not 1 <= len(reports) <= len(tries) or (life.is_mended and len(reports) != 1):
        yield f"{len(reports)} reports of {len(tries)} orders"
    yield from told(life, reports)


def beside_the_first(world: World, _: object, life: Life) -> Iterator[str]:
    """There is the one that ended, and then as for any other order without a key."""
    reports = world.oracle.reports()[1:]
    if not reports or (life.is_mended and len(reports) != 1):
        yield f"{len(reports)} reports"
    yield from told(life, reports)


def told(life: Life, reports: Sequence[str]) -> Iterator[str]:
    """The client was told of a report that is there."""
    answer = life.answer
    if isinstance(answer, Answer):
        if answer.status not in {200, 201}:
            yield f"answered {answer.status}"
        elif not any(uuid in str(answer.body) for uuid in reports):
            yield f"answered with a report that is not there: {answer.body}"
    elif answer is None or answer["uuid"] not in reports:
        yield f"the run came to {answer}"


def ordered(world: World, *, body: object = WITH_REUSE, headers: dict[str, str] | None = None) -> None:
    assert world.ask("CreateReport", a_post(body, headers)).status == 201


def reused(world: World) -> None:
    """An order of a moment ago, and another one that got it."""
    ordered(world)
    assert world.ask("CreateReport", a_post(WITH_REUSE, KEY)).status == 200


def not_listed_yet(world: World) -> None:
    """An order of a moment ago that the lists do not show yet, as indexes lag: moto's never do, so its row is hidden."""
    ordered(world)
    items = dynamodb_backends[ACCOUNT][REGION].tables[world.table].all_items()
    (row,) = (item for item in items if item.to_json()["Attributes"]["sk"] == {"S": "REPORT"})
    del row.attrs["user_pk"]
    for record in shard_of(world.table).items:
        record.record["dynamodb"]["NewImage"].pop("user_pk", None)


def ended_since(world: World) -> None:
    """The same, but it was cancelled meanwhile, so there is nothing left of it to reuse."""
    ordered(world)
    (uuid,) = world.oracle.reports()
    assert world.ask("UpdateReport", an_act(CANCEL, uuid)).status == 200
    world.forget_records()


def at_the_cap(run: Any) -> Any:
    """Where one unfinished report is as many as a caller may have."""

    def run_with_little_room(world: World, subject: object) -> Any:
        room = world.rooms["CreateReport"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(room, "recorded", partial(room.recorded, max_unfinished=1))
            return run(world, subject)

    return run_with_little_room


def refused(world: World, _: object, life: Life) -> Iterator[str]:
    """One more is one too many, whatever breaks."""
    if life.answer.status != 429:
        yield f"answered {life.answer.status}"
    if len(world.oracle.reports()) != 1:
        yield f"{len(world.oracle.reports())} reports"


CREATE = [
    Scenario("CreateReport", "an order", ["Query", "PutItem"], post(BODY), holds=recorded, can_be_made=always),
    Scenario(
        "CreateReport",
        "an order with a key",
        ["Query", "TransactWriteItems"],
        post(BODY, KEY),
        holds=recorded_once,
        can_be_made=always,
    ),
    Scenario(
        "CreateReport",
        "the same order again",
        ["Query", "TransactWriteItems"],
        post(BODY, KEY),
        prepare=partial(ordered, body=BODY, headers=KEY),
        holds=recorded_once,
    ),
    Scenario(
        "CreateReport",
        "the same order again at the cap",
        ["Query", "GetItem"],
        at_the_cap(post(BODY, KEY)),
        prepare=partial(ordered, body=BODY, headers=KEY),
        holds=recorded_once,
    ),
    Scenario(
        "CreateReport",
        "another order at the cap",
        ["Query", "GetItem"],
        at_the_cap(post(BODY, {"Idempotency-Key": "another"})),
        prepare=partial(ordered, body=BODY, headers=KEY),
        holds=refused,
    ),
    Scenario(
        "CreateReport",
        "an order with a key that may reuse, and nothing to",
        ["GetItem", "Query", "Query", "TransactWriteItems"],
        post(WITH_REUSE, KEY),
        holds=recorded_once,
        can_be_made=always,
    ),
    Scenario(
        "CreateReport",
        "the same order again that may reuse",
        ["GetItem"],
        post(WITH_REUSE, KEY),
        prepare=partial(ordered, headers=KEY),
        holds=recorded_once,
    ),
    Scenario(
        "CreateReport",
        "an order with a key that reuses",
        ["GetItem", "Query", "BatchGetItem", "PutItem"],
        post(WITH_REUSE, KEY),
        prepare=ordered,
        holds=recorded_once,
    ),
    Scenario(
        "CreateReport",
        "the same order again that reused",
        ["GetItem"],
        post(WITH_REUSE, KEY),
        prepare=reused,
        holds=recorded_once,
    ),
    Scenario(
        "CreateReport",
        "an order that may reuse, and nothing to",
        ["Query", "Query", "TransactWriteItems"],
        post(WITH_REUSE),
        holds=recorded_once,
        can_be_made=always,
    ),
    Scenario(
        "CreateReport",
        "an order that reuses",
        ["Query", "BatchGetItem"],
        post(WITH_REUSE),
        prepare=ordered,
        holds=recorded_once,
    ),
    Scenario(
        "CreateReport",
        "an order that reuses what no list shows yet",
        ["Query", "Query", "TransactWriteItems", "GetItem"],
        post(WITH_REUSE),
        prepare=not_listed_yet,
        holds=recorded_once,
    ),
    Scenario(
        "CreateReport",
        "an order that might reuse what has ended since",
        ["Query", "BatchGetItem", "Query", "TransactWriteItems", "GetItem", "PutItem"],
        post(WITH_REUSE),
        prepare=ended_since,
        holds=beside_the_first,
    ),
    Scenario("CreateReport", "an import", ["PutItem"], post(BODY | {"status": "completed"}), holds=recorded),
    Scenario(
        "CreateReport",
        "an import with a key",
        ["TransactWriteItems"],
        post(BODY | {"status": "completed"}, KEY),
        holds=recorded_once,
    ),
    Scenario(
        "CreateReport",
        "a score with a name",
        ["Query", "TransactWriteItems"],
        post_score(NAMED_SCORE),
        holds=recorded_once,
        can_be_made=always,
    ),
    Scenario(
        "CreateReport",
        "a score with a name again",
        ["Query", "TransactWriteItems", "GetItem"],
        post_score(NAMED_SCORE),
        prepare=lambda world: world.ask("CreateReport", _score_event(NAMED_SCORE)),
        holds=recorded_once,
    ),
    Scenario(
        "CreateReport",
        "a score with a name like our ids",
        ["GetItem", "Query", "TransactWriteItems"],
        post_score(SCORE | {"uuid": "1d3a3b1e-0000-4000-8000-000000000000"}),
        holds=recorded_once,
        can_be_made=always,
    ),
    Scenario("CreateReport", "a score", ["Query", "PutItem"], post_score(SCORE), holds=recorded, can_be_made=always),
    Scenario(
        "CreateReport",
        "a schedule's run",
        ["Query", "TransactWriteItems"],
        on_schedule,
        holds=recorded_once,
        can_be_made=always,
    ),
]

# -- read ---------------------------------------------------------------------


def get(event: str, **path: str) -> Any:
    """A request to look at the report that was made."""

    def run(world: World, report: Report | None) -> Answer:
        asked = load_event(f"read_report/{event}.json")
        asked |= {"rawQueryString": "", "queryStringParameters": {}}
        if "pathParameters" in asked:
            asked["pathParameters"] = path or {"uuid": str(report and report.uuid)}
        return world.ask("ReadReport", asked)

    return run


def made_score(world: World) -> None:
    assert world.ask("CreateReport", _score_event(NAMED_SCORE)).status == 200
    world.deliver_new()


def seen(world: World, report: Report, life: Life) -> Iterator[str]:
    """The client sees the report, and nothing is written by looking."""
    answer = life.answer
    if answer.status not in {200, 302}:
        yield f"answered {answer.status}: {answer.body}"
    operations = {call.operation for call in life.calls[: life.own]}
    if operations - {"GetItem", "Query", "BatchGetItem", "GetObject"}:
        yield f"looking called {operations}"


READ = [
    Scenario("ReadReport", "everybody's reports", ["Query"] * 8 + ["BatchGetItem"], get("get_api_v1_reports"), World.made, seen),
    Scenario("ReadReport", "a report", ["GetItem"], get("get_api_v1_reports_uuid"), World.made, seen),
    Scenario("ReadReport", "a document", ["GetItem"], get("get_api_v1_reports_uuid_download"), World.made, seen),
    Scenario("ReadReport", "a manifest", ["GetItem", "GetObject"], get("get_api_v1_reports_uuid_manifest"), World.made, seen),
    Scenario("ReadReport", "scores", ["Query"] * 8 + ["BatchGetItem"], get("get_reports"), made_score, seen),
    Scenario("ReadReport", "how many scores", ["Query"] * 8 + ["BatchGetItem"], get("get_reports_count"), made_score, seen),
    Scenario("ReadReport", "a score by its name", ["GetItem", "GetItem"], get("get_reports_id", id="s-1"), made_score, seen),
    Scenario("ReadReport", "the catalogue", [], get("get_api_v1_report_types"), World.made, seen),
]  # fmt: skip

# -- update -------------------------------------------------------------------

UPDATE, RETRY, CANCEL, DELETE, RESTORE = (
    "patch_api_v1_reports_uuid",
    "post_api_v1_reports_uuid_retry",
    "post_api_v1_reports_uuid_cancel",
    "delete_api_v1_reports_uuid",
    "post_api_v1_reports_uuid_restore",
)
READ_AND_WRITE = ["GetItem", "UpdateItem"]
TELL = ["PutEvents", "UpdateItem"]  # the event, and that it was sent
QUEUE = ["GetItem", "Query", "UpdateItem"]  # the cap is counted


def act(event: str, body: object = None) -> Any:
    return lambda world, report: world.ask("UpdateReport", an_act(event, report.uuid, body))


def cancelled(world: World) -> Report:
    report = world.order()
    assert act(CANCEL)(world, report).status == 200
    return report


def failed(world: World) -> Report:
    report = world.made(**UNKNOWN)
    world.skew += MINUTES  # two ends at one moment would look like one
    return report


def failed_untold(world: World) -> Report:
    """Its worker died right after its end."""
    report = world.order(**UNKNOWN)
    with world.injector.following({2: Fault.CRASH_AFTER}):
        world.deliver_new(tries=1)
    assert world.found(report).unannounced
    world.skew += MINUTES
    return report


def deleted(world: World) -> Report:
    report = world.made()
    assert act(DELETE)(world, report).status == 200
    return report


def changed(
    world: World, report: Report, life: Life, *, first: int, again: int, revisions: int = 1, **wanted: Any
) -> Iterator[str]:
    """The client is told so, or that it was so already; it happened once; and the report is as it wants it."""
    if life.answer.status not in {first, again} or (life.is_mended and life.answer.status != first):
        yield f"answered {life.answer.status}: {life.answer.body}"
    found = world.reports.get(report.uuid)
    seen = sum(is_change(*rows) for rows in pairwise(world.oracle.history(report.uuid)))
    if seen != revisions:
        yield f"was changed {seen} times, not {revisions}"
    for name, value in wanted.items():
        if getattr(found, name) != value:
            yield f"{name} is {getattr(found, name)}, not {value}"


def is_change(before: Row | None, after: Row | None) -> bool:
    """Whether a client made this write: it makes a new revision, and so does what marks an end as told, but no more."""
    if before is None or after is None or before.get("revision") == after.get("revision"):
        return False
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return bool(changed - {"revision", "unannounced", "open_pk", "due_at", "lane"})


CHANGE = [
    Scenario(
        "UpdateReport",
        "a new title and format",
        READ_AND_WRITE,
        act(UPDATE, {"title": "B", "format": "json"}),
        World.order,
        partial(changed, first=200, again=200, title="B", status=Status.COMPLETED),
        always,
    ),
    Scenario(
        "UpdateReport",
        "a new title at last",
        READ_AND_WRITE,
        act(UPDATE, {"title": "B"}),
        World.made,
        partial(changed, first=200, again=200, title="B", status=Status.COMPLETED),
        always,
    ),
    Scenario(
        "UpdateReport",
        "putting aside",
        READ_AND_WRITE,
        act(UPDATE, {"is_active": False}),
        World.order,
        partial(changed, first=200, again=200, is_active=False, status=Status.PENDING),
    ),
    Scenario(
        "UpdateReport",
        "taking up again",
        QUEUE,
        act(UPDATE, {"is_active": True}),
        lambda world: world.order(is_active=False),
        partial(changed, first=200, again=200, is_active=True, status=Status.COMPLETED),
        always,
    ),
    Scenario(
        "UpdateReport",
        "a retry",
        QUEUE,
        act(RETRY),
        cancelled,
        partial(changed, first=202, again=409, revisions=2, status=Status.COMPLETED),
        always,
    ),
    Scenario(
        "UpdateReport",
        "a retry in vain",
        QUEUE,
        act(RETRY),
        failed,
        partial(changed, first=202, again=409, status=Status.FAILED),
        never,
    ),
    Scenario(
        "UpdateReport",
        "a retry of what nobody was told of",
        ["GetItem", "PutEvents", "Query", "UpdateItem"],
        act(RETRY),
        failed_untold,
        partial(changed, first=202, again=409, status=Status.FAILED),
        never,
    ),
    Scenario(
        "UpdateReport",
        "a cancel",
        [*READ_AND_WRITE, *TELL],
        act(CANCEL),
        World.order,
        partial(changed, first=200, again=409, status=Status.FAILED),
    ),
    Scenario(
        "UpdateReport",
        "a delete",
        [*READ_AND_WRITE, *TELL],
        act(DELETE),
        World.order,
        partial(changed, first=200, again=404, status=Status.FAILED),
    ),
    Scenario(
        "UpdateReport",
        "a delete of a document",
        READ_AND_WRITE,
        act(DELETE),
        World.made,
        partial(changed, first=200, again=404, status=Status.COMPLETED),
    ),
    Scenario(
        "UpdateReport",
        "a restore",
        READ_AND_WRITE,
        act(RESTORE),
        deleted,
        partial(changed, first=200, again=200, revisions=2, status=Status.COMPLETED, deleted_at=None),
        always,
    ),
]

# -- process ------------------------------------------------------------------

CLAIM, PROGRESS, COMPLETE = ["UpdateItem"], ["UpdateItem"], ["UpdateItem", *TELL]
VOUCHED_FOR = ["Sign", "PutObject"]
RENDERED = [*CLAIM, *PROGRESS, "PutObject", *VOUCHED_FOR, *COMPLETE]
PARTS = ["CreateMultipartUpload", "UploadPart", "UploadPart", "UploadPart", "CompleteMultipartUpload"]


def deliver(world: World, _report: Report) -> None:
    world.deliver_new()


def vouched_for(world: World, report: Report) -> Iterator[str]:
    """It is completed, and its manifest says so of this very document, signed."""
    found = world.found(report)
    if found.result is None:
        yield f"ended {found.status}: {found.error}"
        return
    manifest = world.oracle.content(f"{found.result.key}.manifest.json")
    if manifest is None:
        yield "it has no manifest"
        return
    jws = json.loads(manifest)["jws"]
    said = json.loads(jwt.PyJWS().decode(jws, world.key.private.public_key(), algorithms=["ES256"]))
    if (said["document"]["sha256"], said["report"]["uuid"]) != (found.result.sha256, str(report.uuid)):
        yield f"its manifest speaks of another document: {said}"


def completed(world: World, report: Report, life: Life) -> Iterator[str]:
    yield from vouched_for(world, report)
    found = world.found(report)
    if life.is_mended and (found.attempt, len(world.objects(report))) != (1, 2):
        yield f"what the SDK mends took {found.attempt} attempts and left {world.objects(report)}"


def in_parts(world: World, report: Report, life: Life) -> Iterator[str]:
    """As any other; but moto knows nothing of an upload that was completed, so completing again is another attempt."""
    yield from vouched_for(world, report)
    if len(world.documents(report)) > 1 + len(life.plan):
        yield f"left {world.documents(report)}"


def failed_with(world: World, report: Report, _life: Life, *, code: str) -> Iterator[str]:
    error = world.found(report).error
    if error is None or error.code != code:
        yield f"ended with {error}, not with {code}"
    if world.objects(report):
        yield f"failed and left {world.objects(report)}"


def tried_to_the_last(world: World, report: Report, _life: Life) -> Iterator[str]:
    """What a later attempt may mend is given up only after the last of them."""
    found = world.found(report)
    if found.error is None or found.error.code not in {"internal", "attempts_exhausted"}:
        yield f"ended with {found.error}"
    if found.attempt != found.max_attempts:
        yield f"gave up at attempt {found.attempt} of {found.max_attempts}"


def long_order(world: World) -> Report:
    return world.order(parameters={"date_from": "2025-01-01", "date_to": "2025-01-31"})


def completed_before(world: World) -> Report:
    """A report whose record comes once more."""
    report = world.made()
    world.deliver_again()
    return report


PROCESS = [
    Scenario("ProcessFast", "a document", RENDERED, deliver, World.order, completed, always),
    Scenario(
        "ProcessFast",
        "a document in parts",
        [*CLAIM, *PROGRESS, *PARTS, *VOUCHED_FOR, *COMPLETE],
        deliver,
        long_order,
        in_parts,
        always,
    ),
    Scenario(
        "ProcessFast",
        "a document in parts, and one that S3 does not take",
        [*CLAIM, *PROGRESS, *PARTS[:3], "AbortMultipartUpload", "UpdateItem", *CLAIM],
        deliver,
        long_order,
        in_parts,
        always,
        {5: Fault.THROTTLED_FOR_EVER},
    ),
    Scenario(
        "ProcessFast",
        "a document, and the answer to its last write is lost",
        [*RENDERED[:-2], "GetItem", *TELL],
        deliver,
        World.order,
        completed,
        always,
        {6: Fault.ANSWER_LOST},
    ),
    Scenario(
        "ProcessFast",
        "a score's document",
        RENDERED,
        deliver,
        lambda world: world.order(report_type="reference", parameters={"referenceId": "92442"}, format=Format.JSON),
        completed,
        always,
    ),
    Scenario(
        "ProcessFast",
        "a report that cannot be made",
        [*CLAIM, "UpdateItem", *TELL],
        deliver,
        lambda world: world.order(**UNKNOWN),
        partial(failed_with, code="reference_not_found"),
        never,
    ),
    Scenario(
        "ProcessFast",
        "a type that is not known here yet",
        [*CLAIM, "UpdateItem", *CLAIM],  # giving it back makes a record, which comes before its time
        deliver,
        lambda world: world.order(type_version=99),
        tried_to_the_last,
        never,
    ),
    Scenario("ProcessFast", "a record that comes again", CLAIM, deliver, completed_before, completed, always),
]

# -- sweep --------------------------------------------------------------------


def sweep(world: World, _subject: object) -> Any:
    return world.sweep()


def later(world: World, report: Report, by: timedelta = MINUTES) -> Report:
    """Some time after, and nothing of the stream is left."""
    world.forget_records()
    world.skew += by
    return report


def lost(world: World) -> Report:
    return later(world, world.order())


def left_behind(world: World) -> Report:
    """Claimed by a worker that died."""
    report = world.order()
    claimed(world, report)
    return later(world, report)


def claimed(world: World, report: Report) -> None:
    lease_until = world.now() + timedelta(seconds=80)
    assert world.reports.claim(report.uuid, owner="0" * 32, now=world.now(), lease_until=lease_until)


def hopeless(world: World) -> Report:
    """Its worker died at every attempt."""
    report = world.order()
    for _ in range(2):
        claimed(world, report)
        later(world, report)
        world.sweep()
    claimed(world, report)
    return later(world, report)


def put_aside_at_work(world: World) -> Report:
    """Made inactive while a worker had it, who gave it back since."""
    report = world.order()
    claimed(world, report)
    act(UPDATE, {"is_active": False})(world, report)
    held = world.found(report)
    world.reports.release(held, not_before=world.now(), now=world.now())
    return later(world, report)


def untold(world: World) -> Report:
    """Its worker died right after its end."""
    report = world.order()
    with world.injector.following({len(RENDERED) - 2: Fault.CRASH_AFTER}):
        world.deliver_new(tries=1)
    assert world.found(report).unannounced
    return later(world, report)


def in_the_trash(world: World) -> Report:
    return later(world, deleted(world), KEEP)


def score_in_the_trash(world: World) -> Report:
    made_score(world)
    (uuid,) = world.oracle.reports()
    report = world.reports.get(UUID(uuid))
    assert report is not None
    assert act(DELETE)(world, report).status == 200
    return later(world, report, KEEP)


def left_over(world: World) -> Report:
    """Beside its document lies another, of a worker that died just before the end; two days ago."""
    report = world.order()
    with world.injector.following({RENDERED.index("PutEvents"): Fault.CRASH_BEFORE}):
        world.deliver_new(tries=1)
    world.deliver_until_finished(report)
    world.forget_orphans_note()
    world.skew = timedelta(days=2)
    return report


def cleared_away(world: World, report: Report, life: Life) -> Iterator[str]:
    """All that is left is what the report names."""
    if left := world.oracle.orphans():
        yield f"left {left}"
    yield from at_attempt(world, report, life, attempt=2)


def at_attempt(world: World, report: Report, _life: Life, *, attempt: int) -> Iterator[str]:
    """It completes at this attempt; a worker that is broken later on costs more of them."""
    found = world.found(report)
    if found.status is not Status.COMPLETED or found.attempt < attempt:
        yield f"{found.status} at attempt {found.attempt}"


def out_of_the_way(world: World, report: Report, _life: Life) -> Iterator[str]:
    found = world.found(report)
    if found.due_at is not None or found.status is not Status.PENDING:
        yield f"{found.status}, due {found.due_at}"


def gone(world: World, report: Report, _life: Life) -> Iterator[str]:
    """Row, name and documents."""
    answer = world.dynamodb.scan(TableName=world.table, ConsistentRead=True)
    if left := [item["pk"]["S"] for item in answer["Items"] if not item["pk"]["S"].startswith("NOTE#")]:
        yield f"left {left}"
    versions = world.s3.list_object_versions(Bucket=world.bucket)
    if kept := [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
        yield f"left {[version['Key'] for version in kept]}"


def ran(world: World, _subject: object, life: Life) -> Iterator[str]:
    if life.answer is None or any(life.answer.values()):
        yield f"the sweep came to {life.answer}"


def sweep_and_restore(world: World, report: Report) -> Any:
    """The owner wants it back when the purge may have begun."""
    world.scheduled("SweepReports", load_event("sweep_reports/schedule.json"), tries=1)
    answer = act(RESTORE)(world, report)
    world.sweep()
    return answer


def there_or_gone(world: World, report: Report, life: Life) -> Iterator[str]:
    """Whoever is told that it is back has all of it back, and whoever is not, nothing of it is left."""
    if life.answer.status == 200:
        yield from vouched_for(world, report)
    elif life.answer.status != 404:
        yield f"answered {life.answer.status}"
    else:
        yield from gone(world, report, life)


PURGED = ["GetItem", "UpdateItem", "ListObjectVersions", "DeleteObjects"]
SWEEP = [
    Scenario("SweepReports", "nothing to do", ALL + WAITING + ALL + ALL + ALL + NOTE, sweep, holds=ran),
    Scenario(
        "SweepReports",
        "a record that was lost",
        [*BEFORE, "GetItem", "UpdateItem", *AFTER, *WAITING, "PutItem", *ALL, *ALL, *ALL, *NOTE],
        sweep,
        lost,
        partial(at_attempt, attempt=1),
        always,
    ),
    Scenario(
        "SweepReports",
        "a worker that died",
        [*BEFORE, "GetItem", "UpdateItem", *AFTER, *WAITING, *ALL, *ALL, *ALL, *NOTE],
        sweep,
        left_behind,
        partial(at_attempt, attempt=2),
        always,
    ),
    Scenario(
        "SweepReports",
        "a report that died at every attempt",
        [*BEFORE, "GetItem", "UpdateItem", *AFTER, *WAITING, *ALL, *ALL, *ALL, *NOTE],
        sweep,
        hopeless,
        partial(failed_with, code="attempts_exhausted"),
        always,
    ),
    Scenario(
        "SweepReports",
        "a report that was put aside at work",
        [*BEFORE, "GetItem", "UpdateItem", *AFTER, *WAITING, *ALL, *ALL, *ALL, *NOTE],
        sweep,
        put_aside_at_work,
        out_of_the_way,
    ),
    Scenario(
        "SweepReports",
        "an end that nobody was told of",
        [*ALL, *WAITING, *BEFORE, "GetItem", *TELL, *AFTER, *ALL, *ALL, *NOTE],
        sweep,
        untold,
        partial(at_attempt, attempt=1),
        always,
    ),
    Scenario(
        "SweepReports",
        "the trash",
        [*ALL, *WAITING, *ALL, *ALL, *BEFORE, *PURGED, "DeleteItem", *AFTER, *NOTE],
        sweep,
        in_the_trash,
        gone,
    ),
    Scenario(
        "SweepReports",
        "a score in the trash",
        [*ALL, *WAITING, *ALL, *ALL, *BEFORE, *PURGED, "DeleteItem", "DeleteItem", *AFTER, *NOTE],
        sweep,
        score_in_the_trash,
        gone,
    ),
    Scenario(
        "SweepReports",
        "the trash, and its owner wants it back",
        [
            *(*ALL, *WAITING, *ALL, *ALL, *BEFORE, *PURGED, "DeleteItem", *AFTER, *NOTE, "GetItem"),
            *(*ALL, *WAITING, *ALL, *ALL, *ALL, *NOTE),
        ],
        sweep_and_restore,
        in_the_trash,
        there_or_gone,
    ),
    Scenario(
        "SweepReports",
        "what a broken attempt left",
        [
            *(*ALL, *WAITING, *ALL, *ALL, *ALL, *NOTE),
            *("ListObjectVersions", "BatchGetItem", "DeleteObjects", "PutItem"),
            *("ListObjectVersions", "PutItem") * 2,  # of two other days
        ],
        sweep,
        left_over,
        cleared_away,
        always,
    ),
]

SCENARIOS = [*CREATE, *READ, *CHANGE, *PROCESS, *SWEEP]
