"""
What a TrueType file says of its measures (OpenType 1.9: head, hhea, hmtx, cmap format 4).

Lengths are thousandths of an em.
"""

import struct
from functools import cached_property
from typing import Any

from msgspec import Struct

LAST_CODE = 0xFFFF  # closes every format 4 table, maps nothing


class TrueType(Struct, frozen=True, dict=True):
    """One font file."""

    data: bytes

    @cached_property
    def tables(self) -> dict[bytes, bytes]:
        """The tables by tag."""
        count = self._read(">H", self.data, 4)[0]
        records = [self._read(">4s4xII", self.data, 12 + 16 * index) for index in range(count)]
        return {tag: self.data[offset : offset + length] for tag, offset, length in records}

    @cached_property
    def scale(self) -> float:
        """Thousandths of an em per font unit."""
        return 1000 / int(self._read(">H", self.tables[b"head"], 18)[0])

    @property
    def box(self) -> tuple[int, ...]:
        """Left, bottom, right and top of all glyphs laid over each other."""
        return tuple(self._scaled(side) for side in self._read(">4h", self.tables[b"head"], 36))

    @property
    def ascent(self) -> int:
        """Above the baseline."""
        return self._scaled(self._read(">h", self.tables[b"hhea"], 4)[0])

    @property
    def descent(self) -> int:
        """Below the baseline, negative."""
        return self._scaled(self._read(">h", self.tables[b"hhea"], 6)[0])

    @cached_property
    def advances(self) -> tuple[int, ...]:
        """Widths by glyph; the last one counts for every glyph after it."""
        count = self._read(">H", self.tables[b"hhea"], 34)[0]
        pairs = self._read(f">{count * 2}H", self.tables[b"hmtx"], 0)
        return tuple(self._scaled(width) for width in pairs[::2])

    @cached_property
    def glyphs(self) -> dict[str, int]:
        """Glyphs by character, from the first format 4 table."""
        cmap = self.tables[b"cmap"]
        offsets = [self._read(">4xI", cmap, 4 + 8 * index)[0] for index in range(self._read(">H", cmap, 2)[0])]
        table = next(cmap[offset:] for offset in offsets if self._read(">H", cmap, offset)[0] == 4)  # noqa: PLR2004
        return {chr(code): glyph for code, glyph in self._codes(table) if glyph}

    def width(self, character: str) -> int:
        """The character's advance."""
        return self.advances[min(self.glyphs.get(character, 0), len(self.advances) - 1)]

    def _codes(self, table: bytes) -> list[tuple[int, int]]:
        count = self._read(">H", table, 6)[0] // 2
        ends = self._read(f">{count}H", table, 14)
        starts = self._read(f">{count}H", table, 16 + 2 * count)
        deltas = self._read(f">{count}H", table, 16 + 4 * count)
        ranges = self._read(f">{count}H", table, 16 + 6 * count)
        pairs = []
        for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
            for code in range(start, min(end + 1, LAST_CODE)):
                glyph = code
                if ranges[index]:
                    at = 16 + 6 * count + 2 * index + ranges[index] + 2 * (code - start)
                    glyph = self._read(">H", table, at)[0]
                pairs.append((code, (glyph + deltas[index]) & 0xFFFF))
        return pairs

    def _scaled(self, length: int) -> int:
        return round(length * self.scale)

    @staticmethod
    def _read(form: str, data: bytes, offset: int) -> tuple[Any, ...]:
        return struct.unpack_from(form, data, offset)
