import io
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pikepdf
import pypdf
import pypdfium2
import pytest
from msgspec.structs import replace

from rapor.catalogue import ChartKind, Column, KeyFigure, Value
from rapor.documents.parts import ChartData, Written
from rapor.documents.pdf import write_pdf
from rapor.documents.pdf.fonts import LETTERS
from rapor.documents.pdf.plain import END, STEP
from rapor.documents.pdf.typefaces import Typefaces
from tests.unit.document_samples import COLUMNS, Given, Row, WriteOnly, batches, head, rows


def column(name: str, kind: str, tr: str, **keys: Any) -> Column:
    return Column.model_validate({"name": name, "type": kind, "label": {"tr": tr}, **keys})


PRODUCT = column("product", "text", "Ürün")
AMOUNT = column("amount", "decimal", "Tutar", currency="TRY", total=True)
SOLD = column("sold", "date", "Tarih")
SALES = (PRODUCT, AMOUNT, SOLD)
MONTHS = ChartData(
    ChartKind.BAR,
    "Aylara göre satış",
    Value.model_validate({"name": "month", "type": "date", "label": {"tr": "Ay"}}),
    (Value.model_validate({"name": "sum", "type": "decimal", "label": {"tr": "Ciro"}, "currency": "TRY"}),),
    [(date(2025, 1, 1), Decimal(150)), (date(2025, 2, 1), Decimal(50))],
)


def figure(label: str, value: Any, kind: str = "decimal", currency: str | None = "TRY") -> tuple[KeyFigure, Any]:
    keys = {"name": "f", "type": kind, "label": {"tr": label}, "currency": currency, "value": "count(*)"}
    return KeyFigure.model_validate(keys), value


def sales(count: int) -> list[Row]:
    return [(f"Ürün {index}", Decimal(index * 125), date(2025, 1, 1) + timedelta(days=index)) for index in range(count)]


def write(
    table_rows: Sequence[Row], columns: Sequence[Column] = SALES, size: int = 300, **changes: Any
) -> tuple[bytes, Written]:
    sink = WriteOnly()
    heading = replace(head(len(table_rows)), **changes)
    written = write_pdf(heading, columns, Given(batches(table_rows, size)), sink)
    return sink.data, written


def pages_of(data: bytes) -> list[str]:
    with pypdfium2.PdfDocument(data) as pdf:
        return [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in pdf]


def outline_of(data: bytes) -> list[tuple[int, str, int]]:
    """Depth, title and page of each entry."""
    with pypdfium2.PdfDocument(data) as pdf:
        return [(item.level, item.get_title(), item.get_dest().get_index()) for item in pdf.get_toc()]


def in_order(text: str, words: Sequence[str]) -> bool:
    return re.search(".*?".join(map(re.escape, words)), text) is not None


def test_a_page_reads_from_title_to_completeness() -> None:
    data, _ = write(
        sales(2),
        totals=(None, Decimal(125), None),
        summary=[figure("Ciro", Decimal("1234.5")), figure("Satış", 2, "integer", None), figure("Boş", None)],
        chart=MONTHS,
    )

    (page,) = pages_of(data)

    assert in_order(page, [
        "Kullanıcı raporu", "Başlangıç", "01.01.2025", "Bitiş", "31.12.2025", "Veri tarihi", "2 / 2 satır",
        "Ciro", "₺1.234,50", "Satış", "2", "Boş", "–",
        "Aylara göre satış", "Ciro (₺)", "0", "50", "100", "150", "Oca 2025", "Şub 2025",
        "Ürün", "Tutar (₺)", "Tarih", "Ürün 0", "0,00", "01.01.2025", "Ürün 1", "125,00", "02.01.2025",
        "Toplam", "₺125,00", "2 / 2 satır", "Sayfa 1 / 1",
    ])  # fmt: skip


def test_amounts_have_their_currency_s_decimals_and_its_sign_once() -> None:
    table_rows = [("a", Decimal("1234.5"), None), ("b", Decimal("-0.125"), None), ("c", None, None)]

    (page,) = pages_of(write(table_rows)[0])

    assert in_order(page, ["Tutar (₺)", "a 1.234,50", "b -0,125", "c"])
    assert page.count("₺") == 1


def test_totals_stand_under_the_last_row_on_the_last_page_alone() -> None:
    pages = pages_of(write(sales(200), totals=(None, Decimal(2487500), None))[0])

    assert in_order(pages[-1], ["Ürün 199", "24.875,00", "Toplam", "₺2.487.500,00", "200 / 200"])
    assert not any("Toplam" in page for page in pages[:-1])


