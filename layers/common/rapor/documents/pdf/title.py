"""The title block: what this document is, before its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from rapor.documents.parts import Head
from rapor.documents.pdf.layout import GUTTER, MARGIN, TOP, Sheet
from rapor.documents.pdf.style import ACCENT, GREY, INK, LINE_RATIO
from rapor.documents.pdf.text import Typeface
from rapor.locale import Locale

FACT_WIDTH = 115.0  # at least
TITLE_LINES, FACT_LINES = 3, 4
BAR_WIDTH, BAR_HEIGHT = 26.0, 2.4
GAP = 22.0  # before the table


@dataclass(frozen=True, slots=True)
class TitleFaces:
    """Type of the title block."""

    title: Typeface
    label: Typeface
    value: Typeface


def draw_title(head: Head, locale: Locale, sheet: Sheet, faces: TitleFaces) -> tuple[str, float]:
    """Draw the block at the top of *sheet*; give its operators and where it ends."""
    top = sheet.height - TOP
    operators = [f"{ACCENT} rg {MARGIN:g} {top - BAR_HEIGHT:g} {BAR_WIDTH:g} {BAR_HEIGHT:g} re f\n"]
    baseline = top - BAR_HEIGHT - faces.title.size * 1.25
    for line in faces.title.lines(head.title, sheet.room * 1000 / faces.title.size, TITLE_LINES):
        operators.append(f"BT {INK} rg {faces.title.selected} {MARGIN:g} {baseline:g} Td {line.operators} ET\n")
        baseline -= faces.title.size * 1.2
    bottom = baseline + faces.title.size * 0.75
    facts = facts_of(head, locale)
    lines = ceil(len(facts) / ((sheet.room + GUTTER) // (FACT_WIDTH + GUTTER)))
    across = ceil(len(facts) / lines)
    for some in in_lines(facts, across):
        drawn, bottom = draw_facts(some, (sheet.room + GUTTER) / across, bottom, faces)
        operators.append(drawn)
    return "".join(operators), bottom - GAP


def facts_of(head: Head, locale: Locale) -> list[tuple[str, str]]:
    """What the reader must know about the rows: their moment, their number, what was asked for."""
    return [
        (locale.as_of, f"{locale.timestamp(head.as_of.replace(microsecond=0))} UTC"),
        (locale.rows_written, completeness(head.row_count, head.rows_total, locale)),
        *head.parameters,
    ]


def completeness(written: int, found: int, locale: Locale) -> str:
    """Rows written of rows found."""
    return f"{locale.number(written)} / {locale.number(found)} {locale.rows}"


def in_lines(facts: Sequence[tuple[str, str]], across: int) -> Iterator[Sequence[tuple[str, str]]]:
    """So many facts a line."""
    for first in range(0, len(facts), across):
        yield facts[first : first + across]


def draw_facts(facts: Sequence[tuple[str, str]], step: float, top: float, faces: TitleFaces) -> tuple[str, float]:
    """Draw one line of facts, small label over value; give where the lowest ends."""
    operators, lowest = [], top
    for index, (label, value) in enumerate(facts):
        left, room = MARGIN + index * step, step - GUTTER
        baseline = top - 16
        shown = faces.label.lines(label, room * 1000 / faces.label.size, 1)[0].operators
        operators.append(f"BT {GREY} rg {faces.label.selected} {left:.2f} {baseline:g} Td {shown} ET\n")
        for line in faces.value.lines(value, room * 1000 / faces.value.size, FACT_LINES):
            baseline -= faces.value.size * LINE_RATIO + 0.5
            operators.append(f"BT {INK} rg {faces.value.selected} {left:.2f} {baseline:g} Td {line.operators} ET\n")
        lowest = min(lowest, baseline)
    return "".join(operators), lowest
