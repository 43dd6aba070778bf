"""
A ZIP archive (PKWARE APPNOTE 6.3.10) to an unseekable sink: sizes follow each entry in a data descriptor.

Entries past 4 GiB get the form that Excel reads: version 4.5 in the local header, no extra field there, an
eight-byte descriptor, ZIP64 in the central directory. Times are fixed, so the same input gives the same bytes.
"""

import struct

from msgspec import Struct

from rapor.documents.deflate import crc32, raw_compressor
from rapor.documents.parts import Sink

VERSION = 45  # ZIP64 is allowed
SIZES_FOLLOW, DEFLATED = 8, 8
DOS_TIME, DOS_DATE = 0, (2025 - 1980) << 9 | 1 << 5 | 1
FULL_16, FULL_32 = 0xFFFF, 0xFFFFFFFF


class Entry(Struct):
    """One file of the archive."""

    name: bytes
    offset: int
    crc: int = 0
    packed: int = 0
    size: int = 0


class Zip:
    """Entries one after another; nothing is kept but their sizes."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._position = 0
        self._entries: list[Entry] = []
        self._compressor = raw_compressor()

    def begin(self, name: str) -> None:
        """Open an entry."""
        entry = Entry(name.encode(), self._position)
        self._entries.append(entry)
        self._compressor = raw_compressor()
        header = (b"PK\3\4", VERSION, SIZES_FOLLOW, DEFLATED, DOS_TIME, DOS_DATE, 0, 0, 0, len(entry.name), 0)
        self._write(struct.pack("<4s5H3I2H", *header) + entry.name)

    def write(self, data: bytes) -> None:
        """Add to the open entry."""
        entry = self._entries[-1]
        entry.crc = crc32(data, entry.crc)
        entry.size += len(data)
        self._pack(self._compressor.compress(data))

    def end(self) -> None:
        """Close the entry."""
        entry = self._entries[-1]
        self._pack(self._compressor.flush())
        form = "<4sIQQ" if max(entry.packed, entry.size) >= FULL_32 else "<4sIII"
        self._write(struct.pack(form, b"PK\7\x08", entry.crc, entry.packed, entry.size))

    def add(self, name: str, data: bytes) -> None:
        """Write a whole entry."""
        self.begin(name)
        self.write(data)
        self.end()

    def close(self) -> None:
        """Write the central directory."""
        start = self._position
        for entry in self._entries:
            self._write(central_header(entry))
        size, count = self._position - start, len(self._entries)
        if max(start, size) >= FULL_32 or count >= FULL_16:
            self._write(zip64_end(start, size, count, at=self._position))
        few, length, offset = min(count, FULL_16), min(size, FULL_32), min(start, FULL_32)
        self._write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, few, few, length, offset, 0))

    def _pack(self, data: bytes) -> None:
        self._entries[-1].packed += len(data)
        if data:
            self._write(data)

    def _write(self, data: bytes) -> None:
        self._sink.write(data)
        self._position += len(data)


def central_header(entry: Entry) -> bytes:
    """
    One entry in the central directory (§4.3.12).

    ZIP64 holds what 32 bits cannot and no more (§4.5.3): the sizes there tell readers how long the descriptor is.
    """
    sizes = (entry.size, entry.packed, entry.offset)
    large = [size for size in sizes if size >= FULL_32]
    extra = struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    size, packed, offset = (min(size, FULL_32) for size in sizes)
    versions = (VERSION, VERSION, SIZES_FOLLOW, DEFLATED, DOS_TIME, DOS_DATE)
    lengths = (len(entry.name), len(extra), 0, 0, 0)
    header = struct.pack("<4s6H3I5HII", b"PK\1\2", *versions, entry.crc, packed, size, *lengths, 0, offset)
    return header + entry.name + extra


def zip64_end(start: int, size: int, count: int, *, at: int) -> bytes:
    """The ZIP64 end record and its locator (§4.3.14, §4.3.15)."""
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, VERSION, VERSION, 0, 0, count, count, size, start)
    return record + struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