def first_overflow(**changes: Any) -> tuple[int, str, str]:
    """The least number of rows that needs a second page, and both pages."""
    for count in range(50, 80):
        pages = pages_of(write(sales(count), **changes)[0])
        if len(pages) > 1:
            return count, pages[0], pages[1]
    raise AssertionError("one page holds 80 rows")


@pytest.mark.parametrize(
    ("totals", "ending"),
    [
        ((None, Decimal(1), None), "Ürün 53 6.625,00 23.02.2025 Toplam ₺1,00 54 / 54 satır"),
        (None, "Ürün 54 6.750,00 24.02.2025 55 / 55 satır"),
    ],
)
def test_what_ends_the_table_moves_with_its_last_row(totals: Sequence[Any] | None, ending: str) -> None:
    count, first, second = first_overflow(totals=totals)

    assert second.startswith(f"Ürün Tutar (₺) Tarih {ending}")
    assert f"Ürün {count - 2}" in first
    assert f"Ürün {count - 1}" not in first


def test_a_total_of_the_first_column_leaves_room_for_the_word() -> None:
    amounts = [column(f"a{index}", "decimal", "T", total=True) for index in range(9)]
    total = Decimal("123456789.12")

    (page,) = pages_of(write([(Decimal(1),) * 9], amounts, totals=(total,) * 9)[0])

    assert in_order(page, ["Toplam", *["123.456.789,12"] * 9])


def test_missing_rows_are_said_at_both_ends() -> None:
    pages = pages_of(write(sales(100), rows_total=5000)[0])

    for page in (pages[0], pages[-1]):
        assert "100 / 5.000 satır" in page
        assert "bulunan satırların hepsi bu belgede değildir" in page


def test_shortened_cells_are_counted_and_said() -> None:
    long = "sözcük " * 3000

    data, written = write([(long, None, None), ("kısa", None, None), (f"{long}\n\x07", None, None)])

    assert written.cut_cells == 2
    assert "Metni kısaltılan hücre (…): 2" in pages_of(data)[-1]


def test_cells_of_the_most_lines_are_not_cut() -> None:
    data, written = write([("\n".join("abcdefghijkl"), None, None), ("\n".join("abcdefghijklm"), None, None)])

    assert written.cut_cells == 1
    assert in_order(pages_of(data)[0], ["k", "l", "k", "…"])


MANY_TEXTS = [column(f"c{index}", "text", f"Sütun başlığı {index}") for index in range(9)]
MANY_ROW = ("uzunca bir metin burada",) * 9
LONG_FIGURES = (
    (figure("Ciro", Decimal("-1234567890123456.55")), "-₺1.234.567.890.123.456,55"),
    (figure("Son", datetime(2025, 1, 1, 10, 0, 0, 123456), "timestamp", None), "01.01.2025 10:00:00.123456"),
    (
        figure("Hacim", Decimal("-123456789012345678901234567890123456.78")),
        "-₺123.456.789.012.345.678.901.234.567.890.123.456,78",
    ),
    (figure("Adet", 2**127 - 1, "integer", None), "170.141.183.460.469.231.731.687.303.715.884.105.727"),
    (figure("Oran", Decimal("0.12345678901234567890123456789012345678")), "₺0,12345678901234567890123456789012345678"),
    (figure("Gün", date(2025, 1, 1), "date", None), "01.01.2025"),
)


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize(("columns", "row"), [(SALES, sales(1)[0]), (MANY_TEXTS, MANY_ROW)], ids=["upright", "across"])
def test_a_key_figure_keeps_every_digit_on_a_line_of_its_tile(columns: Sequence[Column], row: Row, count: int) -> None:
    for first in range(len(LONG_FIGURES)):
        shown = [*LONG_FIGURES[first:], *LONG_FIGURES[:first]][:count]

        data, written = write([row], columns, summary=[figure for figure, _ in shown])

        assert written.cut_cells == 0
        assert set(figures_in(data)) == {words for _, words in shown}


def figures_in(data: bytes) -> list[str]:
    """What stands in each tile's second line, as far as it is inside of its tile."""
    with pypdfium2.PdfDocument(data) as pdf:
        page = pdf[0]
        boxes = [item.get_bounds() for item in page.get_objects(filter=(2,), max_depth=1)]
        tiles = [box for box in boxes if box[3] - box[1] > 40]
        words = page.get_textpage()
        return [words.get_text_bounded(left, bottom, right, bottom + 22).strip() for left, bottom, right, _ in tiles]


