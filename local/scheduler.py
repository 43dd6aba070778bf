"""
Plays EventBridge Scheduler, for the schedules in the template and for those that functions make at run time.

When it fires is worked out as Rapor does, but a local time that does not exist is left out, as EventBridge does. A
rate counts from its start, or from when it is first seen; one attempt, no retries.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

from moto.scheduler.models import Schedule as MotoSchedule
from moto.scheduler.models import scheduler_backends

from local.cloudformation import ACCOUNT, REGION
from local.functions import FunctionError
from local.moto_fixes import LOCK
from local.template import Schedule
from rapor.timetable import Timetable, WrongExpression, read_timetable


@dataclass(frozen=True)
class Entry:
    """A schedule at EventBridge; moments in seconds since 1970."""

    schedule: Schedule
    group: str = "default"
    start: float | None = None
    end: float | None = None
    is_deleted_after: bool = False

    @property
    def arn(self) -> str:
        """As its placeholder is replaced by."""
        return f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{self.group}/{self.schedule.name}"

    def timetable(self, seen_at: float) -> Timetable:
        """
        When it fires.

        Raises:
            WrongExpression: Nobody knows.
        """
        start, end = (None if it is None else _moment(it) for it in (self.start, self.end))
        it = self.schedule
        return read_timetable(it.expression, it.timezone, anchor=_moment(seen_at), start=start, end=end)


class Entries(Protocol):
    """Schedules that come and go."""

    def all(self) -> Iterable[Entry]: ...
    def remove(self, entry: Entry) -> None: ...


class NoEntries:
    """None ever."""

    def all(self) -> Iterable[Entry]:
        return ()

    def remove(self, entry: Entry) -> None:
        """Nothing is there."""


@dataclass(frozen=True)
class MotoEntries:
    """Those in moto's store, which fires none of them; *functions* are names by their ARNs."""

    functions: Mapping[str, str]

    def all(self) -> Iterable[Entry]:
        """What is there now."""
        with LOCK:
            groups = scheduler_backends[ACCOUNT][REGION].schedule_groups
            return [self._entry(it) for group in groups.values() for it in group.schedules.values()]

    def remove(self, entry: Entry) -> None:
        """As EventBridge does after the last run."""
        with LOCK:
            scheduler_backends[ACCOUNT][REGION].schedule_groups[entry.group].schedules.pop(entry.schedule.name, None)

    def _entry(self, it: MotoSchedule) -> Entry:
        schedule = Schedule(
            it.name,
            self.functions[it.target["Arn"]],
            it.schedule_expression,
            it.schedule_expression_timezone,
            it.state == "ENABLED",
            it.target.get("Input"),
        )
        is_deleted = it.action_after_completion == "DELETE"
        return Entry(schedule, it.group_name, _seconds(it.start_date), _seconds(it.end_date), is_deleted)


@dataclass
class Due:
    """An entry, when it fires, and when it fires next, in seconds since 1970."""

    entry: Entry
    timetable: Timetable
    at: float | None

    @classmethod
    def seen(cls, entry: Entry, now: float) -> "Due":
        """
        Have it fire from now on.

        Raises:
            WrongExpression: Nobody knows when.
        """
        due = cls(entry, entry.timetable(now), now)
        due.go_on(now)
        return due

    def go_on(self, now: float) -> None:
        """Wait for the next time; those that do not exist are left out."""
        runs = self.timetable.after(_moment(now))
        self.at = next((run.at.timestamp() for run in runs if not run.is_skipped), None)


class Scheduler:
    """Calls functions when their schedules are due."""

    def __init__(
        self,
        schedules: Iterable[Schedule],
        *,
        invoke: Callable[[str, Any], Any],
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
        entries: Entries | None = None,
    ) -> None:
        self._invoke = invoke
        self._say = say
        self._clock = clock
        self._stop = threading.Event()
        self._fixed = [Entry(it) for it in schedules]
        self._entries = entries or NoEntries()
        self._due: dict[str, Due] = {}
        self._unknown: set[Entry] = set()
        self._look()
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
        self._look()
        for due in list(self._due.values()):
            if due.at is not None and due.at <= now:
                self._fire(due.entry, due.at)
                due.go_on(now)
            if due.at is None and due.entry.is_deleted_after:
                self._entries.remove(due.entry)

    def _look(self) -> None:
        """See what is new, changed and gone."""
        there = {it.arn: it for it in (*self._fixed, *self._entries.all()) if it.schedule.is_enabled}
        self._due = {arn: due for arn, due in self._due.items() if there.get(arn) == due.entry}
        for arn, entry in there.items():
            if arn in self._due or entry in self._unknown:
                continue
            try:
                self._due[arn] = Due.seen(entry, self._clock())
            except WrongExpression as error:
                self._unknown.add(entry)
                self._say(f"schedule {entry.schedule.name} is not fired: {entry.schedule.expression} {error}")

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            self.fire_due()

    def _fire(self, entry: Entry, at: float) -> None:
        with suppress(FunctionError):  # who loaded the function has said so; the next time is the retry
            self._invoke(entry.schedule.function, event_of(entry, at))


def event_of(entry: Entry, at: float) -> Any:
    """The schedule's own input with the service's placeholders replaced, else the service's envelope."""
    scheduled_for = _moment(int(at)).strftime("%Y-%m-%dT%H:%M:%SZ")
    execution = str(uuid4())
    if entry.schedule.input is None:
        return {
            "version": "0",
            "id": execution,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": ACCOUNT,
            "time": scheduled_for,
            "region": REGION,
            "resources": [entry.arn],
            "detail": "{}",
        }
    text = entry.schedule.input
    for name, value in {
        "scheduled-time": scheduled_for,
        "execution-id": execution,
        "attempt-number": "1",
        "schedule-arn": entry.arn,
    }.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return json.loads(text)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)
