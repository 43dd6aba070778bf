"""
Plays EventBridge Scheduler for the schedules in the template.

Fires `rate(...)`; others are announced, not fired. Counted from the start of the run, one attempt, no retries.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from local.cloudformation import ACCOUNT, REGION
from local.functions import FunctionError
from local.template import Schedule

RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
UNIT_S = {"minute": 60, "hour": 3600, "day": 86400}


@dataclass
class Due:
    """A schedule and when it fires next, in seconds since 1970."""

    schedule: Schedule
    every_s: int
    at: float


class Scheduler:
    """Calls functions when their schedules are due."""

    def __init__(
        self,
        schedules: Iterable[Schedule],
        *,
        invoke: Callable[[str, Any], Any],
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._invoke = invoke
        self._clock = clock
        self._stop = threading.Event()
        self._due: list[Due] = []
        for schedule in schedules:
            every_s = rate_s(schedule.expression)
            if schedule.is_enabled and every_s is None:
                say(f"schedule {schedule.name} is not fired here: {schedule.expression}")
            elif schedule.is_enabled and every_s is not None:
                self._due.append(Due(schedule, every_s, clock() + every_s))
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Fire from now on."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Fire no more; whether no call is left behind."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def fire_due(self) -> None:
        """Fire what is due now; what was missed meanwhile counts once."""
        now = self._clock()
        for due in self._due:
            if due.at > now:
                continue
            self._fire(due)
            missed = int((now - due.at) // due.every_s)
            due.at += due.every_s * (missed + 1)

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            self.fire_due()

    def _fire(self, due: Due) -> None:
        with suppress(FunctionError):  # who loaded the function has said so; the next time is the retry
            self._invoke(due.schedule.function, event_of(due.schedule, due.at))


def rate_s(expression: str) -> int | None:
    """Seconds of a `rate(...)`; None for other expressions."""
    match = RATE.fullmatch(expression)
    return int(match[1]) * UNIT_S[match[2]] if match else None


def event_of(schedule: Schedule, at: float) -> Any:
    """The schedule's own input with the service's placeholders replaced, else the service's envelope."""
    arn = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{schedule.name}"
    scheduled_for = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    execution = str(uuid4())
    if schedule.input is None:
        return {
            "version": "0",
            "id": execution,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": ACCOUNT,
            "time": scheduled_for,
            "region": REGION,
            "resources": [arn],
            "detail": "{}",
        }
    text = schedule.input
    for name, value in {
        "scheduled-time": scheduled_for,
        "execution-id": execution,
        "attempt-number": "1",
        "schedule-arn": arn,
    }.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return json.loads(text)
