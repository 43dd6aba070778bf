"""The sheet of a chart: its points as cells, and the drawing beside them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from rapor.catalogue import ColumnType, Value
from rapor.documents.excel.archive import Zip
from rapor.documents.excel.cells import inline, letters_of
from rapor.documents.excel.chart import Categories, Series, chart_part, drawing_part
from rapor.documents.excel.relations import OFFICE, relationship, relationships
from rapor.documents.excel.sheet import opening
from rapor.documents.excel.styles import Style, Styles
from rapor.documents.excel.values import cell_of, number_of, text_of
from rapor.documents.excel.xml import escape
from rapor.documents.parts import ChartData
from rapor.documents.rows import label_of

HEAD_ROW = 3
WIDTH = 18  # characters
MONTH_CODE = "mmm yyyy"
PARTS = {
    "/xl/drawings/drawing1.xml": "application/vnd.openxmlformats-officedocument.drawing+xml",
    "/xl/charts/chart1.xml": "application/vnd.openxmlformats-officedocument.drawingml.chart+xml",
}


def add_chart(archive: Zip, number: int, name: str, chart: ChartData, styles: Styles) -> None:
    """Write the sheet *name* as the package's *number*th, and what belongs to it."""
    values = [chart.x, *chart.y]
    columns = list(zip(*chart.points, strict=True))
    archive.add(f"xl/worksheets/sheet{number}.xml", sheet(chart, values, styles).encode())
    sheet_rels = relationships([relationship("rId1", f"{OFFICE}/drawing", "../drawings/drawing1.xml")])
    archive.add(f"xl/worksheets/_rels/sheet{number}.xml.rels", sheet_rels.encode())
    archive.add("xl/drawings/drawing1.xml", drawing_part(chart.title, column=len(values) + 1, row=1).encode())
    drawing_rels = relationships([relationship("rId1", f"{OFFICE}/chart", "../charts/chart1.xml")])
    archive.add("xl/drawings/_rels/drawing1.xml.rels", drawing_rels.encode())
    series = [
        Series(
            address(name, index, HEAD_ROW, HEAD_ROW),
            label_of(value, styles.locale.code),
            address(name, index, HEAD_ROW + 1, HEAD_ROW + len(cells)),
            [number_of(cell, value.type) for cell in cells],
        )
        for index, (value, cells) in enumerate(zip(chart.y, columns[1:], strict=True), 1)
    ]
    at = address(name, 0, HEAD_ROW + 1, HEAD_ROW + len(chart.points))
    part = chart_part(chart, categories(at, chart.x, columns[0], styles), series, styles.code_of(chart.y[0]))
    archive.add("xl/charts/chart1.xml", part.encode())


def sheet(chart: ChartData, values: Sequence[Value], styles: Styles) -> str:
    """Title, head and points."""
    heads = [
        inline(
            f"{letters_of(i)}{HEAD_ROW}",
            escape(label_of(value, styles.locale.code)),
            Style.HEAD_RIGHT if i else Style.HEAD,
        )
        for i, value in enumerate(values)
    ]
    rows = [
        f'<row r="1" ht="24" customHeight="1">{inline("A1", escape(chart.title), Style.TITLE)}</row>',
        f'<row r="{HEAD_ROW}">{"".join(heads)}</row>',
    ]
    for place, point in enumerate(chart.points, HEAD_ROW + 1):
        cells = [
            cell_of(f"{letters_of(i)}{place}", cell, value.type, styles.of(value))
            for i, (value, cell) in enumerate(zip(values, point, strict=True))
        ]
        rows.append(f'<row r="{place}">{"".join(cells)}</row>')
    return (
        f"{opening([WIDTH] * len(values), frozen=False, related=True)}{''.join(rows)}</sheetData>"
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/><drawing r:id="rId1"/></worksheet>'
    )


def categories(at: str, x: Value, cells: Sequence[Any], styles: Styles) -> Categories:
    """Numbers where every cell is one; days that are all the first of a month are months."""
    numbers = [number_of(cell, x.type) for cell in cells]
    if any(number is None and cell is not None for number, cell in zip(numbers, cells, strict=True)):
        return Categories(at, [None if cell is None else text_of(cell) for cell in cells], None)
    return Categories(at, numbers, MONTH_CODE if are_months(x, cells) else styles.code_of(x))


def are_months(x: Value, cells: Sequence[date | datetime | None]) -> bool:
    """Whether dates stand for their months."""
    return x.type is ColumnType.DATE and all(cell is None or cell.day == 1 for cell in cells)


def address(sheet: str, column: int, first: int, last: int) -> str:
    """A range of one column, absolute."""
    letters = letters_of(column)
    end = "" if first == last else f":${letters}${last}"
    return f"'{sheet}'!${letters}${first}{end}"
