"""Worksheets (ECMA-376 part 1 §18.3.1.99) that roll over to the next one when full."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from rapor.batches import Form, Lines
from rapor.catalogue import Column
from rapor.documents.excel.archive import Zip
from rapor.documents.excel.cells import form_of, inline, letters_of
from rapor.documents.excel.relations import OFFICE
from rapor.documents.excel.styles import Style, Styles
from rapor.documents.excel.values import cell_of
from rapor.documents.excel.xml import HEADER, MAIN, escape

ROW_LIMIT = 1_048_576
NAME = "Rapor"


class Sheet(Struct):
    """One worksheet; `last_row` counts the head."""

    name: str
    last_row: int = 1


def form(columns: Sequence[Column], styles: Styles) -> Form:
    """How the rows of a sheet are written."""
    return form_of(columns, styles, ROW_LIMIT - 1)


class Sheets:
    """Takes rows, opens sheets as they are needed."""

    def __init__(
        self, archive: Zip, columns: Sequence[Column], styles: Styles, labels: Sequence[str], widths: Sequence[int]
    ) -> None:
        self._archive, self._columns, self._styles = archive, columns, styles
        self._labels, self._widths = labels, widths
        self._letters = [letters_of(index) for index in range(len(columns))]
        self.all: list[Sheet] = []
        self._open()

    def add(self, lines: Lines) -> None:
        """Add rows, on as many sheets as they need."""
        start = 0
        while start < lines.rows:
            if self.all[-1].last_row == ROW_LIMIT:
                self.close()
                self._open()
            end = min(lines.rows, start + ROW_LIMIT - self.all[-1].last_row)
            self._archive.write(lines.part(start, end))
            self.all[-1].last_row += end - start
            start = end

    def add_totals(self, totals: Sequence[Any], label: str) -> None:
        """Add the totals' row below the last one, outside the filter; *label* stands in the first free cell."""
        if self.all[-1].last_row == ROW_LIMIT:
            self.close()
            self._open()
        place = next((index for index, column in enumerate(self._columns) if not column.total), None)
        number = self.all[-1].last_row + 1
        cells = [
            inline(f"{letters}{number}", escape(label), Style.TOTAL)
            if index == place
            else cell_of(f"{letters}{number}", total, column.type, self._styles.total_of(column))
            for index, (column, letters, total) in enumerate(zip(self._columns, self._letters, totals, strict=True))
        ]
        self._archive.write(f'<row r="{number}">{"".join(cells)}</row>'.encode())

    def close(self) -> None:
        """Finish the open sheet: filter over all of it, and wide tables print on one page's width."""
        area = f"A1:{self._letters[-1]}{self.all[-1].last_row}"
        page = '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
        self._archive.write(f'</sheetData><autoFilter ref="{area}"/>{page}</worksheet>'.encode())
        self._archive.end()

    def filter_of(self, sheet: Sheet) -> str:
        """The filter's area, absolute."""
        return f"'{sheet.name}'!$A$1:${self._letters[-1]}${sheet.last_row}"

    def _open(self) -> None:
        number = len(self.all) + 1
        self.all.append(Sheet(NAME if number == 1 else f"{NAME} {number}"))
        self._archive.begin(f"xl/worksheets/sheet{number}.xml")
        self._archive.write(opening(self._widths, frozen=True).encode())
        heads = [
            inline(f"{letters}1", escape(label), Style.HEAD_RIGHT if column.type.is_number else Style.HEAD)
            for column, letters, label in zip(self._columns, self._letters, self._labels, strict=True)
        ]
        self._archive.write(f'<row r="1">{"".join(heads)}</row>'.encode())


def opening(widths: Sequence[int], *, frozen: bool, related: bool = False) -> str:
    """Everything before the rows; widths are in characters. A *related* sheet names other parts."""
    namespace = f' xmlns:r="{OFFICE}"' if related else ""
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' if frozen else ""
    columns = [
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(widths, 1)
    ]
    return (
        f'{HEADER}<worksheet xmlns="{MAIN}"{namespace}><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f"<cols>{''.join(columns)}</cols><sheetData>"
    )
