"""Door B's `/api/v1/schedules`: bodies to drafts, everything that is wrong at once; schedules to answers."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rapor.caller import Caller
from rapor.catalogue import Catalogue
from rapor.errors import Invalid
from rapor.http import orders
from rapor.http.body import read_json
from rapor.http.cursor import cursor_to, link_to, position_in
from rapor.http.gateway import Request, Response
from rapor.http.languages import accepted_locale
from rapor.http.laravel import user_id_of
from rapor.http.listing import PER_PAGE
from rapor.http.listing import READERS as QUERY
from rapor.http.sentences import must_be, prohibited, required, words_of
from rapor.listing import Filters, Position
from rapor.report import IdempotencyKey, Order, iso
from rapor.schedule import Draft, Schedule, is_readable, is_relative
from rapor.timetable import Timetable, WrongExpression, check_expression, is_zone, read_timetable, timetable_of

PATH = "/api/v1/schedules"
DOOR = "schedules"  # of keys that make schedules; those of runs by hand make reports, as any order's
SHOWN_RUNS = 5
NAME, REPORT, EXPRESSION, TIMEZONE, START, END, IS_ACTIVE = FIELDS = (
    "name",
    "report",
    "expression",
    "timezone",
    "start",
    "end",
    "is_active",
)
ORDERED = ("title", "report_type", "parameters", "format", "options")  # of a report; a run is always new and active
# What our answers hold besides. A client that sends back what it got has not asked to change these.
SERVER_OWNED = {"uuid", "user_id", "created_at", "updated_at", "next_runs", "last_runs", "pause"}
TIMING = (EXPRESSION, TIMEZONE, START, END)
RELATIVE_DATE = 'a relative date, such as {"$date": "-1 month", "anchor": "start"}'
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)

Errors = dict[str, list[str]]


def draft_from(request: Request, catalogue: Catalogue, now: datetime) -> tuple[Draft, IdempotencyKey | None]:
    """
    Read `POST /api/v1/schedules`.

    Raises:
        RequestError: The body is no JSON object, or fields are wrong: all of them are named at once.
    """
    body = read_json(request.headers, request.body)
    errors: Errors = {name: [prohibited(name)] for name in body.keys() - set(FIELDS)}
    key = orders.idempotency_key(request, body, errors, door=DOOR)
    return _draft(body, catalogue, accepted_locale(request), now, errors), key


def revision_in(request: Request, catalogue: Catalogue, now: datetime) -> Callable[[Schedule], Draft]:
    """
    Read `PATCH /api/v1/schedules/{uuid}`: what it makes of a schedule. What is not sent, or null, stays.

    An empty `start` or `end` is taken away.

    Raises:
        RequestError: The body is no JSON object.
    """
    body = read_json(request.headers, request.body)
    return lambda schedule: revised(body, schedule, catalogue, now)


def revised(body: Mapping[str, Any], schedule: Schedule, catalogue: Catalogue, now: datetime) -> Draft:
    """
    Lay the body over the schedule.

    The catalogue and the clock are asked only when it is to run otherwise or again, so that one which has ended can
    still be renamed.

    Raises:
        Invalid: Fields are wrong: all of them are named at once.
    """
    stored = _as_body(schedule)
    errors: Errors = {name: [prohibited(name)] for name in body.keys() - stored.keys() - SERVER_OWNED}
    sent = {name: body[name] for name in FIELDS if body.get(name) is not None}
    if isinstance(sent.get(REPORT), dict):
        sent[REPORT] = stored[REPORT] | {name: value for name, value in sent[REPORT].items() if value is not None}
    whole = stored | sent
    if any(whole[name] != stored[name] for name in (REPORT, *TIMING)) or (whole[IS_ACTIVE] and not stored[IS_ACTIVE]):
        return _draft(whole, catalogue, schedule.locale, now, errors)
    name = orders.READERS["title"](NAME, whole[NAME], errors)
    is_active = orders.READERS["is_active"](IS_ACTIVE, whole[IS_ACTIVE], errors)
    if errors:
        raise Invalid(errors)
    return Draft(
        name=name,
        report=schedule.report,
        locale=schedule.locale,
        expression=schedule.expression,
        timezone=schedule.timezone,
        start=schedule.start,
        end=schedule.end,
        is_active=is_active,
    )


def run_key_in(request: Request, uuid: UUID) -> IdempotencyKey | None:
    """
    Read the Idempotency-Key of `POST /api/v1/schedules/{uuid}/run`, which has no body: the schedule stands for one.

    Raises:
        Invalid: It is no key.
    """
    errors: Errors = {}
    key = orders.idempotency_key(request, {"schedule": str(uuid)}, errors)
    if errors:
        raise Invalid(errors)
    return key


def _as_body(schedule: Schedule) -> dict[str, Any]:
    """What a client would have sent to have it as it is."""
    return {
        NAME: schedule.name,
        REPORT: dict(schedule.report),
        EXPRESSION: schedule.expression,
        TIMEZONE: schedule.timezone,
        START: iso(schedule.start) if schedule.start else None,
        END: iso(schedule.end) if schedule.end else None,
        IS_ACTIVE: schedule.is_active,
    }


def _draft(body: Mapping[str, Any], catalogue: Catalogue, locale: str, now: datetime, errors: Errors) -> Draft:
    name = orders.READERS["title"](NAME, body.get(NAME), errors)
    is_active = orders.READERS["is_active"](IS_ACTIVE, body.get(IS_ACTIVE), errors)
    expression = _expression(body.get(EXPRESSION), errors)
    zone = _zone(body.get(TIMEZONE), errors)
    start, end = (_moment(field, body.get(field), zone, errors) for field in (START, END))
    first = None
    if zone and expression and not errors.keys() & set(TIMING):
        timetable = read_timetable(
            expression, zone.key, anchor=now.replace(second=0, microsecond=0), start=start, end=end
        )
        first = _first_run(timetable, now, errors)
    order = _order(body.get(REPORT), catalogue, locale, (first or now).astimezone(zone or UTC), errors)
    if errors or order is None or zone is None:
        raise Invalid(errors)
    return Draft(
        name=name,
        report=_stored(order, body[REPORT].get("parameters") or {}),
        locale=order.locale,
        expression=expression,
        timezone=zone.key,
        start=start,
        end=end,
        is_active=is_active,
    )


def _stored(order: Order, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The order's body as it was read, but for the dates, which are read again at every run."""
    report = {
        "title": order.title,
        "report_type": order.report_type,
        "parameters": parameters,
        "format": order.format.value,
    }
    return report if order.options is None else {**report, "options": order.options}


