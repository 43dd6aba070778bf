"""Column widths, from the first rows: Excel shows a number that is wider than its column as `####`."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import unescape
from itertools import repeat
from typing import Any

from rapor.batches import Lines
from rapor.catalogue import Column, ColumnType
from rapor.documents.excel.cells import letters_of
from rapor.documents.parts import Head
from rapor.locale import Locale, locale_of

SAMPLE = 400  # rows
NARROWEST, WIDEST = 9, 60  # characters
FILTER_BUTTON = 3  # characters it hides of a label
GROWTH = 3  # two digits and a mark, for numbers that grow after the sample
PLACES = {ColumnType.INTEGER: 0, ColumnType.DECIMAL: 2}  # at least, as `Styles` has them
FIXED_WIDTHS = {ColumnType.DATE: 12, ColumnType.TIMESTAMP: 20}
CELL = re.compile(r'<c r="([A-Z]+)\d+"[^>]*>(?:<v>|<is><t[^>]*>)([^<]*)')


def widths_of(head: Head, columns: Sequence[Column], labels: Sequence[str], first: Lines | None) -> list[int]:
    """Column widths in characters."""
    longest = longest_of(first.part(0, min(SAMPLE, first.rows)).decode()) if first else {}
    contents = (longest.get(letters_of(index), "") for index in range(len(columns)))
    lengths = map(length_of, columns, contents, head.totals or repeat(None), repeat(head))
    return [width_of(label, length) for label, length in zip(labels, lengths, strict=True)]


def longest_of(rows: str) -> Mapping[str, str]:
    """The longest content of each column, by its letters."""
    longest: defaultdict[str, str] = defaultdict(str)
    for letters, content in CELL.findall(rows):
        longest[letters] = max(longest[letters], unescape(content), key=len)
    return longest


def length_of(column: Column, longest: str, total: Any, head: Head) -> int:
    """Count the characters a column shows at most."""
    if not column.type.is_number:
        return FIXED_WIDTHS.get(column.type, len(longest))
    locale, rows = locale_of(head.locale), len(longest) * 4 // 3  # thousands marks make numbers a third longer
    if longest:
        growth = GROWTH if head.row_count > SAMPLE else 0
        rows = max(rows, len(as_shown(column, Decimal(longest), locale)) + growth)
    return rows if total is None else max(rows, len(as_shown(column, total, locale)))


def as_shown(column: Column, number: Decimal, locale: Locale) -> str:
    """Write a number about as the reader's Excel will."""
    return locale.money(number, column.currency) if column.currency else locale.number(number, PLACES[column.type])


def width_of(label: str, length: int) -> int:
    """As wide as the longest of label and content."""
    return min(max(length + 2, len(label) + FILTER_BUTTON, NARROWEST), WIDEST)
