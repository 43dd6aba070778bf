"""What a workbook says beside its rows: totals, key figures, a chart."""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from msgspec.structs import replace
from openpyxl.chart.chartspace import ChartSpace
from openpyxl.chart.reader import read_chart
from openpyxl.workbook import Workbook

from rapor.catalogue import ChartKind, Column, KeyFigure, Value
from rapor.documents.excel import sheet as sheet_module
from rapor.documents.excel import write_excel
from rapor.documents.excel.widths import SAMPLE, length_of
from rapor.documents.parts import ChartData, Head
from tests.unit.document_samples import COLUMNS, WriteOnly, head, plain_rows, stored

COLUMNS_WITH_TOTALS = [
    column.model_copy(
        update={
            "total": column.name in {"amount", "quantity"},
            "currency": "TRY" if column.name == "amount" else None,
            "grouping": column.name != "id",
        }
    )
    for column in COLUMNS
]
TOTALS = [
    Decimal("1234.50") if c.name == "amount" else 42 if c.name == "quantity" else None for c in COLUMNS_WITH_TOTALS
]
ESCAPED = "=1+1 <&>\"' _x0007_ ]]> _x005F_x0041_ 'Sheet'!A1"  # ECMA-376 part 1 §22.9.2.19, which openpyxl leaves
HOSTILE = "=1+1 <&>\"' \x07 ]]> _x0041_ 'Sheet'!A1"


def figure(name: str, kind: str, **more: Any) -> KeyFigure:
    return KeyFigure.model_validate({"name": "x", "type": kind, "label": {"tr": name, "en": name}, "value": "1"} | more)


def value(name: str, kind: str, **more: Any) -> Value:
    return Value.model_validate({"name": "x", "type": kind, "label": {"tr": name, "en": name}} | more)


def a_chart(kind: ChartKind = ChartKind.STACKED, **changes: Any) -> ChartData:
    chart = ChartData(
        kind,
        "Aylara göre satış",
        value("Ay", "date"),
        [value("Web", "decimal", currency="TRY"), value("Mağaza", "decimal", currency="TRY")],
        [(date(2025, 1, 1), Decimal("10.50"), 3), (date(2025, 2, 1), None, Decimal(-7)), (date(2025, 3, 1), 0, 9)],
    )
    return replace(chart, **changes)


def written(rows: int = 3, columns: Sequence[Column] = COLUMNS_WITH_TOTALS, **changes: Any) -> bytes:
    sink = WriteOnly()
    heading: Head = replace(head(rows), **changes)
    write_excel(heading, columns, stored(plain_rows(rows)), sink)
    return sink.data


