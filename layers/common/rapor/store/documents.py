"""
Documents in a private S3 bucket.

    reports/<created day>/<report uuid>/<attempt>-<owner>.<extension>
    reports/<created day>/<report uuid>/<attempt>-<owner>.<extension>.manifest.json

A document is streamed in parts and appears whole or not at all.
"""

import hashlib
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError

from rapor.errors import DocumentExpired, StoreUnavailable
from rapor.store.faults import transient_as_unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_FILE_NAME_BYTES = 240  # file systems take 255, and browsers add an ending of theirs while they download
PART_BYTES = 8 * 1024 * 1024  # S3 refuses multipart parts under 5 MiB, but for the last
GONE = frozenset({"NoSuchKey", "AccessDenied"})  # S3 says the second to who may not list
UNSAFE_IN_FILE_NAMES = str.maketrans(dict.fromkeys('"\\/;:*?<>|%', "-") | dict.fromkeys(range(32)) | {127: None})


class Version(NamedTuple):
    """One of an object's contents, or the mark of its deletion."""

    key: str
    id: str
    modified_at: datetime


class DocumentBucket:
    """Where documents are written once and handed out by signed links."""

    def __init__(self, client: BaseClient, name: str) -> None:
        self._client: Any = client
        self._name = name

    def origin(self) -> str:
        """Where signed links point: scheme and host, as RFC 6454 has an origin."""
        scheme, host, *_ = urlsplit(
            self._client.generate_presigned_url("get_object", Params={"Bucket": self._name, "Key": "reports/any"})
        )
        return f"{scheme}://{host}"

    @contextmanager
    def open(self, key: str, content_type: str) -> "Iterator[DocumentUpload]":
        """
        Stream a document; an error inside the context leaves no document.

        Raises:
            StoreUnavailable: The bucket did not take it.
        """
        upload = DocumentUpload(self._client, {"Bucket": self._name, "Key": key}, content_type)
        try:
            yield upload
            upload.finish()
        except BaseException:
            upload.abort()
            raise

    def read(self, key: str) -> bytes:
        """
        Read a small object whole.

        Raises:
            DocumentExpired: The bucket's lifecycle was quicker than the report's row.
            StoreUnavailable: The bucket did not give it.
        """
        try:
            with transient_as_unavailable():
                content: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                raise DocumentExpired from error
            raise
        return content

    def link(self, key: str, *, file_name: str, content_type: str, lifetime: timedelta) -> str:
        """Sign a link that downloads the document under *file_name*."""
        link: str = self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._name,
                "Key": key,
                "ResponseContentType": content_type,
                "ResponseContentDisposition": disposition(file_name),
            },
            ExpiresIn=int(lifetime.total_seconds()),
        )
        return link

    def versions(self, prefix: str, after: str | None) -> tuple[list[Version], str | None]:
        """
        Give a page of every version of what is below *prefix* and behind the key *after*.

        The second is the key behind which the next page begins, None on the last one. A page holds all versions of its
        keys, and its place is still one when they are gone.

        Raises:
            StoreUnavailable: The bucket did not say.
        """
        marker = {"KeyMarker": after} if after else {}
        with transient_as_unavailable():
            page = self._client.list_object_versions(Bucket=self._name, Prefix=prefix, **marker)
        listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        found = [Version(it["Key"], it["VersionId"], it["LastModified"]) for it in listed]
        if not page["IsTruncated"]:
            return found, None
        *whole, last = sorted({version.key for version in found})
        end = whole[-1] if whole else last
        return [version for version in found if version.key <= end], end

    def remove(self, versions: "Iterable[Version]") -> None:
        """
        Remove versions for good, at most a page of them.

        Raises:
            StoreUnavailable: The bucket did not remove all of them.
        """
        with transient_as_unavailable():
            self._remove([{"Key": version.key, "VersionId": version.id} for version in versions])

    def remove_folder(self, folder: str) -> None:
        """
        Remove every version of everything in *folder*, whose name ends with a slash.

        Raises:
            StoreUnavailable: The bucket did not remove all of it.
        """
        with transient_as_unavailable():
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._name, Prefix=folder):
                self._remove([*page.get("Versions", []), *page.get("DeleteMarkers", [])])

    def _remove(self, versions: list[dict[str, Any]]) -> None:
        if not versions:
            return
        objects = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
        answer = self._client.delete_objects(Bucket=self._name, Delete={"Objects": objects, "Quiet": True})
        if answer.get("Errors"):
            raise StoreUnavailable


class DocumentUpload:
    """A document on its way; one request if it fits in a part, else a multipart upload."""

    def __init__(self, client: BaseClient, target: dict[str, str], content_type: str) -> None:
        self._client: Any = client
        self._target = target
        self._content_type = content_type
        self._buffer = bytearray()
        self._hash = hashlib.sha256()
        self._parts: list[dict[str, Any]] = []
        self._upload_id: str | None = None
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """Of all bytes so far, in hex."""
        return self._hash.hexdigest()

    def write(self, data: bytes, /) -> int:
        """Take some bytes; a full part goes off at once."""
        self._hash.update(data)
        self.size_bytes += len(data)
        self._buffer += data
        while len(self._buffer) >= PART_BYTES:
            self._send_part(bytes(self._buffer[:PART_BYTES]))
            del self._buffer[:PART_BYTES]
        return len(data)

    def finish(self) -> None:
        """Make the document appear."""
        with transient_as_unavailable():
            if self._upload_id is None:
                self._client.put_object(**self._target, Body=bytes(self._buffer), ContentType=self._content_type)
                return
            if self._buffer:
                self._send_part(bytes(self._buffer))
            self._client.complete_multipart_upload(
                **self._target, UploadId=self._upload_id, MultipartUpload={"Parts": self._parts}
            )

    def abort(self) -> None:
        """Drop what was sent; what this misses, the bucket's lifecycle removes after a day."""
        if self._upload_id is not None:
            with suppress(BotoCoreError, ClientError):
                self._client.abort_multipart_upload(**self._target, UploadId=self._upload_id)

    def _send_part(self, data: bytes) -> None:
        with transient_as_unavailable():
            if self._upload_id is None:
                started = self._client.create_multipart_upload(**self._target, ContentType=self._content_type)
                self._upload_id = started["UploadId"]
            number = len(self._parts) + 1
            sent = self._client.upload_part(**self._target, UploadId=self._upload_id, PartNumber=number, Body=data)
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})


def disposition(file_name: str) -> str:
    """Name the download (RFC 6266): plain ASCII for old clients, UTF-8 for the rest."""
    safe = _shortened(file_name.translate(UNSAFE_IN_FILE_NAMES).strip() or "report")
    ascii_only = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{ascii_only}\"; filename*=UTF-8''{quote(safe, safe='')}"


def _shortened(file_name: str) -> str:
    """Cut the name between two characters, so that it can be saved and keeps its extension."""
    stem, dot, extension = file_name.rpartition(".")
    room = MAX_FILE_NAME_BYTES - len(f"{dot}{extension}".encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + extension
