"""Built packages in the real Lambda runtime, against a local AWS."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from local.aws import LocalAws
from local.invoke import EVENTS, Bench, named, tour
from local.runtime import Runtime, RuntimeMissingError, emulator
from local.stage import BUILD, stage
from local.template import PROJECT, Stack

pytestmark = pytest.mark.runtime


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    try:
        emulator()
    except RuntimeMissingError as missing:
        pytest.skip(str(missing))
    if not (BUILD / "template.yaml").exists():
        pytest.skip("nothing is built: run `make build`")
    with stage(Stack.load()) as running:
        yield running


def test_an_order_ends_in_a_document(aws: LocalAws) -> None:
    said: list[str] = []

    document = tour(aws, say=said.append)

    assert document.read_bytes().startswith(b"%PDF-")
    assert any('"status":"completed"' in line.replace('": "', '":"') for line in said)


@pytest.mark.parametrize("file", sorted(EVENTS.glob("*/*.json")), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_no_event_makes_a_function_fail(aws: LocalAws, file: Path) -> None:
    with Bench(aws, say=print) as bench:
        answer = bench.invoke(named(file.parent.name), json.loads(file.read_text("utf-8")))

    assert not answer.failed, answer.log


@pytest.mark.parametrize(
    ("function", "variable"),
    [
        ("CreateReport", "TABLE_NAME"),
        ("ProcessFast", "TABLE_NAME"),
        ("ProcessHeavy", "TABLE_NAME"),
        ("EstimateReport", "DATA_LOCATION"),
        ("ReadReport", "TABLE_NAME"),
        ("UpdateReport", "TABLE_NAME"),
        ("Schedules", "SCHEDULE_GROUP"),
        ("SweepReports", "TABLE_NAME"),
    ],
)
def test_a_missing_variable_stops_the_start_by_name(aws: LocalAws, function: str, variable: str) -> None:
    with Bench(aws, say=print) as bench:
        build = bench.build(function)
    rest = {name: value for name, value in build.environment.items() if name != variable}

    with Runtime(replace(build, environment=rest), environment=aws.environment) as runtime:
        answer = runtime.invoke({})

    assert answer.failed
    assert variable in answer.log


def test_a_stage_for_sam_local_is_set_up_as_told() -> None:
    """What docs/sam-local.md has typed but for the containers: make's target, and the template it writes."""
    if not (BUILD / "template.yaml").exists():
        pytest.skip("nothing is built: run `make build`")
    command = ["make", "-s", "sam-local", "HOST=127.0.0.1", "SEEN_AS=host.docker.internal"]

    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        ready = process.stdout.readline()
        told = process.stdout.readline()
        written = yaml.safe_load((BUILD / "sam-local.yaml").read_text("utf-8"))["Resources"]
        process.terminate()

    port = ready.removeprefix("ready http://127.0.0.1:").split()[0]
    assert told.split()[:3] == ["sam", "local", "invoke"]
    assert {
        written[it.name]["Properties"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] for it in Stack.load().functions
    } == {f"http://host.docker.internal:{port}"}
