"""PDF objects and the cross-reference table (ISO 32000-2 §7.3, §7.5), written in one pass to an unseekable sink."""

from array import array
from datetime import UTC, datetime

from rapor.documents.deflate import zlib_stream
from rapor.documents.parts import Sink

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"  # four bytes over 127 tell transfer programs that this is binary


class PdfFile:
    """Numbers objects, remembers where each begins, eight bytes apiece."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._position = 0
        self._offsets = array("Q", [0])
        self._write(HEADER)

    def reserve(self) -> int:
        """Give a number to an object that comes later."""
        self._offsets.append(0)
        return len(self._offsets) - 1

    def put(self, number: int, body: bytes) -> None:
        """Write the object that has a reserved number."""
        self._offsets[number] = self._position
        self._write(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    def add(self, body: bytes) -> int:
        """Write an object, give its number."""
        number = self.reserve()
        self.put(number, body)
        return number

    def add_stream(self, data: bytes, entries: bytes = b"", *, number: int | None = None) -> int:
        """Write a compressed stream (§7.3.8); `entries` go into its dictionary."""
        number = number or self.reserve()
        packed = zlib_stream(data)
        dictionary = b"<<%s/Filter/FlateDecode/Length %d>>" % (entries, len(packed))
        self.put(number, b"%s\nstream\n%s\nendstream" % (dictionary, packed))
        return number

    def close(self, *, catalog: int, info: int, identity: bytes) -> None:
        """Write cross-references and trailer; `identity` is 16 bytes (§14.4)."""
        start = self._position
        self._write(b"xref\n0 %d\n0000000000 65535 f \n" % len(self._offsets))
        for first in range(1, len(self._offsets), 4096):
            self._write(b"".join([b"%010d 00000 n \n" % offset for offset in self._offsets[first : first + 4096]]))
        twice = b"<%s><%s>" % (identity.hex().encode(), identity.hex().encode())
        self._write(
            b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[%s]>>\n" % (len(self._offsets), catalog, info, twice)
        )
        self._write(b"startxref\n%d\n%%%%EOF\n" % start)

    def _write(self, data: bytes) -> None:
        self._sink.write(data)
        self._position += len(data)


def text_string(text: str) -> bytes:
    """A text string in UTF-16BE (§7.9.2.2)."""
    return b"<%s>" % ("\ufeff" + text).encode("utf-16-be", "replace").hex().upper().encode()


def date_string(moment: datetime) -> bytes:
    """A date in UTC (§7.9.4)."""
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return utc.strftime("(D:%Y%m%d%H%M%SZ)").encode()


def references(numbers: list[int]) -> bytes:
    """An array of indirect references."""
    return b"[%s]" % b" ".join([b"%d 0 R" % number for number in numbers])
