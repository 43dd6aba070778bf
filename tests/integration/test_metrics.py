"""Alarms and dashboard watch what the rooms really count."""

import re
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest

from benchmarks.capacity import SWEEP_READS
from local.aws import LocalAws
from local.datasets import ensure_datasets
from local.invoke import records
from local.template import STACK_NAME, TEMPLATE, Stack
from tests.builders import a_report, load_event
from tests.rooms import CONTEXT, a_room, counted

pytestmark = pytest.mark.integration


class LongContext:
    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "f", 1769, "arn", "id"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def emitted(
    stack: tuple[Stack, LocalAws],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> list[tuple[str, str, float]]:
    """What a good report, a hopeless one and a sweep count."""
    loaded, aws = stack
    ensure_datasets(tmp_path)
    for name in ("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"):
        monkeypatch.setenv(name, loaded.function("SweepReports").environment[name])
    create = a_room(loaded.function("CreateReport"), monkeypatch)
    process = a_room(
        loaded.function("ProcessFast"), monkeypatch, DATA_LOCATION=str(tmp_path), AWS_LAMBDA_FUNCTION_MEMORY_SIZE="1769"
    )
    create.reports.add(a_report(uuid=uuid4(), parameters={"status": "active"}), None)
    create.reports.add(a_report(uuid=uuid4(), report_type="reference", parameters={"reference": "0"}), None)
    process.lambda_handler({"Records": list(records(aws))}, LongContext())
    a_room(loaded.function("SweepReports"), monkeypatch).lambda_handler(
        load_event("sweep_reports/schedule.json"), CONTEXT
    )
    return list(counted(capsys.readouterr().out))


def test_what_alarms_and_dashboard_watch_is_counted(emitted: list[tuple[str, str, float]]) -> None:
    template = TEMPLATE.read_text("utf-8")
    alarmed = re.findall(r"Namespace: !Ref AWS::StackName,?\s+MetricName: (\w+)", template)
    shown = re.findall(r'\["\$\{AWS::StackName\}", "(\w+)"', template)

    assert {"completed", "failed", "waiting_seconds"} <= {*alarmed, *shown}
    assert {*alarmed, *shown} <= {name for _, name, _ in emitted}
    assert {namespace for namespace, _, _ in emitted} == {STACK_NAME}


def test_every_ending_is_counted_once(emitted: list[tuple[str, str, float]]) -> None:
    values = {name: value for _, name, value in emitted}

    assert (values["completed"], values["waiting_seconds"]) == (1, 0)
    assert [value for _, name, value in emitted if name == "failed"] == [1, 0]


def test_a_sweep_asks_as_often_as_its_price_says(
    stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch
) -> None:
    room, asked = a_room(stack[0].function("SweepReports"), monkeypatch), Counter[str]()
    room.dynamodb.meta.events.register("before-call", lambda model, **_: asked.update([model.name]))

    room.lambda_handler(load_event("sweep_reports/schedule.json"), CONTEXT)

    assert asked["Query"] / 2 + asked["GetItem"] == SWEEP_READS
