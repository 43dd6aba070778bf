"""Codes in words: in a PDF and in Excel, for people; as they are in CSV and JSON, for programs."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest
from msgspec.structs import replace

from local.report_types import Wrong, read
from rapor.catalogue import ChartKind, Column, KeyFigure, Value
from rapor.documents.csv import write_csv
from rapor.documents.excel import write_excel
from rapor.documents.json import write_json
from rapor.documents.parts import ChartData, Writer, Written
from rapor.documents.pdf import write_pdf
from rapor.documents.words import in_words
from rapor.http.languages import in_language
from rapor.locale import locale_of
from tests.builders import ROOT, a_type_file
from tests.pages import blocks
from tests.unit.document_samples import head, stored

HOSTILE = {
    "formula": "=cmd()",
    "quoted": """it's "so" <b>&amp;</b> \\n""",
    "it's": "apostrof",
    "swapped": "formula",  # a word may look like another code
    "arabic": "مكتمل",
}
CODES = [*HOSTILE, "unknown", "", None]
SHOWN = [*HOSTILE.values(), "unknown", "", None]
OPEN = {"open": {"tr": "Açık", "en": "Open"}}


def a_value(words: Mapping[str, str], kind: type[Value] = Column, **more: str) -> Any:
    plain = {"name": "state", "type": "text", "label": {"tr": "Durum"}}
    return kind.model_validate({**plain, "words": {code: {"tr": word} for code, word in words.items()}, **more})


def written(
    write: Writer, codes: Sequence[str | None], words: Mapping[str, str] = HOSTILE, **heading: Any
) -> tuple[bytes, Written]:
    columns, sink = (a_value(words),), io.BytesIO()
    done = write(replace(head(len(codes)), **heading), columns, stored([(code,) for code in codes], columns), sink)
    return sink.getvalue(), done


def figures_of(words: Mapping[str, str], code: str) -> dict[str, Any]:
    figure = a_value(words, KeyFigure, value="max(state)")
    height = Value.model_validate({"name": "n", "type": "integer", "label": {"tr": "Adet"}})
    chart = ChartData(ChartKind.BAR, "Durumlar", a_value(words, Value), [height], [(code, 3), ("unknown", 2)])
    return {"summary": [(figure, code)], "chart": chart}


def sheet_of(data: bytes, name: str) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(data))[name].iter_rows()]


def text_of(data: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(data))


def test_excel_shows_words_that_are_no_formulas() -> None:
    data, done = written(write_excel, CODES)

    assert [cell for (cell,) in sheet_of(data, "Rapor")[1:]] == SHOWN[:-2]  # the last two are no cells
    assert all(cell.data_type != "f" for (cell,) in openpyxl.load_workbook(io.BytesIO(data))["Rapor"].iter_rows())
    assert done.cut_cells == 0


def test_excel_makes_room_for_words_and_cuts_and_counts_what_a_cell_cannot_hold() -> None:
    data, _ = written(write_excel, ["a"], {"a": "w" * 40})
    cut, done = written(write_excel, ["a", "a", "b"], {"a": "w" * 40_000})

    assert openpyxl.load_workbook(io.BytesIO(data))["Rapor"].column_dimensions["A"].width == 42
    assert sheet_of(cut, "Rapor")[1:] == [["w" * 32_767], ["w" * 32_767], ["b"]]
    assert done.cut_cells == 2


def test_excel_shows_words_in_key_figures_and_along_the_chart() -> None:
    data, _ = written(write_excel, CODES, **figures_of(HOSTILE, "swapped"))

    assert sheet_of(data, "Grafik")[2:5] == [["Durum", "Adet"], ["formula", 3], ["unknown", 2]]
    assert ["Durum", "formula"] in sheet_of(data, "Hakkında")


def test_a_pdf_shows_words() -> None:
    data, done = written(write_pdf, CODES)
    lines = text_of(data).split("Durum")[1].splitlines()

    assert [line.strip() for line in lines[1:5]] == list(HOSTILE.values())[:4]
    assert "unknown" in lines
    assert "arabic" not in text_of(data)
    assert done == Written(len(CODES))


def test_a_pdf_shows_words_in_key_figures_and_along_the_chart() -> None:
    data, _ = written(write_pdf, ["open"], {"open": "Açık iş"}, **figures_of({"open": "Açık iş"}, "open"))

    assert text_of(data).count("Açık iş") == 3
    assert "open" not in text_of(data)


def test_a_pdf_counts_what_no_font_has_of_a_word() -> None:
    _, done = written(write_pdf, ["a", "a"], {"a": "\U0001f9ff"})

    assert done.missing_glyphs == 2