def test_a_text_among_the_key_figures_goes_on_on_further_lines() -> None:
    city, long = "Kahramanmaraş Merkez ve çevresindeki bütün köyler", "sözcük " * 200

    data, written = write(sales(1), summary=[figure("Kent", city, "text", None), figure("Not", long, "text", None)])

    assert " ".join(city.split()) in " ".join(pages_of(data)[0].split())
    assert written.cut_cells == 1
    assert "Metni kısaltılan hücre (…): 1" in pages_of(data)[-1]


def test_a_key_figure_s_label_has_several_lines() -> None:
    label = "Geçen yılın aynı ayına göre değişim, iadeler ve indirimler dahil"

    (page,) = pages_of(write(sales(1), summary=[figure(label, 1)] * 4)[0])

    assert page.count("dahil") == 4
    assert "…" not in page


def test_a_parameter_that_is_cut_is_counted_and_said() -> None:
    data, written = write(sales(1), parameters=[("Not", "sözcük " * 500), ("Ad", "kısa")])

    assert written.cut_cells == 1
    assert "Metni kısaltılan hücre (…): 1" in pages_of(data)[-1]


def test_characters_without_a_font_are_said() -> None:
    assert "Çizilemeyen karakter: 2" in pages_of(write([("👍👍", None, None)])[0])[0]


def test_outline_leads_to_title_chart_rows_and_total() -> None:
    data, _ = write(sales(200), totals=(None, Decimal(1), None), chart=MONTHS)

    assert outline_of(data) == [
        (0, "Kullanıcı raporu: ığüşöç İ", 0),
        (0, "Aylara göre satış", 0),
        (0, "Satırlar", 0),
        (1, "1–41", 0),
        (1, "42–103", 1),
        (1, "104–165", 2),
        (1, "166–200", 3),
        (0, "Toplam", 3),
    ]


def test_outline_of_one_page_has_no_ranges() -> None:
    assert [title for _, title, _ in outline_of(write(sales(3))[0])] == ["Kullanıcı raporu: ığüşöç İ", "Satırlar"]


def test_outline_of_many_pages_stays_short_and_leaves_no_row_out() -> None:
    data, _ = write([(f"{index}",) for index in range(12_000)], [PRODUCT], size=4000)

    ranges = [title.replace(".", "").split("–") for level, title, _ in outline_of(data) if level]

    assert 20 <= len(ranges) <= 40
    assert [int(first) for first, _ in ranges] == [1, *(int(last) + 1 for _, last in ranges[:-1])]
    assert ranges[-1][1] == "12000"
    assert len({int(last) - int(first) for first, last in ranges[1:-1]}) == 1


def test_an_entry_leads_to_the_page_with_its_first_row() -> None:
    data, _ = write([(f"satır-{index}.",) for index in range(1, 1001)], [PRODUCT])

    pages = pages_of(data)

    for level, title, page in outline_of(data):
        if level:
            assert f"satır-{title.replace('.', '').split('–')[0]}." in pages[page]


def test_rows_entry_is_found_whatever_the_title_is() -> None:
    data, _ = write(sales(200), title="Satırlar")

    assert [level for level, _, _ in outline_of(data)][:3] == [0, 0, 1]


def test_metadata_says_the_same_in_both_forms() -> None:
    data, _ = write(sales(1), title="A & <B> \x07 ş")

    with pikepdf.open(io.BytesIO(data)) as pdf:
        xmp, information = pdf.open_metadata(), pdf.docinfo
        assert (
            str(information["/Subject"]) == xmp["dc:description"] == "users 3; Başlangıç: 01.01.2025; Bitiş: 31.12.2025"
        )
        assert xmp["dc:title"] == "A & <B>   ş"
        assert xmp["xmp:CreateDate"] == "2025-12-31T23:59:01Z"
        assert str(information["/CreationDate"]) == "D:20251231235901Z"
        assert str(information["/Creator"]) == xmp["xmp:CreatorTool"] == "Rapor"
        assert xmp["xmpMM:DocumentID"] == "uuid:01234567-89ab-4cde-8f01-23456789abcd"


def letters_at(data: bytes) -> dict[str, float]:
    """Where on the first page each letter stands, from the left; the last of each."""
    with pypdfium2.PdfDocument(data) as pdf:
        page = pdf[0].get_textpage()
        text = page.get_text_range()
        return {letter: page.get_charbox(index)[0] for index, letter in enumerate(text)}


