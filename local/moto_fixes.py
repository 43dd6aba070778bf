"""
Mends what moto 5.2.5 gets wrong, as measured against DynamoDB's documented behaviour.

- It is not atomic: requests of several threads interleave. Here they queue (`one_at_a_time`).
- A cancelled transaction puts back a copy of the whole table, so it undoes other writers' acknowledged writes, leaves
  its records in the stream, and costs time in proportion to the table. Here only what it touched is put back.
- An update that creates an item writes two INSERT records, a write that changes nothing writes one MODIFY.
- Records name the wrong region and share memory with the live item.
- Nothing expires, and streams are never trimmed.
- It takes half a request for a whole one, when its sender dies on the way.
- It is slow on long lists: of 13 s for 3,333 reports among 10,000, read a hundred at a time, 10 went into comparing
  strings by way of their types and into taking values apart that are sent as they are kept. Here neither is done.
- KMS hashes what it is told is a hash.
- A list of versions behind a key loses the first one when the key itself is gone.

In-process; `apply` may be called more than once.
"""

import base64
import copy
import functools
import io
import json
import operator
import threading
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import StreamShard, Table
from moto.kms.responses import KmsResponse
from moto.s3.models import S3Backend

from local.presigned import Environ, WsgiApp

LOCK = threading.RLock()
WRITTEN = threading.Condition(LOCK)  # notified at every new stream record
KEYS_ONLY_AND_WHOLE = 2
EXPIRED_BY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def apply() -> None:
    """Mend moto, once a process."""
    if getattr(StreamShard, "is_mended", False):
        return
    StreamShard.is_mended = True  # type: ignore[attr-defined]
    StreamShard.add = _add(StreamShard.add)  # type: ignore[method-assign]
    Table.__deepcopy__ = lambda self, _: self  # type: ignore[attr-defined]  # a transaction's backup: ours is Undo
    DynamoDBBackend.update_item = _update_item(DynamoDBBackend.update_item)  # type: ignore[method-assign]
    KmsResponse.sign = _sign(KmsResponse.sign)  # type: ignore[method-assign]
    DynamoDBBackend.transact_write_items = _transact(DynamoDBBackend.transact_write_items)  # type: ignore[method-assign]
    S3Backend.list_object_versions = _list_behind(S3Backend.list_object_versions)  # type: ignore[method-assign]
    for compare in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
        name = f"__{compare.__name__}__"
        setattr(DynamoType, name, _compare_strings(compare, getattr(DynamoType, name)))
    BaseJSONSerializer._serialize_type_structure = _send_as_kept(BaseJSONSerializer._serialize_type_structure)  # type: ignore[method-assign]  # noqa: SLF001


def one_at_a_time(app: WsgiApp, after: Callable[[Environ], None] = lambda _: None) -> WsgiApp:
    """WSGI middleware: one request at a time, its body read before its turn comes."""

    def guarded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length:
            body = environ["wsgi.input"].read(length)
            if len(body) < length:
                start_response("400 Bad Request", [])
                return []
            environ["wsgi.input"] = io.BytesIO(body)
        with LOCK:
            answer = app(environ, start_response)
            after(environ)
        return answer

    return guarded


def trim(shard: StreamShard, before: int) -> None:
    """Drop records below a sequence number; the others keep theirs."""
    count = min(max(0, before - shard.starting_sequence_number), len(shard.items))
    del shard.items[:count]
    shard.starting_sequence_number += count


def expire(backend: DynamoDBBackend, now: float) -> int:
    """Delete what has outlived its TTL, with the record AWS writes for it; returns how many."""
    with LOCK:
        return sum(_expire(table, now) for table in backend.tables.values())


def _expire(table: Table, now: float) -> int:
    if (table.ttl or {}).get("TimeToLiveStatus") != "ENABLED":
        return 0
    name = table.ttl["AttributeName"]
    expired = [it for it in table.all_items() if name in it.attrs and _is_past(it.attrs[name], now)]
    for item in expired:
        table.delete_item(item.hash_key, item.range_key)
        if table.stream_shard:
            table.stream_shard.items[-1].record["userIdentity"] = EXPIRED_BY
    return len(expired)


def _is_past(value: Any, now: float) -> bool:
    return bool(value.type == "N" and float(value.value) < now)


class Undo:
    """The items a request may write, and the length of every stream, as they were before it."""

    def __init__(self, backend: DynamoDBBackend, writes: Iterable[tuple[str, dict[str, Any]]]) -> None:
        self._items = [
            (table, table_key, copy.deepcopy(table.get_item(*table_key)))
            for name, key in writes
            if (table := backend.tables.get(name)) is not None
            if (table_key := _table_key(backend, table, key)) is not None
        ]
        self._shards = [
            (it.stream_shard, len(it.stream_shard.items)) for it in backend.tables.values() if it.stream_shard
        ]

    def put_back(self) -> None:
        """Make the request not to have happened."""
        for table, key, item in self._items:
            _put_back(table, key, item)
        for shard, length in self._shards:
            del shard.items[length:]