def test_csv_keeps_codes() -> None:
    data, _ = written(write_csv, CODES)

    assert [row for (row,) in csv.reader(io.StringIO(data.decode()))] == ["state", *(code or "" for code in CODES)]


def test_json_keeps_codes_and_says_the_words_for_them_once() -> None:
    found = json.loads(written(write_json, CODES, **figures_of(HOSTILE, "swapped"))[0])

    assert [row["state"] for row in found["rows"]] == CODES
    assert found["report"]["summary"] == {"state": "swapped"}
    assert found["columns"] == [{"name": "state", "type": "text", "label": "Durum", "words": HOSTILE}]


@pytest.mark.parametrize(
    ("value", "schema", "turkish"),
    [
        ("open", {"enum": ["open"], "x-words": OPEN}, "Açık"),
        ("shut", {"enum": ["open", "shut"], "x-words": OPEN}, "shut"),
        (["open", "shut"], {"items": {"enum": ["open", "shut"], "x-words": OPEN}}, "Açık, shut"),
        (1, {"enum": [1], "x-words": {"1": {"en": "One"}}}, "One"),
        (True, {"enum": [True], "x-words": {"True": {"tr": "Doğru"}}}, "Evet"),
    ],
)
def test_a_parameter_is_shown_in_words(value: Any, schema: Any, turkish: str) -> None:
    assert in_words(value, schema, locale_of("tr")) == turkish


def test_a_schema_for_forms_has_a_title_for_each_code() -> None:
    schema = {"type": "string", "enum": ["open", "shut", None], "x-words": OPEN}
    titled = [{"const": "open", "title": "Açık"}, {"const": "shut"}, {"const": None}]

    assert in_language(schema, "tr") == {"type": "string", "enum": ["open", "shut", None], "oneOf": titled}
    assert in_language({"type": "array", "items": schema}, "tr")["items"]["oneOf"] == titled


def test_words_for_no_code_are_none() -> None:
    assert in_language({"type": "string", "x-words": {}}, "tr") == {"type": "string"}
    assert in_language({"type": "array", "items": {"x-words": {}}}, "tr") == {"type": "array", "items": {}}


def test_the_pages_example_is_read_as_told(tmp_path: Path) -> None:
    (example,) = blocks(ROOT / "docs/report-types.md", "Words for codes")
    query = ("select id from things", "select id, 'suspended' as status from things")

    found = read(a_type_file(tmp_path, query, more=example))

    assert found.columns[1].words_in("tr") == {"active": "Etkin", "suspended": "Askıda"}
    assert in_words("suspended", found.schema_of("status"), locale_of("tr")) == "Askıda"


STATE = '[parameters.properties.state]\ntype = "string"\nenum = ["open"]\n'
COLUMN = 'type = "integer"'
MISTAKES = [
    ("", f"{STATE}x-words = {{ opne = {{ tr = 'Açık' }} }}", "state.x-words: has words for 'opne'", "Mend the code"),
    ("", f"{STATE}x-words = {{ open = {{ de = 'Offen' }} }}", "state.x-words.open: must be words by", "Say each code"),
    ("", f"{STATE}x-words = {{ open = 'Açık' }}", "state.x-words.open: must be words by language", "Say each code"),
    ("", f"{STATE}x-words = 'Açık'", "state.x-words: must be a table of codes", "Say each code by language"),
    ("", f"{STATE}items = {{ x-words = {{ a = {{ tr = 'A' }} }} }}", "state.items.x-words: has words for 'a'", "Mend"),
    (f"{COLUMN}\nwords = {{ 1 = {{ tr = 'Bir' }} }}", "", "columns.0: words are for text", "Let the query cast"),
    ("type = 'text'\nwords = { a = { de = 'A' } }", "", "columns.0.words: Invalid enum value 'de'", "Say each code"),
    ("type = 'text'\nwords = { a = 'A' }", "", 'columns.0.words.a: "A" is not of type "object"', "Say each code"),
]


@pytest.mark.parametrize(("column", "more", "reason", "hint"), MISTAKES)
def test_words_that_nothing_is_shown_by_are_refused(
    tmp_path: Path, column: str, more: str, reason: str, hint: str
) -> None:
    file = a_type_file(tmp_path, *([(COLUMN, column)] if column else []), more=more)

    with pytest.raises(Wrong) as raised:
        read(file)

    assert reason in str(raised.value)
    assert f"hint: {hint}" in str(raised.value)
