"""
DuckDB, hardened: a connection in memory for each report, which sees the report's sources and nothing else.

Report SQL is its operator's, parameters are the caller's: those are only ever bound.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import datetime
from decimal import Decimal
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar

import duckdb
from arro3.core import RecordBatch, RecordBatchReader
from msgspec import Struct

from rapor.batches import Batch, Form, Lines
from rapor.catalogue import Column, ColumnType, ReportType, Value
from rapor.data.arrow import numbers_of, text_of
from rapor.data.columns import shown
from rapor.data.databases import Databases
from rapor.data.datasets import TIME_OUT, DataSet, Folder, Left, Place, resolve
from rapor.data.disk import MB, scratch_in
from rapor.data.faults import BEYOND_YEARS, translated
from rapor.data.query import Queries, Query, first, over, read_queries
from rapor.errors import CatalogueError, InvalidParameters, SourceInvalid, TimedOut
from rapor.figures import Figures
from rapor.report import Format
from rapor.sql import quoted, select

BATCH_ROWS, LINE_BATCH_ROWS = 4096, 512  # a row's bytes are larger than any of its cells
MOST_POINTS = 1000  # of a chart; more cannot be told apart on a page
INSIST_SECONDS = 0.1

ROWS = Value(name="rows", type=ColumnType.INTEGER, label={"en": "Rows"})
ZONED = "timestamp with time zone"
LONG_INTEGERS = frozenset({"hugeint", "uhugeint"})
INTEGERS = LONG_INTEGERS | {
    "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint",
}  # fmt: skip
ACCEPTED: Mapping[ColumnType, frozenset[str]] = {
    ColumnType.TEXT: frozenset({"varchar", "enum", "uuid"}),
    ColumnType.INTEGER: INTEGERS,
    ColumnType.DECIMAL: INTEGERS | {"decimal"},
    ColumnType.DATE: frozenset({"date"}),
    ColumnType.TIMESTAMP: frozenset({"timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", ZONED}),
    ColumnType.BOOLEAN: frozenset({"boolean"}),
}
ADVICE: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "cast it to varchar",
    ColumnType.INTEGER: "cast it to bigint",
    ColumnType.DECIMAL: "cast it to decimal(18,2)",
    ColumnType.DATE: "cast it to date",
    ColumnType.TIMESTAMP: "cast it to timestamp",
    ColumnType.BOOLEAN: "cast it to boolean",
}


Chunk = TypeVar("Chunk")


class DuckDBEngine:
    """
    Runs report SQL over the data sets of one location: `s3://bucket/prefix`, or a folder.

    Each thread beyond the first costs some 40 MB over large Parquet files, and gains nothing without a processor.
    """

    def __init__(
        self, location: str, *, memory_limit_mb: int, temp_directory: str, temp_limit_mb: int, threads: int = 1
    ) -> None:
        self._place = way_to(location, Path(temp_directory), scratch_bytes=temp_limit_mb * MB)
        self._databases = Databases(
            Path(temp_directory), memory_limit_mb=memory_limit_mb, temp_limit_mb=temp_limit_mb, threads=threads
        )
        self._read: dict[str, tuple[ReportType, Queries]] = {}

    @contextmanager
    def open(
        self,
        report_type: ReportType,
        parameters: Mapping[str, Any],
        *,
        own_user_id: str | None,
        output: Format | None = None,
        left: Left | None = None,
    ) -> Iterator["Rows"]:
        """
        Bind the type's query; the rows live as long as the context.

        *own_user_id* narrows every source to that user's rows, as its `own` says; None sees all. Figures that
        *output* does not show are not worked out; without it, all are. *left* says how much time there is for all of
        it, binding and rows; without it there is no end.

        Raises:
            InvalidParameters: A value does not fit the query, or the type is closed to `.own` callers.
            SourceUnavailable: A data set has no files or cannot be read.
            SourceInvalid: The data is not what the query needs, or the result not what `columns` says.
            OutOfMemory: Reading the data's shape needs more memory than there is.
            TimedOut: There was no time left.
        """
        if own_user_id is not None and not report_type.open_to_own:
            raise InvalidParameters("This report type has no view of a single user's rows.")
        values = report_type.with_defaults(parameters)
        with self._place(left) as place:
            with translated(place, values):
                data_sets = {name: resolve(place, name) for name in report_type.sources}
            files = [file for data_set in data_sets.values() for file in data_set.files]
            with self._databases.lent(files, place) as con, _stopped_in_time(con, left) as stopped:
                with translated(place, values):
                    queries = self._queries_of(report_type, con)
                    _make_views(con, report_type, data_sets, own_user_id, stopped)
                    rows = Rows(con, place, queries, values, report_type, output=output, stopped=stopped)
                with closing(rows):
                    yield rows

    def _queries_of(self, report_type: ReportType, con: duckdb.DuckDBPyConnection) -> Queries:
        """Take its SQL apart once: what it may do does not change."""
        known = self._read.get(report_type.name)
        if known is None or known[0] is not report_type:
            known = self._read[report_type.name] = report_type, _allowed_queries(con, report_type)
        return known[1]


def way_to(
    location: str, temp_directory: Path, *, scratch_bytes: int
) -> Callable[[Left | None], AbstractContextManager[Place]]:
    """
    Say how to reach the data sets, given who knows how much time there is.

    What S3 needs is imported now, and only for it.
    """
    if not location.startswith("s3://"):
        folder = Folder(Path(location))
        return lambda _left: nullcontext(folder)
    from rapor.data.ranges import Ranges, bucket_store  # noqa: PLC0415 - a tenth of a small document's CPU

    @contextmanager
    def in_bucket(left: Left | None) -> Iterator[Place]:
        with scratch_in(temp_directory) as scratch:
            yield Ranges(bucket_store(location), scratch, scratch_bytes=scratch_bytes, left=left)

    return in_bucket


@contextmanager
def _stopped_in_time(con: duckdb.DuckDBPyConnection, left: Left | None) -> Iterator[Event]:
    """Stop what runs on the connection when time is up, and say so: nothing may start then."""
    stopped, is_over = Event(), Event()

    def watch(seconds: float) -> None:
        while not is_over.wait(seconds):
            stopped.set()
            con.interrupt()
            seconds = INSIST_SECONDS  # one that comes between two statements stops neither

    if left is None:
        yield stopped
        return
    watcher = Thread(target=watch, args=[max(0.0, left().total_seconds())], daemon=True)
    watcher.start()
    try:
        yield stopped
    finally:
        is_over.set()
        watcher.join()  # while it lives it holds the connection, and DuckDB complains of that when the process ends


def _go_on(stopped: Event) -> None:
    if stopped.is_set():
        raise TimedOut(TIME_OUT)


class Rows:
    """The rows of one report; every `batches` runs the query again."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        place: Place,
        queries: Queries,
        values: Mapping[str, Any],
        report_type: ReportType,
        *,
        output: Format | None = None,
        stopped: Event,
    ) -> None:
        self._has_figures = output is None or output.has_figures
        self._has_chart = output is None or output.has_chart
        self._con, self._place, self._values, self._stopped = con, place, values, stopped
        self._queries, self._type = queries, report_type
        self._relation = con.sql(queries.rows.text, params=self._given(queries.rows))
        self._converters = _converters(self._relation, report_type.columns)
        self._streams: list[Generator[Any]] = []

    def close(self) -> None:
        """End its streams: one that was left in the middle holds memory of a database that others get."""
        for stream in self._streams:
            stream.close()

    @cached_property
    def rows_total(self) -> int:
        """
        How many rows there are, by a count over the same query; it runs when first asked for.

        Raises:
            RenderError: As `DuckDBEngine.open`.
        """
        return int(self._measures[0]) if self._has_figures else self._counted()

    def figures(self, limit: int | None = None) -> Figures:
        """
        Sum up the rows, or the first *limit* of them, by the SQL the type gives for it.

        Raises:
            RenderError: As `rows_total`.
        """
        if not self._has_figures:
            return Figures(points=self._points(limit))
        _, *measures = self._measures if limit is None else self._measured(limit)
        summary = measures[: len(self._type.summary)]
        totals = iter(measures[len(self._type.summary) :])
        return Figures(
            summary,
            [next(totals) if column.total else None for column in self._type.columns] if self._totalled else (),
            self._points(limit),
        )

    def _counted(self) -> int:
        with translated(self._place, self._values):
            _go_on(self._stopped)
            rows = self._queries.rows
            counted = select(["count(*)"], rows.text)
            return int(self._con.execute(counted, self._given(rows)).fetchall()[0][0])

    @cached_property
    def _measures(self) -> Sequence[Any]:
        return self._measured(None)

    def _measured(self, limit: int | None) -> Sequence[Any]:
        """Count the rows, then work out each key figure and each total."""
        with translated(self._place, self._values):
            _go_on(self._stopped)
            relation = self._sql(self._queries.measures, limit)
            values = [ROWS, *self._type.summary, *self._totalled]
            kinds = [str(kind.id) for kind in relation.types]
            (measures,) = _few(relation, list(enumerate(map(_converter, values, kinds))))
            return measures

    def _points(self, limit: int | None) -> Sequence[Sequence[Any]]:
        if self._type.chart is None or self._queries.chart is None or not self._has_chart:
            return ()
        with translated(self._place, self._values):
            _go_on(self._stopped)
            relation = self._sql(self._queries.chart, limit)
            converters = _converters(relation, [self._type.chart.x, *self._type.chart.y])
            points = list(islice(_few(relation, converters), MOST_POINTS + 1))
        if len(points) > MOST_POINTS:
            raise SourceInvalid(f"The chart has more than {MOST_POINTS} points: group them in its query.")
        return points

    @property
    def _totalled(self) -> list[Column]:
        return [column for column in self._type.columns if column.total]

    def _sql(self, query: Query, limit: int | None) -> duckdb.DuckDBPyRelation:
        """Run *query* over the rows as they are, or over the first *limit* of them."""
        text = over(self._queries.rows, query.text, limit)
        return self._con.sql(text, params=self._given(query))

    def _given(self, query: Query) -> dict[str, Any]:
        return {name: self._values[name] for name in query.parameters}

    def batches(self, limit: int | None = None) -> Iterator[Batch]:
        """
        Stream the rows, columns in the type's order; at most *limit* rows.

        Raises:
            RenderError: As `DuckDBEngine.open`.
        """
        return self._streamed(
            lambda: _records(_whole(self._first(limit))._submit),  # noqa: SLF001 - see SmallBatches
            lambda record: Batch(convert(record.column(index)) for index, convert in self._converters),
        )

    def lines(self, form: Form, limit: int | None = None) -> Iterator[Lines]:
        """
        Stream the rows as bytes, written by DuckDB; at most *limit* rows.

        Raises:
            RenderError: As `batches`.
        """
        # One statement, run as it is: each step of a relation would be bound anew, which takes longer than a few rows.
        rows = self._queries.rows
        cut = [f"cast({form.cut_cells} as integer)"] if form.cut_cells else []
        named = select(shown(self._relation, self._type.columns, form.locale), first(rows, limit))
        if form.names:
            named = select(["*", *(f"{expression} as {name}" for name, expression in form.names.items())], named)
        text = select([form.line, *cut], named)
        submit = partial(self._con._submit, text, self._given(rows))  # noqa: SLF001 - see SmallBatches

        def read(record: RecordBatch) -> Lines:
            return Lines(*text_of(record, 0), sum(numbers_of(record, 1)) if form.cut_cells else 0)

        return self._streamed(lambda: _records(submit, LINE_BATCH_ROWS), read)

    def _first(self, limit: int | None) -> duckdb.DuckDBPyRelation:
        return self._relation if limit is None else self._relation.limit(limit)

    def _streamed(
        self, start: Callable[[], Iterator[RecordBatch]], read: Callable[[RecordBatch], Chunk]
    ) -> Iterator[Chunk]:
        stream = self._chunks(start, read)
        self._streams.append(stream)
        return stream

    def _chunks(
        self, start: Callable[[], Iterator[RecordBatch]], read: Callable[[RecordBatch], Chunk]
    ) -> Generator[Chunk]:
        with translated(self._place, self._values):
            records = start()
        while True:
            with translated(self._place, self._values):
                _go_on(self._stopped)
                record = next(records, None)
                if record is None:
                    return
                chunk = read(record)
            yield chunk


