"""
The page tree (ISO 32000-2 §7.7.3), written as the pages come.

The last page's number is not known while pages are written, so every footer shows one form (§8.10) that is
written at the end: that makes `n / N` possible in one pass.
"""

from rapor.documents.pdf.canvas import Align, Canvas
from rapor.documents.pdf.layout import FOOT, MARGIN, Sheet
from rapor.documents.pdf.objects import PdfFile, references
from rapor.documents.pdf.style import GREY
from rapor.documents.pdf.text import Typeface

BRANCH = 64  # pages under one node


class Pages:
    """Takes finished pages, gives them footer and number."""

    def __init__(self, pdf: PdfFile, sheet: Sheet, face: Typeface, page_word: str, note: str) -> None:
        self._pdf, self._sheet, self._face = pdf, sheet, face
        self._page_word = page_word
        self._note = face.one_line(note, face.room(sheet.room * 0.7))
        self._root, self._resources, self._total_form = pdf.reserve(), pdf.reserve(), pdf.reserve()
        self._branch = pdf.reserve()
        self._branches: list[int] = []
        self._leaves: list[int] = []
        self._count = 0
        self.current = self.last = pdf.reserve()
        """The objects that the next page will be, and the last one was."""

    def add(self, canvas: Canvas) -> None:
        """Write one page, to which *canvas* lacks only the footer."""
        self._count += 1
        self._add_footer(canvas)
        contents = self._pdf.add_stream("".join(canvas.operators).encode("latin-1"))
        self._pdf.put(self.current, b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (self._branch, contents))
        self._leaves.append(self.current)
        self.last, self.current = self.current, self._pdf.reserve()
        if len(self._leaves) == BRANCH:
            self._close_branch()

    def close(self, fonts: dict[str, int]) -> int:
        """Write the tree and what all pages share, give the root's number."""
        if self._leaves:
            self._close_branch()
        self._pdf.put(self._branch, b"null")
        self._pdf.put(self.current, b"null")
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

    def _add_footer(self, canvas: Canvas) -> None:
        """Page n / N on the left, where N's width cannot hurt; the document's name on the right."""
        number = self._face.line(f"{self._page_word} {self._count} / ")
        canvas.text(self._face, number, (MARGIN, FOOT), GREY)
        canvas.operators.append(f"q 1 0 0 1 {MARGIN + number.points(self._face.size):.2f} {FOOT:g} cm /Total Do Q\n")
        canvas.text(self._face, self._note, (self._sheet.width - MARGIN, FOOT), GREY, Align.RIGHT)

    def _add_total(self, fonts: bytes) -> None:
        content = f"BT {GREY} rg {self._face.selected} ({self._count})Tj ET".encode()
        entries = b"/Type/XObject/Subtype/Form/BBox[0 -5 80 20]/Resources<</Font<<%s>>>>" % fonts
        self._pdf.add_stream(content, entries, number=self._total_form)
