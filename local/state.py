"""
Tables, buckets, schedules and stream positions, kept across restarts in one file.

Saved a moment after a write, and at the end; killed in between, a run loses that moment and nothing else. Queues and
uploads that were not completed are not kept.
"""

import os
import pickle
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import moto
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.scheduler.models import scheduler_backends

from local.cloudformation import ACCOUNT, REGION
from local.moto_fixes import LOCK

DELAY_S = 2.0
SAVING_SHARE = 0.1  # a state of many documents is written less often: saving takes at most this share of the time
VERSION = (1, moto.__version__)


class State:
    """moto's memory, and what the file remembers of it."""

    def __init__(self, path: Path, *, delay_s: float = DELAY_S) -> None:
        self._path = path
        self._delay_s = delay_s
        self._dirty = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.positions: dict[str, int] = {}  # next sequence number, by event source mapping

    def load(self) -> str | None:
        """Bring back what was saved; returns what there is to say about it."""
        if not self._path.exists():
            return None
        try:
            found = pickle.loads(self._path.read_bytes())  # noqa: S301 - our own file, in a folder only we can write
            why = None if found["version"] == VERSION else "it is of another version"
        except Exception as error:  # noqa: BLE001 - a damaged pickle raises anything
            why = f"it cannot be read ({type(error).__name__})"
        if why is None:
            self._restore(found)
            return None
        aside = self._path.with_suffix(f".{int(time.time())}.aside")
        self._path.rename(aside)
        return f"starting empty: {self._path} was put aside as {aside.name}, {why}"

    def start(self) -> None:
        """Save after writes from now on."""
        self._thread = threading.Thread(target=self._save_after_writes, name="state", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Save a last time."""
        self._stop.set()
        self._dirty.set()
        if self._thread:
            self._thread.join()
        self.save()

    def touch(self) -> None:
        """Something was written."""
        self._dirty.set()

    def save(self) -> None:
        """Write the file anew; a crash leaves the old one."""
        fresh = self._path.with_suffix(".new")
        with LOCK:
            content = pickle.dumps(self._current(), protocol=pickle.HIGHEST_PROTOCOL)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

    def _save_after_writes(self) -> None:
        while not self._stop.is_set():
            self._dirty.wait()
            if self._stop.wait(self._delay_s):
                return  # who stops us saves
            self._dirty.clear()
            took_s = _timed(self.save)
            self._stop.wait(took_s / SAVING_SHARE)

    def _current(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "positions": dict(self.positions),
            "tables": dynamodb_backends[ACCOUNT][REGION].tables,
            "buckets": s3_backends[ACCOUNT]["aws"].buckets,
            "schedule_groups": scheduler_backends[ACCOUNT][REGION].schedule_groups,
        }

    def _restore(self, found: dict[str, Any]) -> None:
        self.positions.update(found["positions"])
        dynamodb_backends[ACCOUNT][REGION].tables.update(found["tables"])
        s3_backends[ACCOUNT]["aws"].buckets.update(found["buckets"])
        scheduler_backends[ACCOUNT][REGION].schedule_groups.update(found.get("schedule_groups", {}))
        for name in found["buckets"]:
            s3_backends.bucket_accounts[name] = ("aws", ACCOUNT)


def _timed(work: Callable[[], None]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start
