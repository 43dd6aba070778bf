"""Each function may do what it does, and does what it may: nothing more is in its policies."""

import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self
from uuid import UUID

import pytest
from botocore.client import ClientCreator

from local.aws import LocalAws
from local.cloudformation import ACCOUNT, REGION, Template
from local.datasets import ensure_datasets
from local.functions import Context, Handler, load_handler
from local.invoke import EVENTS, for_report, records
from local.manifest_key import ManifestKey
from local.presigned import Environ
from local.stage import upload_datasets
from local.template import PARAMETERS, PROJECT, STACK_NAME, TEMPLATE, Stack
from rapor.errors import StoreUnavailable
from rapor.store.changes import ReportChanges
from rapor.store.schedules import ScheduleTable
from tests.builders import CYBERCERT, a_post, load_event
from tests.faults.calls import CALLS
from tests.template.iam import ACTIONS, Right, allowed, needed, with_the_key

pytestmark = pytest.mark.integration

Used = tuple[Template, dict[str, set[Right]]]

# obstore reads data sets, and is no botocore: what it calls for `list` and ranged `get` is written down here.
DATA = f"arn:aws:s3:::{STACK_NAME}-data"
BY_OBSTORE = {Right("s3:ListBucket", DATA), Right("s3:GetObject", f"{DATA}/datasets/*")}
READS_DATA = ("ProcessFast", "ProcessHeavy", "EstimateReport")
# Lambda itself writes these, in the function's name.
BY_LAMBDA = {Right("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK_NAME}-DeadLetters")}
HOPELESS = {"title": "A", "report_type": "reference", "parameters": {"referenceId": "0"}, "format": "json"}
HAS_DESTINATION = ("ProcessFast", "ProcessHeavy", "CreateReport")


