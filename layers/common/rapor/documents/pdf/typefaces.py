"""The two weights of one document, and whatever fallback they come to need."""

from rapor.documents.pdf.fonts import LatinFont
from rapor.documents.pdf.objects import PdfFile
from rapor.documents.pdf.shaping import ShapedFont, Shaper
from rapor.documents.pdf.text import Typeface

REGULAR, BOLD = "NotoSans-Regular", "NotoSans-Bold"


class Typefaces:
    """Gives type in any size, embeds what was used."""

    def __init__(self) -> None:
        self.shaped: dict[str, ShapedFont] = {}
        self._latin = {"F1": LatinFont.load(REGULAR), "F2": LatinFont.load(BOLD)}
        self._shapers = {"F1": Shaper(REGULAR, self.shaped), "F2": Shaper(BOLD, self.shaped)}

    def regular(self, size: float) -> Typeface:
        """For everything that is read."""
        return Typeface("F1", size, self._latin["F1"], self._shapers["F1"])

    def bold(self, size: float) -> Typeface:
        """For titles and labels."""
        return Typeface("F2", size, self._latin["F2"], self._shapers["F2"])

    @property
    def missing(self) -> int:
        """Characters drawn as a mark, because no font has them."""
        return sum(shaper.drawn_missing for shaper in self._shapers.values())

    def embed(self, pdf: PdfFile) -> dict[str, int]:
        """Write what was used, give the fonts' numbers by tag."""
        numbers = {tag: latin.embed(pdf, subset_tag(index)) for index, (tag, latin) in enumerate(self._latin.items())}
        used = [font for font in self.shaped.values() if font.is_used]
        return numbers | {font.tag: font.embed(pdf, subset_tag(2 + index)) for index, font in enumerate(used)}


def subset_tag(index: int) -> str:
    """Six letters that tell subsets apart (§9.9.2)."""
    return "RAPOR" + chr(ord("A") + index)
