import pytest
from arro3.core import Array, DataType, RecordBatch

from rapor.data.arrow import numbers_of, text_of


def a_batch() -> RecordBatch:
    texts = Array(["a", "", "ş👍", "end"], DataType.string())
    return RecordBatch.from_arrays([texts, Array([1, -2, 3, 2**31 - 1], DataType.int32())], names=["text", "number"])


def test_texts_are_one_run_of_bytes() -> None:
    data, offsets = text_of(a_batch(), 0)

    assert data == "aş👍end".encode()
    assert list(offsets) == [0, 1, 1, 7, 10]


def test_a_slice_has_its_own_texts_and_numbers() -> None:
    part = a_batch().slice(2, 2)

    data, offsets = text_of(part, 0)

    assert data == "ş👍end".encode()
    assert [offset - offsets[0] for offset in offsets] == [0, 6, 9]
    assert list(numbers_of(part, 1)) == [3, 2**31 - 1]


def test_bytes_outlive_their_batch() -> None:
    data, _ = text_of(RecordBatch.from_arrays([Array(["x" * 10**6], DataType.string())], names=["text"]), 0)

    assert data == b"x" * 10**6


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="Int32"):
        text_of(a_batch(), 1)
    with pytest.raises(TypeError, match="Utf8"):
        numbers_of(a_batch(), 0)
