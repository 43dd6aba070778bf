"""Door A's list query, as Strapi v3 reads it: `_limit`, `_start`, `_sort`, and `<column>_<operator>` of a score."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

from rapor.errors import InvalidQuery
from rapor.http.gateway import Request
from rapor.score import COLUMNS, OPERATORS, Condition, Query

LIMIT, MAX_LIMIT = 100, 100
MAX_START = 10_000
MAX_PAIRS = 200
FIRST_YEAR, LAST_YEAR = 1970, 9998  # a zone's hours away from what Python cannot hold
ALIASES = {"createdAt": "created_at"}  # MongoDB's Strapi calls it so
ANY_OF = {"in": "eq", "nin": "ne"}  # Strapi takes several values for every operator, so these say nothing new
TEXT_ONLY = frozenset({"contains", "ncontains", "containss", "ncontainss"})
WHOLE = re.compile(r"\d{1,9}", re.ASCII)
LIST_MARK = re.compile(r"\[\d*\]$")  # what clients write behind the name of a list


def score_query(request: Request) -> Query:
    """
    Read `GET /reports` and `GET /reports/count`.

    Raises:
        InvalidQuery: It asks for a column, an operator, an order or a value that there is not.
    """
    asked = _values(request.raw_query)
    limit = _whole(asked.pop("_limit", [str(LIMIT)]), "_limit", 1, MAX_LIMIT)
    start = _whole(asked.pop("_start", ["0"]), "_start", 0, MAX_START)
    oldest_first = _is_oldest_first(asked.pop("_sort", ["created_at:desc"]))
    return Query([_condition(name, values) for name, values in asked.items()], start, limit, oldest_first)


def _values(raw_query: str) -> dict[str, list[str]]:
    """Every name's values: API Gateway's own dictionary joins them with commas, which a value may hold."""
    try:
        pairs = parse_qsl(raw_query, keep_blank_values=True, errors="strict", max_num_fields=MAX_PAIRS)
    except ValueError as error:  # too many, or not UTF-8
        raise InvalidQuery from error
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(LIST_MARK.sub("", name), []).append(value)
    return values


def _whole(texts: Sequence[str], name: str, least: int, most: int) -> int:
    if len(texts) > 1 or not WHOLE.fullmatch(texts[0]) or not least <= int(texts[0]) <= most:
        raise InvalidQuery(f"{name} must be a whole number from {least} to {most}.")
    return int(texts[0])


def _is_oldest_first(texts: Sequence[str]) -> bool:
    column, _, order = texts[0].partition(":")
    if len(texts) > 1 or ALIASES.get(column, column) != "created_at" or order.lower() not in {"", "asc", "desc"}:
        raise InvalidQuery("_sort must be created_at:asc or created_at:desc.")
    return order.lower() != "desc"


def _condition(name: str, texts: Sequence[str]) -> Condition:
    column, word = _parts(name)
    if column not in COLUMNS:
        raise InvalidQuery(f"Only _limit, _start, _sort and filters on {', '.join(COLUMNS)} may be asked for.")
    read = READERS.get(column, _text)
    if word in TEXT_ONLY and read is not _text:
        raise InvalidQuery(f"{column} is no text to look into.")
    try:
        return Condition(column, word, [read(text) for text in texts])
    except ValueError as error:
        raise InvalidQuery(f"The filter on {column} must be {error}.") from None


def _parts(name: str) -> tuple[str, str]:
    """`score_gte` is column and operator, `published_at` a column that has an underscore."""
    column, _, word = name.rpartition("_")
    if word not in {*OPERATORS, *ANY_OF}:
        column, word = name, "eq"
    return ALIASES.get(column, column), ANY_OF.get(word, word)


def _text(text: str) -> str:
    return text


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise ValueError("a number")
    return number


def _boolean(text: str) -> bool:
    if text.lower() not in BOOLEANS:
        raise ValueError("true or false")
    return BOOLEANS[text.lower()]


def _moment(text: str) -> datetime:
    """Read a date, which is its first moment, or a date and time; without a zone it is in UTC."""
    try:
        moment = datetime.fromisoformat(text[:11] + text[11:].replace(" ", "+"))  # what became of an unescaped plus
    except ValueError:
        moment = None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"an ISO 8601 date and time from {FIRST_YEAR} to {LAST_YEAR}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
READERS: Mapping[str, Callable[[str], Any]] = {
    "processed": _boolean,
    "score": _number,
    "scoreProbability": _number,
    "scoreConfidence": _number,
    "published_at": _moment,
    "created_at": _moment,
}