class SmallBatches(Struct, frozen=True):
    """
    A statement's stream in batches of so many rows.

    Lazy, as `execute().to_arrow_reader()` is not. DuckDB's public way has 131,072 rows a batch unless pyarrow is
    there: with cells of 2 kB that is 696 MB at the peak, and 123 MB so.
    """

    submit: Callable[..., Any]
    rows: int

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Start the query."""
        return self.submit(format="stream", batch_size=self.rows).arrow_capsule()


def _records(submit: Callable[..., Any], batch_rows: int = BATCH_ROWS) -> Iterator[RecordBatch]:
    yield from RecordBatchReader.from_stream(SmallBatches(submit, batch_rows))


def _whole(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Let 128-bit integers keep their 39th digit, as text: Arrow has decimals of 38, and drops it without a word."""
    columns = list(zip(map(quoted, relation.columns), relation.types, strict=True))
    if LONG_INTEGERS.isdisjoint(str(kind.id) for _, kind in columns):
        return relation
    return relation.project(
        ", ".join(f"{name}::varchar as {name}" if str(kind.id) in LONG_INTEGERS else name for name, kind in columns)
    )


def _few(relation: duckdb.DuckDBPyRelation, converters: Sequence[tuple[int, "Convert"]]) -> Iterator[tuple[Any, ...]]:
    """Rows of a small result."""
    for record in _records(_whole(relation)._submit):  # noqa: SLF001 - see SmallBatches
        yield from zip(*(convert(record.column(index)) for index, convert in converters), strict=True)


