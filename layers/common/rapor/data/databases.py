"""
DuckDB's databases in memory, each lent to one report at a time.

Opening one takes longer than a small report does: DuckDB registers some 3,000 functions each time. So one that read
certain files is kept, locked, for the next report that reads the same, and can open nothing else.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any
from uuid import uuid4

import duckdb

from rapor.data.datasets import FileSystem, Place
from rapor.data.disk import MB, PREFIX
from rapor.sql import literal

KEPT = 4

HARDENED: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
    "enable_external_file_cache": False,  # a file that was replaced is another one for the next report
}


class Databases:
    """
    Databases that were lent before, the last ones used.

    Each has *memory_limit_mb* and *temp_limit_mb* for itself, and *threads*.
    """

    def __init__(self, temp_directory: Path, *, memory_limit_mb: int, temp_limit_mb: int, threads: int) -> None:
        self._temp_directory, self._temp_limit_mb = temp_directory, temp_limit_mb
        self._config = {"memory_limit": f"{memory_limit_mb}MiB", "threads": threads}
        self._free: list[Database] = []
        self._lock = threading.Lock()

    @contextmanager
    def lent(self, files: Sequence[str], place: Place) -> Iterator[duckdb.DuckDBPyConnection]:
        """
        Give a connection of its own to a database that can open *files*, in *place*, and nothing else.

        What the report makes is temporary and goes with its connection. A database is kept if all went well, it
        spilled nothing, and none of its files is there for this report alone.
        """
        database = self._taken(tuple(files)) or self._opened(tuple(files), place)
        is_good = False
        try:
            with database.connection(place) as con:
                yield con
            is_good = not place.bytes_held and not database.spill.exists()
        finally:
            if is_good:
                self._keep(database)
            else:
                database.close()

    def _taken(self, files: tuple[str, ...]) -> "Database | None":
        with self._lock:
            found = next((index for index, database in enumerate(self._free) if database.files == files), None)
            return None if found is None else self._free.pop(found)

    def _keep(self, database: "Database") -> None:
        with self._lock:
            self._free.append(database)
            oldest = self._free.pop(0) if len(self._free) > KEPT else None
        if oldest:
            oldest.close()

    def _opened(self, files: tuple[str, ...], place: Place) -> "Database":
        spill = self._temp_directory / f"{PREFIX}{uuid4().hex}"  # DuckDB makes it when it needs it
        self._temp_directory.mkdir(parents=True, exist_ok=True)
        return Database(
            files,
            place.file_system(),
            spill,
            spill_mb=self._temp_limit_mb - place.bytes_held // MB,
            config=self._config | HARDENED | {"temp_directory": str(spill)},
        )


class Database:
    """One database, locked: it opens *files* and nothing else."""

    def __init__(
        self,
        files: tuple[str, ...],
        file_system: FileSystem | None,
        spill: Path,
        *,
        spill_mb: int,
        config: Mapping[str, Any],
    ) -> None:
        self.files, self.spill, self._file_system = files, spill, file_system
        self._con = duckdb.connect(":memory:", config=dict(config))
        if file_system is not None:
            self._con.register_filesystem(file_system)
        # In this order: paths cannot be allowed any more once external access is off, and nothing can be changed any
        # more once the configuration is locked.
        self._con.execute("set global TimeZone = 'UTC'")
        self._con.execute(f"set allowed_paths = [{', '.join(map(literal, files))}]")
        # Given to connect(), this limit is shown and not kept (DuckDB 2.0.0).
        self._con.execute(f"set max_temp_directory_size = '{spill_mb}MiB'")
        self._con.execute("set enable_external_access = false")
        self._con.execute("set lock_configuration = true")

    @contextmanager
    def connection(self, place: Place) -> Iterator[duckdb.DuckDBPyConnection]:
        """Connect, with the files as they lie in *place*."""
        if self._file_system is not None:
            self._file_system.place = place
        con = self._con.cursor()
        try:
            yield con
        finally:
            con.close()
            if self._file_system is not None:
                self._file_system.place = None

    def close(self) -> None:
        """Give back its memory and its disk."""
        self._con.close()
        rmtree(self.spill, ignore_errors=True)
