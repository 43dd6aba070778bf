"""Record a report and leave the rest to the table's stream."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Protocol
from uuid import UUID

from rapor.caller import GENERATE, Caller
from rapor.catalogue import Catalogue
from rapor.errors import Forbidden, Invalid, TooManyUnfinished
from rapor.listing import Span
from rapor.report import IdempotencyKey, Order, Origin, Report, Reuse, Scope, Status, new_identity

LOOKED_AT = 200  # of the caller's newest reports, for one to reuse
INDEX_LAG = timedelta(seconds=10)  # for so long a new report may be missing from lists


class Reports(Protocol):
    """Where reports are recorded."""

    def add(self, report: Report, key: IdempotencyKey | None) -> tuple[Report, Origin]: ...
    def remember(self, key: IdempotencyKey, twin: Report, now: datetime) -> tuple[Report, Origin]: ...
    def first_answer(self, key: IdempotencyKey, now: datetime) -> tuple[Report, Origin] | None: ...
    def get(self, uuid: UUID) -> Report | None: ...
    def count_unfinished(self, user_id: str, *, limit: int) -> int: ...


class Lists(Protocol):
    """Where reports are looked for, newest first."""

    def walk(self, span: Span) -> Iterator[Report]: ...


def create_report(
    order: Order,
    *,
    caller: Caller,
    now: datetime,
    catalogue: Catalogue,
    reports: Reports,
    lists: Lists,
    max_unfinished: int,
    key: IdempotencyKey | None = None,
) -> tuple[Report, Origin]:
    """
    Record *order*, or find what the same key recorded before, or what may be reused.

    Both come before the cap: what they find is counted already, or finished. A key is looked for only where the answer
    hangs on it, before a twin and at the cap. Elsewhere the write itself says that it was there, so a new one, as
    nearly all are, costs no look. What a key found to reuse it stands for from then on, as for what it makes.

    Raises:
        Forbidden: The caller may not order this type.
        Invalid: A status that only an import by a general holder may claim.
        KeyReused, UuidTaken: The key stands for another body.
        TooManyUnfinished: The caller has to wait.
    """
    report = report_from(order, caller=caller, catalogue=catalogue, now=now)
    reuse = order.reuse if report.is_queued else None
    if reuse and key and (known := reports.first_answer(key, now)):
        return known
    if reuse and (twin := _twin(report, reuse, lists, now)):
        return reports.remember(key, twin, now) if key else (twin, Origin.REUSED)
    if report.is_queued and reports.count_unfinished(caller.id, limit=max_unfinished) >= max_unfinished:
        if key and (known := reports.first_answer(key, now)):
            return known
        raise TooManyUnfinished
    if reuse and key is None:
        return _add_once(report, reuse, reports, now)
    return reports.add(report, key)


def _twin(report: Report, reuse: Reuse, lists: Lists, now: datetime) -> Report | None:
    wanted = _likeness(report)
    newest = islice(lists.walk(Span(report.user_id)), LOOKED_AT)
    return next((one for one in newest if reuse.accepts(one, now) and _likeness(one) == wanted), None)


def _add_once(report: Report, reuse: Reuse, reports: Reports, now: datetime) -> tuple[Report, Origin]:
    """Record the report, but let identical orders of the last moments, which no list shows yet, be one."""
    likeness = sha256(_likeness(report).encode()).hexdigest()
    added, origin = reports.add(report, IdempotencyKey("reuse", report.user_id, likeness, likeness, INDEX_LAG))
    if origin is Origin.CREATED:
        return added, origin
    twin = reports.get(added.uuid)
    if twin and reuse.accepts(twin, now) and _likeness(twin) == _likeness(report):
        return twin, Origin.REUSED
    return reports.add(report, None)


def _likeness(report: Report) -> str:
    """Say what the document is made of, and whose rows it may hold; equal for equal documents."""
    options = {name: value for name, value in (report.options or {}).items() if name != "reuse"}
    parameters = {name: value for name, value in report.parameters.items() if value is not None}
    parts = (report.report_type, report.type_version, parameters, report.format, options)
    return json.dumps([*parts, report.locale, report.scope], sort_keys=True, default=float)


def report_from(order: Order, *, caller: Caller, catalogue: Catalogue, now: datetime) -> Report:
    """
    Make the report that *order* asks for; nothing is recorded.

    Raises:
        Forbidden, Invalid: As `create_report`.
    """
    scope = caller.require(GENERATE)
    report_type = catalogue.get(order.report_type)
    if report_type is None:
        raise Invalid({"report_type": ["The selected report type is invalid."]})
    if not report_type.is_open_to(scope):
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
        record=order.record,
        client_uuid=order.client_uuid,
        published_at=order.published_at,
        schedule_id=order.schedule_id,
        scheduled_for=order.scheduled_for,
    )
