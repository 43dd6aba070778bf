import pytest

from rapor.documents.parts import Batch, Writer
from rapor.documents.writers import WRITERS
from rapor.errors import SourceInvalid
from rapor.locale import LOCALES, locale_of
from rapor.report import Format
from tests.unit.document_samples import COLUMNS, WriteOnly, head


def test_every_format_has_a_writer() -> None:
    assert set(WRITERS) == set(Format)


@pytest.mark.parametrize("write", WRITERS.values(), ids=str)
def test_no_writer_drops_a_column(write: Writer) -> None:
    with pytest.raises(ValueError, match="a batch has 7 columns, the report 8"):
        write(head(1), COLUMNS, iter([[[1]] * 7]), WriteOnly())


@pytest.mark.parametrize("write", WRITERS.values(), ids=str)
def test_no_writer_drops_a_cell(write: Writer) -> None:
    batch: Batch = [[1, 2], ["a"], ["b"], [None], [None], [None], [None], [None]]

    with pytest.raises(ValueError, match="unequal length"):
        write(head(2), COLUMNS, iter([batch]), WriteOnly())


@pytest.mark.parametrize("write", WRITERS.values(), ids=str)
def test_no_writer_takes_text_for_a_number(write: Writer) -> None:
    with pytest.raises(SourceInvalid, match="column 'id' is declared integer but holds str"):
        write(head(1), COLUMNS[:1], iter([[["1"]]]), WriteOnly())


def test_languages_without_words_are_written_in_english() -> None:
    assert locale_of("tr-TR") is LOCALES["tr"]
    assert locale_of("de") is LOCALES["en"]


def test_locales_write_numbers_their_way() -> None:
    assert LOCALES["tr"].number(1234567) == "1.234.567"
    assert LOCALES["en"].number(-1234.5) == "-1,234.5"
