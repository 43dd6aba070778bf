"""
S3 for DuckDB: Parquet by ranged reads through a read-only file system over obstore, text as a whole file.

DuckDB 2.0 has no httpfs on PyPI, and httpfs would show the function's keys to report SQL. Only objects that were
listed below the given prefix can be opened, each in the version that was listed.
"""

import asyncio
import io
import os
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import obstore
from fsspec import AbstractFileSystem  # type: ignore[import-untyped]
from obstore.store import S3Store

from rapor.data.datasets import TIME_OUT, Left
from rapor.errors import RenderError, SourceInvalid, SourceUnavailable, TimedOut

if TYPE_CHECKING:
    from obstore import GetOptions, ObjectMeta

PROTOCOL = "rapor"
PART_BYTES = 16 * 1024 * 1024
SMALL_BYTES = 1024 * 1024
KEPT_BYTES = 32 * 1024 * 1024  # of one report
PATIENCE = timedelta(seconds=20)  # one request with its retries, if there is as much time

Answer = TypeVar("Answer")


class Ranges:
    """One bucket's prefix, for one report; what it brings here goes to *scratch*."""

    def __init__(self, store: S3Store, scratch: Path, *, scratch_bytes: int, left: Left | None = None) -> None:
        self._store, self._scratch, self._scratch_bytes, self._left = store, scratch, scratch_bytes, left
        self.bytes_held = 0
        self._objects: dict[str, ObjectMeta] = {}
        self._kept: dict[tuple[str, int, int], bytes] = {}
        self._room, self._lock = KEPT_BYTES, threading.Lock()
        self.failure: RenderError | None = None

    def keys(self, name: str) -> Sequence[str]:
        """
        List a data set; what is listed may be opened.

        Raises:
            SourceUnavailable: The bucket does not answer, or does not let us.
            TimedOut: There is no time left.
        """

        async def ask() -> "list[ObjectMeta]":
            return [item async for page in obstore.list(self._store, prefix=name) for item in page]

        listed = self._answered(ask, f"The data set {name} cannot be listed.")
        self._objects |= {item["path"]: item for item in listed}
        return [item["path"].removeprefix(f"{name}/") for item in listed]

    def ranged(self, name: str, key: str) -> str:
        """Say what DuckDB opens to read parts of an object."""
        return f"{PROTOCOL}://{name}/{key}"

    def whole(self, name: str, key: str) -> str:
        """
        Bring an object here: text is read from end to end, and more than once.

        Raises:
            SourceInvalid: There is no room for it.
            SourceUnavailable, TimedOut: See `fetch`.
        """
        item = self.object(self.ranged(name, key))
        self._take_room(name, item["size"])
        path = self._scratch / name / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            for start in range(0, item["size"], PART_BYTES):
                stream.write(self.fetch(item, start, min(start + PART_BYTES, item["size"])))
        return str(path)

    def file_system(self) -> "Listed":
        """Make what a database opens addresses through."""
        return Listed()

    def object(self, path: str) -> "ObjectMeta":
        """
        Say what was listed under an address.

        Raises:
            FileNotFoundError: Nothing was.
        """
        try:
            return self._objects[_key(path)]
        except KeyError:
            raise FileNotFoundError("no such object was listed") from None

    def read(self, item: "ObjectMeta", start: int, end: int) -> bytes:
        """
        Bytes *start* to *end*; a small object comes as a whole, and what is small is kept for the next who asks.

        DuckDB reads a file's footer a dozen times for a report, and each request takes S3 some 20 ms.

        Raises:
            SourceUnavailable, TimedOut: See `fetch`.
        """
        first, after = (0, item["size"]) if item["size"] <= SMALL_BYTES else (start, end)
        place = item["path"], first, after
        data = self._kept.get(place)
        if data is None:
            data = self.fetch(item, first, after)
            self._keep(place, data)
        return data[start - first : end - first]

    def _keep(self, place: tuple[str, int, int], data: bytes) -> None:
        with self._lock:
            if place not in self._kept and len(data) <= min(SMALL_BYTES, self._room):
                self._kept[place] = data
                self._room -= len(data)

    def fetch(self, item: "ObjectMeta", start: int, end: int) -> bytes:
        """
        Bytes *start* to *end* of the version that was listed.

        Raises:
            SourceUnavailable: The bucket does not answer, or the object was replaced meanwhile.
            TimedOut: There is no time left.
        """
        options: GetOptions = {"range": (start, end), "if_match": item["e_tag"]}

        async def ask() -> bytes:
            answer = await obstore.get_async(self._store, item["path"], options=options)
            return bytes(await answer.bytes_async())

        return self._answered(ask, "The data cannot be read.")

    def _take_room(self, name: str, size: int) -> None:
        self.bytes_held += size
        if self.bytes_held > self._scratch_bytes:
            raise SourceInvalid(f"The data set {name} is too large to be read as text: store it as Parquet.")

    def _answered(self, ask: Callable[[], Coroutine[Any, Any, Answer]], otherwise: str) -> Answer:
        """Wait for an answer as long as there is time: DuckDB cannot be interrupted meanwhile."""
        try:
            return asyncio.run(asyncio.wait_for(ask(), self._left().total_seconds() if self._left else None))
        except TimeoutError as error:
            reason: RenderError = TimedOut(TIME_OUT)
            cause: Exception = error
        except Exception as error:  # noqa: BLE001 - obstore's tree is wide, and all of it means one thing
            reason, cause = SourceUnavailable(otherwise), error
        self.failure = reason
        raise reason from cause


