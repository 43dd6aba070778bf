from collections.abc import Sequence
from typing import Any

import pytest

from rapor.documents.parts import Writer
from rapor.documents.pdf import write_pdf
from rapor.documents.writers import writer_of
from rapor.errors import SourceInvalid
from rapor.report import Format
from tests.unit.document_samples import COLUMNS, Given, Halting, WriteOnly, head, plain_rows, stored

WRITERS = [writer_of(it) for it in Format]


def test_every_format_has_a_writer_of_its_own() -> None:
    assert len(set(WRITERS)) == len(Format)


@pytest.mark.parametrize("write", WRITERS, ids=str)
@pytest.mark.parametrize("announced", [2, 4])
def test_no_writer_takes_other_rows_than_announced(write: Writer, announced: int) -> None:
    with pytest.raises(ValueError, match=f"3 rows came, the head says {announced}"):
        write(head(announced), COLUMNS, stored(plain_rows(3)), WriteOnly())


@pytest.mark.parametrize("write", WRITERS, ids=str)
def test_bytes_leave_before_the_rows_end(write: Writer) -> None:
    sink = WriteOnly()
    sizes: list[int] = []

    write(head(9000), COLUMNS, Halting(stored(plain_rows(9000)), lambda: sizes.append(sink.size)), sink)

    assert sizes[-1] > sizes[1] > 0


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([[1]] * 7, "a batch has 7 columns, the report 8"),
        ([[1, 2], ["a"], ["b"], [None], [None], [None], [None], [None]], "unequal length"),
    ],
)
def test_cells_of_another_shape_are_refused(batch: Sequence[Sequence[Any]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_pdf(head(1), COLUMNS, Given([batch]), WriteOnly())


def test_text_is_not_taken_for_a_number() -> None:
    with pytest.raises(SourceInvalid, match="column 'id' is declared integer but holds str"):
        write_pdf(head(1), COLUMNS[:1], Given([[["1"]]]), WriteOnly())
