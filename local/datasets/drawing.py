"""Small data sets, drawn row by row in Python from a fixed seed."""

import csv
import random
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import duckdb

SEED = 20250101
NULL = "\\N"


def write_drawn(
    file: Path, columns: Mapping[str, str], draw: Callable[[random.Random], Iterable[tuple[object, ...]]]
) -> None:
    """Write what *draw* yields as Parquet; *columns* are names and types of DuckDB."""
    rows = file.with_suffix(".csv")
    with rows.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(draw(random.Random(SEED)))  # noqa: S311 - sample data
    with duckdb.connect(config={"threads": 1}) as con:  # one thread, so that the same rows give the same bytes
        relation = con.read_csv(
            str(rows), header=False, columns=dict(columns), na_values=NULL, quotechar='"', escapechar='"', delimiter=","
        )
        relation.write_parquet(str(file), compression="zstd")
    rows.unlink()