def _expression(value: object, errors: Errors) -> str:
    if value is None or value == "":
        errors[EXPRESSION] = [required(EXPRESSION)]
    elif not isinstance(value, str):
        errors[EXPRESSION] = [must_be(EXPRESSION, "a string")]
    else:
        try:
            check_expression(value)
        except WrongExpression as error:
            errors[EXPRESSION] = [f"The {EXPRESSION} field {error}."]
    return str(value)


def _zone(value: object, errors: Errors) -> ZoneInfo | None:
    if value is None or value == "":
        errors[TIMEZONE] = [required(TIMEZONE)]
    elif not isinstance(value, str):
        errors[TIMEZONE] = [must_be(TIMEZONE, "a string")]
    elif not is_zone(value):
        errors[TIMEZONE] = [must_be(TIMEZONE, "a valid timezone")]
    else:
        return ZoneInfo(value)
    return None


def _moment(field: str, value: object, zone: ZoneInfo | None, errors: Errors) -> datetime | None:
    """Read a whole minute; without an offset, it is one of the schedule's zone."""
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and MOMENT.fullmatch(value) else None
        if moment and moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone or UTC)
        moment = moment.astimezone(UTC) if moment else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        errors[field] = [must_be(field, "a valid date and time")]
        return None
    return moment.replace(second=0, microsecond=0)


def _first_run(timetable: Timetable, now: datetime, errors: Errors) -> datetime | None:
    if timetable.start and timetable.end and timetable.end <= timetable.start:
        errors[END] = [must_be(END, f"a date after {START}")]
        return None
    run = timetable.first_after(now)
    if run is None:
        errors[EXPRESSION] = [f"The {EXPRESSION} field must run at least once from now on, between {START} and {END}."]
        return None
    return run.at


