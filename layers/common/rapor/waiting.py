"""
How long the report that has waited longest for a worker has waited by now.

One that nobody takes is due ever more rarely, in the end once an hour, and an alarm cannot look for what is seen so
rarely. So the sweep remembers those that wait longest, and looks at them every minute.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from rapor.report import Report, Status

NOTE = "waiting"
KEPT = 25  # when they are all gone, others have been due meanwhile


class Rows(Protocol):
    """Reports as they are now; one that is not there is left out."""

    def found(self, uuids: Iterable[UUID]) -> Mapping[UUID, Report]: ...


class Notes(Protocol):
    """What this run tells the next one."""

    def read(self, name: str) -> Mapping[str, Any] | None: ...
    def write(self, name: str, note: Mapping[str, Any]) -> None: ...


def longest_wait(found: Iterable[Report], *, now: datetime, rows: Rows, notes: Notes) -> timedelta:
    """
    Measure it among those *found* to be waiting, and those remembered.

    A wait begins when the report comes to wait: ordered, retried, given back. A change by its owner begins it anew.

    Raises:
        StoreUnavailable: The table could not be reached.
    """
    note = notes.read(NOTE)
    before = [UUID(uuid) for uuid in note["reports"]] if note else []
    since = {report.uuid: report.updated_at for report in found}
    if others := [uuid for uuid in before if uuid not in since]:
        since |= {uuid: it.updated_at for uuid, it in rows.found(others).items() if _waits(it)}
    kept = sorted(since, key=lambda uuid: (since[uuid], uuid))[:KEPT]
    if set(kept) != set(before):
        notes.write(NOTE, {"reports": [str(uuid) for uuid in kept]})
    return now - since[kept[0]] if kept else timedelta(0)


def _waits(report: Report) -> bool:
    return report.status is Status.PENDING and report.is_queued
