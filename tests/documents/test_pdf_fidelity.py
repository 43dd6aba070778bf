"""
Ten thousand rows come back out of PDF as they went in, by where every letter stands on its page.

What is not compared: spaces, in which lines end, and characters that only steer their neighbours. What is not drawn,
or cut, is counted in the report's result.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from unicodedata import category

import pytest

from rapor.report import Format
from tests.documents import corpus
from tests.documents.corpus import Row
from tests.documents.pdf_cells import leftward_text_of, rows_of, text_of
from tests.production import Made, a_type, made

NUMBERS = {
    "id": ("integer", "id"),
    "amount": ("decimal", "amount"),
    "wide": ("decimal", "wide"),
    "whole": ("integer", "whole::hugeint"),
}
COLUMNS = NUMBERS | {
    "born": ("date", "born"),
    "seen": ("timestamp", "seen"),
    "active": ("boolean", "active"),
    "words": ("text", "words"),
    "hostile": ("text", "hostile"),
}
LINE_ENDS_AND_TABS = re.compile("[\t\n\r\u2028]")
NEVER_DRAWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
MARK = "\ufffd"
LONG = 400  # letters, of which twelve lines of the narrowest column hold fewer


@pytest.fixture(scope="module")
def document(location: Path) -> Made:
    return made(location, a_type("corpus", COLUMNS, order_by="id"), Format.PDF)


@pytest.fixture(scope="module")
def found(document: Made) -> list[list[str]]:
    rows = rows_of(document.document, list(COLUMNS), len(NUMBERS))
    return [[visible(text_of(cell)) for cell in row] for row in rows]


def visible(text: str) -> str:
    """Leave out what is not compared."""
    return "".join(it for it in "".join(text.split()) if category(it) != "Cf" and not "\ufe00" <= it <= "\ufe0f")


def in_pdf(row: Row) -> list[str]:
    """What a person should see, in English."""
    shown = (
        f"{row.id:,}",
        _if(row.amount, "{:,f}"),
        _if(row.wide, "{:,f}"),
        _if(row.whole, "{:,}"),
        row.born.isoformat() if row.born else "",
        row.seen.isoformat(" ") if row.seen else "",
        {True: "Yes", False: "No", None: ""}[row.active],
        drawn(row.words),
        drawn(row.hostile),
    )
    return [visible(text) for text in shown]


def _if(number: object, form: str) -> str:
    return "" if number is None else form.format(number)


def drawn(text: str | None) -> str:
    """Mark what has no form: line ends and tabs have one, the other control characters have none."""
    return NEVER_DRAWN.sub(MARK, LINE_ENDS_AND_TABS.sub(" ", text or ""))


def is_cut(text: str) -> bool:
    return text.endswith("…")


def test_every_cell_of_a_pdf_is_the_sources(found: Sequence[Sequence[str]], source: Sequence[Row]) -> None:
    pairs = [
        (cell, wanted)
        for cells, row in zip(found, source, strict=True)
        for cell, wanted in zip(cells, in_pdf(row), strict=True)
    ]

    assert [pair for pair in pairs if pair[0] != pair[1] and not (is_cut(pair[0]) and len(pair[1]) > LONG)] == []


def test_a_cell_that_is_cut_shows_its_beginning(
    document: Made, found: Sequence[Sequence[str]], source: Sequence[Row]
) -> None:
    cut = [(cells[-1], in_pdf(row)[-1]) for cells, row in zip(found, source, strict=True) if is_cut(cells[-1])]

    longer = [row for row in source if len(row.hostile or "") > LONG]
    assert len(cut) == len(longer) == document.result.cut_cells > 0
    assert [shown for shown, whole in cut if len(shown) < LONG / 2 or not whole.startswith(shown[:-1])] == []


def test_what_no_font_can_draw_is_counted(document: Made, source: Sequence[Row]) -> None:
    marked = sum(drawn(row.hostile).count(MARK) - (row.hostile or "").count(MARK) for row in source)
    emoji = sum(
        word_count * (row.words or "").split(" ").count(word)
        for row in source
        for word, word_count in corpus.EMOJI.items()
    )

    assert document.result.missing_glyphs == marked + emoji


def test_scripts_that_read_to_the_left_come_back_in_reading_order(location: Path, source: Sequence[Row]) -> None:
    columns = {"id": ("integer", "id"), "leftward": ("text", "leftward")}

    document = made(location, a_type("corpus", columns, order_by="id"), Format.PDF)

    found = [leftward_text_of(cell) for _, cell in rows_of(document.document, list(columns), 1)]
    assert found == [visible(row.leftward or "") for row in source]
    assert document.result.missing_glyphs == 0