class Recorder:
    """Calls functions so that every call of their SDK is noted, presigned links too; in a context of its own."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._at_work: list[str] = []
        self._patch = pytest.MonkeyPatch()
        self.rights: dict[str, set[Right]] = defaultdict(set)
        self.meanwhile: Callable[[], Any] = lambda: None

    def __enter__(self) -> Self:
        create = ClientCreator.create_client

        def listened_to(*args: Any, **kwargs: Any) -> Any:
            client = create(*args, **kwargs)
            if self._at_work:
                client.meta.events.register("before-parameter-build", self._noting(self._at_work[-1]))
            return client

        self._patch.setattr(ClientCreator, "create_client", listened_to)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()

    def load(self, function: str) -> Callable[[Any], Any]:
        """Import the function; returns how to call it."""
        it = self._stack.function(function)
        with self._working(function):
            handler: Handler = load_handler(it)

        def call(event: Any) -> Any:
            with self._working(function):
                return handler(event, Context(it.name, it.arn, it.memory_mb, it.timeout_s))

        return call

    @contextmanager
    def _working(self, function: str) -> Iterator[None]:
        self._at_work.append(function)
        yield
        self._at_work.pop()

    def _noting(self, function: str) -> Callable[..., None]:
        def note(params: dict[str, Any], model: Any, **_: Any) -> None:
            self.rights[function] |= set(needed(model.service_model.service_name, model.name, params))
            if model.name == "PutObject":  # the document is on its way: what happens meanwhile, happens once
                happens, self.meanwhile = self.meanwhile, lambda: None
                happens()

        return note


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Used]:
    """A life of reports through every function, and the rights that it took."""
    data, key = tmp_path_factory.mktemp("data"), ManifestKey.load_or_make(tmp_path_factory.mktemp("keys"))
    ensure_datasets(data)
    parameters = PARAMETERS | {"SigningKeyArn": key.arn}
    stack = Stack.load(parameters=parameters, environment={"DATA_LOCATION": str(data)})
    with LocalAws(stack) as aws, Recorder(stack) as recorder, pytest.MonkeyPatch.context() as patch:
        key.lend_to_kms()
        live(recorder, stack, aws, patch)
        yield Template.read(TEMPLATE, parameters, stack_name=STACK_NAME), recorder.rights


def live(recorder: Recorder, stack: Stack, aws: LocalAws, patch: pytest.MonkeyPatch) -> None:
    create, fast, heavy, estimate, read, update, sweep = map(recorder.load, (
        "CreateReport", "ProcessFast", "ProcessHeavy", "EstimateReport", "ReadReport", "UpdateReport", "SweepReports"
    ))  # fmt: skip
    reports = ReportChanges(aws.client("dynamodb"), stack.name("Reports"))

    uuid = ordered(create, a_post(CYBERCERT, {"idempotency-key": "k"}))
    ordered(create, a_post(CYBERCERT, {"idempotency-key": "k"}))
    ordered(create, a_post(CYBERCERT | {"options": {"reuse": "running"}}))
    score = ordered(create, load_event("create_report/post_reports.json"), "id")
    create(load_event("create_report/schedule.json"))
    for process in (fast, heavy):
        process(records_of(aws, uuid))
        cancelled = ordered(create, a_post(CYBERCERT))
        recorder.meanwhile = partial(
            update, for_report("update_report/post_api_v1_reports_uuid_cancel.json", cancelled)
        )
        process(records_of(aws, cancelled))
        with patch.context() as small:
            small.setattr("rapor.store.documents.PART_BYTES", 10_000)  # which S3 refuses in the end, so it is aborted
            failed = ordered(create, a_post(CYBERCERT | {"format": "json"}))
            process(records_of(aws, failed))
        process(records_of(aws, ordered(create, a_post(HOPELESS))))
        uuid = ordered(create, a_post(CYBERCERT))
    untold = [ordered(create, a_post(it)) for it in (CYBERCERT, CYBERCERT, HOPELESS)]
    with patch.context() as silent:
        silent.setattr("rapor.store.events.EventBus.send", refuse)  # so that others have something to announce
        for name in untold:
            fast(records_of(aws, name))
    delete = for_report("update_report/delete_api_v1_reports_uuid.json", untold[0])  # tells of what is deleted
    assert update(delete)["statusCode"] == 200
    fast(records_of(aws, uuid))
    estimate(load_event("estimate_report/post_api_v1_reports_estimate.json"))
    for file in sorted((EVENTS / "read_report").glob("*.json")):
        event = for_report(f"read_report/{file.name}", uuid) if "_uuid" in file.name else json.loads(file.read_text())
        assert read(event)["statusCode"] < 500
        event["requestContext"].setdefault("authorizer", {"jwt": {"claims": {}}})
        read(as_own(event))
    for name in ("patch", "cancel", "retry", "delete", "restore", "put"):
        [file] = (EVENTS / "update_report").glob(f"*{name}*.json")
        assert update(for_report(f"update_report/{file.name}", failed))["statusCode"] < 500, name

    paused = keep_schedules(create, recorder.load("Schedules"), patch)
    schedules = ScheduleTable(aws.client("dynamodb"), stack.name("Reports"))
    found = schedules.get(UUID(paused))
    assert found is not None
    schedules.change(found, found.paused("failed_in_a_row", datetime.now(UTC)))

    later(patch, timedelta(days=2))
    sweep(load_event("sweep_reports/schedule.json"))  # which looks for orphans among the documents

    for name in (uuid, score):
        delete = for_report("update_report/delete_api_v1_reports_uuid.json", name)
        assert update(delete)["statusCode"] == 200
    for days in (2, 40):  # today's folder is looked through for orphans; what was deleted is purged
        later(patch, timedelta(days=days))
        sweep(load_event("sweep_reports/schedule.json"))
    assert {reports.get(UUID(name)) for name in (uuid, score)} == {None}


def keep_schedules(create: Callable[[Any], Any], keep: Callable[[Any], Any], patch: pytest.MonkeyPatch) -> str:
    """Make, change, run and end schedules, some of which only the sweep can tell the Scheduler about; one is left."""

    def asked(name: str, uuid: str = "", **body: Any) -> Any:
        event = for_report(f"schedules/{name}.json", uuid) if uuid else load_event(f"schedules/{name}.json")
        answer = keep(event | ({"body": json.dumps(body)} if body else {}))
        assert answer["statusCode"] < 300, answer
        return json.loads(answer["body"])

    post, get, change, run, end = (
        "post_api_v1_schedules", "get_api_v1_schedules_uuid", "patch_api_v1_schedules_uuid",
        "post_api_v1_schedules_uuid_run", "delete_api_v1_schedules_uuid",
    )  # fmt: skip
    told, changed, ended = (asked(post)["uuid"] for _ in range(3))
    asked(change, told, expression="rate(2 days)")
    create({"schedule_id": told, "scheduled_for": asked(get, told)["next_runs"][0]})
    asked(run, told)
    with patch.context() as silent:
        for name in ("put", "remove"):
            silent.setattr(f"rapor.store.scheduler.Scheduler.{name}", refuse)
        asked(post)
        asked(change, changed, expression="rate(2 days)")
        asked(end, ended)
    asked("get_api_v1_schedules")
    keep(as_own(load_event("schedules/get_api_v1_schedules.json")))
    asked(end, told)
    return str(asked(post)["uuid"])


def ordered(create: Callable[[Any], Any], event: Any, name: str = "uuid") -> str:
    answer = create(event)
    assert answer["statusCode"] in {200, 201}, answer
    uuid: str = json.loads(answer["body"])[name]
    return uuid


def records_of(aws: LocalAws, uuid: str) -> dict[str, Any]:
    return {"Records": [it for it in records(aws) if uuid in str(it["dynamodb"]["Keys"])]}


def refuse(*_: object) -> None:
    raise StoreUnavailable


def as_own(event: Any) -> Any:
    claims = {"sub": "1", "permissions": "[reports.generate.own reports.view.own reports.export.own]"}
    event["requestContext"]["authorizer"]["jwt"]["claims"] = claims
    return event


def later(patch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let the sweep find that time has passed."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz or UTC) + by

    patch.setattr("lambda_SweepReports.datetime", Later)


def functions() -> list[str]:
    return [it.name for it in Stack.load().functions]


@pytest.mark.parametrize("function", functions())
def test_a_function_may_do_all_that_it_does(used: Used, function: str) -> None:
    assert missing(*used, function) == []


@pytest.mark.parametrize("function", functions())
def test_a_function_does_all_that_it_may(used: Used, function: str) -> None:
    assert idle(*used, function) == []


def test_a_right_too_many_and_one_too_few_are_seen(used: Used) -> None:
    template, rights = used
    body = copy.deepcopy(dict(template.body))
    statement = body["Resources"]["CreateReport"]["Properties"]["Policies"][0]["Statement"][0]
    statement["Action"] = ["dynamodb:Scan", "dynamodb:GetItem", "dynamodb:BatchGetItem"]

    changed = Template(body, template.parameters, template.stack_name)

    assert [it.action for it in idle(changed, rights, "CreateReport")] == ["dynamodb:Scan"]
    assert [it.action for it in missing(changed, rights, "CreateReport")] == ["dynamodb:PutItem"]


def test_an_event_of_a_type_that_the_policy_does_not_name_is_seen(used: Used) -> None:
    template, rights = used
    body = copy.deepcopy(dict(template.body))
    [statement] = [
        it
        for it in body["Resources"]["SweepReports"]["Properties"]["Policies"][0]["Statement"]
        if it["Action"] == "events:PutEvents"
    ]
    statement["Condition"]["StringEquals"]["events:detail-type"] = ["report.completed", "report.failed"]

    changed = Template(body, template.parameters, template.stack_name)

    assert [it.only for it in missing(changed, rights, "SweepReports")] == [
        "rapor/schedule.missed",
        "rapor/schedule.paused",
    ]


def test_every_type_of_event_that_is_described_is_sent_here(used: Used) -> None:
    schemas = [json.loads(file.read_text()) for file in (PROJECT / "docs/events").glob("*.schema.json")]

    described = {f"rapor/{kind}" for schema in schemas for kind in schema["properties"]["type"]["enum"]}

    assert {it.only for rights in used[1].values() for it in rights if it.action == "events:PutEvents"} == described


def missing(template: Template, rights: dict[str, set[Right]], function: str) -> list[Right]:
    may = allowed(template, function)
    return [it for it in sorted(everything(template, rights, function)) if not any(right.covers(it) for right in may)]


def idle(template: Template, rights: dict[str, set[Right]], function: str) -> list[Right]:
    does = everything(template, rights, function)
    return [it for it in sorted(allowed(template, function)) if not any(it.covers(right) for right in does)]


def everything(template: Template, rights: dict[str, set[Right]], function: str) -> set[Right]:
    does = set(rights[function])
    does |= BY_OBSTORE if function in READS_DATA else set()
    does |= BY_LAMBDA if function in HAS_DESTINATION else set()
    return with_the_key(does, template.resolve({"Fn::GetAtt": ["Key", "Arn"]}))


@pytest.mark.parametrize("function", CALLS)
def test_what_the_fault_harness_breaks_is_played_here(used: Used, function: str) -> None:
    named = {operation.partition(":")[2]: actions for operation, actions in ACTIONS.items()}
    named["TransactWriteItems"] = ("dynamodb:PutItem",)

    wanted = {it.rpartition(":")[2] for operation in CALLS[function] for it in named.get(operation, (operation,))}

    assert wanted <= {right.action.partition(":")[2] for right in used[1][function]}


class Overheard(LocalAws):
    """Notes what is asked of S3 by whoever is no botocore."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack)
        self.asked: set[tuple[str, str]] = set()

    def _note_write(self, environ: Environ) -> None:
        if "object_store" in environ.get("HTTP_USER_AGENT", ""):
            is_list = environ["QUERY_STRING"].startswith("list-type=2&")
            assert not is_list or "prefix=datasets%2Fusers%2F" in environ["QUERY_STRING"]
            what = "list" if is_list else "/".join(environ["PATH_INFO"].split("/")[:4])
            self.asked.add((environ["REQUEST_METHOD"], what))
        super()._note_write(environ)


def test_obstore_asks_for_what_is_written_down() -> None:
    stack = Stack.load()
    with Overheard(stack) as aws, Recorder(stack) as recorder:
        upload_datasets(aws, stack)

        estimate = recorder.load("EstimateReport")
        answer = estimate(load_event("estimate_report/post_api_v1_reports_estimate.json"))

    assert answer["statusCode"] == 200, answer
    assert aws.asked == {("GET", "list"), ("GET", f"/{STACK_NAME}-data/datasets/users")}


def test_a_right_covers_its_action_on_its_resources_through_its_service() -> None:
    narrow = Right("s3:GetObject", "arn:aws:s3:::b/reports/*")

    assert narrow.covers(Right("s3:GetObject", "arn:aws:s3:::b/reports/1"))
    assert not narrow.covers(Right("s3:GetObject", "arn:aws:s3:::b/other"))
    assert not narrow.covers(Right("s3:PutObject", "arn:aws:s3:::b/reports/1"))
    assert not Right("kms:Decrypt", "k", "s3").covers(Right("kms:Decrypt", "k", "dynamodb"))