def _allowed_queries(con: duckdb.DuckDBPyConnection, report_type: ReportType) -> Queries:
    try:
        return read_queries(con, report_type)
    except CatalogueError as error:
        raise SourceInvalid("The report type's query is not one SELECT over its own sources.") from error


def _make_views(
    con: duckdb.DuckDBPyConnection,
    report_type: ReportType,
    data_sets: Mapping[str, DataSet],
    own_user_id: str | None,
    stopped: Event,
) -> None:
    """Make the sources' views, temporary as all that a report makes; then nothing more can be made."""
    if own_user_id is not None:
        con.execute("create temp table _caller (id varchar)")
        con.execute("insert into _caller values ($id)", {"id": own_user_id})
    for name, source in report_type.sources.items():
        _go_on(stopped)
        relation = data_sets[name].relation(con, None if source.own == "all" else source.own)
        con.execute(_view(name, relation, source.own if own_user_id is not None else "all"))
    con.execute("begin transaction read only")


def _view(name: str, relation: str, own: str | None) -> str:
    """`all`, or the column that must hold the caller's id; a source that says neither shows nobody's rows."""
    return f"create temp view {quoted(name)} as select * from {relation} where {_predicate(own)}"  # noqa: S608 - all quoted  # nosec B608


def _predicate(own: str | None) -> str:
    if own == "all":
        return "true"
    if own is None:
        return "false"
    # The name in full, so that no WITH of the report can stand in front of it.
    return f"cast({quoted(own)} as varchar) = (select id from temp.main._caller)"  # noqa: S608 - quoted  # nosec B608


