"""The outline (ISO 32000-2 §12.3.3): title, chart, totals, and the rows by so many pages that the list stays short."""

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct, field

from rapor.documents.pdf.objects import PdfFile, text_string

MOST = 40  # entries under the rows


class Entry(Struct):
    """One line; it leads to a height on a page, or to the page's upper end."""

    title: str
    page: int
    top: float | None = None
    children: list["Entry"] = field(default_factory=list)

    @property
    def destination(self) -> bytes:
        """Where it leads (§12.3.2.2), at the reader's own zoom."""
        return f"[{self.page} 0 R/XYZ null {'null' if self.top is None else f'{self.top:.0f}'} null]".encode()


class RowPages:
    """Remembers with which row pages begin: all of them at first, then every second, then every fourth."""

    def __init__(self) -> None:
        self._starts: list[tuple[int, int]] = []
        self._count, self._stride = 0, 1

    def note(self, row: int, page: int) -> None:
        """Remember one, or pass over it."""
        if self._count % self._stride == 0:
            self._starts.append((row, page))
        self._count += 1
        if len(self._starts) > MOST:
            del self._starts[1::2]
            self._stride *= 2

    def ranges(self, rows: int) -> list[tuple[int, int, int]]:
        """First row, last row and page of each, none where one page has all *rows*."""
        if self._count == 1:
            return []
        edges = [*self._starts, (rows, 0)]
        return [(start + 1, end, page) for (start, page), (end, _) in pairwise(edges) if start < end]


def add_outline(pdf: PdfFile, entries: Sequence[Entry]) -> int:
    """Write the outline, give its number."""
    root = pdf.reserve()
    first, last = add_entries(pdf, entries, root)
    pdf.put(root, b"<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>" % (first, last, len(entries)))
    return root


def add_entries(pdf: PdfFile, entries: Sequence[Entry], parent: int) -> tuple[int, int]:
    """Write the entries of one level and, closed, those below; give the numbers of first and last."""
    numbers = [pdf.reserve() for _ in entries]
    for index, (entry, number) in enumerate(zip(entries, numbers, strict=True)):
        links = b"/Prev %d 0 R" % numbers[index - 1] if index else b""
        if index + 1 < len(numbers):
            links += b"/Next %d 0 R" % numbers[index + 1]
        if entry.children:
            first, last = add_entries(pdf, entry.children, number)
            links += b"/First %d 0 R/Last %d 0 R/Count -%d" % (first, last, len(entry.children))
        body = b"<</Title%s/Parent %d 0 R/Dest%s%s>>"
        pdf.put(number, body % (text_string(entry.title), parent, entry.destination, links))
    return numbers[0], numbers[-1]
