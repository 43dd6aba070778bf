"""
Where rows come from: a data set is a folder or prefix of Parquet, CSV or NDJSON files.

`<location>/<name>/` may be partitioned in Hive's way (`year=2025/`); the keys become columns. Names that start
with a dot or an underscore are not data.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import duckdb
from msgspec import Struct

from rapor.data.numbers import SNIFFED, exact_types
from rapor.errors import RenderError, SourceInvalid, SourceUnavailable
from rapor.sql import folded, literal, quoted

TIME_OUT = "The time ran out while the data was being read."
GLOB_CHARACTERS = frozenset("*?[")  # DuckDB would read such a name as a pattern

Left = Callable[[], timedelta]
"""How much time there is."""


class DataFormat(StrEnum):
    """How a data set's files are read; the value is DuckDB's function."""

    PARQUET = "read_parquet"
    CSV = "read_csv"
    NDJSON = "read_json"


SUFFIXES = {
    ".parquet": DataFormat.PARQUET,
    ".csv": DataFormat.CSV,
    ".csv.gz": DataFormat.CSV,
    ".ndjson": DataFormat.NDJSON,
    ".ndjson.gz": DataFormat.NDJSON,
    ".jsonl": DataFormat.NDJSON,
    ".jsonl.gz": DataFormat.NDJSON,
    ".json": DataFormat.NDJSON,
    ".json.gz": DataFormat.NDJSON,
}


class FileSystem(Protocol):
    """What DuckDB opens addresses through, in the place of whoever has it now."""

    place: Any


class Place(Protocol):
    """Where data sets lie, for one report."""

    bytes_held: int
    """How much of the disk its files take."""

    failure: RenderError | None
    """What went wrong below DuckDB, which loses the exception on its way up."""

    def keys(self, name: str) -> Sequence[str]:
        """Paths of the data set's files below it, with slashes."""

    def ranged(self, name: str, key: str) -> str:
        """Say what DuckDB opens to read parts of a file."""

    def whole(self, name: str, key: str) -> str:
        """Bring a file here, if it is not, and say its path."""

    def file_system(self) -> FileSystem | None:
        """Make what a database needs to open addresses, if it needs anything."""


class DataSet(Struct, frozen=True):
    """The files of one data set, all of one format; `partitions` are the keys in their paths."""

    format: DataFormat
    files: tuple[str, ...]
    partitions: frozenset[str]

    def relation(self, con: duckdb.DuckDBPyConnection, text_column: str | None) -> str:
        """
        Write SQL that reads the files; *text_column* keeps its raw text whatever DuckDB would take it for.

        Without that, `007` in a CSV file would be the user `7`, and a UUID would lose its capitals. Other numbers of
        CSV files get types that are exact.
        """
        options = {"hive_partitioning": "true" if self.partitions else "false"}
        if self._is_put_together(con):
            options["union_by_name"] = "true"
        if self.format is DataFormat.NDJSON:
            options["format"] = "'newline_delimited'"
        partition = next((key for key in self.partitions if text_column and folded(key) == folded(text_column)), None)
        if partition:
            options["hive_types"] = f"{{{quoted(partition)}: VARCHAR}}"
        if self.format is DataFormat.CSV:
            options |= self._csv_types(con, options, text_column)
        elif text_column and not partition and self.format is DataFormat.NDJSON:
            options |= self._ndjson_types(con, self._call(options), text_column)
        return self._call(options)

    def _is_put_together(self, con: duckdb.DuckDBPyConnection) -> bool:
        """
        Whether the columns are those of all files, by name, and not those of the first.

        That opens every file. Of Parquet's partitions a query may need but a few, and only what came in time changes
        their columns: there the first and the last tell.
        """
        if self.format is not DataFormat.PARQUET or not self.partitions:
            return True
        first, last = (self._found(con, f"read_parquet({literal(self.files[end])})") for end in (0, -1))
        return first != last

    def _call(self, options: Mapping[str, str]) -> str:
        files = ", ".join(map(literal, self.files))
        return f"{self.format}([{files}], {', '.join(f'{key} = {value}' for key, value in options.items())})"

    def _csv_types(
        self, con: duckdb.DuckDBPyConnection, options: Mapping[str, str], text_column: str | None
    ) -> dict[str, str]:
        found = self._found(con, self._call(options))
        texts = dict.fromkeys(_named(found, text_column), "VARCHAR")
        numbers = {name: kind for name, kind in found.items() if kind in SNIFFED and name not in texts}
        as_text = _types(texts | dict.fromkeys(numbers, "VARCHAR"))
        return _types({**texts, **exact_types(con, self._call({**options, **as_text}), numbers)})

    def _ndjson_types(self, con: duckdb.DuckDBPyConnection, detected: str, text_column: str) -> dict[str, str]:
        found = self._found(con, detected)
        return {"columns": _struct({**found, **dict.fromkeys(_named(found, text_column), "VARCHAR")})}

    def _found(self, con: duckdb.DuckDBPyConnection, detected: str) -> dict[str, str]:
        """Say what DuckDB takes the files' own columns for."""
        found = con.sql(f"from {detected}")
        types = zip(found.columns, map(str, found.types), strict=True)
        return {name: kind for name, kind in types if name not in self.partitions}


