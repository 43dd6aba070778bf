"""
What an Arrow record batch holds, as bytes and whole columns, over the Arrow C data interface.

arro3 shows text as Python strings alone, cell by cell: for a million rows that takes longer than writing them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, Structure, c_char_p, c_int64, c_void_p, cast, py_object, pythonapi, string_at

from arro3.core import DataType, RecordBatch

INT32_BYTES = 4


class ArrowArray(Structure):
    """The struct of that name (arrow.apache.org/docs/format/CDataInterface.html), as far as it is read here."""

    length: int
    offset: int
    buffers: list[int]
    _fields_ = (
        ("length", c_int64),
        ("null_count", c_int64),
        ("offset", c_int64),
        ("n_buffers", c_int64),
        ("n_children", c_int64),
        ("buffers", POINTER(c_void_p)),
    )


capsule_pointer = pythonapi.PyCapsule_GetPointer
capsule_pointer.argtypes, capsule_pointer.restype = (py_object, c_char_p), c_void_p


def text_of(batch: RecordBatch, index: int) -> tuple[bytes, memoryview]:
    """
    Give a column's texts as one run of UTF-8, and the offsets between them: one more than there are texts.

    Raises:
        TypeError: The column is no text.
    """
    with _struct(batch, index, DataType.string()) as array:
        _, offsets_at, text_at = array.buffers[:3]
        offsets = _numbers(offsets_at, array.offset, array.length + 1)
        return string_at(text_at + offsets[0], offsets[-1] - offsets[0]), offsets


def numbers_of(batch: RecordBatch, index: int) -> memoryview:
    """
    Give a column's 32-bit integers, of which none is NULL.

    Raises:
        TypeError: The column has no such integers.
    """
    with _struct(batch, index, DataType.int32()) as array:
        return _numbers(array.buffers[1], array.offset, array.length)


@contextmanager
def _struct(batch: RecordBatch, index: int, kind: DataType) -> Iterator[ArrowArray]:
    """Lend the struct; what it points to is gone with the context."""
    column = batch.column(index)
    if column.type != kind:
        raise TypeError(f"{column.type} is not {kind}")
    _schema, capsule = column.__arrow_c_array__()
    yield cast(capsule_pointer(capsule, b"arrow_array"), POINTER(ArrowArray)).contents
    del capsule


def _numbers(start: int, first: int, count: int) -> memoryview:
    return memoryview(string_at(start + INT32_BYTES * first, INT32_BYTES * count)).cast("i")
