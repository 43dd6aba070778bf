"""Door B's create body, read to an order: everything that is wrong with it at once, in Laravel's sentences."""

import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from rapor.catalogue import Catalogue, ReportType
from rapor.errors import Invalid
from rapor.http.body import read_json
from rapor.http.gateway import Request
from rapor.http.languages import LOCALES, accepted_locale
from rapor.http.sentences import (
    format_invalid,
    must_be,
    no_longer_than,
    parameter_errors,
    prohibited,
    required,
    selected_invalid,
    words_of,
)
from rapor.report import Format, IdempotencyKey, Order, Reuse, Status
from rapor.schedule import Schedule, dated, text_of

MAX_TITLE = 255
MAX_PARAMETERS_BYTES = 32 * 1024
MAX_KEY = 255
MAX_AGE = 366 * 24 * 60 * 60  # seconds
BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\ufeff\u200b\u200e"  # what Laravel trims
CSV_DELIMITERS = (",", ";", "\t", "|")
CSV_DECIMALS = (".", ",")
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Nothing shows where they stand. The joiners U+200C and U+200D may stay: Persian words and emoji are written with them.
ZERO_WIDTH = frozenset("\u180e\u200b\u2060\u2061\u2062\u2063\u2064\ufeff")

Errors = dict[str, list[str]]
Check = Callable[[str, object], str | None]


def order_from(request: Request, catalogue: Catalogue) -> tuple[Order, IdempotencyKey | None]:
    """
    Read `POST /api/v1/reports`.

    Raises:
        RequestError: The body is no JSON object, or fields are wrong: all of them are named at once.
    """
    body = read_json(request.headers, request.body)
    errors: Errors = {}
    key = idempotency_key(request, body, errors)
    return order_in(body, catalogue, accepted_locale(request), errors), key


def order_in(body: Mapping[str, Any], catalogue: Catalogue, locale: str, errors: Errors | None = None) -> Order:
    """
    Read a create body, or the `report` of a schedule's event.

    Raises:
        Invalid: Fields are wrong: all of them are named at once.
    """
    errors = {} if errors is None else errors
    fields = {name: value for name, value in body.items() if value is not None}
    for name in body.keys() - READERS.keys() - {"format"}:  # the type, which may narrow it, reads the format
        errors[name] = [prohibited(name)]
    read = {name: reader(name, fields.get(name), errors) for name, reader in READERS.items()}
    report_type = _report_type(read["report_type"], catalogue, errors)
    _check_parameters(read["parameters"], report_type, errors)
    formats = report_type.formats if report_type else tuple(Format)
    chosen = _one_of("format", fields.get("format"), formats, errors)
    if errors or report_type is None:
        raise Invalid(errors)
    options = read["options"]
    return Order(
        title=read["title"],
        report_type=report_type.name,
        parameters=read["parameters"],
        format=Format(chosen) if chosen else report_type.default_format,
        status=Status(read["status"] or Status.PENDING),
        is_active=read["is_active"],
        options=options,
        reuse=_reuse_in(options or {}),
        locale=(options or {}).get("locale") or locale,
    )


def scheduled_order(event: Mapping[str, Any], catalogue: Catalogue, locale: str) -> tuple[Order, IdempotencyKey]:
    """
    Read the event of an operator's schedule: `schedule_id`, `scheduled_for` and the `report` to order.

    Raises:
        Invalid: The report is wrong.
    """
    schedule_id, scheduled_for = event["schedule_id"], event["scheduled_for"]
    order = replace(order_in(event["report"], catalogue, locale), schedule_id=schedule_id, scheduled_for=scheduled_for)
    # Not the execution id, which is new with every delivery; and whatever the report became since, it is one run.
    return order, IdempotencyKey("schedule", f"schedule/{schedule_id}", scheduled_for, fingerprint="")


def due_order(schedule: Schedule, moment: datetime, catalogue: Catalogue) -> Order:
    """
    Read what a user's schedule orders at *moment*.

    Raises:
        Invalid: The catalogue has changed since, and it fits no more.
    """
    local = moment.astimezone(ZoneInfo(schedule.timezone))
    order = order_in(dated_body(schedule.report, local.date()), catalogue, schedule.locale)
    return replace(order, schedule_id=str(schedule.uuid), scheduled_for=text_of(moment))


