"""
S3 for DuckDB by ranged reads: a read-only file system over obstore.

DuckDB 2.0 has no httpfs on PyPI, and httpfs would show the function's keys to report SQL. Only objects that were
listed below the given prefix can be opened, each in the version that was listed.
"""

import io
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import obstore
from fsspec import AbstractFileSystem  # type: ignore[import-untyped]
from obstore.store import S3Store

from rapor.errors import SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from obstore import ObjectMeta

PROTOCOL = "rapor"
PATIENCE = timedelta(seconds=20)  # one request with its retries; DuckDB cannot be interrupted inside it


class Ranges(AbstractFileSystem):  # type: ignore[misc]
    """One bucket's prefix, for one report."""

    protocol = PROTOCOL
    cachable = False

    def __init__(self, store: S3Store) -> None:
        super().__init__()
        self._store = store
        self._objects: dict[str, ObjectMeta] = {}
        self.failure: Exception | None = None

    def keys(self, name: str) -> Sequence[str]:
        """
        List a data set; what is listed may be opened.

        Raises:
            SourceUnavailable: The bucket does not answer, or does not let us.
        """
        with self._noting_failure(f"The data set {name} cannot be listed."):
            listed = [item for page in obstore.list(self._store, prefix=name) for item in page]
        self._objects |= {item["path"]: item for item in listed}
        return [item["path"].removeprefix(f"{name}/") for item in listed]

    def address(self, name: str, key: str) -> str:
        """Say what DuckDB opens for a key."""
        return f"{PROTOCOL}://{name}/{key}"

    def register(self, con: "duckdb.DuckDBPyConnection") -> None:
        """Teach the connection this protocol."""
        con.register_filesystem(self)

    def glob(self, path: str, **_: Any) -> list[str]:
        """Address itself, if it was listed: there are no patterns here."""
        return [path] if self.exists(path) else []

    def exists(self, path: str, **_: Any) -> bool:
        """Whether it was listed."""
        return _key(path) in self._objects

    isfile = exists

    def isdir(self, path: str) -> bool:  # noqa: ARG002 - fsspec's shape
        """Never: objects only."""
        return False

    def info(self, path: str, **_: Any) -> Mapping[str, Any]:
        """
        Size of a listed object.

        Raises:
            FileNotFoundError: It was not listed.
        """
        return {"name": path, "size": self._object(path)["size"], "type": "file"}

    def modified(self, path: str) -> datetime:
        """
        When a listed object was written.

        Raises:
            FileNotFoundError: It was not listed.
        """
        return self._object(path)["last_modified"]

    def open(self, path: str, mode: str = "rb", **_: Any) -> "RangeFile":
        """
        Open a listed object for reading.

        Raises:
            FileNotFoundError: It was not listed.
            PermissionError: *mode* asks for more than reading.
        """
        if mode.strip("bt") != "r":
            raise PermissionError("read-only")
        return RangeFile(self, self._object(path))

    def fetch(self, item: "ObjectMeta", start: int, end: int) -> bytes:
        """
        Bytes *start* to *end* of the version that was listed.

        Raises:
            SourceUnavailable: The bucket does not answer, or the object was replaced meanwhile.
        """
        with self._noting_failure("The data cannot be read."):
            answer = obstore.get(self._store, item["path"], options={"range": (start, end), "if_match": item["e_tag"]})
            return bytes(answer.bytes())

    def _object(self, path: str) -> "ObjectMeta":
        try:
            return self._objects[_key(path)]
        except KeyError:
            raise FileNotFoundError("no such object was listed") from None

    @contextmanager
    def _noting_failure(self, message: str) -> "Iterator[None]":
        try:
            yield
        except Exception as error:  # obstore's tree is wide, and all of it means one thing
            self.failure = error
            raise SourceUnavailable(message) from error


class RangeFile(io.RawIOBase):
    """
    One object.

    DuckDB 2.0 shares a handle between its threads and calls `seek` and `read` apart, so each thread has its own
    position; with a common one, reads now and then return another thread's bytes.
    """

    mode = "rb"

    def __init__(self, files: Ranges, item: "ObjectMeta") -> None:
        super().__init__()
        self._files, self._item = files, item
        self._size = item["size"]
        self._thread = threading.local()

    def readable(self) -> bool:
        """Say yes, always."""
        return True

    def seekable(self) -> bool:
        """Say yes, always."""
        return True

    def tell(self) -> int:
        """Position of the calling thread."""
        position: int = getattr(self._thread, "position", 0)
        return position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the calling thread's position."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._size}[whence]
        self._thread.position = start + offset
        return self.tell()

    def read(self, size: int | None = -1) -> bytes:
        """
        Up to *size* bytes from the calling thread's position.

        Raises:
            SourceUnavailable: See `Ranges.fetch`.
        """
        start = self.tell()
        end = self._size if size is None or size < 0 else min(start + size, self._size)
        if start >= end:
            return b""
        self._thread.position = end
        return self._files.fetch(self._item, start, end)


def _key(path: str) -> str:
    return path.partition("://")[2] or path


def bucket_store(location: str) -> S3Store:
    """
    Open `s3://bucket/prefix` with the keys and region of the usual AWS_* variables.

    Plain HTTP only to an endpoint the environment names itself.
    """
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return S3Store(
        bucket,
        prefix=prefix.strip("/") or None,
        config={"endpoint": endpoint} if endpoint else {},
        client_options={"allow_http": bool(endpoint and endpoint.startswith("http://")), "timeout": PATIENCE},
        retry_config={"max_retries": 3, "retry_timeout": PATIENCE},
    )
