"""
Text that needs more than Windows-1254: HarfBuzz shapes it, font by font, loaded when a character asks for it.

Lengths are thousandths of an em.
"""

from collections.abc import Iterator
from functools import cache, cached_property
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any
from unicodedata import category, decomposition, normalize

from msgspec import Struct

from rapor.documents.pdf.bidi import levels_of, visual_order
from rapor.documents.pdf.fonts import FOLDER, ShapedGlyphs, embed_shaped
from rapor.documents.pdf.objects import PdfFile

NON_JOINER = 0x200C  # is 0 wide and draws nothing
MARK = "\ufffd"  # drawn for what no font has
# Compatibility forms (UAX #44) that may be drawn by plain letters: a raised or circled one would say something else.
SAME_MEANING = frozenset({"<compat>", "<font>", "<square>", "<narrow>", "<wide>", "<small>", "<vertical>"})
CJK = ((0x2E80, 0x312F), (0x3190, 0x9FFF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF))
FALLBACKS: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = (
    (
        "NotoSansArabic-Regular",
        ((0x0600, 0x06FF), (0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF)),
    ),
    ("NotoSansHebrew-Regular", ((0x0590, 0x05FF), (0xFB1D, 0xFB4F))),
    ("NotoSansDevanagari-Regular", ((0x0900, 0x097F), (0xA8E0, 0xA8FF))),
    ("NotoSansThai-Regular", ((0x0E00, 0x0E7F),)),
    ("NotoSansGeorgian-Regular", ((0x10A0, 0x10FF), (0x1C90, 0x1CBF), (0x2D00, 0x2D2F))),
    ("NotoSansArmenian-Regular", ((0x0530, 0x058F), (0xFB13, 0xFB17))),
    ("NotoSansMath-Regular", ((0x2200, 0x22FF),)),
    ("NotoSansSymbols-Regular", ((0x2190, 0x2BFF),)),
    ("NotoSansSymbols2-Regular", ((0x2190, 0x2BFF),)),
    ("RaporHangul-Regular", ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7A3))),
    ("DroidSansFallback", CJK),
)


class Glyph(Struct, frozen=True):
    """A glyph where it stands; `cluster` is the index of the first character it draws."""

    cid: int
    advance: float
    right: float
    up: float
    cluster: int


def library() -> Any:
    """HarfBuzz, imported when first needed: it costs 35 ms."""
    import uharfbuzz  # type: ignore[import-untyped]  # noqa: PLC0415

    return uharfbuzz


@cache
def opened(file: str) -> Any:
    """A font, kept for all documents of this process: it does not change, and reading one takes milliseconds."""
    harfbuzz = library()
    return harfbuzz.Font(harfbuzz.Face(harfbuzz.Blob((FOLDER / f"{file}.ttf").read_bytes())))


class ShapedFont:
    """One fallback font and the glyphs of it that the document used."""

    def __init__(self, file: str, tag: str) -> None:
        self.file, self.tag = file, tag
        self.cids: dict[tuple[int, str], int] = {(0, ""): 0}
        self.widths = [0]

    @property
    def is_used(self) -> bool:
        """Whether the document shows any of its glyphs."""
        return len(self.cids) > 1

    @property
    def face(self) -> Any:
        """The font file."""
        return opened(self.file).face

    @property
    def font(self) -> Any:
        """The face at its own size."""
        return opened(self.file)

    @cached_property
    def coverage(self) -> Any:
        """Code points it has a glyph for."""
        return self.face.unicodes

    @cached_property
    def scale(self) -> float:
        """Thousandths of an em per font unit."""
        return 1000 / float(self.face.upem)

    @cached_property
    def silent(self) -> int:
        """A glyph that draws nothing, 0 where it has none."""
        return self.font.get_nominal_glyph(NON_JOINER) or 0

    def shape(self, text: str, start: int, *, leftwards: bool, stands_for: str | None = None) -> list[Glyph]:
        """Shape a run that begins at character *start*; glyphs come as they stand from left to right."""
        harfbuzz = library()
        buffer = harfbuzz.Buffer()
        buffer.add_str(text)
        buffer.cluster_level = harfbuzz.BufferClusterLevel.MONOTONE_CHARACTERS
        buffer.guess_segment_properties()
        # A circle under a mark without a letter would be a glyph that stands for nothing.
        buffer.flags = harfbuzz.BufferFlags.DO_NOT_INSERT_DOTTED_CIRCLE
        buffer.direction = "rtl" if leftwards else "ltr"
        harfbuzz.shape(self.font, buffer)
        starts = [0 if stands_for else info.cluster for info in buffer.glyph_infos]
        clusters = {0: stands_for} if stands_for else clusters_of(text, starts)
        shaped = zip(starts, buffer.glyph_infos, buffer.glyph_positions, strict=True)
        glyphs = []
        for cluster, group in groupby(shaped, key=itemgetter(0)):
            members = [(info, position) for _, info, position in group]
            pieces = spread(clusters[cluster], len(members), leftwards=leftwards)
            for (info, position), piece in zip(members, pieces, strict=True):
                own, others = (piece[:1], piece[:0:-1]) if leftwards and self.silent else (piece, "")
                glyphs += [Glyph(self.cid(self.silent, other), 0, 0, 0, start + cluster) for other in others]
                glyphs.append(self._placed(info.codepoint, own, position, start + cluster))
        return glyphs

    def _placed(self, glyph: int, piece: str, position: Any, cluster: int) -> Glyph:
        advance, right, up = position.x_advance, position.x_offset, position.y_offset
        return Glyph(self.cid(glyph, piece), advance * self.scale, right * self.scale, up * self.scale, cluster)

    def cid(self, glyph: int, text: str) -> int:
        """Number a glyph that stands for *text*; one glyph may stand for several."""
        number = self.cids.setdefault((glyph, text), len(self.cids))
        if number == len(self.widths):
            self.widths.append(round(self.font.get_glyph_h_advance(glyph) * self.scale))
        return number

    def embed(self, pdf: PdfFile, tag: str) -> int:
        """Write the glyphs used, give the font's number."""
        harfbuzz = library()
        wanted = harfbuzz.SubsetInput()
        wanted.sets(harfbuzz.SubsetInputSets.GLYPH_INDEX).update({glyph for glyph, _ in self.cids})
        wanted.sets(harfbuzz.SubsetInputSets.DROP_TABLE_TAG).update(
            {int.from_bytes(table, "big") for table in (b"GSUB", b"GPOS", b"GDEF")}
        )
        wanted.flags = harfbuzz.SubsetFlags.NO_HINTING | harfbuzz.SubsetFlags.NO_LAYOUT_CLOSURE
        plan = harfbuzz.SubsetPlan(self.face, wanted)
        renumbered = dict(plan.old_to_new_glyph_mapping)
        data = bytes(plan.execute().blob.data)
        glyphs = [renumbered[glyph] for glyph, _ in self.cids]
        texts = [text for _, text in self.cids]
        return embed_shaped(pdf, f"{tag}+{self.file}".encode(), ShapedGlyphs(data, glyphs, self.widths, texts))