class Listed(AbstractFileSystem):  # type: ignore[misc]
    """What the report whose turn it is has listed, read-only."""

    protocol = PROTOCOL
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.place: Ranges | None = None

    def glob(self, path: str, **_: Any) -> list[str]:
        """Address itself, if it was listed: there are no patterns here."""
        return [path] if self.exists(path) else []

    def exists(self, path: str, **_: Any) -> bool:
        """Whether it was listed."""
        try:
            self._object(path)
        except FileNotFoundError:
            return False
        return True

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
        return RangeFile(self._lender(), self._object(path))

    def _object(self, path: str) -> "ObjectMeta":
        return self._lender().object(path)

    def _lender(self) -> Ranges:
        if self.place is None:
            raise FileNotFoundError("it is nobody's turn")
        return self.place


class RangeFile(io.RawIOBase):
    """
    One object.

    DuckDB 2.0 shares a handle between its threads and calls `seek` and `read` apart, so each thread has its own
    position; with a common one, reads now and then return another thread's bytes. Reading on without a seek, as
    DuckDB does with text, would need the common one: it is refused.
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
        """
        Position the calling thread has asked for.

        Raises:
            io.UnsupportedOperation: It has asked for none since it last read.
        """
        position: int | None = getattr(self._thread, "position", None)
        if position is None:
            raise io.UnsupportedOperation("seek first")
        return position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the calling thread's position."""
        self._thread.position = offset + {io.SEEK_SET: 0, io.SEEK_END: self._size}[whence]
        return self.tell()

    def read(self, size: int | None = -1) -> bytes:
        """
        Up to *size* bytes from the calling thread's position, which is then gone.

        Raises:
            SourceUnavailable, TimedOut: See `Ranges.fetch`.
            io.UnsupportedOperation: See `tell`.
        """
        start = self.tell()
        self._thread.position = None
        end = self._size if size is None or size < 0 else min(start + size, self._size)
        return self._files.read(self._item, start, end) if start < end else b""


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
        client_options={"allow_http": bool(endpoint and endpoint.startswith("http://")), "timeout": PATIENCE / 2},
        retry_config={"max_retries": 3, "retry_timeout": PATIENCE / 2},  # the last one may begin as late as that
    )
