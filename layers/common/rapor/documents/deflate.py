"""The one place that compresses: igzip at level 1, half the CPU of zlib for a fifth more bytes."""

from typing import Protocol

from isal import isal_zlib

LEVEL = 1
RAW_DEFLATE = -15  # window bits without zlib's header, as ZIP wants it


class Compressor(Protocol):
    """Takes bytes as they come."""

    def compress(self, data: bytes, /) -> bytes:
        """Give what is ready."""

    def flush(self) -> bytes:
        """Give the rest."""


def zlib_stream(data: bytes) -> bytes:
    """Compress to a zlib stream (RFC 1950), as PDF's FlateDecode reads it."""
    return isal_zlib.compress(data, LEVEL)


def raw_compressor() -> Compressor:
    """Compress to raw deflate (RFC 1951), piece by piece."""
    return isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, RAW_DEFLATE)


def crc32(data: bytes, start: int = 0) -> int:
    """ZIP's checksum."""
    return isal_zlib.crc32(data, start)
