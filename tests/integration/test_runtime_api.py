"""The Runtime API that measures, with a runtime of a few lines; and an emulator that does not start."""

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.runtime import Build, Runtime
from local.runtime_api import FunctionFailedError, Life, live

RUNTIME = """
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def ask(method, path, body=None):
    api.request(method, f"/2018-06-01/runtime/{path}", body)
    answer = api.getresponse()
    return answer.headers.get("Lambda-Runtime-Aws-Request-Id"), answer.read()
while True:
    request, event = ask("GET", "invocation/next")
    number = json.loads(event)
    for _ in range(number * 100_000):
        pass
    if number < 0:
        ask("POST", f"invocation/{request}/error", b"it is negative")
    if number == 0:
        raise SystemExit
    ask("POST", f"invocation/{request}/response", json.dumps(number * 2).encode())
"""

pytestmark = pytest.mark.integration


def lived(events: Sequence[int], folder: Path, code: str = RUNTIME) -> Life:
    return live([sys.executable, "-c", code], folder, {"PATH": os.defpath}, events)


def test_events_are_answered_one_after_the_other(tmp_path: Path) -> None:
    life = lived([1, 2, 3], tmp_path)

    assert [*life.answers] == [b"2", b"4", b"6"]
    assert len(life.calls_ms) == 3


def test_cpu_is_counted_call_by_call(tmp_path: Path) -> None:
    life = lived([1, 60, 1], tmp_path)

    assert life.init_ms > 1  # an interpreter
    assert life.calls_ms[1] > 5 * max(life.calls_ms[0], life.calls_ms[2])


@pytest.mark.parametrize(
    ("events", "code", "said"),
    [
        ([1, -1], RUNTIME, "it is negative"),
        ([1, 0], RUNTIME, "1 events were answered"),
        ([1], "raise SystemExit('no settings')", "no settings"),
    ],
    ids=["raised", "ended", "never started"],
)
def test_what_was_not_answered_is_a_failure(tmp_path: Path, events: list[int], code: str, said: str) -> None:
    with pytest.raises(FunctionFailedError, match=said):
        lived(events, tmp_path, code)


def test_an_emulator_that_cannot_be_started_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.runtime.emulator", lambda: tmp_path / "nowhere")
    build = Build("A", "app.handler", tmp_path, (), timeout_s=1, memory_mb=128, environment={})

    with pytest.raises(FileNotFoundError):
        Runtime(build, environment={})

    gc.collect()  # a file that was left to it is a warning, and that an error
