"""
Make, read, change and end schedules.

The row is the truth, and EventBridge Scheduler is told of it afterwards. A row says until when it may not have been
told: nobody else speaks to the Scheduler about it before that, and the sweep does when the time has passed.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

from msgspec import Struct
from msgspec.structs import replace

from rapor.caller import GENERATE, Caller
from rapor.catalogue import Catalogue
from rapor.errors import (
    Conflict,
    Fenced,
    Forbidden,
    Invalid,
    NotFound,
    TooManySchedules,
)
from rapor.listing import Position
from rapor.report import IdempotencyKey, Scope
from rapor.schedule import Draft, Schedule
from rapor.settling import Scheduler, planned, settle, unsettled

TRIES = 5
OWNER_RESUMES = "Only its owner can resume a schedule that paused because the owner may not order reports."


class Schedules(Protocol):
    """The table; a change is refused when the schedule is not any more what was found."""

    def add(self, schedule: Schedule) -> Schedule: ...
    def add_with_key(self, schedule: Schedule, key: IdempotencyKey) -> tuple[Schedule, bool]: ...
    def replayed(self, key: IdempotencyKey, now: datetime) -> Schedule | None: ...
    def get(self, uuid: UUID) -> Schedule | None: ...
    def change(self, found: Schedule, changed: Schedule) -> Schedule: ...
    def remove(self, found: Schedule) -> None: ...
    def count(self, user_id: str, *, limit: int) -> int: ...
    def owned_by(self, user_id: str) -> Iterable[Schedule]: ...
    def page(self, user_id: str | None, at: Position | None, *, limit: int) -> list[Schedule]: ...


class Office(Struct, frozen=True):
    """Who asks, when, and by which rules."""

    caller: Caller
    now: datetime
    schedules: Schedules
    scheduler: Scheduler
    catalogue: Catalogue
    max_schedules: int


def admitted(office: Office) -> Office:
    """
    Take from the caller's schedules what the caller has lost since; nothing is ever given back.

    So it must be done at every request, before anything else. Whoever may not order at all has them paused.

    Raises:
        Forbidden: The caller may order nothing.
    """
    scope = office.caller.scope_of(GENERATE)
    if scope is not Scope.ALL:
        for schedule in office.schedules.owned_by(office.caller.id):
            _narrow(schedule, scope, office)
    office.caller.require(GENERATE)
    return office


def _narrow(schedule: Schedule | None, scope: Scope | None, office: Office) -> None:
    for _ in range(TRIES):
        if schedule is None or schedule.is_deleted:
            return
        narrowed = schedule
        if scope is None and schedule.is_active:
            narrowed = schedule.paused("permission_lost", office.now)
        elif scope is Scope.OWN and schedule.scope is Scope.ALL:
            narrowed = replace(schedule, scope=scope, updated_at=office.now)
        if narrowed == schedule:
            return
        with suppress(Fenced):
            office.schedules.change(schedule, narrowed)
            return
        schedule = office.schedules.get(schedule.uuid)
    raise Conflict


def create_schedule(draft: Draft, key: IdempotencyKey | None, *, office: Office) -> tuple[Schedule, bool]:
    """
    Record a schedule and have it run; the flag says that the key made it before, and this is what it was then.

    A key is looked for only at the limit; elsewhere the write itself says that it was there.

    Raises:
        Forbidden: The caller may not order this type.
        KeyReused: The key stands for another body.
        TooManySchedules: The caller has as many as allowed.
    """
    scope = office.caller.require(GENERATE)
    _check_type(draft, scope, office.catalogue)
    if office.schedules.count(office.caller.id, limit=office.max_schedules) >= office.max_schedules:
        if key and (known := office.schedules.replayed(key, office.now)):
            return known, True
        raise TooManySchedules
    schedule = _drawn(draft, scope, office)
    added, is_known = office.schedules.add_with_key(schedule, key) if key else (office.schedules.add(schedule), False)
    if is_known:
        return added, True
    return settle(added, now=office.now, schedules=office.schedules, scheduler=office.scheduler), False


def _drawn(draft: Draft, scope: Scope, office: Office) -> Schedule:
    schedule = Schedule(
        uuid=uuid4(),
        name=draft.name,
        user_id=office.caller.id,
        scope=scope,
        report=draft.report,
        locale=draft.locale,
        expression=draft.expression,
        timezone=draft.timezone,
        anchor=office.now.replace(second=0, microsecond=0),
        created_at=office.now,
        updated_at=office.now,
        start=draft.start,
        end=draft.end,
        is_active=draft.is_active,
    )
    return unsettled(planned(schedule, office.now), office.now) if draft.is_active else schedule


def list_schedules(at: Position | None, limit: int, *, office: Office) -> list[Schedule]:
    """
    Read a page: everybody's for who may order for everybody, else the caller's own.

    Raises:
        Forbidden: The caller may order nothing.
    """
    scope = office.caller.require(GENERATE)
    return office.schedules.page(office.caller.id if scope is Scope.OWN else None, at, limit=limit)


def read_schedule(uuid: UUID, *, office: Office) -> Schedule:
    """
    Read one schedule.

    Raises:
        Forbidden: The caller may order nothing.
        NotFound: Absent, or somebody else's.
    """
    scope = office.caller.require(GENERATE)  # before the row is read
    schedule = office.schedules.get(uuid)
    if schedule is None or schedule.is_deleted or (scope is Scope.OWN and schedule.user_id != office.caller.id):
        raise NotFound
    return schedule


def update_schedule(uuid: UUID, revised: Callable[[Schedule], Draft], *, office: Office) -> Schedule:
    """
    Make the schedule what *revised* says; it keeps its owner, and never gets more rights.

    Raises:
        Forbidden: The caller may order nothing, or the schedule's rights do not reach this type.
        NotFound: Absent, or somebody else's.
        Invalid: The draft is wrong.
        Conflict: Others kept changing it.
    """
    return _changed(uuid, lambda found: _updated(found, revised(found), office), office)


def delete_schedule(uuid: UUID, *, office: Office) -> None:
    """
    End the schedule for good; reports it made stay.

    Raises:
        Forbidden, NotFound, Conflict: As for an update.
    """
    _changed(uuid, lambda found: replace(found, is_deleted=True, is_active=False, next_run=None), office)


def _changed(uuid: UUID, decide: Callable[[Schedule], Schedule], office: Office) -> Schedule:
    for _ in range(TRIES):
        found = read_schedule(uuid, office=office)
        changed = decide(found)
        if changed == found:
            return found
        is_told = _told_of(changed) == _told_of(found)
        if not is_told:
            changed = unsettled(changed, office.now)
        is_busy = found.settling_until is not None and found.settling_until > office.now
        with suppress(Fenced):
            changed = office.schedules.change(found, replace(changed, updated_at=office.now))
            if is_told or is_busy:  # whoever is settling it may be slow: the sweep has the last word
                return changed
            return settle(changed, now=office.now, schedules=office.schedules, scheduler=office.scheduler)
    raise Conflict


def _told_of(it: Schedule) -> tuple[object, ...]:
    """What the Scheduler has to know."""
    return it.expression, it.timezone, it.start, it.end, it.is_active, it.is_deleted


def _updated(found: Schedule, draft: Draft, office: Office) -> Schedule:
    if draft.report != found.report:
        _check_type(draft, found.scope, office.catalogue)
    is_resumed = draft.is_active and not found.is_active
    if is_resumed and found.pause and found.pause.code == "permission_lost" and office.caller.id != found.user_id:
        raise Invalid({"is_active": [OWNER_RESUMES]})
    changed = replace(
        found,
        name=draft.name,
        report=draft.report,
        locale=draft.locale,
        expression=draft.expression,
        timezone=draft.timezone,
        start=draft.start,
        end=draft.end,
        is_active=draft.is_active,
    )
    if changed.expression != found.expression:
        changed = replace(changed, anchor=office.now.replace(second=0, microsecond=0))
    if is_resumed or changed.report != found.report:
        changed = replace(changed, pause=None, runs=())  # failures are counted anew
    return changed if _told_of(changed) == _told_of(found) else planned(changed, office.now)


def _check_type(draft: Draft, scope: Scope, catalogue: Catalogue) -> None:
    report_type = catalogue.get(draft.report["report_type"])
    if report_type is None or not report_type.is_open_to(scope):
        raise Forbidden
