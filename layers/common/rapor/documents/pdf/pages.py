"""
The page tree (ISO 32000-2 §7.7.3), written as the pages come.

The last page's number is not known while pages are written, so every footer shows one form (§8.10) that is
written at the end: that makes `n / N` possible in one pass.
"""

from rapor.documents.pdf.fonts import ENCODING
from rapor.documents.pdf.layout import BOTTOM, MARGIN, Sheet
from rapor.documents.pdf.objects import PdfFile, references
from rapor.documents.pdf.style import GREY
from rapor.documents.pdf.text import Line, Typeface

BRANCH = 64  # pages under one node
FOOT = BOTTOM - 20  # the footer's baseline


class Pages:
    """Takes finished pages, gives them footer and number."""

    def __init__(self, pdf: PdfFile, sheet: Sheet, face: Typeface, page_word: str, note: str) -> None:
        self._pdf, self._sheet, self._face = pdf, sheet, face
        self._page_word = page_word
        self._note = self._shortened(note)
        self._root, self._resources, self._total_form = pdf.reserve(), pdf.reserve(), pdf.reserve()
        self._branch = pdf.reserve()
        self._branches: list[int] = []
        self._leaves: list[int] = []
        self._count = 0

    def add(self, content: str) -> None:
        """Write one page; *content* lacks only the footer."""
        self._count += 1
        contents = self._pdf.add_stream((content + self._footer()).encode(ENCODING))
        self._leaves.append(self._pdf.add(b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (self._branch, contents)))
        if len(self._leaves) == BRANCH:
            self._close_branch()

    def close(self, fonts: dict[str, int]) -> int:
        """Write the tree and what all pages share, give the root's number."""
        if self._leaves:
            self._close_branch()
        self._pdf.put(self._branch, b"null")
        named = b"".join([b"/%s %d 0 R" % (tag.encode(), number) for tag, number in fonts.items()])
        self._add_total(named)
        resources = b"<</Font<<%s>>/XObject<</Total %d 0 R>>>>" % (named, self._total_form)
        self._pdf.put(self._resources, resources)
        box = f"[0 0 {self._sheet.width:g} {self._sheet.height:g}]".encode()
        self._pdf.put(
            self._root,
            b"<</Type/Pages/Count %d/Kids%s/MediaBox%s/Resources %d 0 R>>"
            % (self._count, references(self._branches), box, self._resources),
        )
        return self._root

    def _close_branch(self) -> None:
        body = b"<</Type/Pages/Parent %d 0 R/Count %d/Kids%s>>"
        self._pdf.put(self._branch, body % (self._root, len(self._leaves), references(self._leaves)))
        self._branches.append(self._branch)
        self._leaves = []
        self._branch = self._pdf.reserve()

    def _footer(self) -> str:
        """Page n / N on the left, where N's width cannot hurt; the document's name on the right."""
        number = self._face.line(f"{self._page_word} {self._count} / ")
        after = MARGIN + number.width * self._face.size / 1000
        right = self._sheet.width - MARGIN
        start = f"BT {GREY} rg {self._face.selected}"
        return (
            f"{start} {MARGIN:g} {FOOT:g} Td {number.operators} ET\n"
            f"q 1 0 0 1 {after:.2f} {FOOT:g} cm /Total Do Q\n"
            f"{start} {right:g} {FOOT:g} Td {self._note.placed(right=True)} ET\n"
        )

    def _shortened(self, note: str) -> Line:
        room = (self._sheet.width - 2 * MARGIN) * 0.7 * 1000 / self._face.size
        return self._face.lines(note, room, 1)[0]

    def _add_total(self, fonts: bytes) -> None:
        content = f"BT {GREY} rg {self._face.selected} ({self._count})Tj ET".encode(ENCODING)
        entries = b"/Type/XObject/Subtype/Form/BBox[0 -5 80 20]/Resources<</Font<<%s>>>>" % fonts
        self._pdf.add_stream(content, entries, number=self._total_form)
