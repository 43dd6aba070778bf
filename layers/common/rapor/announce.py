"""
Tell the world that a report has ended: send its event, then mark that it was sent.

In that order, so that an end is told at least once. The write that ends a report puts it into the outbox, and only
the mark takes it out; whoever dies in between leaves it there for the sweep. Told twice, an end has the same id.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from rapor.errors import Fenced
from rapor.report import Report, is_known, iso

if TYPE_CHECKING:
    from rapor.turns import Turn

SOURCE = "rapor"
PER_SWEEP = 320
MOST_UNTOLD = 3  # in a row: then the bus is out of order, and the sweep has other things to do
NOT_TOLD = "an end was not announced"


class Reports(Protocol):
    """The outbox; a change is refused when the report is not any more what was found."""

    def unannounced(self, now: datetime, *, limit: int, is_over: Callable[[], bool]) -> Iterator[UUID]: ...
    def get(self, uuid: UUID) -> Report | None: ...
    def change(self, found: Report, changed: Report) -> Report: ...


class Events(Protocol):
    """Takes events, or raises."""

    def send(self, event: Mapping[str, Any]) -> None: ...


class Log(Protocol):
    """Takes what went wrong."""

    def warning(self, msg: str, *, exc_info: bool, **kwargs: Any) -> None: ...


class Announcer(Struct, frozen=True):
    """Sends the events of ends, and keeps the outbox."""

    reports: Reports
    events: Events
    log: Log

    def announce(self, report: Report) -> Report:
        """Announce the report's end, if that is still to be done, and return it as it is then; never raises."""
        if not report.unannounced:
            return report
        try:
            return self._announced(report)
        except Exception:  # whatever it was, the end stands, and the sweep tells what is left in the outbox
            self.log.warning(NOT_TOLD, exc_info=True, uuid=str(report.uuid))
            return report

    def _announced(self, report: Report) -> Report:
        self.send(report)
        return self.reports.change(report, replace(report, unannounced=False))

    def send(self, report: Report) -> None:
        """
        Send the event of the report's end.

        Raises:
            StoreUnavailable: The bus did not take it.
        """
        self.events.send(end_event(report))

    def announce_left(self, *, now: datetime, turn: "Turn", limit: int = PER_SWEEP) -> int:
        """Announce at most *limit* ends that nobody announced, as far as the *turn* goes; returns how many it did."""
        told = []

        def tell(uuid: UUID) -> None:
            report = self.reports.get(uuid)
            # The index lags behind the table; and what is new to this version, a newer one has to tell of.
            if report and report.unannounced and is_known(report.status):
                with suppress(Fenced):  # changed meanwhile: the next minute, then
                    told.append(self._announced(report))

        ends = self.reports.unannounced(now, limit=limit, is_over=turn.is_over)
        turn.tend(ends, tell, message=NOT_TOLD, patience=MOST_UNTOLD)
        return len(told)


def end_event(report: Report) -> dict[str, Any]:
    """
    Describe the end of a report as a CloudEvent 1.0: ids and codes, nothing that a report holds or is called.

    docs/events/report.schema.json describes it. Its id is the same whoever tells of this end, and however often.
    """
    assert report.finished_at is not None, "only an end is told"  # noqa: S101
    end = f"{report.status}/{report.attempt}/{iso(report.finished_at)}"
    return {
        "specversion": "1.0",
        "id": str(uuid5(report.uuid, end)),
        "source": SOURCE,
        "type": f"report.{report.status}",
        "time": iso(report.finished_at),
        "subject": str(report.uuid),
        "datacontenttype": "application/json",
        "data": {
            "id": report.id,
            "uuid": str(report.uuid),
            "report_type": report.report_type,
            "format": report.format.value,
            "status": report.status.value,
            "user_id": report.user_id,
            "error": report.error.code if report.error else None,
            **_schedule(report),
        },
    }


def _schedule(report: Report) -> dict[str, str]:
    named = {"schedule_id": report.schedule_id, "scheduled_for": report.scheduled_for}
    return {name: value for name, value in named.items() if value is not None}
