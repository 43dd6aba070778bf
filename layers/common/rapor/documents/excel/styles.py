"""The styles part (ECMA-376 part 1 §18.8): one cell format for each kind of cell."""

from enum import IntEnum

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


ACCENT, GREY = "FF0E5866", "FF6B7580"
FIRST_FORMAT = 164  # lower numbers are built in
DECIMAL_FORM = "#,##0.00##########"
INTEGER_FORM, PLAIN_FORM = 3, 1  # built in: #,##0 and 0


def styles(locale: Locale) -> bytes:
    """Write the part."""
    formats = (DECIMAL_FORM, locale.excel_date, f"{locale.excel_date} hh:mm:ss")
    parts = (
        collection("numFmts", [number_format(index, form) for index, form in enumerate(formats, FIRST_FORMAT)]),
        collection("fonts", [font(), font(bold=True, colour=ACCENT), font(colour=GREY), font(bold=True, size=16)]),
        collection("fills", [f'<fill><patternFill patternType="{kind}"/></fill>' for kind in ("none", "gray125")]),
        collection("borders", [border(""), border(f'<bottom style="thin"><color rgb="{ACCENT}"/></bottom>')]),
        '<cellStyleXfs count="1"><xf/></cellStyleXfs>',
        collection("cellXfs", cell_formats()),
        collection("cellStyles", ['<cellStyle name="Normal" xfId="0" builtinId="0"/>']),
    )
    return f'{HEADER}<styleSheet xmlns="{MAIN}">{"".join(parts)}</styleSheet>'.encode()


def cell_formats() -> list[str]:
    """In the order of `Style`."""
    decimal, date, timestamp = range(FIRST_FORMAT, FIRST_FORMAT + 3)
    return [
        cell_format(),
        cell_format(font=1, border=1),
        cell_format(font=1, border=1, right=True),
        cell_format(number=INTEGER_FORM),
        cell_format(number=PLAIN_FORM),
        cell_format(number=decimal),
        cell_format(number=date),
        cell_format(number=timestamp),
        cell_format(right=True),
        cell_format(font=2),
        cell_format(font=3),
    ]


def collection(name: str, items: list[str]) -> str:
    """Wrap items in a counted element."""
    return f'<{name} count="{len(items)}">{"".join(items)}</{name}>'


def number_format(index: int, form: str) -> str:
    """Define a format code (§18.8.30)."""
    return f'<numFmt numFmtId="{index}" formatCode="{attribute(form)}"/>'


def font(*, bold: bool = False, size: int = 11, colour: str = "") -> str:
    """Calibri, which Excel and its kin have or replace."""
    colouring = f'<color rgb="{colour}"/>' if colour else ""
    return f'<font>{"<b/>" * bold}<sz val="{size}"/>{colouring}<name val="Calibri"/><family val="2"/></font>'


def border(bottom: str) -> str:
    """A border with at most a bottom line."""
    return f"<border><left/><right/><top/>{bottom or '<bottom/>'}<diagonal/></border>"


def cell_format(*, number: int = 0, font: int = 0, border: int = 0, right: bool = False) -> str:
    """One xf (§18.8.45)."""
    alignment = '<alignment horizontal="right"/>' if right else ""
    applied = f'applyNumberFormat="{int(number > 0)}" applyFont="{int(font > 0)}" applyAlignment="{int(right)}"'
    return f'<xf numFmtId="{number}" fontId="{font}" fillId="0" borderId="{border}" xfId="0" {applied}>{alignment}</xf>'
