"""
A worker in a process of its own that is killed at a chosen moment: `python -m tests.faults.victim`.

It runs the real room against the stand-in's real address. Each line of its input is one run, in a fork that ends by
SIGKILL: no handler runs, no `finally`, no buffer is flushed. Its answer is the number of the signal that ended the run.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from types import SimpleNamespace, TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest

from local.template import Function

PATIENCE_S = 60.0


class Moment(StrEnum):
    """When, at a call of AWS."""

    BEFORE = "before it"
    HALF_SENT = "half of it sent"
    SENT = "all of it sent, no answer read"
    AFTER = "after it"


class Victim:
    """The process, from outside; a context that ends it."""

    def __init__(self, function: Function, environment: Mapping[str, str], part_bytes: int) -> None:
        self._environment = {**function.environment, **environment, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"}
        self._command = [sys.executable, "-m", "tests.faults.victim", str(function.code), str(part_bytes)]

    def __enter__(self) -> Self:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._process = subprocess.Popen(
            self._command,
            env=kept | self._environment | {"POWERTOOLS_LOG_LEVEL": "CRITICAL"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process.stdin
        with self._process:  # which closes the pipes, whatever comes
            try:
                self._process.stdin.close()
                self._process.wait(PATIENCE_S)
            finally:
                self._process.kill()

    def run(self, event: object, now: datetime, **how: object) -> int:
        """Run once; which signal ended it, 0 if none did. *how* is `at` and `moment`, or `after_s`."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"event": event, "now": now.isoformat(), **how}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


class Hook:
    """Attached to a room's clients: kills the process at the n-th call."""

    def __init__(self, at: int, moment: Moment) -> None:
        self._at, self._moment, self._calls = at, moment, 0

    def attach(self, client: Any) -> None:
        events = client.meta.events
        events.register_first("before-call.*.*", self._before_call)
        events.register_first("before-send.*.*", self._before_send)
        events.register_last("after-call.*.*", self._after_call)

    def _before_call(self, **_: Any) -> None:
        self._calls += 1
        self._kill_at(Moment.BEFORE)

    def _before_send(self, request: AWSPreparedRequest, **_: Any) -> None:
        if self._calls == self._at and self._moment in {Moment.HALF_SENT, Moment.SENT}:
            message = as_sent(request)
            url = urlsplit(request.url)
            with socket.create_connection((url.hostname, url.port)) as connection:
                connection.sendall(
                    message if self._moment is Moment.SENT else message[: -max(1, len(body_of(request)) // 2)]
                )
                self._kill_at(self._moment)

    def _after_call(self, **_: Any) -> None:
        self._kill_at(Moment.AFTER)

    def _kill_at(self, moment: Moment) -> None:
        if (self._calls, self._moment) == (self._at, moment):
            os.kill(os.getpid(), signal.SIGKILL)


def body_of(request: AWSPreparedRequest) -> bytes:
    """The body's bytes, whatever holds them."""
    body = request.body or b""
    content = body.read() if hasattr(body, "read") else body
    return content.encode() if isinstance(content, str) else bytes(content)


def as_sent(request: AWSPreparedRequest) -> bytes:
    """The request as it goes over the wire (RFC 9112)."""
    url, body = urlsplit(request.url), body_of(request)
    headers = {
        name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
    }
    headers |= {"Host": url.netloc, "Content-Length": str(len(body))}
    target = f"{url.path}?{url.query}" if url.query else url.path
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def main() -> None:
    """Load the room, then run what the input says, line by line."""
    from rapor.store import documents  # noqa: PLC0415 - after the environment is known to be ours

    room = _load(sys.argv[1])
    documents.PART_BYTES = int(sys.argv[2])
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(room, order)
        if "after_s" in order:
            time.sleep(order["after_s"])
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, flush=True)  # noqa: T201 - its interface


def _load(folder: str) -> Any:
    import importlib.util  # noqa: PLC0415 - needed once, here

    spec = importlib.util.spec_from_file_location("room", f"{folder}/app.py")
    assert spec
    assert spec.loader
    room = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(room)
    return room


def _run(room: Any, order: Mapping[str, Any]) -> None:
    """The fork's whole life."""
    assert threading.active_count() == 1, "a fork has no other threads"
    os.dup2(2, 1)
    room.datetime = SimpleNamespace(now=lambda _: datetime.fromisoformat(order["now"]))
    if "at" in order:
        hook = Hook(order["at"], Moment(order["moment"]))
        workshop = room.workshop
        for port in (workshop.reports, workshop.documents, workshop.signer, workshop.announcer.events):
            hook.attach(port._client)
    context = SimpleNamespace(
        get_remaining_time_in_millis=lambda: 60_000,
        function_name="f",
        memory_limit_in_mb=512,
        invoked_function_arn="arn",
        aws_request_id="id",
    )
    room.lambda_handler(order["event"], context)
    os._exit(0)


if __name__ == "__main__":
    main()