def clusters_of(text: str, starts: list[int]) -> dict[int, str]:
    """Cut the text where clusters start."""
    edges = [*sorted(set(starts)), len(text)]
    return {first: text[first:after] for first, after in pairwise(edges)}


def spread(text: str, count: int, *, leftwards: bool) -> list[str]:
    """
    Share a cluster's letters out to its *count* glyphs, in reading order; the last takes what is left over.

    A glyph may get another one's letter, or none: programs that read a PDF go by order and place.
    """
    letters = [""] * (count - len(text)) + [*text]
    pieces = [*letters[: count - 1], "".join(letters[count - 1 :])]
    return pieces[::-1] if leftwards else pieces


class Run(Struct, frozen=True):
    """Glyphs of one font, left to right."""

    font: ShapedFont
    glyphs: list[Glyph]


class Shaper:
    """Finds a font for every character; `main` comes first, the fallbacks after it."""

    def __init__(self, main: str, fonts: dict[str, ShapedFont]) -> None:
        self._fonts = fonts
        self._main = self._font(main)
        self._found: dict[str, ShapedFont | None] = {}
        self.drawn_missing = 0

    def runs(self, text: str) -> list[Run]:
        """Shape one line, runs as they stand from left to right."""
        levels = levels_of(text)
        spans = list(self._spans(text, levels))
        order = visual_order([levels[start] for start, _, _ in spans])
        return [self._run(text, *spans[index], leftwards=levels[spans[index][0]] % 2 == 1) for index in order]

    def missing(self, text: str) -> int:
        """Count characters that no font has."""
        return sum(
            1
            for character in text
            if not is_ignorable(character) and self._find(character) is None and self._stand_in(character) is None
        )

    def _run(self, text: str, start: int, end: int, font: ShapedFont | None, *, leftwards: bool) -> Run:
        if font:
            return Run(font, font.shape(text[start:end], start, leftwards=leftwards))
        original = text[start] if text[start].isprintable() else MARK
        form, font = self._stand_in(text[start]) or (MARK, self._main)
        return Run(font, font.shape(form, start, leftwards=leftwards, stands_for=original))

    def _stand_in(self, character: str) -> tuple[str, ShapedFont] | None:
        """Find plain letters for a ligature or the like, and the font that has them all."""
        form = normalize("NFKC", character)
        if decomposition(character).partition(" ")[0] not in SAME_MEANING or any(map(str.isdigit, form)):
            return None
        fonts = {self._find(letter) for letter in form}
        font = fonts.pop()
        return (form, font) if font and not fonts else None

    def _spans(self, text: str, levels: list[int]) -> Iterator[tuple[int, int, ShapedFont | None]]:
        """Cut where font or level change; a character without font is a span of its own."""
        fonts: list[ShapedFont | None] = []
        for character in text:
            fonts.append(self._beside(fonts[-1] if fonts else None, character))
        keys = [
            (id(font), level, index if font is None else -1)
            for index, (font, level) in enumerate(zip(fonts, levels, strict=True))
        ]
        start = 0
        for _, group in groupby(keys):
            end = start + len(list(group))
            yield start, end, fonts[start]
            start = end

    def _beside(self, font: ShapedFont | None, character: str) -> ShapedFont | None:
        """Spaces, marks and joiners stay in the font of what they follow."""
        if is_ignorable(character):
            return font or self._main
        if font and category(character)[0] in "ZM" and ord(character) in font.coverage:
            return font
        return self._find(character)

    def _find(self, character: str) -> ShapedFont | None:
        if character not in self._found:
            self._found[character] = self._search(ord(character))
        return self._found[character]

    def _search(self, code: int) -> ShapedFont | None:
        if code in self._main.coverage:
            return self._main
        for file, ranges in FALLBACKS:
            if any(first <= code <= last for first, last in ranges) and code in self._font(file).coverage:
                return self._font(file)
        return None

    def _font(self, file: str) -> ShapedFont:
        if file not in self._fonts:
            self._fonts[file] = ShapedFont(file, f"S{len(self._fonts)}")
        return self._fonts[file]


def is_ignorable(character: str) -> bool:
    """Whether it only steers its neighbours: joiners, direction marks, variation selectors."""
    return category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"
