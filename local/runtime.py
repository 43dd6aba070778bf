"""
Built functions under the real Lambda Runtime Interface Emulator, the one inside aws-sam-cli.

It is not Lambda: memory, disk and the read-only file system are not enforced; time-outs are.
"""

import http.client
import json
import os
import platform
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PROJECT = Path(__file__).parents[1]
PYTHON = PROJECT / ".venv-runtime/bin/python"
INVOKE = "/2015-03-31/functions/function/invocations"
STARTS_WITHIN_S = 10
STOPS_WITHIN_S = 5
TIMED_OUT = b"Task timed out"
ERROR_KEYS = {"errorMessage", "errorType"}


class RuntimeMissingError(Exception):
    """The emulator or the runtime is not installed, or cannot run on this machine."""


@dataclass(frozen=True)
class Build:
    """A built function: what Lambda would mount, and the environment it would give."""

    name: str
    handler: str
    code: Path
    layers: tuple[Path, ...]
    timeout_s: int
    memory_mb: int
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What a function returned and logged; `failed` when it raised or ran out of time."""

    value: Any
    failed: bool
    log: str


def emulator() -> Path:
    """
    Find the emulator for this processor.

    Raises:
        RuntimeMissingError: It or the Python runtime is not there.
    """
    if platform.system() != "Linux":
        raise RuntimeMissingError("the emulator is a Linux program")
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    found = next(PROJECT.glob(f".venv-sam/lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}"), None)
    if found is None or not PYTHON.exists():
        raise RuntimeMissingError("the runtime is not installed: run `make build`")
    return found


class Runtime:
    """One execution environment of one function; a context manager, so that nothing is left running."""

    def __init__(self, build: Build, *, environment: Mapping[str, str]) -> None:
        self._build = build
        self._address, self._api = free_addresses()
        self._one_at_a_time = threading.Lock()  # the emulator dies of a second request
        command: list[str | Path] = [
            *(emulator(), "--log-level", "warn"),
            *("--runtime-interface-emulator-address", self._address),  # else it listens on every interface
            *("--runtime-api-address", self._api),
            *(PYTHON, "-m", "awslambdaric", build.handler),
        ]
        with ExitStack() as opened:
            self._log = opened.enter_context(tempfile.TemporaryFile())
            self._emulator = subprocess.Popen(
                command,
                cwd=build.code,
                env={**lambda_environment(build), **environment},
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
            )
            opened.pop_all()  # closed with the emulator

    def __enter__(self) -> Self:
        try:
            self._wait_until_it_listens()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the emulator, and with it the function."""
        self._emulator.terminate()
        try:
            self._emulator.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._emulator.kill()
            self._emulator.wait()
        self._log.close()

    def invoke(self, event: Any) -> Answer:
        """Call the function, waiting for its turn and its answer."""
        with self._one_at_a_time:
            seen = os.fstat(self._log.fileno()).st_size
            connection = http.client.HTTPConnection(self._address, timeout=self._build.timeout_s + STARTS_WITHIN_S)
            try:
                connection.request("POST", INVOKE, json.dumps(event))
                body = connection.getresponse().read()
            finally:
                connection.close()
            return answer(body, self._log_since(seen))

    def peak_mb(self) -> int:
        """Most memory the function has held so far, which nothing here limits."""
        threads = Path(f"/proc/{self._emulator.pid}/task").glob("*/children")
        [function] = " ".join(it.read_text() for it in threads).split()
        status = Path(f"/proc/{function}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024

    def _log_since(self, offset: int) -> str:
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size - offset, offset).decode(errors="replace")

    def _wait_until_it_listens(self) -> None:
        host, port = self._address.split(":")
        give_up = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < give_up and self._emulator.poll() is None:
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
            except ConnectionRefusedError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeMissingError(f"the emulator did not start:\n{self._log_since(0)}")


def lambda_environment(build: Build) -> dict[str, str]:
    """Give the function's own variables and Lambda's; nothing of this machine's but the PATH."""
    return {
        "PATH": os.defpath,
        "HOME": tempfile.gettempdir(),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(str(layer / "python") for layer in build.layers if (layer / "python").is_dir()),
        "LAMBDA_TASK_ROOT": str(build.code),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": build.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(build.memory_mb),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(build.timeout_s),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        **build.environment,
    }


def answer(body: bytes, log: str) -> Answer:
    """Read an answer: the emulator says 200 to everything, also to exceptions and time-outs."""
    if not body or body.startswith(TIMED_OUT):  # no body: the process ended, as at SystemExit
        return Answer(body.decode(), failed=True, log=log)
    value = json.loads(body)
    return Answer(value, failed=isinstance(value, dict) and value.keys() >= ERROR_KEYS, log=log)


def free_addresses() -> Iterable[str]:
    """Two addresses on loopback nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = [f"127.0.0.1:{it.getsockname()[1]}" for it in sockets]
    for it in sockets:
        it.close()
    return addresses
