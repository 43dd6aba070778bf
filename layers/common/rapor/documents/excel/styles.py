"""The styles part (ECMA-376 part 1 §18.8): one cell format for each kind of cell."""

from enum import IntEnum

from rapor.catalogue import ColumnType, Value
from rapor.documents.excel.xml import HEADER, MAIN, attribute
from rapor.locale import Locale


class Style(IntEnum):
    """Indexes into cellXfs, in the order of `cell_formats`."""

    TEXT = 0
    HEAD = 1
    HEAD_RIGHT = 2
    INTEGER = 3
    IDENTIFIER = 4
    DECIMAL = 5
    DATE = 6
    TIMESTAMP = 7
    LONG_NUMBER = 8  # text, aligned as the numbers around it
    LABEL = 9
    TITLE = 10
    TOTAL = 11


ACCENT, GREY = "FF0E5866", "FF6B7580"
FIRST_FORMAT = 164  # lower numbers are built in
GENERAL, INTEGER_FORM, PLAIN_FORM = 0, 3, 1
BUILT_IN = {GENERAL: "General", INTEGER_FORM: "#,##0", PLAIN_FORM: "0"}
NUMBERS = {
    ColumnType.TEXT: GENERAL,
    ColumnType.BOOLEAN: GENERAL,
    ColumnType.INTEGER: INTEGER_FORM,
    ColumnType.DECIMAL: FIRST_FORMAT,
    ColumnType.DATE: FIRST_FORMAT + 1,
    ColumnType.TIMESTAMP: FIRST_FORMAT + 2,
}


class Styles:
    """The cell formats of a workbook: those of `Style`, and what currencies and totals add as they are asked for."""

    def __init__(self, locale: Locale) -> None:
        self.locale = locale
        self._codes = [locale.excel_decimal(), locale.excel_date, locale.excel_timestamp]
        self._formats = cell_formats()

    def of(self, value: Value) -> int:
        """The format of a column's cells."""
        return self._index(cell_format(number=self._number(value)))

    def figure_of(self, value: Value) -> int:
        """The format of a key figure, at the left as the texts around it."""
        return self._index(cell_format(number=self._number(value), align="left"))

    def total_of(self, value: Value) -> int:
        """The same in the totals row: bold, with a line above."""
        return self._index(cell_format(number=self._number(value), font=4, border=2))

    def part(self) -> bytes:
        """Write the part."""
        parts = (
            collection("numFmts", [number_format(i, code) for i, code in enumerate(self._codes, FIRST_FORMAT)]),
            collection("fonts", fonts()),
            collection("fills", [f'<fill><patternFill patternType="{kind}"/></fill>' for kind in ("none", "gray125")]),
            collection("borders", [border(), border("bottom"), border("top")]),
            '<cellStyleXfs count="1"><xf/></cellStyleXfs>',
            collection("cellXfs", self._formats),
            collection("cellStyles", ['<cellStyle name="Normal" xfId="0" builtinId="0"/>']),
        )
        return f'{HEADER}<styleSheet xmlns="{MAIN}">{"".join(parts)}</styleSheet>'.encode()

    def code_of(self, value: Value) -> str:
        """The number format of a value, as text; `General` for what is no number."""
        number = self._number(value)
        return BUILT_IN[number] if number in BUILT_IN else self._codes[number - FIRST_FORMAT]

    def _number(self, value: Value) -> int:
        if value.currency:
            code = self.locale.excel_currency(value.currency)
            if code not in self._codes:
                self._codes.append(code)
            return FIRST_FORMAT + self._codes.index(code)
        if value.type is ColumnType.INTEGER and not value.grouping:
            return PLAIN_FORM
        return NUMBERS[value.type]

    def _index(self, form: str) -> int:
        if form not in self._formats:
            self._formats.append(form)
        return self._formats.index(form)


def cell_formats() -> list[str]:
    """In the order of `Style`."""
    decimal, date, timestamp = range(FIRST_FORMAT, FIRST_FORMAT + 3)
    return [
        cell_format(),
        cell_format(font=1, border=1),
        cell_format(font=1, border=1, align="right"),
        cell_format(number=INTEGER_FORM),
        cell_format(number=PLAIN_FORM),
        cell_format(number=decimal),
        cell_format(number=date),
        cell_format(number=timestamp),
        cell_format(align="right"),
        cell_format(font=2),
        cell_format(font=3),
        cell_format(font=4, border=2),
    ]


def collection(name: str, items: list[str]) -> str:
    """Wrap items in a counted element."""
    return f'<{name} count="{len(items)}">{"".join(items)}</{name}>'


def number_format(index: int, form: str) -> str:
    """Define a format code (§18.8.30)."""
    return f'<numFmt numFmtId="{index}" formatCode="{attribute(form)}"/>'


def fonts() -> list[str]:
    """By number: text, head, label, title, total."""
    return [font(), font(bold=True, colour=ACCENT), font(colour=GREY), font(bold=True, size=16), font(bold=True)]


def font(*, bold: bool = False, size: int = 11, colour: str = "") -> str:
    """Calibri, which Excel and its kin have or replace."""
    colouring = f'<color rgb="{colour}"/>' if colour else ""
    return f'<font>{"<b/>" * bold}<sz val="{size}"/>{colouring}<name val="Calibri"/><family val="2"/></font>'


def border(line: str = "") -> str:
    """A border with at most one line, named by its side."""
    sides = [
        f'<{side} style="thin"><color rgb="{ACCENT}"/></{side}>' if side == line else f"<{side}/>"
        for side in ("left", "right", "top", "bottom", "diagonal")
    ]
    return f"<border>{''.join(sides)}</border>"


def cell_format(*, number: int = 0, font: int = 0, border: int = 0, align: str = "") -> str:
    """One xf (§18.8.45)."""
    alignment = f'<alignment horizontal="{align}"/>' if align else ""
    applied = f'applyNumberFormat="{int(number > 0)}" applyFont="{int(font > 0)}" applyAlignment="{int(bool(align))}"'
    return f'<xf numFmtId="{number}" fontId="{font}" fillId="0" borderId="{border}" xfId="0" {applied}>{alignment}</xf>'
