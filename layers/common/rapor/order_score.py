"""Order a score under the client's own name for it: one name is one score."""

from typing import Protocol
from uuid import UUID

from rapor.caller import GENERATE, Caller
from rapor.errors import UuidDeleted, UuidTaken
from rapor.report import IdempotencyKey, Order, Origin, Report, Status
from rapor.score import FIGURES, REPORT_TYPE, figure_of, our_uuid, published_at, reference_of


class Reports(Protocol):
    """Where reports are read from."""

    def get(self, uuid: UUID) -> Report | None: ...


class Record(Protocol):
    """Creates a report, or finds the one that the key made."""

    def __call__(self, order: Order, *, caller: Caller, key: IdempotencyKey | None) -> tuple[Report, Origin]: ...


def order_score(
    order: Order, key: IdempotencyKey | None, *, caller: Caller, reports: Reports, record: Record
) -> tuple[Report, Origin]:
    """
    Record *order*, or find what its name stands for, as it is by now.

    Where the client gave none, our id is shown as the name. So that is one, too: a client may send back what it was
    shown, and whoever reads by a name must find one report.

    Raises:
        Forbidden, Invalid, TooManyUnfinished: As `create_report`.
        UuidTaken: The name stands for another order.
        UuidDeleted: It stands for this one, whose report was deleted.
    """
    caller.require(GENERATE)
    if shown := _shown_as(order.client_uuid, caller, reports):
        if not _orders(order, shown):
            raise UuidTaken
        return _still_there(shown), Origin.REPLAYED
    report, origin = record(order, caller=caller, key=key)
    return _still_there(reports.get(report.uuid)) if origin is Origin.REPLAYED else report, origin


def _shown_as(name: str | None, caller: Caller, reports: Reports) -> Report | None:
    """One of the caller's own reports by our id."""
    uuid = our_uuid(name or "")
    report = reports.get(uuid) if uuid else None
    return report if report and report.user_id == caller.id else None


def _orders(order: Order, report: Report) -> bool:
    """Whether this order could have made the report, or is what the report was shown as."""
    if report.report_type != REPORT_TYPE or order.parameters.get("referenceId") != reference_of(report):
        return False
    is_history = order.status is Status.COMPLETED
    return not is_history or (
        order.record == {name: figure_of(report, name) for name in FIGURES}
        and order.published_at in {None, published_at(report)}
    )


def _still_there(report: Report | None) -> Report:
    if report is None or report.deleted_at:  # none: purged at this moment, and its name with it
        raise UuidDeleted
    return report
