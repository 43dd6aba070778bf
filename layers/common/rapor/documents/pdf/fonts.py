"""
Fonts in the file (ISO 32000-2 §9.6.3, §9.7.4, §9.10.3).

Latin text uses one byte a letter, Windows-1254 with the lira sign in a free place; all other text uses CIDs of our
own, each of which is a glyph that stands for a piece of text, so that copying gives every letter back.
"""

from codecs import charmap_build, charmap_encode
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from msgspec import Struct

from rapor.documents.pdf.objects import PdfFile, references
from rapor.documents.pdf.truetype import TrueType

FOLDER = Path(__file__).parent.parent / "fonts"
FIRST_CODE, DELETE = 32, 127
UNUSED = "\ufffe"
LETTERS = bytes(range(256)).decode("cp1254", "replace").replace("\ufffd", UNUSED).replace(UNUSED, "₺", 1)
CODES = charmap_build(LETTERS)
# Where the encoding differs from WinAnsiEncoding (annex D.2), by glyph name
DIFFERENCES = b"129/uni20BA 208/Gbreve 221/Idotaccent 222/Scedilla 240/gbreve 253/dotlessi 254/scedilla"
SYMBOLIC, NONSYMBOLIC = 4, 32
CMAP_START = (
    b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapType 2 def\n/CMapName /Rapor-UCS def\n"
    b"/CIDSystemInfo <</Registry (Rapor) /Ordering (UCS) /Supplement 0>> def\n"
)
CMAP_END = b"endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
CMAP_SECTION = 100  # most lines one section may hold


class LatinFont(Struct, frozen=True):
    """A font of the Latin letters; `widths` are thousandths of an em by letter."""

    name: str
    file: TrueType
    widths: Mapping[str, int]

    @classmethod
    @cache
    def load(cls, name: str) -> "LatinFont":
        """Read `<name>-latin.ttf`, once."""
        file = TrueType((FOLDER / f"{name}-latin.ttf").read_bytes())
        return cls(name, file, {letter: file.width(letter) for _, letter in letters()})

    def width(self, text: str) -> int:
        """
        Measure text of Latin letters.

        Raises:
            KeyError: A character is not one.
        """
        return sum(map(self.widths.__getitem__, text))

    def embed(self, pdf: PdfFile, tag: str) -> int:
        """Write the font, give its number."""
        codes = dict(letters())
        widths = b" ".join(b"%d" % self.widths.get(codes.get(code, ""), 0) for code in range(FIRST_CODE, 256))
        name = f"{tag}+{self.name}".encode()
        descriptor = add_descriptor(pdf, name, self.file, NONSYMBOLIC)
        unicode = add_unicode_map(pdf, 1, codes.items())
        return pdf.add(
            b"<</Type/Font/Subtype/TrueType/BaseFont/%s/FirstChar %d/LastChar 255/Widths[%s]/FontDescriptor %d 0 R"
            b"/Encoding<</Type/Encoding/BaseEncoding/WinAnsiEncoding/Differences[%s]>>/ToUnicode %d 0 R>>"
            % (name, FIRST_CODE, widths, descriptor, DIFFERENCES, unicode)
        )


def letters() -> list[tuple[int, str]]:
    """The codes that are shown, and what they stand for."""
    return [
        (code, letter)
        for code, letter in enumerate(LETTERS)
        if code >= FIRST_CODE and code != DELETE and letter != UNUSED
    ]


def encoded(text: str) -> bytes:
    """
    Write text in the Latin fonts' codes.

    Raises:
        UnicodeEncodeError: A character is not one of theirs.
    """
    return charmap_encode(text, "strict", CODES)[0]


class ShapedGlyphs(Struct, frozen=True):
    """A font whose CID *n* is glyph `glyphs[n]` of `data`, `widths[n]` wide, standing for `texts[n]`."""

    data: bytes
    glyphs: Sequence[int]
    widths: Sequence[int]
    texts: Sequence[str]


def embed_shaped(pdf: PdfFile, name: bytes, font: ShapedGlyphs) -> int:
    """Write the font, give its number; CID 0 is the missing glyph; some stand for nothing, which is said as well."""
    descriptor = add_descriptor(pdf, name, TrueType(font.data), SYMBOLIC)
    unicode = add_unicode_map(pdf, 2, enumerate(font.texts))
    mapping = pdf.add_stream(b"".join([glyph.to_bytes(2, "big") for glyph in font.glyphs]))
    descendant = pdf.add(
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%s"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        b"/FontDescriptor %d 0 R/DW 0/W[0[%s]]/CIDToGIDMap %d 0 R>>"
        % (name, descriptor, b" ".join([b"%d" % width for width in font.widths]), mapping)
    )
    return pdf.add(
        b"<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts%s/ToUnicode %d 0 R>>"
        % (name, references([descendant]), unicode)
    )


def add_descriptor(pdf: PdfFile, name: bytes, file: TrueType, flags: int) -> int:
    """Write file and descriptor (§9.8); cap height and stem are Noto Sans', which viewers use only for substitutes."""
    program = pdf.add_stream(file.data, b"/Length1 %d" % len(file.data))
    box = b" ".join([b"%d" % side for side in file.box])
    return pdf.add(
        b"<</Type/FontDescriptor/FontName/%s/Flags %d/FontBBox[%s]/ItalicAngle 0/Ascent %d/Descent %d"
        b"/CapHeight 714/StemV 80/FontFile2 %d 0 R>>" % (name, flags, box, file.ascent, file.descent, program)
    )


def add_unicode_map(pdf: PdfFile, code_bytes: int, texts: Iterable[tuple[int, str]]) -> int:
    """Write what each code of *code_bytes* bytes stands for (§9.10.3)."""
    digits = code_bytes * 2
    lines = [f"<{code:0{digits}X}> <{text.encode('utf-16-be').hex().upper()}>".encode() for code, text in texts]
    sections = [lines[first : first + CMAP_SECTION] for first in range(0, len(lines), CMAP_SECTION)]
    body = [b"%d beginbfchar\n%s\nendbfchar\n" % (len(section), b"\n".join(section)) for section in sections]
    space = f"1 begincodespacerange\n<{'0' * digits}> <{'F' * digits}>\nendcodespacerange\n".encode()
    return pdf.add_stream(CMAP_START + space + b"".join(body) + CMAP_END)
