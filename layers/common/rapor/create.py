"""Record a report and leave the rest to the table's stream."""

from datetime import datetime
from typing import Protocol

from rapor.caller import GENERATE, Caller
from rapor.catalogue import Catalogue
from rapor.errors import Forbidden, Invalid, TooManyUnfinished
from rapor.report import IdempotencyKey, Order, Report, Scope, Status, new_identity


class Reports(Protocol):
    """Where reports are recorded."""

    def add(self, report: Report, key: IdempotencyKey | None) -> tuple[Report, bool]: ...
    def replayed(self, key: IdempotencyKey, now: datetime) -> Report | None: ...
    def count_unfinished(self, user_id: str, *, limit: int) -> int: ...


def create_report(
    order: Order,
    *,
    caller: Caller,
    now: datetime,
    catalogue: Catalogue,
    reports: Reports,
    max_unfinished: int,
    key: IdempotencyKey | None = None,
) -> tuple[Report, bool]:
    """
    Record *order*, or find what the same key recorded before; the flag says which.

    A known key is answered before the cap is looked at: the report it stands for is counted already.

    Raises:
        Forbidden: The caller may not order this type.
        Invalid: A status that only an import by a general holder may claim.
        KeyReused: The key stands for another body.
        TooManyUnfinished: The caller has to wait.
    """
    report = _report_from(order, caller, catalogue, now)
    if key and (known := reports.replayed(key, now)):
        return known, True
    if report.is_queued and reports.count_unfinished(caller.id, limit=max_unfinished) >= max_unfinished:
        raise TooManyUnfinished
    return reports.add(report, key)


def _report_from(order: Order, caller: Caller, catalogue: Catalogue, now: datetime) -> Report:
    scope = caller.require(GENERATE)
    report_type = catalogue.get(order.report_type)
    if report_type is None:
        raise Invalid({"report_type": ["The selected report type is invalid."]})
    if scope is Scope.OWN and not report_type.open_to_own:
        raise Forbidden
    imported = order.status is not Status.PENDING
    if imported and scope is not Scope.ALL:
        raise Invalid({"status": ["The status field must be pending."]})
    identity = new_identity(now)
    return Report(
        id=identity.id,
        uuid=identity.uuid,
        title=order.title,
        report_type=order.report_type,
        type_version=report_type.version,
        parameters=order.parameters,
        format=order.format,
        status=order.status,
        is_active=order.is_active,
        user_id=caller.id,
        scope=scope,
        lane=report_type.lane,
        locale=order.locale,
        created_at=now,
        updated_at=now,
        options=order.options,
        imported=imported,
        schedule_id=order.schedule_id,
        scheduled_for=order.scheduled_for,
    )