def opened(data: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def chart_in(data: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = ET.fromstring(archive.read("xl/charts/chart1.xml"))  # noqa: S314 - our own
    return cast("Any", read_chart)(ChartSpace.from_tree(cast("Any", root)))


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_totals_stand_below_the_rows_and_outside_the_filter() -> None:
    page = opened(written(3, totals=TOTALS))["Rapor"]

    assert [cell.value for cell in page[5]] == ["Toplam", None, None, 1234.5, 42, None, None, None]
    assert page.auto_filter.ref == "A1:H4"
    assert page["D5"].font.bold
    assert page["D5"].border.top.style == "thin"
    assert page["D5"].number_format == page["D4"].number_format == "[$₺]#,##0.00"


@pytest.mark.parametrize(
    ("currency", "locale", "longest"),
    [
        ("TRY", "tr", "₺8.915.620.312.500,00"),
        ("TRY", "en", "TRY 8,915,620,312,500.00"),
        (None, "tr", "8.915.620.312.500,00"),
    ],
)
def test_a_column_has_room_for_its_total(currency: str | None, locale: str, longest: str) -> None:
    columns = [
        column.model_copy(update={"currency": currency}) if column.name == "amount" else column
        for column in COLUMNS_WITH_TOTALS
    ]
    totals = [Decimal("8915620312500.00") if column.name == "amount" else None for column in columns]

    page = opened(written(3, columns, totals=totals, locale=locale))["Rapor"]

    assert page.column_dimensions["D"].width >= len(longest) + 2


def test_numbers_that_may_grow_have_room_for_it() -> None:
    (quantity,) = (column for column in COLUMNS if column.name == "quantity")

    assert length_of(quantity, "1234", None, head(SAMPLE)) == len("1.234")
    assert length_of(quantity, "1234", None, head(SAMPLE + 1)) == len("1.234") + 3


def test_no_rows_have_no_totals() -> None:
    assert opened(written(0, totals=[None] * 8))["Rapor"].max_row == 1


def test_totals_open_a_sheet_when_the_last_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_module, "ROW_LIMIT", 4)

    book = opened(written(3, totals=TOTALS))

    assert book["Rapor"].max_row == 4
    assert book["Rapor 2"]["D2"].value == 1234.5


def test_a_total_that_excel_would_round_is_text() -> None:
    totals = [Decimal("12345678901234567.89") if total else None for total in TOTALS]

    page = opened(written(3, totals=totals))["Rapor"]

    assert page["D5"].value == "12345678901234567.89"


def test_numbers_that_name_something_have_no_thousands_marks() -> None:
    page = opened(written(3))["Rapor"]

    assert page["A2"].number_format == "0"
    assert page["E2"].number_format == "#,##0"


def test_key_figures_are_typed_cells() -> None:
    summary = [
        (figure("Gelir", "decimal", currency="TRY"), Decimal("1234567.80")),
        (figure("Sipariş", "integer"), 12),
        (figure("Son gün", "date"), date(2025, 3, 9)),
        (figure("Son an", "timestamp"), datetime(2025, 3, 9, 12, 0, 1)),
        (figure("En iyi", "text"), HOSTILE),
        (figure("Hiç", "decimal"), None),
        (figure("Eski", "date"), date(1850, 1, 1)),
        (figure("Eski an", "timestamp"), datetime(1850, 1, 1, 12)),
        (figure("Sonsuz", "timestamp"), datetime(9999, 12, 31, 23, 59, 59, 999_999)),
    ]

    page = opened(written(1, summary=summary))["Hakkında"]

    cells = {page[f"A{row}"].value: page[f"B{row}"] for row in range(3, 12)}
    assert {label: cell.value for label, cell in cells.items()} == {
        "Gelir": 1234567.8,
        "Sipariş": 12,
        "Son gün": datetime(2025, 3, 9),
        "Son an": datetime(2025, 3, 9, 12, 0, 1),
        "En iyi": ESCAPED,
        "Hiç": None,
        "Eski": "1850-01-01",
        "Eski an": "1850-01-01T12:00:00Z",
        "Sonsuz": "9999-12-31T23:59:59.999999Z",
    }
    assert cells["Gelir"].number_format == "[$₺]#,##0.00"
    assert cells["Son gün"].number_format == "dd\\.mm\\.yyyy"
    assert cells["Gelir"].alignment.horizontal == "left"
    assert cells["En iyi"].data_type in {"s", "inlineStr"}


@pytest.mark.parametrize(
    ("kind", "tag", "grouping"),
    [
        (ChartKind.BAR, "barChart", "clustered"),
        (ChartKind.STACKED, "barChart", "stacked"),
        (ChartKind.LINE, "lineChart", "standard"),
    ],
)
def test_a_chart_is_drawn_over_cells(kind: ChartKind, tag: str, grouping: str) -> None:
    data = written(3, chart=a_chart(kind))

    chart, book = chart_in(data), opened(data)

    assert (chart.tagname, chart.grouping) == (tag, grouping)
    assert len(cast("Any", book["Grafik"])._charts) == 1
    assert [resolved(book, series.tx.strRef.f) for series in chart.series] == [["Web"], ["Mağaza"]]
    assert [resolved(book, series.val.numRef.f) for series in chart.series] == [[10.5, None, 0], [3, -7, 9]]
    assert resolved(book, chart.series[0].cat.numRef.f) == [datetime(2025, month, 1) for month in (1, 2, 3)]


def test_copies_in_a_chart_are_what_the_cells_hold() -> None:
    chart = chart_in(written(3, chart=a_chart()))

    assert [cached(series) for series in chart.series] == [{0: 10.5, 2: 0}, {0: 3, 1: -7, 2: 9}]
    assert chart.series[0].cat.numRef.numCache.formatCode == "mmm yyyy"
    assert chart.y_axis.number_format.formatCode == "[$₺]#,##0.00"


def test_words_and_old_dates_along_the_axis_are_text() -> None:
    words = a_chart(x=value("Kanal", "text"), points=[("İnternet", 1, 2), (None, 3, 4), (HOSTILE, 5, 6)])
    old = a_chart(points=[(date(1850, 1, 1), 1, 2), (date(2025, 1, 1), 3, 4)])

    assert labels(chart_in(written(1, chart=words))) == {0: "İnternet", 2: ESCAPED}
    assert labels(chart_in(written(1, chart=old))) == {0: "1850-01-01", 1: "2025-01-01"}


def test_truth_along_the_axis_is_what_excel_calls_it() -> None:
    truth = a_chart(x=value("Etkin mi", "boolean"), points=[(True, 1, 2), (False, 3, 4), (None, 5, 6)])

    data = written(1, chart=truth)

    assert labels(chart_in(data)) == {0: "TRUE", 1: "FALSE"}
    assert [opened(data)["Grafik"][f"A{row}"].value for row in (4, 5, 6)] == [True, False, None]


def test_texts_beside_the_rows_are_as_long_as_a_cell_may_be_and_counted_where_cut() -> None:
    texts = ["a" * 32_767, "a" * 32_768, "👍" * 16_384]
    summary = [(figure(str(place), "text"), text) for place, text in enumerate(texts)]
    chart = a_chart(x=value("Kanal", "text"), points=[("b" * 40_000, 1, 2), ("c", None, 4)])
    sink = WriteOnly()

    result = write_excel(replace(head(1), summary=summary, chart=chart), COLUMNS, stored(plain_rows(1)), sink)

    assert result.cut_cells == 3
    page = opened(sink.data)["Hakkında"]
    lengths = [len(str(page[f"B{row}"].value).encode("utf-16-le")) // 2 for row in (3, 4, 5)]
    assert lengths == [32_767, 32_767, 32_766]


def test_hostile_titles_leave_every_part_well_formed() -> None:
    hostile = value("x", "integer").model_copy(update={"label": {"tr": HOSTILE}})
    summary = [(figure("n", "text").model_copy(update={"label": {"tr": HOSTILE}}), HOSTILE)]

    data = written(1, title=HOSTILE, summary=summary, chart=a_chart(title=HOSTILE, x=hostile, points=[(1, 2, 3)]))

    for part in parts(data).values():
        ET.fromstring(part)  # noqa: S314 - our own
    assert opened(data)["Grafik"]["A1"].value == ESCAPED


def test_one_point_and_a_thousand_are_charts() -> None:
    for count in (1, 1000):
        points = [(date(2025, 1, 1), index, -index) for index in range(count)]

        chart = chart_in(written(1, chart=a_chart(points=points)))

        assert chart.series[1].val.numRef.numCache.ptCount == count


def test_every_relationship_leads_to_a_part_of_a_known_type() -> None:
    found = parts(written(2, totals=TOTALS, chart=a_chart()))

    types = ET.fromstring(found["[Content_Types].xml"])  # noqa: S314 - our own
    kinds = {node.attrib["PartName"] for node in types if "PartName" in node.attrib}

    assert set(targets(found)) | {"[Content_Types].xml"} | set(relationship_parts(found)) == set(found)
    assert kinds == {f"/{name}" for name in targets(found)}


def test_the_same_figures_give_the_same_bytes() -> None:
    assert written(3, totals=TOTALS, chart=a_chart()) == written(3, totals=TOTALS, chart=a_chart())


def test_nothing_beside_the_rows_is_a_formula() -> None:
    summary = [(figure("n", "text"), "=1+1")]
    chart = a_chart(x=value("Kanal", "text"), points=[("=1+1", 1, 2)])

    book = opened(written(1, summary=summary, chart=chart, totals=TOTALS, title="=1+1"))

    assert not [cell for page in book for row in page.iter_rows() for cell in row if cell.data_type == "f"]


def resolved(book: Workbook, reference: str) -> list[Any]:
    name, area = re.fullmatch(r"'(.+)'!(.+)", reference).groups()  # type: ignore[union-attr]
    cells = book[name][area.replace("$", "")]
    return [row[0].value for row in cells] if isinstance(cells, tuple) else [cells.value]


def cached(series: Any) -> dict[int, float]:
    return {point.idx: point.v for point in series.val.numRef.numCache.pt}


def labels(chart: Any) -> dict[int, str]:
    return {point.idx: point.v for point in chart.series[0].cat.strRef.strCache.pt}


def relationship_parts(found: dict[str, bytes]) -> Iterator[str]:
    return (name for name in found if name.endswith(".rels"))


def targets(found: dict[str, bytes]) -> Iterator[str]:
    for name in relationship_parts(found):
        base = posixpath.dirname(posixpath.dirname(name))
        for node in ET.fromstring(found[name]):  # noqa: S314 - our own
            yield posixpath.normpath(posixpath.join(base, node.attrib["Target"]))
