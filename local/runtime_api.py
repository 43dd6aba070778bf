"""
Lambda's Runtime API, for measuring: a function's process gets its events one after the other, and CPU is read between.

The emulator of `local.runtime` refuses more of what Lambda refuses, but its clock is too coarse for this. Answers go
out in one write each and without Nagle's delay, which would show as 40 ms a call.
"""

import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NEXT = "/2018-06-01/runtime/invocation/next"
GIVES_UP_S = 60
DEADLINE_S = 60
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"
CPU_OF_PROCESS = 2  # CPUCLOCK_SCHED: what schedstat shows of each thread, of all together, ended ones too


class FunctionFailedError(Exception):
    """The function's process did not start, raised, or ended; holds what it said."""


@dataclass(frozen=True)
class Life:
    """What a process took from its start to its first event, for each event, and what it answered."""

    init_ms: float
    calls_ms: Sequence[float]
    answers: Sequence[bytes]


def live(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], events: Iterable[Any]) -> Life:
    """
    Start a runtime, let it deal with *events*, and end it.

    Raises:
        FunctionFailedError: Not every event was answered.
    """
    with _Api(events) as api, tempfile.TemporaryFile() as log:
        api.serve()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            api.watch(process)
        finally:
            process.kill()
            process.wait()
        if api.failure or len(api.cpu_ns) != len(api.answers) + 1 or not api.ended.is_set():
            log.seek(0)
            said = log.read().decode(errors="replace")
            raise FunctionFailedError(f"{len(api.answers)} events were answered. {api.failure}\n{said}")
    spent = [after - before for before, after in zip(api.cpu_ns, api.cpu_ns[1:], strict=False)]
    return Life(api.cpu_ns[0] / 1e6, [it / 1e6 for it in spent], api.answers)


class _Api(ThreadingHTTPServer):
    """One function's Runtime API."""

    daemon_threads = True

    def __init__(self, events: Iterable[Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._events = iter(events)
        self._started = threading.Event()
        self._clock = 0
        self.ended = threading.Event()
        self.cpu_ns: list[int] = []  # read each time the function asks for an event
        self.answers: list[bytes] = []
        self.failure = ""

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def serve(self) -> None:
        """Answer from now on, in the background."""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def watch(self, process: "subprocess.Popen[bytes]") -> None:
        """Read this process's clock, and wait until it has dealt with all events, or cannot."""
        self._clock = (~process.pid << 3) | CPU_OF_PROCESS
        self._started.set()
        give_up = time.monotonic() + GIVES_UP_S
        while not self.ended.wait(0.05) and process.poll() is None and time.monotonic() < give_up:
            pass

    def next_event(self) -> bytes | None:
        """Note what was spent so far, and give the next event."""
        self._started.wait()
        self.cpu_ns.append(time.clock_gettime_ns(self._clock))
        event = next(self._events, None)
        if event is None:
            self.ended.set()
        return None if event is None else json.dumps(event).encode()

    def fail(self, why: str) -> None:
        """End early."""
        self.failure = why
        self.ended.set()


class _Handler(BaseHTTPRequestHandler):
    server: _Api
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one write an answer

    def do_GET(self) -> None:
        event = self.server.next_event() if self.path == NEXT else None
        if event is None:
            threading.Event().wait()  # as Lambda does: it freezes who has nothing to do
            return
        number = len(self.server.cpu_ns)
        self._send(
            HTTPStatus.OK,
            event,
            {
                "Lambda-Runtime-Aws-Request-Id": f"request-{number}",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + DEADLINE_S) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:measured",
                "Lambda-Runtime-Trace-Id": TRACE,
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/error"):
            self.server.fail(body.decode(errors="replace"))
        else:
            self.server.answers.append(body)
        self._send(HTTPStatus.ACCEPTED, b"", {})

    def _send(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