def dated_body(report: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The order's body with its relative dates as they are *today*."""
    return {**report, "parameters": dated(report.get("parameters"), today)}


def run_in(event: Mapping[str, Any]) -> tuple[UUID, datetime]:
    """Read the event of a user's schedule: which, and for when."""
    return UUID(event["schedule_id"]), datetime.fromisoformat(event["scheduled_for"])


def _title(name: str, value: object, errors: Errors) -> str:
    title = value.strip(BLANKS) if isinstance(value, str) else value
    if title is None or title == "":
        errors[name] = [required(name)]
    elif not isinstance(title, str):
        errors[name] = [must_be(name, "a string")]
    elif len(title) > MAX_TITLE:
        errors[name] = [no_longer_than(name, MAX_TITLE)]
    elif any(is_control(character) for character in title):
        errors[name] = [format_invalid(name)]
    return str(title)


def is_control(character: str) -> bool:
    """Whether no title may have it: it breaks the line, turns the text around, or hides in it."""
    return character in BIDI_CONTROLS | ZERO_WIDTH or unicodedata.category(character) in {"Cc", "Zl", "Zp"}


def _string(name: str, value: object, errors: Errors) -> str | None:
    if value is None or value == "":
        errors[name] = [required(name)]
    elif not isinstance(value, str):
        errors[name] = [must_be(name, "a string")]
    else:
        return value
    return None


def _object(name: str, value: object, errors: Errors) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        errors[name] = [must_be(name, "an object")]
        return {}
    return value


def _status(name: str, value: object, errors: Errors) -> str | None:
    return _one_of(name, value, tuple(Status), errors)


def _boolean(name: str, value: object, errors: Errors) -> bool:
    if value is None:
        return True
    if not isinstance(value, bool):
        errors[name] = [must_be(name, "true or false")]
        return True
    return value


def _options(name: str, value: object, errors: Errors) -> dict[str, Any] | None:
    if value is None:
        return None
    options = _object(name, value, errors)
    _check_each(name, options, OPTIONS, errors)
    for part, checks in PARTS.items():
        if isinstance(inner := options.get(part), dict):
            _check_each(f"{name}.{part}", inner, checks, errors)
    return options


def _reuse_in(options: Mapping[str, Any]) -> Reuse | None:
    match options.get("reuse"):
        case "running":
            return Reuse()
        case {"max_age": seconds}:
            return Reuse(timedelta(seconds=seconds))
    return None


def _check_each(name: str, values: Mapping[str, object], checks: Mapping[str, Check], errors: Errors) -> None:
    for key, value in values.items():
        field = f"{name}.{key}"
        sentence = checks[key](field, value) if key in checks else prohibited(field)
        if sentence:
            errors[field] = [sentence]


def _among(*allowed: str) -> Check:
    return lambda field, value: None if value in allowed else selected_invalid(field)


def _is(kind: type, words: str) -> Check:
    return lambda field, value: None if isinstance(value, kind) else must_be(field, words)


def _has_max_age(value: object) -> bool:
    return isinstance(value, dict) and "max_age" in value


def _seconds(field: str, value: object) -> str | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or value % 1:  # 60.0 is an integer in JSON Schema
        return must_be(field, "an integer")
    return None if 1 <= value <= MAX_AGE else f"The {words_of(field)} field must be between 1 and {MAX_AGE}."


OPTIONS = {
    "locale": _among(*LOCALES),
    "allow_truncated": _is(bool, "true or false"),
    "csv": _is(dict, "an object"),
    "reuse": lambda field, value: None if value == "running" or _has_max_age(value) else selected_invalid(field),
}
CSV_OPTIONS = {
    "bom": _is(bool, "true or false"),
    "delimiter": _among(*CSV_DELIMITERS),
    "decimal": _among(*CSV_DECIMALS),
}
REUSE_OPTIONS = {"max_age": _seconds}
PARTS: Mapping[str, Mapping[str, Check]] = {"csv": CSV_OPTIONS, "reuse": REUSE_OPTIONS}
READERS: Mapping[str, Callable[[str, object, Errors], Any]] = {
    "title": _title,
    "report_type": _string,
    "parameters": _object,
    "status": _status,
    "is_active": _boolean,
    "options": _options,
}


def _one_of(name: str, value: object, allowed: tuple[str, ...], errors: Errors) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        errors[name] = [must_be(name, "a string")]
    elif value not in allowed:
        errors[name] = [selected_invalid(name)]
    else:
        return value
    return None


def _report_type(name: str | None, catalogue: Catalogue, errors: Errors) -> ReportType | None:
    if name is None:
        return None
    report_type = catalogue.get(name)
    if report_type is None:
        errors["report_type"] = [selected_invalid("report_type")]
    return report_type


def _check_parameters(parameters: dict[str, Any], report_type: ReportType | None, errors: Errors) -> None:
    if len(json.dumps(parameters, ensure_ascii=False).encode()) > MAX_PARAMETERS_BYTES:
        errors["parameters"] = ["The parameters field must not be greater than 32 kilobytes."]
    elif report_type is not None:
        errors |= parameter_errors(report_type, parameters)


def idempotency_key(
    request: Request, body: Mapping[str, Any], errors: Errors, *, door: str = "B"
) -> IdempotencyKey | None:
    """Read the header, if there is one; what is wrong with it is named among *errors*."""
    value = request.headers.get("idempotency-key")
    if value is None:
        return None
    if not 0 < len(value) <= MAX_KEY or not all("!" <= character <= "~" for character in value):
        errors["Idempotency-Key"] = ["The Idempotency-Key header must be 1 to 255 visible ASCII characters."]
    return IdempotencyKey(door, request.caller.id, value, fingerprint_of(body))


def fingerprint_of(body: Mapping[str, Any]) -> str:
    """SHA-256 of a body, whatever its spacing and the order of its keys."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
