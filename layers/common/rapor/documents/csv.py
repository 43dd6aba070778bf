"""
Rows to CSV: RFC 4180 in UTF-8.

The first line holds the columns' names, which stay when labels are reworded. NULL is empty, empty text is `""`.
"""

from collections.abc import Iterator, Sequence

from rapor.batches import Form, Source
from rapor.catalogue import Column, ColumnType
from rapor.documents.parts import CsvOptions, Head, Sink, Written
from rapor.documents.rows import counted
from rapor.documents.sql import contains_any, iso_moment
from rapor.sql import concat, literal, quoted

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LINE_END = "\r\n"
FORMULA = r"^[-=+@\t\r\x00]"  # a spreadsheet would run what follows


def write_csv(head: Head, columns: Sequence[Column], source: Source, sink: Sink) -> Written:
    """
    Write one line per row, CRLF after each.

    Raises:
        ValueError: See `rows.counted`.
    """
    options = head.csv
    if options.bom:
        sink.write(BYTE_ORDER_MARK)
    sink.write((options.delimiter.join(column.name for column in columns) + LINE_END).encode())
    rows = 0
    for lines in counted(head, source.lines(form_of(columns, options))):
        sink.write(lines.data)
        rows += lines.rows
    return Written(rows)


def form_of(columns: Sequence[Column], options: CsvOptions) -> Form:
    """Join fields into lines; a line of one empty field is quoted, for it would read as no row."""
    texts = [column for column in columns if column.type is ColumnType.TEXT]
    names = {harmless(column): without_formula(quoted(column.name)) for column in texts}
    fields = [field(column, options) for column in columns]
    if len(fields) == 1:
        fields = [f"coalesce({fields[0]}, '\"\"')"]
    return Form(line=concat(*between(fields, literal(options.delimiter)), literal(LINE_END)), names=names)


def between(fields: Sequence[str], delimiter: str) -> Iterator[str]:
    """Put the delimiter between the fields."""
    for index, expression in enumerate(fields):
        if index:
            yield delimiter
        yield expression


def field(column: Column, options: CsvOptions) -> str:
    """Write a cell as a field (RFC 4180 §2.6)."""
    name = quoted(column.name)
    match column.type:
        case ColumnType.TEXT:
            return text(harmless(column), options.delimiter)
        case ColumnType.DECIMAL:
            return decimal(name, options)
        case ColumnType.TIMESTAMP:
            return iso_moment(name)
    return f"cast({name} as varchar)"


def harmless(column: Column) -> str:
    """The name of a column's text that is no formula."""
    return quoted(f"__{column.name}")


def without_formula(name: str) -> str:
    """
    Put an apostrophe before a formula.

    All that starts one sorts before A, which rules most text out at once.
    """
    return f"case when {name} < 'A' and regexp_matches({name}, {literal(FORMULA)}) then '''' || {name} else {name} end"


def text(name: str, delimiter: str) -> str:
    """Quote what holds a delimiter, a quote or a line end, and what is empty."""
    special = contains_any(name, f'"\r\n{delimiter}')
    return f"case when {name} = '' or {special} then {in_quotes(name)} else {name} end"


def decimal(name: str, options: CsvOptions) -> str:
    """Write every digit, with the client's decimal mark."""
    number = f"cast({name} as varchar)"
    if options.decimal == ".":
        return number
    number = f"replace({number}, '.', {literal(options.decimal)})"
    if options.decimal != options.delimiter:
        return number
    return f"case when {contains_any(number, options.decimal)} then {in_quotes(number)} else {number} end"


def in_quotes(expression: str) -> str:
    """Quote, and double the quotes within."""
    return f"""'"' || replace({expression}, '"', '""') || '"'"""
