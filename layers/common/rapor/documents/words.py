"""Parameters and codes as people read them."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from rapor.catalogue import Value, label_in
from rapor.documents.parts import Head
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
    if words := schema.get("x-words", {}).get(str(value)):
        return label_in(words, locale.code)
    return moment_in_words(value, schema.get("format", ""), locale) if isinstance(value, str) else str(value)


def moment_in_words(text: str, form: str, locale: Locale) -> str:
    """Write a date or moment (RFC 3339), and all else, the year 0 or a leap second too, as it is."""
    with suppress(ValueError):
        if form == "date":
            return locale.date(date.fromisoformat(text))
        if form == "date-time":
            return f"{locale.timestamp(datetime.fromisoformat(text))} UTC"
    return text


def figures_in_words(head: Head, locale: Locale) -> Head:
    """Give the head with words in place of codes, in key figures and along the chart's axis."""
    summary = [(figure, worded(figure, value, locale)) for figure, value in head.summary]
    chart = head.chart
    if chart and chart.x.words:
        chart = replace(chart, points=[(worded(chart.x, x, locale), *heights) for x, *heights in chart.points])
    return replace(head, summary=summary, chart=chart)


def worded(value: Value, cell: Any, locale: Locale) -> Any:
    """Give the word for a code that has one."""
    return label_in(value.words[cell], locale.code) if cell in value.words else cell
