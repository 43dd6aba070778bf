"""The real `python -m local` in a process of its own, and a client of its front door."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.first_order import Answer, request
from local.tokens import GENERAL_PERMISSIONS, SigningKey

PATIENCE_S = 120


class Service:
    """A running service; a context that ends it. *python* is one that has all that the service needs."""

    def __init__(self, folder: Path, python: str = sys.executable, **environ: str) -> None:
        self.home = folder / "home"
        self.folder = folder
        self._python = python
        self._environ = {"PORT": "0", "RAPOR_HOME": str(self.home), "RAPOR_FIRST_ORDER": "0"} | environ
        self.lines: list[str] = []
        self.url = ""

    def __enter__(self) -> Self:
        """Start, and wait until it says that it is ready."""
        self.process = subprocess.Popen(
            [self._python, "-m", "local"],
            cwd=self.folder,
            env=os.environ | self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = self.wait_for("ready ").removeprefix("ready ")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it with a signal, if it has not ended; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._reader.join(10)
            if self.process.stdout:
                self.process.stdout.close()

    def wait(self) -> int:
        """Wait until it ends by itself."""
        self.process.wait(PATIENCE_S)
        return self.stop()

    def wait_for(self, beginning: str) -> str:
        """Wait for a line that begins so, and return it."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            for line in self.lines:
                if line.startswith(beginning):
                    return line
            if ended and not self._reader.is_alive():
                break
            time.sleep(0.02)
        raise AssertionError(f"no line begins with {beginning!r}:\n" + "\n".join(self.lines))

    def token(self, sub: str | None = "1", permissions: Iterable[str] = GENERAL_PERMISSIONS, **claims: Any) -> str:
        """Mint a token with the run's own key; `claims` go over all others."""
        return self._key.mint(sub=sub, permissions=permissions, claims=claims)

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Answer:
        """Send one request, as user 1 with all general permissions unless a token is given; follow nothing."""
        return request(method, self.url + path, token=self.token() if token is None else token, body=body)

    def finished(self, uuid: str, *, token: str | None = None) -> dict[str, Any]:
        """Wait for a report's end, and return it."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            report: dict[str, Any] = self.call("GET", f"/api/v1/reports/{uuid}", token=token).json()
            if report.get("status") in {"completed", "failed"}:
                return report
            time.sleep(0.05)
        raise AssertionError(f"{uuid} has not ended: {json.dumps(report, ensure_ascii=False)}")

    def document(self, uuid: str, *, token: str | None = None) -> bytes:
        """Download a report's document, as a client that does not forward its token."""
        link = self.call("GET", f"/api/v1/reports/{uuid}/download", token=token)
        assert link.status == 302, link.body
        answer = request("GET", link.headers["Location"])
        assert answer.status == 200, answer.body
        return answer.body

    @cached_property
    def _key(self) -> SigningKey:
        return SigningKey.load_or_make(self.home / "keys")

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