def _table_key(backend: DynamoDBBackend, table: Table, key: dict[str, Any]) -> tuple[Any, Any] | None:
    try:
        return backend.get_keys_value(table, key)
    except Exception:  # noqa: BLE001 - whatever is wrong with the key, the request itself will say
        return None


def _put_back(table: Table, key: tuple[Any, Any], item: Item | None) -> None:
    hash_key, range_key = key
    items: Any = table.items
    if table.has_range_key:
        items, hash_key = items[hash_key], range_key
    if item is None:
        items.pop(hash_key, None)
    else:
        items[hash_key] = item


def _add(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def add(self: StreamShard, old: Item | None, new: Item | None) -> None:
        if old is not None and new is not None and old.to_json() == new.to_json():
            return
        with WRITTEN:
            original(self, old, new)
            record = self.items[-1].record
            record["awsRegion"] = self.table.region_name
            record["dynamodb"] = copy.deepcopy(record["dynamodb"])
            WRITTEN.notify_all()

    return add


def _update_item(original: Callable[..., Item]) -> Callable[..., Item]:
    @functools.wraps(original)
    def update_item(self: DynamoDBBackend, table_name: str, key: dict[str, Any], *args: Any, **kwargs: Any) -> Item:
        with LOCK:
            undo = Undo(self, [(table_name, key)])
            shard = self.tables[table_name].stream_shard if table_name in self.tables else None
            before = len(shard.items) if shard else 0
            try:
                item = original(self, table_name, key, *args, **kwargs)
            except Exception:
                undo.put_back()
                raise
            if shard and len(shard.items) - before == KEYS_ONLY_AND_WHOLE:
                _drop_keys_only_record(shard)
            return item

    return update_item


def _drop_keys_only_record(shard: StreamShard) -> None:
    keys_only, whole = shard.items[-2:]
    whole.record["dynamodb"]["SequenceNumber"] = keys_only.record["dynamodb"]["SequenceNumber"]
    del shard.items[-2]


def _sign(original: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(original)
    def sign(self: KmsResponse) -> str:
        answer: dict[str, Any] = json.loads(original(self))  # which checks the key and the algorithm
        if self._get_param("MessageType") == "DIGEST":
            key: Any = self.kms_backend.describe_key(answer["KeyId"]).private_key
            signature = key.private_key.sign(self._get_param("Message"), ec.ECDSA(Prehashed(SHA256())))
            answer["Signature"] = base64.b64encode(signature).decode()
        return json.dumps(answer)

    return sign


def _transact(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        with LOCK:
            operations = [operation for it in transact_items for operation in it.values()]
            undo = Undo(self, [(it.get("TableName", ""), it.get("Key") or it.get("Item") or {}) for it in operations])
            try:
                original(self, transact_items)
            except Exception:
                undo.put_back()
                raise

    return transact_write_items


def _list_behind(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def list_object_versions(self: S3Backend, bucket_name: str, **given: Any) -> Any:
        marker, limit = given.get("key_marker"), given.get("max_keys") or 0
        if not marker or given.get("version_id_marker") or given.get("delimiter"):
            return original(self, bucket_name, **given)
        versions, prefixes, deletions, _, _ = original(self, bucket_name, prefix=given.get("prefix", ""), max_keys=None)
        behind = sorted((it for it in [*versions, *deletions] if it.name > marker), key=lambda it: str(it.name))
        page = {id(it) for it in behind[:limit]}
        last = behind[limit - 1] if len(behind) > limit > 0 else None
        return (
            [it for it in versions if id(it) in page],
            prefixes,
            [it for it in deletions if id(it) in page],
            last.name if last else None,
            last.version_id if last else None,
        )

    return list_object_versions


def _compare_strings(compare: Callable[[str, str], bool], original: Callable[..., bool]) -> Callable[..., bool]:
    @functools.wraps(original)
    def compare_values(self: DynamoType, other: DynamoType) -> bool:
        return compare(self.value, other.value) if self.type == other.type == "S" else original(self, other)

    return compare_values


def _send_as_kept(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def serialize(self: BaseJSONSerializer, serialized: dict[str, Any], value: Any, shape: Any, key: str) -> None:
        if key and shape.name == "AttributeValue" and isinstance(value, dict):
            serialized[key] = value
        else:
            original(self, serialized, value, shape, key)

    return serialize