def _order(value: object, catalogue: Catalogue, locale: str, local: datetime, errors: Errors) -> Order | None:
    """Read the order as it would be at a first run; its errors are keyed `report.<field>`."""
    if not isinstance(value, dict):
        errors[REPORT] = [required(REPORT) if value is None else must_be(REPORT, "an object")]
        return None
    wrong: Errors = {name: [prohibited(name)] for name in value.keys() - set(ORDERED)}
    for field in _unreadable("parameters", value.get("parameters")):
        wrong[field] = [must_be(field, RELATIVE_DATE)]
    if isinstance(value.get("options"), dict) and "reuse" in value["options"]:
        wrong["options.reuse"] = [prohibited("options.reuse")]
    known = {name: value[name] for name in ORDERED if name in value}
    try:
        order = orders.order_in(orders.dated_body(known, local.date()), catalogue, locale, dict(wrong))
    except Invalid as error:
        found = error.errors | wrong  # of a date that cannot be read, ours says more
        errors |= {f"{REPORT}.{field}": _of_report(field, found[field]) for field in found}
        return None
    return order


def _unreadable(field: str, value: object) -> list[str]:
    """Fields that mean to be relative dates."""
    if is_relative(value):
        return [] if isinstance(value, dict) and is_readable(value) else [field]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, it in inner for found in _unreadable(f"{field}.{name}", it)]


def _of_report(field: str, sentences: list[str]) -> list[str]:
    """The sentences with the field's whole name in them."""
    words = words_of(field)
    return [sentence.replace(f" {words} ", f" {REPORT}.{words} ", 1) for sentence in sentences]


# -- answers ------------------------------------------------------------------


def created(schedule: Schedule, *, replayed: bool) -> Response:
    """`201`, or the same `201` again."""
    headers = {"Location": f"{PATH}/{schedule.uuid}"}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(201, as_shown(schedule, schedule.created_at), headers)


def shown(schedule: Schedule, now: datetime) -> Response:
    """The schedule as it is."""
    return Response(200, as_shown(schedule, now))


def deleted() -> Response:
    """In the words of a deleted report."""
    return Response(200, {"message": "Schedule deleted"})


def as_shown(schedule: Schedule, now: datetime) -> dict[str, Any]:
    """A schedule, its next runs, and what the last ones made."""
    pause = schedule.pause
    runs = timetable_of(schedule).next_runs(now, SHOWN_RUNS) if schedule.is_active else []
    return {
        "uuid": str(schedule.uuid),
        **_as_body(schedule),
        "next_runs": [iso(run) for run in runs],
        "last_runs": [{"scheduled_for": run.scheduled_for, "report_uuid": str(run.report)} for run in schedule.runs],
        "pause": {"code": pause.code, "message": pause.message, "at": iso(pause.at)} if pause else None,
        "user_id": user_id_of(schedule.user_id),
        "created_at": iso(schedule.created_at),
        "updated_at": iso(schedule.updated_at),
    }


def page_in(request: Request, caller: Caller) -> tuple[Position | None, int]:
    """
    Read the list's query: `per_page` and `cursor`; what is empty was not sent.

    Raises:
        Invalid: One of them is wrong.
    """
    errors: Errors = {}
    asked, cursor = (request.query.get(name, "").strip() for name in ("per_page", "cursor"))
    per_page = QUERY["per_page"]("per_page", asked, errors) if asked else PER_PAGE
    if errors:
        raise Invalid(errors)
    return position_in(cursor, caller, Filters()) if cursor else None, per_page


def page(request: Request, found: list[Schedule], per_page: int, caller: Caller, now: datetime) -> Response:
    """Laravel's cursor page, which leads on only; *found* has one more where there is another page."""
    here = found[:per_page]
    at = Position(here[-1].created_at, here[-1].uuid) if len(found) > per_page else None
    following = cursor_to(at, caller, Filters())
    return Response(
        200,
        {
            "data": [as_shown(schedule, now) for schedule in here if not schedule.is_deleted],
            "links": {"first": None, "last": None, "prev": None, "next": link_to(request, following)},
            "meta": {
                "path": f"{request.base_url}{request.path}",
                "per_page": per_page,
                "next_cursor": following,
                "prev_cursor": None,
            },
        },
    )
