"""Page size and column widths, from the labels and a sample of rows. Lengths are points unless a name says em."""

import re
from collections.abc import Sequence
from itertools import accumulate, islice, pairwise
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from rapor.catalogue import Column, ColumnType
from rapor.documents.pdf.text import Typeface, is_cjk

MARGIN = 40.0
TOP = 38.0
BOTTOM = 42.0
FOOT = 24.0  # the footer's baseline
WIDEST = 14_400  # ISO 32000-2 annex C: what readers show
GUTTER = 11.0
NUMBER_GAP = 9.0
SAMPLE = 400  # rows of text that are measured
GROWTH = 1300.0  # em/1000: two digits and a mark, for numbers that grow as the rows come
TEXT_GAIN = 1.5  # of room left over, against a number of the same width
EVEN_GAIN = 40.0  # of it, for every column
TYPICAL = 0.99  # so much of a text column stays on one line
TEXT_LEAST, TEXT_MOST = 54.0, 190.0
WORD = re.compile(r"[^\s@/-]+[@/-]?")  # what a line should not end within
WORD_LETTERS, WORD_MOST = 30, 100.0  # a longer or wider one is no word, and breaks
WORDS = 32  # of the longest by letters, one is about the widest
SLACK = 1.08  # rows after the sample may be a little longer


class Sheet(Struct, frozen=True):
    """A page size and the size of the type on it."""

    width: float
    height: float
    size: float

    @property
    def room(self) -> float:
        """Between the margins."""
        return self.width - 2 * MARGIN

    @property
    def top(self) -> float:
        """Where what is on it begins."""
        return self.height - TOP


SHEETS = (Sheet(595, 842, 8), Sheet(842, 595, 8), Sheet(842, 595, 7), Sheet(1191, 842, 7))  # A4, A4 across, A3 across


class Slot(Struct, frozen=True):
    """One column's place on the page."""

    left: float
    width: float
    type: ColumnType

    @property
    def right_aligned(self) -> bool:
        """Whether its text ends at the right edge."""
        return self.type.is_number

    @property
    def anchor(self) -> float:
        """Where its text begins, or ends."""
        return self.left + self.width if self.right_aligned else self.left


class Layout(Struct, frozen=True):
    """A sheet with its columns."""

    sheet: Sheet
    slots: tuple[Slot, ...]


class Need(Struct, frozen=True):
    """
    A column's widths in em/1000.

    Below `least` it looks wrong, below `unbroken` words break, at `natural` nearly nothing wraps; an `elastic` one has
    use for more.
    """

    least: float
    unbroken: float
    natural: float
    elastic: bool


def plan(
    columns: Sequence[Column], labels: Sequence[str], sample: Sequence[Sequence[str]], body: Typeface, head: Typeface
) -> Layout:
    """Choose the smallest sheet on which the columns look right; one wider than A3 where there are very many."""
    needs = [
        need_of(column, label, cells, body, head) for column, label, cells in zip(columns, labels, sample, strict=True)
    ]
    gutters = gutters_of(columns)
    sheet = next((sheet for sheet in SHEETS if fits(needs, sheet, sum(gutters))), None) or widest(needs, sum(gutters))
    widths = shared(needs, sheet.room - sum(gutters), sheet.size)
    steps = [width + gutter for width, gutter in zip(widths, [*gutters, 0.0], strict=True)]
    lefts = accumulate(steps[:-1], initial=MARGIN)
    return Layout(
        sheet,
        tuple(
            Slot(round(left, 2), round(width, 2), column.type)
            for left, width, column in zip(lefts, widths, columns, strict=True)
        ),
    )


def gutters_of(columns: Sequence[Column]) -> list[float]:
    """The room between neighbours: more where a number ends beside the beginning of a text."""
    return [
        GUTTER + NUMBER_GAP * (before.type.is_number and not after.type.is_number)
        for before, after in pairwise(columns)
    ]


