"""Door A's create body, read to an order: every field of the original is welcome, the results are ours."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rapor.caller import GENERATE, Caller
from rapor.errors import Invalid
from rapor.http.body import read_json
from rapor.http.gateway import Request
from rapor.http.languages import LOCALES
from rapor.http.orders import fingerprint_of
from rapor.http.sentences import must_be, required
from rapor.report import Format, IdempotencyKey, Order, Scope, Status
from rapor.score import FIGURES, REPORT_TYPE, key_of

# What stands in an address as it is (RFC 3986 §2.3); `count` is an address of its own.
UUID = re.compile(r"(?!count$)[A-Za-z0-9][A-Za-z0-9._~-]{0,63}", re.ASCII)
MAX_REFERENCE = 128
MAX_VERSION = 255
DIGITS_BEFORE, DIGITS_AFTER = 15, 100  # of a score: well within what the table holds
FIRST_YEAR = 1970

Readers = Mapping[str, Callable[[object], Any]]


def score_order(request: Request, caller: Caller) -> tuple[Order, IdempotencyKey | None]:
    """
    Read `POST /reports`.

    A processed report with a score is history, if the caller may record any; from others what is said of results is
    not looked at.

    Raises:
        RequestError: The body is no JSON object, or fields are wrong: all of them are named at once.
    """
    body = read_json(request.headers, request.body)
    may_record = caller.scope_of(GENERATE) is Scope.ALL
    fields, errors = _fields(body, READERS if may_record else ORDER_READERS)
    imported = may_record and body.get("processed") is True and body.get("score") is not None
    if body.get("referenceId") is None and not imported:
        errors["referenceId"] = [required("referenceId")]
    if errors:
        raise Invalid(errors)
    reference, uuid = fields.get("referenceId"), fields.get("uuid")
    order = Order(
        title="Score" if reference is None else f"Score {reference}",
        report_type=REPORT_TYPE,
        parameters={} if reference is None else {"referenceId": reference},
        format=Format.JSON,
        status=Status.COMPLETED if imported else Status.PENDING,
        is_active=True,
        options=None,
        locale=LOCALES[0],
        record={name: fields.get(name) for name in FIGURES} if imported else None,
        client_uuid=uuid,
        published_at=fields.get("published_at") if imported else None,
    )
    return order, key_of(caller.id, uuid, fingerprint_of(body)) if uuid else None


def _fields(body: Mapping[str, Any], readers: Readers) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Read what counts, and what is wrong with it; what never counts, or is unknown to the original, is left alone."""
    fields, errors = {}, {}
    for name, reader in readers.items():
        if body.get(name) is not None:
            try:
                fields[name] = reader(body[name])
            except ValueError as error:
                errors[name] = [must_be(name, str(error))]
    return fields, errors


def _uuid(value: object) -> str:
    if not isinstance(value, str) or not UUID.fullmatch(value):
        raise ValueError("1 to 64 letters, digits or . _ ~ -, and begin with a letter or digit")
    return value


def _reference(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= MAX_REFERENCE:
        raise ValueError(f"1 to {MAX_REFERENCE} printable characters")
    return value


def _type(value: object) -> str:
    if value != REPORT_TYPE:
        raise ValueError(f'"{REPORT_TYPE}"')  # no field could carry the original's other, a vector
    return REPORT_TYPE


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004 - a sentence, not a fault
    return value


def _number(value: object) -> Decimal:
    number = Decimal(repr(value)) if type(value) in {int, float} else None
    if number is None or (number and not -DIGITS_AFTER <= number.adjusted() < DIGITS_BEFORE):
        raise ValueError(f"a number of at most {DIGITS_BEFORE} digits before the point and {DIGITS_AFTER} after")
    return number


def _version(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_VERSION:
        raise ValueError(f"a string of at most {MAX_VERSION} characters")
    return value


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment and moment.tzinfo and moment.astimezone(UTC).year >= FIRST_YEAR:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"a date and time with its zone, from {FIRST_YEAR} on")


ORDER_READERS: Readers = {"uuid": _uuid, "referenceId": _reference, "type": _type}
READERS: Readers = {
    **ORDER_READERS,
    "processed": _boolean,
    "score": _number,
    "scoreProbability": _number,
    "scoreConfidence": _number,
    "scoreVersion": _version,
    "published_at": _moment,
}
