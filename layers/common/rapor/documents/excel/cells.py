"""
Cells as SpreadsheetML (ECMA-376 part 1 §18.3.1.4), written by DuckDB. Nothing is ever a formula.

`_n` is the row's number on its sheet, as text. NULL is no cell, and neither is empty text.
"""

from collections.abc import Callable, Mapping, Sequence

from rapor.batches import Form
from rapor.catalogue import Column, ColumnType
from rapor.documents.excel.styles import Style, Styles
from rapor.documents.excel.text import cut, escaped, is_cut
from rapor.documents.sql import iso_moment
from rapor.sql import concat, literal, quoted

EXACT_DIGITS = 15  # Excel rounds numbers after that
EPOCH = "1899-12-30"
FIRST_DAY = "1900-03-01"  # Excel's calendar has a 29 February 1900
LAST_MOMENT = "9999-12-31 23:59:59.5"  # from which on a cell that shows seconds would show the year 10000
MICROSECONDS_A_DAY = 86_400_000_000


def letters_of(index: int) -> str:
    """A column's letters: 0 is A, 26 is AA."""
    higher, last = divmod(index, 26)
    return (letters_of(higher - 1) if higher else "") + chr(ord("A") + last)


def inline(place: str, text: str, style: int = Style.TEXT) -> str:
    """A cell of text, already escaped."""
    return f'<c r="{place}{inline_start(style)}{text}{INLINE_END}'


def inline_start(style: int) -> str:
    """What stands between a cell's place and its text."""
    styled = f' s="{style}"' if style else ""
    return f'"{styled} t="inlineStr"><is><t xml:space="preserve">'


INLINE_END = "</t></is></c>"


def form_of(columns: Sequence[Column], styles: Styles, rows_a_sheet: int) -> Form:
    """Write a row of a sheet, of which the first row is the head."""
    names = {"_n": f"cast((row_number() over () - 1) % {rows_a_sheet} + 2 as varchar)"}
    names |= {text_of(column): TEXTS[column.type](quoted(column.name)) for column in columns if column.type in TEXTS}
    cells = [to_cell(column, letters_of(index), styles.of(column)) for index, column in enumerate(columns)]
    cut = [is_cut(quoted(column.name)) for column in columns if column.type is ColumnType.TEXT]
    line = concat("'<row r=\"'", "_n", "'\">'", *cells, "'</row>'")
    return Form(line=line, cut_cells=" + ".join(cut) or None, names=names, locale=styles.locale.code)


def to_cell(column: Column, letters: str, style: int) -> str:
    """Write a cell."""
    name = quoted(column.name)
    match column.type:
        case ColumnType.TEXT:
            return f"case when {name} <> '' then {text_cell(letters, escaped(text_of(column)))} end"
        case ColumnType.INTEGER:
            return integer(column, letters, style)
        case ColumnType.DECIMAL:
            return decimal(column, letters, style)
        case ColumnType.DATE:
            day = number_cell(letters, f"{name} - date '{EPOCH}'", style)
            return or_text(name, f"{name} >= date '{FIRST_DAY}'", day, text_cell(letters, f"cast({name} as varchar)"))
        case ColumnType.TIMESTAMP:
            moment = number_cell(letters, serial(name), style)
            holds = f"{name} >= timestamp '{FIRST_DAY}' and {name} < timestamp '{LAST_MOMENT}'"
            return or_text(name, holds, moment, text_cell(letters, iso_moment(name)))
        case ColumnType.BOOLEAN:
            return f"""case when {name} is not null then {boolean_cell(letters, name)} end"""


def text_of(column: Column) -> str:
    """The name of a column's text, where it has one."""
    return f"__{column.name}"


TEXTS: Mapping[ColumnType, Callable[[str], str]] = {
    ColumnType.TEXT: cut,
    ColumnType.DECIMAL: lambda name: f"cast({name} as varchar)",
}


def integer(column: Column, letters: str, style: int) -> str:
    """A number; text where Excel would round."""
    name, limit = quoted(column.name), 10**EXACT_DIGITS
    number = number_cell(letters, name, style)
    long = text_cell(letters, f"cast({name} as varchar)", Style.LONG_NUMBER)
    return or_text(name, f"{name} > -{limit} and {name} < {limit}", number, long)


def decimal(column: Column, letters: str, style: int) -> str:
    """A number; text where Excel would round."""
    text = text_of(column)
    significant = f"trim(replace(replace({text}, '.', ''), '-', ''), '0')"
    exact = f"strlen({text}) <= {EXACT_DIGITS} or strlen({significant}) <= {EXACT_DIGITS}"
    long = text_cell(letters, text, Style.LONG_NUMBER)
    return or_text(text, exact, number_cell(letters, text, style), long)


def serial(name: str) -> str:
    """Days since the end of 1899."""
    return f"(epoch_us({name}) - epoch_us(timestamp '{EPOCH}')) / {MICROSECONDS_A_DAY}"


def or_text(name: str, holds: str, number: str, text: str) -> str:
    """Write a number where Excel can hold it, text where it cannot."""
    return f"case when {holds} then {number} when {name} is not null then {text} end"


def number_cell(letters: str, number: str, style: int) -> str:
    """A cell of a number."""
    return cell(letters, f'" s="{style}"><v>', number, "</v></c>")


def boolean_cell(letters: str, name: str) -> str:
    """Excel's own TRUE and FALSE."""
    return cell(letters, '" t="b"><v>', f"cast({name} as integer)", "</v></c>")


def text_cell(letters: str, text: str, style: int = Style.TEXT) -> str:
    """A cell of text, already escaped."""
    return cell(letters, inline_start(style), text, INLINE_END)


def cell(letters: str, start: str, content: str, end: str) -> str:
    """Put a cell together."""
    return concat(literal(f'<c r="{letters}'), "_n", literal(start), content, literal(end))