@pytest.mark.parametrize("name", ["محرفيك", "שדגקער"])
def test_arabic_and_hebrew_read_from_right_to_left(name: str) -> None:
    at = letters_at(write([(name,)], [PRODUCT])[0])

    lefts = [at[letter] for letter in name]

    assert lefts == sorted(lefts, reverse=True)
    assert len(set(lefts)) == len(name)


def test_latin_amid_hebrew_reads_from_left_to_right() -> None:
    at = letters_at(write([("אב xqw גד",)], [PRODUCT])[0])

    assert at["א"] > at["ב"] > at["w"] > at["q"] > at["x"] > at["ג"] > at["ד"]


WIDE = [
    column(f"c{index}", ("text", "decimal", "date", "integer", "boolean")[index % 5], f"Sütun başlığı {index}")
    for index in range(25)
]
WIDE_ROW = tuple((f"metin {index}", Decimal(index), date(2025, 1, 1), index, True)[index % 5] for index in range(25))
LONG_PARAMETERS = [(f"Parametre {index}", f"{'değer ' * index * index}son{index}.") for index in range(40)]


@pytest.mark.parametrize(
    ("table_rows", "columns", "changes", "said"),
    [
        ([], SALES, {}, "Bu koşullara uyan satır yok."),
        ([], SALES, {"summary": [figure("Ciro", None)]}, "Ciro –"),
        (sales(1), SALES, {}, "1 / 1 satır"),
        ([(index,) for index in range(3)], [column("n", "integer", "Adet")], {}, "Adet 0 1 2"),
        ([WIDE_ROW] * 100, WIDE, {}, "metin 20"),
        (sales(1), SALES, {"title": "Çok uzun bir başlık " * 60}, "…"),
        (sales(1), SALES, {"title": "başlık" * 40}, "başlık"),
        (sales(1), SALES, {"title": "تقرير المستخدمين"}, "1 / 1 satır"),
        (sales(1), SALES, {"parameters": LONG_PARAMETERS}, "son1."),
        (sales(1), SALES, {"parameters": [("x" * 500, "y" * 5000)]}, "yyy"),
        (sales(1), SALES, {"summary": [figure(f"Ölçü {n}", Decimal(10) ** n) for n in (1, 9, 18, 3, 4, 30)]}, "Ölçü 30"),
        (sales(1), SALES, {"chart": MONTHS, "parameters": LONG_PARAMETERS}, "Aylara göre satış"),
        (rows(100), COLUMNS, {"chart": MONTHS}, "Oca 2025"),
    ],
    ids=str,
)  # fmt: skip
def test_every_shape_is_sound_and_says_what_it_must(
    table_rows: Sequence[Row], columns: Sequence[Column], changes: dict[str, Any], said: str
) -> None:
    data, written = write(table_rows, columns, **changes)

    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.check_pdf_syntax() == []
    assert written.rows == len(table_rows)
    assert said in " ".join(pages_of(data))


def test_long_parameters_go_on_on_the_next_page() -> None:
    pages = pages_of(write(sales(1), parameters=LONG_PARAMETERS)[0])

    assert "son1." in pages[0]
    assert "Parametre 39" in pages[-1]
    assert in_order(pages[-1], ["Ürün 0", "1 / 1 satır"])


@pytest.mark.parametrize("lines", range(20, 60, 3))
def test_a_chart_never_reaches_into_the_footer(lines: int) -> None:
    parameters = [("Parametre", "değer " * 15)] * lines

    data, _ = write(sales(1), parameters=parameters, chart=MONTHS, summary=[figure("Ciro", 1)])

    with pypdfium2.PdfDocument(data) as pdf:
        bottoms = [item.get_bounds()[1] for page in pdf for item in page.get_objects(max_depth=1)]
    assert all(bottom < 30 or bottom > 38 for bottom in bottoms)


def test_a_date_beside_a_number_keeps_its_distance() -> None:
    data, _ = write(sales(3))

    with pypdfium2.PdfDocument(data) as pdf:
        lines = [item.get_bounds() for item in pdf[0].get_objects(filter=(1,)) if 600 < item.get_bounds()[1] < 700]
    numbers = max(right for left, _, right, _ in lines if left > 50 and right < 400)
    assert min(left for left, *_ in lines if left > numbers) - numbers > 18


def test_a_decimal_that_is_no_number_is_a_dash() -> None:
    (page,) = pages_of(write([(Decimal("NaN"),), (Decimal(7),)], [column("x", "decimal", "Oran")])[0])

    assert "Oran – 7" in page


