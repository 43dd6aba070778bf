import io
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pypdfium2
import pytest

from rapor.batches import Batch
from rapor.catalogue import Column
from rapor.documents.parts import Written
from rapor.documents.pdf import bidi, plain, write_pdf
from rapor.documents.pdf.layout import SHEETS, Sheet
from rapor.documents.pdf.text import breaks
from rapor.documents.pdf.typefaces import Typefaces
from tests.unit.document_samples import COLUMNS, NAMES, Given, Row, WriteOnly, batches, head, plain_rows, rows


def write(
    table_rows: Sequence[Row], columns: Sequence[Column] = COLUMNS, size: int = 300, **heading: Any
) -> tuple[bytes, Written]:
    sink = WriteOnly()
    written = write_pdf(head(len(table_rows), **heading), columns, Given(batches(table_rows, size)), sink)
    return sink.data, written


def pages_of(data: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data), strict=True).pages]


def text_column(label: str = "Ad") -> Column:
    return Column.model_validate({"name": "name", "type": "text", "label": {"tr": label}})


def test_every_plain_row_comes_back_in_order() -> None:
    data, written = write(plain_rows(1000))

    text = "\n".join(pages_of(data))

    position = 0
    for row in plain_rows(1000):
        for wanted in (row[1], row[2], f"{row[4]:,}".replace(",", "."), row[5].strftime("%d.%m.%Y")):
            position = text.index(wanted, position)
    assert written.rows == 1000
    assert written.missing_glyphs == 0


@pytest.mark.parametrize("name", [name for name in NAMES if "👍" not in name])
def test_letters_of_every_script_can_be_copied(name: str) -> None:
    data, written = write([(name,)], [text_column()])

    letters = set(name) - {" "}

    assert letters <= set("".join(pages_of(data)))
    assert written.missing_glyphs == 0


def test_characters_without_a_font_are_marked_and_counted() -> None:
    data, written = write([("Zoë 👍🏽",), ("bell \x07",), ("joiner \u200d\ufe0f",)], [text_column()])

    assert written.missing_glyphs == 3
    assert "👍" in "".join(pages_of(data))


def test_hostile_rows_are_all_there() -> None:
    data, written = write(rows())

    text = "".join(pages_of(data))

    assert written.rows == 1000
    assert "12.345.678.901.234.567.890" in text.replace("\n", "")
    assert "{{template}} %s %d $name ${x}" in text
    assert "1.000 / 1.000 satır" in text


def test_every_page_says_n_of_all() -> None:
    data, _ = write(plain_rows(500), locale="en")

    pages = pages_of(data)

    for number, text in enumerate(pages, 1):
        assert " ".join(f"Page {number} / {len(pages)}".split()) in " ".join(text.split())


def test_head_of_the_table_is_on_every_page() -> None:
    data, _ = write(plain_rows(200))

    assert all("Doğum tarihi" in text.replace("\n", " ") for text in pages_of(data))


def test_title_block_says_what_the_document_is() -> None:
    data, _ = write(plain_rows(3), rows_total=1200)

    first = pages_of(data)[0]

    for words in (
        "Kullanıcı raporu: ığüşöç İ",
        "31.12.2025 23:59:01 UTC",
        "3 / 1.200 satır",
        "Başlangıç",
        "01.01.2025",
    ):
        assert words in first


def test_metadata_is_of_the_report() -> None:
    reader: Any = pypdf.PdfReader(io.BytesIO(write(plain_rows(1))[0]))

    assert reader.metadata.title == "Kullanıcı raporu: ığüşöç İ"
    assert reader.metadata.creation_date.isoformat() == "2025-12-31T23:59:01+00:00"
    assert reader.trailer["/ID"][0].original_bytes.hex() == "0123456789ab4cde8f0123456789abcd"
    assert reader.trailer["/Root"]["/Lang"] == "tr"


def test_no_rows_says_so() -> None:
    assert "Bu koşullara uyan satır yok." in pages_of(write([])[0])[0]


def test_same_input_gives_same_bytes() -> None:
    assert write(rows())[0] == write(rows())[0]


def test_template_rows_equal_rows_set_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    fast, _ = write(plain_rows(700))

    monkeypatch.setattr(plain, "coded", lambda cells: (b"\n" * (len(cells) - 1), set(range(len(cells)))))
    careful, _ = write(plain_rows(700))

    assert fast == careful


def test_a_number_wider_than_its_column_stays_on_one_line() -> None:
    column = Column.model_validate({"name": "x", "type": "decimal", "label": {"tr": "X"}})
    columns = [column] * 6
    narrow, wide = (Decimal("1.5"),) * 6, (Decimal("123456789012345678901234567890.12"),) * 6

    data, _ = write([narrow] * 10 + [wide], columns, size=10)

    assert pages_of(data)[0].count("123.456.789.012.345.678.901.234.567.890,12") == 6
    contents = pypdf.PdfReader(io.BytesIO(data)).pages[0].get_contents()
    assert contents is not None
    assert b"Tz" in contents.get_data()


def test_bytes_leave_before_the_rows_end() -> None:
    sink = WriteOnly()
    sizes: list[int] = []

    def source() -> Iterator[Batch]:
        for batch in batches(plain_rows(2000)):
            yield batch
            sizes.append(sink.size)

    write_pdf(head(2000), COLUMNS, Given(source()), sink)

    assert sizes == sorted(set(sizes))
    assert sizes[0] > 1000