Convert = Callable[[Any], list[Any]]


def _converters(relation: duckdb.DuckDBPyRelation, columns: Sequence[Value]) -> list[tuple[int, Convert]]:
    found = dict(zip(relation.columns, relation.types, strict=True))
    _refuse_other_names(list(relation.columns), [column.name for column in columns])
    return [(relation.columns.index(column.name), _converter(column, str(found[column.name].id))) for column in columns]


def _refuse_other_names(found: Sequence[str], declared: Sequence[str]) -> None:
    for name in declared:
        if name not in found:
            raise SourceInvalid(f"The query gives no column {name}, which the report type declares.")
    for name in found:
        if name not in declared:
            raise SourceInvalid(f"The query gives a column {name}, which the report type does not declare.")
        if found.count(name) > 1:
            raise SourceInvalid(f"The query gives two columns {name}: give one another name, or leave it out.")


def _converter(column: Value, kind: str) -> Convert:
    if kind not in ACCEPTED[column.type]:
        advice = f"{'declare it text, or ' if kind == 'varchar' else ''}{ADVICE[column.type]}"
        raise SourceInvalid(f"The column {column.name} should be {column.type} but the query gives {kind}: {advice}.")

    def convert(array: Any) -> list[Any]:
        try:
            cells: list[Any] = array.to_pylist()
        except (ValueError, OverflowError) as error:  # as Arrow ends for a day that Python cannot hold
            raise SourceInvalid(BEYOND_YEARS.format(column.name)) from error
        if cells.count(None) != array.null_count:  # Arrow turns such a moment into None
            raise SourceInvalid(BEYOND_YEARS.format(column.name))
        return cells if change is None else [None if cell is None else change(cell) for cell in cells]

    change = _change(column.type, kind)
    return convert


def _change(wanted: ColumnType, kind: str) -> Callable[[Any], Any] | None:
    """From what Arrow gives to what a batch holds, where they differ."""
    if wanted is ColumnType.INTEGER and kind in LONG_INTEGERS:
        return int
    if wanted is ColumnType.DECIMAL and kind in INTEGERS:
        return Decimal
    if kind == ZONED:
        return _naive
    return None


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)