def _named(found: Mapping[str, str], column: str | None) -> list[str]:
    """What DuckDB takes for that column, which is the same in any capitals."""
    return [name for name in found if column and folded(name) == folded(column)]


def _types(types: Mapping[str, str]) -> dict[str, str]:
    return {"types": _struct(types)} if types else {}


def _struct(types: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in types.items()) + "}"


class Folder:
    """Data sets as folders on this machine."""

    bytes_held = 0
    failure: RenderError | None = None

    def __init__(self, path: Path) -> None:
        self._path = path

    def keys(self, name: str) -> Sequence[str]:
        """
        Paths of the files below the data set's folder.

        Raises:
            SourceInvalid: One is a link to a file that lies elsewhere.
        """
        folder, root = self._path / name, self._path.resolve()
        files = [file for file in folder.rglob("*") if file.is_file()]
        if not all(file.resolve().is_relative_to(root) for file in files):
            raise SourceInvalid(f"The data set {name} has a link to a file outside of the data's folder.")
        return [file.relative_to(folder).as_posix() for file in files]

    def ranged(self, name: str, key: str) -> str:
        """Absolute path of a file."""
        return str((self._path / name / key).absolute())

    whole = ranged

    def file_system(self) -> FileSystem | None:
        """Nothing: DuckDB reads files."""
        return None


def resolve(place: Place, name: str) -> DataSet:
    """
    Find the files of a data set.

    Raises:
        SourceUnavailable: There are none, or the place does not answer.
        SourceInvalid: They are of several formats, or one has a name that cannot be read literally.
    """
    files = {key: data_format for key in sorted(place.keys(name)) if (data_format := _format_of(key))}
    if not files:
        raise SourceUnavailable(f"The data set {name} has no files.")
    formats = set(files.values())
    if len(formats) > 1:
        raise SourceInvalid(f"The data set {name} mixes file formats.")
    address = place.ranged if formats == {DataFormat.PARQUET} else place.whole
    addresses = tuple(address(name, key) for key in files)
    if any(GLOB_CHARACTERS.intersection(path) for path in addresses):
        raise SourceInvalid(f"The data set {name} has a file with * ? or [ in its path.")
    return DataSet(formats.pop(), addresses, frozenset(partition for key in files for partition in _partitions(key)))


def _format_of(key: str) -> DataFormat | None:
    if any(part[0] in "._" for part in PurePosixPath(key).parts):
        return None
    return next((found for suffix, found in SUFFIXES.items() if key.lower().endswith(suffix)), None)


def _partitions(key: str) -> list[str]:
    return [part.partition("=")[0] for part in PurePosixPath(key).parts[:-1] if "=" in part]