@pytest.mark.parametrize(("count", "sheet"), [(2, SHEETS[0]), (9, SHEETS[1]), (16, SHEETS[3])])
def test_sheet_grows_with_the_columns(count: int, sheet: Sheet) -> None:
    columns = [
        Column.model_validate({"name": f"c{index}", "type": "decimal", "label": {"tr": f"Tutar {index}"}})
        for index in range(count)
    ]
    row = tuple(Decimal("-123456789.12") for _ in columns)

    box = pypdf.PdfReader(io.BytesIO(write([row], columns)[0])).pages[0].mediabox

    assert (float(box.width), float(box.height)) == (sheet.width, sheet.height)


def test_sixty_columns_fit_a_page_of_their_own() -> None:
    columns = [
        Column.model_validate({"name": f"c{i}", "type": "text", "label": {"tr": f"Sütun {i}"}}) for i in range(60)
    ]

    data, _ = write([tuple(f"hücre {index}" for index in range(60))], columns)

    assert "hücre 59" in pages_of(data)[0]


def test_a_very_long_cell_ends_in_an_ellipsis() -> None:
    data, _ = write([("sözcük " * 3000,)], [text_column()])

    assert "…" in pages_of(data)[0]
    assert len(pages_of(data)) == 1


def test_lines_break_between_words_and_within_too_long_ones() -> None:
    text = "ab cd efghij"

    lines = [text[start:end] for start, end in breaks(text, [1] * len(text), 5)]

    assert lines == ["ab cd ", "efghi", "j"]


def test_every_letter_of_a_paragraph_is_on_some_line() -> None:
    text = "uzun bir söz, kesintisizçokuzunbirsözcük ve 日本語の文章 son"

    lines = [text[start:end] for start, end in breaks(text, [1] * len(text), 7)]

    assert "".join(lines) == text
    assert all(len(line.rstrip()) <= 7 for line in lines)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("abc", "000"),
        ("אבג", "111"),
        ("abc אבג def", "00001110000"),
        ("אבג abc", "1111222"),
        ("אבג 12,5%", "111122222"),
        ("abc אבג 12 דה", "0000111122111"),
        ("a (אב) b", "00011000"),
    ],
)
def test_levels_follow_the_bidirectional_algorithm(text: str, levels: str) -> None:
    assert "".join(map(str, bidi.levels_of(text))) == levels


def test_runs_stand_in_visual_order() -> None:
    assert bidi.visual_order([0, 1, 2, 1, 0]) == [0, 3, 2, 1, 4]


def test_the_way_from_a_mark_and_the_way_to_the_next_are_two_numbers() -> None:
    shown = Typefaces().regular(8).line("مُحَمَّد שָׁלוֹם").operators

    ways = re.findall(r"-?\d+", re.sub(r"<\w+>|/\w+ \S+ Tf|\S+ Ts", " ", shown))
    assert re.search(r">-?\d+ -?\d+<", shown)
    assert [way for way in ways if abs(int(way)) > 2000] == []


def test_fallback_fonts_are_loaded_only_when_asked_for() -> None:
    fonts = Typefaces()

    fonts.regular(8).line("Ayşe")

    assert not any(font.is_used for font in fonts.shaped.values())


def pdfium_text(file: Path) -> str:
    with pypdfium2.PdfDocument(file) as pdf:
        return "".join(page.get_textpage().get_text_range() for page in pdf)


def poppler_text(file: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    return subprocess.run(["pdftotext", file, "-"], capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("text_of", [pdfium_text, poppler_text])
def test_other_readers_give_every_letter_back(text_of: Callable[[Path], str], tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(write(rows(60))[0])

    text = text_of(tmp_path / "a.pdf")

    shown = unicodedata.normalize("NFC", "".join(letter for letter in text if unicodedata.category(letter) != "Cf"))
    for name in NAMES:
        assert unicodedata.normalize("NFC", name) in shown


def pypdf_text(file: Path) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(file).pages)


# More letters than glyphs, fewer, as many in another order, and letters without a glyph of their own, in both directions.
SHARED = ("हिन्दी", "क्षत्रिय", "र्कि", "हिं", "नमस्ते", "ि", "ทำงาน", "น้ำ", "لا إله", "السلام", "e\u0301\u0323", "I\u0307")


@pytest.mark.parametrize("text_of", [pdfium_text, poppler_text, pypdf_text])
def test_letters_that_share_glyphs_come_back_in_reading_order(text_of: Callable[[Path], str], tmp_path: Path) -> None:
    data, _ = write([(word,) for word in SHARED], [text_column()])
    (tmp_path / "a.pdf").write_bytes(data)

    found = text_of(tmp_path / "a.pdf").replace("\u202b", "").replace("\u202c", "").split("\n")

    assert [word for word in SHARED if word not in map(str.strip, found)] == []


@pytest.mark.parametrize(("text", "drawn"), [("ﬁne", "fine"), ("Eﬄer", "Effler"), ("𝔘𝔫𝔦", "Uni")])
def test_ligatures_are_drawn_by_letters_and_copied_as_they_are(text: str, drawn: str) -> None:
    face = Typefaces().regular(8)

    data, written = write([(text,)], [text_column()])

    assert text in pages_of(data)[0]
    assert written.missing_glyphs == 0
    assert face.width(text) == pytest.approx(face.width(drawn), abs=1)


@pytest.mark.parametrize("text", ["⅒", "㉑", "㋀"])
def test_what_letters_would_misrepresent_is_a_mark(text: str) -> None:
    assert write([(text,)], [text_column()])[1].missing_glyphs == 1


def test_qpdf_finds_the_file_sound() -> None:
    data, _ = write(rows())

    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.check_pdf_syntax() == []
