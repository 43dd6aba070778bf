"""Parameters as people read them."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rapor.locale import Locale


def in_words(value: Any, schema: Mapping[str, Any], locale: Locale) -> str:
    """
    Write a parameter that fits its JSON Schema.

    Whole numbers have no marks: they may be years.
    """
    match value:
        case bool():
            return locale.yes if value else locale.no
        case float() | Decimal():
            return locale.number(value)
        case list():
            return ", ".join([in_words(item, schema.get("items", {}), locale) for item in value])
        case dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case str():
            return moment_in_words(value, schema.get("format", ""), locale)
    return str(value)


def moment_in_words(text: str, form: str, locale: Locale) -> str:
    """Write a date or moment (RFC 3339), and all else, the year 0 or a leap second too, as it is."""
    with suppress(ValueError):
        if form == "date":
            return locale.date(date.fromisoformat(text))
        if form == "date-time":
            return f"{locale.timestamp(datetime.fromisoformat(text))} UTC"
    return text