def fits(needs: Sequence[Need], sheet: Sheet, gutters: float) -> bool:
    """Portrait is for tables that need no squeezing; the others may squeeze text, but break no words."""
    natural, unbroken = sum(need.natural for need in needs), sum(need.unbroken for need in needs)
    wanted = natural if sheet is SHEETS[0] else (natural + 2 * unbroken) / 3
    return points(wanted, sheet.size) + gutters <= sheet.room


def widest(needs: Sequence[Need], gutters: float) -> Sheet:
    """A3, if the columns have their least there; else as wide as breaks no words."""
    largest = SHEETS[-1]
    least, unbroken = (
        ceil(gutters + 2 * MARGIN + points(em, largest.size))
        for em in (sum(need.least for need in needs), sum(need.unbroken for need in needs) * SLACK)
    )
    if least <= largest.width:
        return largest
    return replace(largest, width=max(least, min(unbroken, WIDEST)))


def need_of(column: Column, label: str, cells: Sequence[str], body: Typeface, head: Typeface) -> Need:
    """Measure a column: numbers and dates never wrap, text may, labels wrap between words."""
    word, whole = max((head.width(word) for word in label.split()), default=0.0), head.width(label)
    if column.type is not ColumnType.TEXT:
        least = max(body.width(max(cells, key=len, default="")) * SLACK, word)
        growth = GROWTH if column.type.is_number else 0
        return Need(least, least, max(least + growth, whole), elastic=False)
    most, least = ems(TEXT_MOST, body.size), ems(TEXT_LEAST, body.size)
    unbroken = max(widest_word(cells, body), word)
    natural = max(min(typical_width(cells, body) * SLACK, most), min(whole, most), unbroken)
    least = max(min(natural, least), word)
    return Need(least, max(least, unbroken), natural, elastic=True)


def widest_word(cells: Sequence[str], body: Typeface) -> float:
    """Measure the longest words that no line should end within."""
    words = {word for word in WORD.findall("\n".join(set(cells))) if len(word) <= WORD_LETTERS and not is_cjk(word[0])}
    widths = map(body.width, sorted(words, key=lambda word: (-len(word), word)))
    return max(islice((width for width in widths if width <= ems(WORD_MOST, body.size)), WORDS), default=0.0)


def typical_width(cells: Sequence[str], body: Typeface) -> float:
    """Measure rows from all over the sample: they may come in the order of their length."""
    some = cells[:: len(cells) // SAMPLE + 1]
    widths = sorted([body.width(line) for cell in some if cell for line in cell.splitlines()[:1]])
    return widths[int((len(widths) - 1) * TYPICAL)] if widths else 0.0


def shared(needs: Sequence[Need], room: float, size: float) -> list[float]:
    """
    Share the room out.

    Everyone gets the least, then words that do not break, then the natural width, then more: text than numbers.
    """
    levels = [[points(em, size) for em in level] for level in zip(*map(widths_of, needs), strict=True)]
    widest = levels[-1]
    over = room - sum(widest)
    if over >= 0:
        weights = [
            width * (TEXT_GAIN if need.elastic else 1) + EVEN_GAIN for need, width in zip(needs, widest, strict=True)
        ]
        return [width + over * weight / sum(weights) for width, weight in zip(widest, weights, strict=True)]
    low, high = next(((low, high) for low, high in reversed([*pairwise(levels)]) if sum(low) <= room), levels[:2])
    ratio = max(room - sum(low), 0) / (sum(high) - sum(low)) if sum(high) > sum(low) else 0
    return [less + (more - less) * ratio for less, more in zip(low, high, strict=True)]


def widths_of(need: Need) -> tuple[float, float, float]:
    """From narrow to wide."""
    return need.least, need.unbroken, need.natural


def points(em: float, size: float) -> float:
    """From em/1000."""
    return em * size / 1000


def ems(length: float, size: float) -> float:
    """To em/1000."""
    return length * 1000 / size
