"""Door B's list query, read to a listing: everything that is wrong with it at once, in Laravel's sentences."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from rapor.caller import Caller
from rapor.catalogue import NAME
from rapor.errors import Invalid
from rapor.http.cursor import position_in
from rapor.http.gateway import Request
from rapor.http.sentences import must_be, no_longer_than, selected_invalid, words_of
from rapor.listing import Filters, Listing
from rapor.report import Format, Status

PER_PAGE = 15
MAX_PER_PAGE = 100
MAX_SEARCH = 255
FIRST_DAY, LAST_DAY = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?P<time>[T ]\d\d:\d\d(?P<seconds>:\d\d(\.(?P<fraction>\d{1,6}))?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)

Errors = dict[str, list[str]]


def listing_from(request: Request, caller: Caller) -> Listing:
    """
    Read the query. As in Laravel, what it does not know is ignored, and what is empty was not sent.

    Raises:
        Invalid: Values are wrong: all of them are named at once.
    """
    query = {name: value.strip() for name, value in request.query.items() if value.strip()}
    errors: Errors = {}
    read = {name: reader(name, query[name], errors) for name, reader in READERS.items() if name in query}
    since, before = (read.get("created_from") or NEVER)[0], (read.get("created_to") or NEVER)[1]
    if since and before and since >= before:
        errors["created_to"] = [must_be("created_to", "a date after or equal to created from")]
    if errors:
        raise Invalid(errors)
    narrowed = {name: read.get(name) for name in NARROWING}
    filters = Filters(**narrowed, since=since, before=before, with_trashed=bool(read.get("with_trashed")))
    at = position_in(query["cursor"], caller, filters) if "cursor" in query else None
    return Listing(filters, at, read.get("per_page", PER_PAGE))


def _search(name: str, text: str, errors: Errors) -> str:
    if len(text) > MAX_SEARCH:
        errors[name] = [no_longer_than(name, MAX_SEARCH)]
    return text


def _type_name(name: str, text: str, errors: Errors) -> str:
    if not re.fullmatch(NAME, text):  # one that left the catalogue still has reports
        errors[name] = [selected_invalid(name)]
    return text


def _boolean(name: str, text: str, errors: Errors) -> bool | None:
    if text.lower() not in BOOLEANS:
        errors[name] = [must_be(name, "true or false")]
    return BOOLEANS.get(text.lower())


def _one_of(kind: type[StrEnum]) -> Callable[[str, str, Errors], StrEnum | None]:
    def read(name: str, text: str, errors: Errors) -> StrEnum | None:
        try:
            return kind(text)
        except ValueError:
            errors[name] = [selected_invalid(name)]
            return None

    return read


def _moment(name: str, text: str, errors: Errors) -> tuple[datetime, datetime] | None:
    """Read where the time that is meant begins and where it has ended: `2025-01-31` is a day, `…T12:00:00` a second."""
    text = text[:11] + text[11:].replace(" ", "+")  # what became of a plus that nobody escaped
    form = MOMENT.fullmatch(text)
    try:
        moment = datetime.fromisoformat(text) if form else None
    except ValueError:
        moment = None
    if form is None or moment is None:
        errors[name] = [must_be(name, "a valid date")]
        return None
    start = min(max(moment if moment.tzinfo else moment.replace(tzinfo=UTC), FIRST_DAY), LAST_DAY).astimezone(UTC)
    return start, start + _length(form)


def _length(form: re.Match[str]) -> timedelta:
    """How long the time lasts that is written so."""
    if form["time"] is None:
        return timedelta(days=1)
    if form["seconds"] is None:
        return timedelta(minutes=1)
    return timedelta(microseconds=10 ** (6 - len(form["fraction"] or "")))


def _per_page(name: str, text: str, errors: Errors) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_PER_PAGE:
        return int(text)
    errors[name] = [f"The {words_of(name)} field must be between 1 and {MAX_PER_PAGE}."]
    return PER_PAGE


def _page(name: str, text: str, errors: Errors) -> None:
    if text != "1":
        errors[name] = ["The page field must be 1: the way to other pages is meta.next_cursor, sent as cursor."]


NEVER = (None, None)
NARROWING = ("search", "report_type", "status", "format", "is_active")
READERS: Mapping[str, Callable[[str, str, Errors], Any]] = {
    "search": _search,
    "report_type": _type_name,
    "status": _one_of(Status),
    "format": _one_of(Format),
    "is_active": _boolean,
    "with_trashed": _boolean,
    "created_from": _moment,
    "created_to": _moment,
    "per_page": _per_page,
    "page": _page,
}
