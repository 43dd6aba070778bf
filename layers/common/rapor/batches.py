"""Rows on their way from the engine to a document, some thousand at a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct, field


class Batch(tuple[Sequence[Any], ...]):
    """Rows as cells, column by column: str, int, Decimal, date, datetime (UTC, naive), bool or None."""

    __slots__ = ()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self[0])


class Lines(Struct, frozen=True):
    """
    Rows as a document's own bytes.

    `offsets` are where rows begin and end, one more than there are rows; they may start anywhere. `cut_cells`
    were longer than the document can hold.
    """

    data: bytes
    offsets: Sequence[int]
    cut_cells: int = 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.offsets) - 1

    def part(self, first: int, after: int) -> bytes:
        """The rows from *first* to before *after*."""
        start = self.offsets[0]
        return self.data[self.offsets[first] - start : self.offsets[after] - start]


class Form(Struct, frozen=True, kw_only=True):
    """
    How a row is written, in DuckDB's SQL over the type's columns.

    `names` are expressions over the same, which the other two may use by name; a leading underscore keeps them
    apart from columns. In `line` text is varchar, a moment a timestamp in UTC, a decimal a number or its digits,
    and every date is one that Python can hold. With a `locale` there are words in place of codes.
    """

    line: str
    cut_cells: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    locale: str | None = None


class Source(Protocol):
    """The rows of one document, either way; whoever takes them takes all."""

    def batches(self) -> Iterator[Batch]: ...
    def lines(self, form: Form, /) -> Iterator[Lines]: ...