@pytest.mark.parametrize("count", [1, 40, 45, 50, 57, 60, 61, 62, 63, 64, 200])
def test_nothing_is_drawn_into_the_footer(count: int) -> None:
    data, _ = write(sales(count), totals=(None, Decimal(1), None), rows_total=10_000)

    with pypdfium2.PdfDocument(data) as pdf:
        for page in pdf:
            bottoms = sorted({round(item.get_bounds()[1]) for item in page.get_objects(filter=(1,), max_depth=1)})
            assert all(bottom < 30 or bottom > 38 for bottom in bottoms)


def test_pages_hold_as_many_rows_as_a_printed_report() -> None:
    columns = [column(f"c{index}", "text", f"Sütun {index}") for index in range(7)]

    data, _ = write([("uzunca bir metin",) * 7] * 300, columns)

    reader = pypdf.PdfReader(io.BytesIO(data))
    assert reader.pages[1].mediabox.width > reader.pages[1].mediabox.height
    assert 38 <= pages_of(data)[1].count("uzunca bir metin") / 7 <= 45


def test_digits_of_the_fast_path_are_equally_wide() -> None:
    for face in (Typefaces().regular(8), Typefaces().bold(8)):
        assert len({face.latin.widths[digit] for digit in "0123456789"}) == 1


def test_every_letter_s_width_fits_the_fast_path_s_byte() -> None:
    widths = Typefaces().regular(8).latin.widths

    assert max(widths.values()) <= STEP * (END - 1)
    assert set(widths) <= set(LETTERS)


def test_lira_needs_no_fallback_font() -> None:
    faces = Typefaces()

    line = faces.regular(8).line("₺1.234,50 ğüşıöç İ")

    assert line.literal is not None
    assert not any(font.is_used for font in faces.shaped.values())


def test_lira_looks_as_in_the_font_with_all_letters() -> None:
    fast, careful, other = (write([(text, None, None)])[0] for text in ("₺", "₺\u200d", "?"))

    assert picture(fast) == picture(careful)
    assert picture(fast) != picture(other)


def picture(data: bytes) -> bytes:
    with pypdfium2.PdfDocument(data) as pdf:
        return bytes(pdf[0].render(scale=2).to_pil().tobytes())


def test_cells_too_long_for_a_line_are_wrapped_in_every_column() -> None:
    names, cities = [f"Ad {index} " * 12 for index in range(64)], ["Kahramanmaraş " * 12, "Van", "Muş", "Ağrı"] * 16
    columns = [column("name", "text", "Ad"), column("city", "text", "Şehir"), *[AMOUNT] * 5]
    table_rows = [(name, city, *[Decimal(10**9)] * 5) for name, city in zip(names, cities, strict=True)]

    data, _ = write(table_rows, columns)

    with pypdfium2.PdfDocument(data) as pdf:
        page = pdf[0]
        amounts = [item.get_bounds() for item in page.get_objects(filter=(1,)) if item.get_bounds()[0] > 250]
        texts = [item.get_bounds() for item in page.get_objects(filter=(1,)) if 45 < item.get_bounds()[0] < 250]
        assert max(right for _, bottom, right, _ in texts if 60 < bottom < 700) < min(left for left, *_ in amounts)


@pytest.mark.parametrize("count", [20, 24, 60, 140])
def test_words_stay_whole_where_a_page_is_wider_than_paper(count: int) -> None:
    columns = [column(f"c{index}", "text", f"Sütun {index}") for index in range(count)]
    words = [f"{index:02x}wwmmwwmmww" for index in range(count)]

    data, _ = write([tuple(f"abcd-mmmm-wwww-{word}" for word in words)] * 2, columns)

    assert pypdf.PdfReader(io.BytesIO(data)).pages[0].mediabox.width > 1191
    assert [pages_of(data)[0].count(word) for word in words] == [2] * count


def test_no_page_is_wider_than_readers_show_unless_it_must() -> None:
    columns = [column(f"c{index}", "text", f"Sütun {index}") for index in range(200)]

    data, _ = write([("abcd-mmmm-wwww-wwmmwwmmwwmm",) * 200], columns)

    assert pypdf.PdfReader(io.BytesIO(data)).pages[0].mediabox.width == 14_400


def test_a_word_that_comes_seldom_is_not_broken_where_the_page_has_room() -> None:
    cities = ["Van"] * 299 + ["Kahramanmaraşlıgil"]
    columns = [*[column("note", "text", "Not")] * 6, column("city", "text", "Şehir")]
    table_rows = [(*["uzunca bir açıklama buraya sığmaz" * 2] * 6, city) for city in cities]

    data, _ = write(table_rows, columns)

    assert "Kahramanmaraşlıgil" in "".join(pages_of(data))
