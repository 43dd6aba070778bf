"""What the process function logs when reports go wrong: ids and codes, never what the data holds."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from local.aws import LocalAws
from local.streams import as_event, shard_of
from local.template import Stack
from rapor.catalogue import Catalogue, ReportType
from rapor.report import Format, Report
from tests.builders import ROOT, a_report
from tests.insights import counted
from tests.prose import Page
from tests.rooms import CONTEXT, a_room

pytestmark = pytest.mark.integration
CANARY = "kanarya"


def a_type(query: str) -> ReportType:
    columns = [{"name": "id", "type": "integer", "label": {"en": "id"}}]
    return ReportType.model_validate({
        "name": "birds", "version": 1, "title": {"en": CANARY}, "description": {"en": CANARY}, "formats": ["csv"],
        "sources": {"birds": {}}, "query": query, "columns": columns,
        "parameters": {"type": "object", "properties": {"wanted": {"type": "string"}}},
    })  # fmt: skip


@pytest.fixture
def room(stack: tuple[Stack, LocalAws], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "birds").mkdir()
    (tmp_path / "birds/a.csv").write_text(f"name,day\n{CANARY}-name,{CANARY}-day\n")
    environment = {"DATA_LOCATION": str(tmp_path), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"}
    return a_room(stack[0].function("ProcessFast"), monkeypatch, **environment)


def broken(*_: object, **__: object) -> Any:
    raise ZeroDivisionError(f"{CANARY} by nothing")


@contextmanager
def broken_documents(*_: object) -> Iterator[Any]:
    yield SimpleNamespace(write=broken)


WRONG: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    # Why, the query, what is broken in the workshop, and the report's code.
    "a value that does not convert": ("select name::bigint as id from birds", lambda it: it, "source_invalid"),
    "a value that is no day": ("select year(day::date) as id from birds", lambda it: it, "source_invalid"),
    "an error with the value in it": ("select error(name)::bigint as id from birds", lambda it: it, "source_invalid"),
    "a parameter that does not convert": (
        "select $wanted::bigint as id from birds",
        lambda it: it,
        "invalid_parameters",
    ),
    "a wrong column": ("select kanarya as id from birds", lambda it: it, "source_invalid"),
    "a writer that crashes": ("select 1 as id from birds", lambda it: replace(it, render=broken), "internal"),
    "a bucket that crashes": (
        "select 1 as id from birds",
        lambda it: replace(it, documents=SimpleNamespace(open=broken_documents)),
        "internal",
    ),
    "a signer that crashes": (
        "select 1 as id from birds",
        lambda it: replace(it, signer=SimpleNamespace(kid="k", sign=broken)),
        "internal",
    ),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_failure_is_logged_by_its_code_and_place_alone(
    room: Any, stack: tuple[Stack, LocalAws], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    query, breaking, code = WRONG[why]
    report_type = a_type(query)
    room.workshop = breaking(replace(room.workshop, catalogue=Catalogue({"birds": report_type})))
    report = ordered(room)

    answer = room.lambda_handler({"Records": records(stack[0].name("Reports"), report)}, CONTEXT)

    logged = [vars(record) for record in caplog.records]
    found = room.workshop.reports.get(report.uuid)
    assert answer == {"batchItemFailures": []}
    assert [entry["code"] for entry in logged if entry["levelname"] == "WARNING"] == [code]
    assert found.error is None or CANARY not in found.error.message
    assert CANARY not in str(logged).lower()


def test_the_pages_query_counts_ends_and_no_attempt_before_one(
    capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest, stack: tuple[Stack, LocalAws]
) -> None:
    room = request.getfixturevalue("room")  # its logger writes to what stdout is now
    workshop, table = room.workshop, stack[0].name("Reports")
    for why in ("a value that does not convert", "a wrong column", "a writer that crashes"):
        query, breaking, _ = WRONG[why]
        room.workshop = breaking(replace(workshop, catalogue=Catalogue({"birds": a_type(query)})))
        room.lambda_handler({"Records": records(table, ordered(room))}, CONTEXT)

    [query] = [it.text for it in Page(ROOT / "docs/deploy.md").blocks if "stats count()" in it.text]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["outcome"] for line in lines if line.get("message") == "no document"} == {"failed", "retry"}
    assert counted(query, lines) == {"source_invalid": 2}


def ordered(room: Any) -> Report:
    report = a_report(
        uuid=uuid4(),
        report_type="birds",
        title=f"{CANARY}-title",
        format=Format.CSV,
        parameters={"wanted": f"{CANARY}-parameter"},
    )
    added: Report = room.workshop.reports.add(report, None)[0]
    return added


def records(table: str, report: Report) -> list[dict[str, Any]]:
    events = [as_event(item.record, arn="arn") for item in shard_of(table).items]
    return [event for event in events if event["dynamodb"]["Keys"]["pk"]["S"] == f"REPORT#{report.uuid}"]
