"""
Text to lines, lines to text-showing operators (ISO 32000-2 §9.4.3).

Lengths are thousandths of an em. Operators are text whose characters stand for bytes: page content is Latin-1.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from rapor.documents.pdf.fonts import LatinFont, encoded
from rapor.documents.pdf.shaping import CJK, Glyph, Run, Shaper

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LINE_END = re.compile(r"\r\n|[\r\n\u2028\u2029]")
ESCAPES = str.maketrans({"(": r"\(", ")": r"\)", "\\": r"\\"})
FIRST_CJK = chr(CJK[0][0])
ELLIPSIS = "\u2026"
BREAKS = frozenset(" -/@")  # a line may end after these


class Line(Struct, frozen=True):
    """One line's operators, its width, and its letters where one literal string can show them."""

    operators: str
    width: float
    literal: str | None = None
    is_cut: bool = False  # there was more

    def points(self, size: float) -> float:
        """Its width in type of *size*."""
        return self.width * size / 1000

    def placed(self, *, right: bool) -> str:
        """Operators that begin at the current point, or end there."""
        if not right:
            return self.operators
        if self.literal is None:
            return f"[{self.width:.0f}]TJ {self.operators}"
        return f"[{self.width:.0f}({self.literal})]TJ"


class Typeface:
    """One weight at one size: a Latin font for nearly everything, a shaper for the rest."""

    def __init__(self, tag: str, size: float, latin: LatinFont, shaper: Shaper) -> None:
        self.tag, self.size, self.latin = tag, size, latin
        self._shaper = shaper

    @property
    def selected(self) -> str:
        """The operator that selects it."""
        return f"/{self.tag} {self.size:g} Tf"

    def resized(self, size: float) -> "Typeface":
        """Give the same weight at another size."""
        return Typeface(self.tag, size, self.latin, self._shaper)

    def width(self, text: str) -> float:
        """Measure one line."""
        return sum(self.advances(text))

    def room(self, length: float) -> float:
        """Give a length in points as one of this type's."""
        return length * 1000 / self.size

    def advances(self, text: str) -> Sequence[float]:
        """Measure by character; what a ligature swallows is 0 wide."""
        if is_latin(text):
            return [self.latin.widths[character] for character in text]
        widths = [0.0] * len(text)
        for run in self._shaper.runs(text):
            for glyph in run.glyphs:
                widths[glyph.cluster] += glyph.advance
        return widths

    def lines(self, text: str, room: float, limit: int) -> list[Line]:
        """Break *text* into at most *limit* lines of *room*; an ellipsis ends the last where that is not enough."""
        if is_latin(text) and self.latin.width(text) <= room:
            return [self.latin_line(text)]
        texts: list[str] = []
        for paragraph in LINE_END.split(text):
            clean = paragraph.replace("\t", " ")
            texts += [clean[start:end].rstrip(" ") for start, end in breaks(clean, self.advances(clean), room)]
            if len(texts) > limit:
                last = self.line(self._shortened(texts[limit - 1], room))
                return [*map(self.line, texts[: limit - 1]), replace(last, is_cut=True)]
        return [self.line(piece) for piece in texts]

    def one_line(self, text: str, room: float) -> Line:
        """Set as much of *text* as *room* allows."""
        return self.lines(text, room, 1)[0]

    def line_with_end(self, text: str, end: str, room: float) -> Line:
        """Set *text* and *end*; of the text as much as *room* allows."""
        if self.width(text + end) <= room:
            return self.line(text + end)
        return replace(self.line(self._shortened(text, room - self.width(end)) + end), is_cut=True)

    def both_ends(self, text: str, room: float) -> Line:
        """Set one line, and where it is too long an ellipsis in its middle."""
        half = (room - self.latin.widths[ELLIPSIS]) / 2
        fitting = sum(1 for end in accumulate(reversed(self.advances(text))) if end <= half)
        return self.line_with_end(text[: len(text) - fitting], text[len(text) - fitting :], room)

    def line(self, text: str) -> Line:
        """Set one line, counting what no font can draw."""
        if is_latin(text):
            return self.latin_line(text)
        self._shaper.drawn_missing += self._shaper.missing(text)
        runs = self._shaper.runs(text)
        width = sum(glyph.advance for run in runs for glyph in run.glyphs)
        shown = " ".join([f"/{run.font.tag} {self.size:g} Tf{self._shown(run)}" for run in runs])
        return Line(f"{shown} {self.selected}", width)

    def latin_line(self, text: str) -> Line:
        """Set one line that is known to be Latin."""
        literal = encoded(text.translate(ESCAPES)).decode("latin-1")
        return Line(f"({literal})Tj", self.latin.width(text), literal)

    def narrowed(self, text: str, room: float) -> Line:
        """Set one line that must not break, drawn narrower where it is too long (§9.3.4)."""
        line = self.line(text)
        if line.width <= room:
            return line
        return Line(f"{100 * room / line.width:.1f} Tz {line.operators} 100 Tz", room)

    def _shortened(self, text: str, room: float) -> str:
        ends = accumulate(self.advances(text))
        fitting = sum(1 for end in ends if end + self.latin.widths[ELLIPSIS] <= room)
        return text[:fitting].rstrip() + ELLIPSIS

    def _shown(self, run: Run) -> str:
        """Show glyphs by one TJ, with a rise where marks stand higher or lower (§9.3.7)."""
        parts, rise = ["["], 0.0
        for glyph in run.glyphs:
            if glyph.up != rise:
                rise = glyph.up
                parts.append(f"]TJ {rise * self.size / 1000:.3g} Ts[")
            parts.append(moved(glyph, run.font.widths[glyph.cid]))
        parts.append("]TJ")
        if rise:
            parts.append(" 0 Ts")
        return "".join(parts).replace("><", "")


def moved(glyph: Glyph, natural: int) -> str:
    """A glyph and the way to the next one; TJ's numbers move left, and two of them may meet."""
    before, after = round(-glyph.right), round(natural + glyph.right - glyph.advance)
    return f"{before or ''}<{glyph.cid:04X}>{f'{after} ' if after else ''}"


def is_latin(text: str) -> bool:
    """Whether the Latin font has every character."""
    if CONTROL.search(text):
        return False
    try:
        encoded(text)
    except UnicodeEncodeError:
        return False
    return True


def breaks(text: str, advances: Sequence[float], room: float) -> Iterator[tuple[int, int]]:
    """
    Cut a paragraph into lines: after a space or the like, at CJK, else wherever it must be.

    Spaces at a line's end may hang over.
    """
    start, opportunity, used = 0, 0, 0.0
    for index, (character, advance) in enumerate(zip(text, advances, strict=True)):
        if is_cjk(character):
            opportunity = index
        if used + advance > room and advance and character != " " and index > start:
            cut = opportunity if opportunity > start else index
            yield start, cut
            start, used = cut, sum(advances[cut:index])
        used += advance
        if character in BREAKS or is_cjk(character):
            opportunity = index + 1
    yield start, len(text)


def is_cjk(character: str) -> bool:
    """Whether a line may break on both sides of it."""
    return character >= FIRST_CJK and any(first <= ord(character) <= last for first, last in CJK)
