"""What all writers share: the words on the document, the shape of rows, where bytes go."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct, field

from rapor.batches import Source
from rapor.catalogue import ChartKind, Column, KeyFigure, Value


class Sink(Protocol):
    """Where a document's bytes go, in order; it need not seek."""

    def write(self, data: bytes, /) -> object: ...


class CsvOptions(Struct, frozen=True):
    """How the client wants its CSV."""

    bom: bool = False
    delimiter: str = ","
    decimal: str = "."


class ChartData(Struct, frozen=True):
    """A chart and its points, each one x and then one height a series; a height may be None."""

    kind: ChartKind
    title: str
    x: Value
    y: Sequence[Value]
    points: Sequence[Sequence[Any]]


class Head(Struct, frozen=True, kw_only=True):
    """
    What a document says about itself.

    `parameters` are those the rows were asked for by, sent or by default: (label, value) in the words of `locale`;
    `raw_parameters` are the same as they are in JSON.
    `row_count` rows are about to come, of `rows_total` at the source. `summary`, `totals` and `chart` speak of
    the rows that come; `totals` has one value a column, None where it has no total, and is empty without any.
    """

    uuid: str
    title: str
    report_type: str
    type_version: int
    locale: str
    parameters: Sequence[tuple[str, str]]
    raw_parameters: Mapping[str, Any]
    as_of: datetime
    row_count: int
    rows_total: int
    csv: CsvOptions = field(default_factory=CsvOptions)
    summary: Sequence[tuple[KeyFigure, Any]] = ()
    totals: Sequence[Any] = ()
    chart: ChartData | None = None


class Written(Struct, frozen=True):
    """
    What a writer wrote.

    `missing_glyphs` counts characters that no font could draw, `cut_cells` texts longer than a cell may be.
    """

    rows: int
    missing_glyphs: int = 0
    cut_cells: int = 0


class Writer(Protocol):
    """One format."""

    def __call__(self, head: Head, columns: Sequence[Column], source: Source, sink: Sink, /) -> Written: ...
