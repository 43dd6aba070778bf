"""What a client's key made first, it stands for: written together with it, and found again under it."""

from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from rapor.errors import KeyReused, StoreUnavailable, UuidTaken
from rapor.report import IdempotencyKey
from rapor.store.faults import cancelling_item, transient_as_unavailable
from rapor.store.items import Item, typed
from rapor.store.keys import idempotency_key, idempotency_row


def put_with_key(client: Any, put: dict[str, Any], key: IdempotencyKey, at: datetime) -> Item | None:
    """
    Write a row and the key that makes it *at* that moment; where the key was there first, its row.

    That may be our own, from a try whose answer was lost.

    Raises:
        KeyReused: The key stands for another body.
        UuidTaken: The same, of a key without end.
    """
    key_put = put_of_key(put["TableName"], idempotency_row(key, put["Item"], at), at)
    try:
        with transient_as_unavailable():
            client.transact_write_items(TransactItems=[{"Put": put}, {"Put": key_put}])
    except ClientError as error:
        # Where another request is writing it just now, nobody says what it is.
        item = cancelling_item(error) or key_item(client, put["TableName"], key)
        first = in_force(item, key, at)
        if first is None:
            raise StoreUnavailable from error
        return first
    return None


def put_of_key(table: str, row: Item, now: datetime) -> dict[str, Any]:
    """Write a key's row, if there is none or its time is over."""
    return {
        "TableName": table,
        "Item": row,
        "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
        "ExpressionAttributeValues": typed({":now": int(now.timestamp())}),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def key_item(client: Any, table: str, key: IdempotencyKey) -> Item | None:
    """Read a key's row, as it is now."""
    with transient_as_unavailable():
        answer = client.get_item(TableName=table, Key=idempotency_key(key), ConsistentRead=True)
    item: Item | None = answer.get("Item")
    return item


def in_force(item: Item | None, key: IdempotencyKey, now: datetime) -> Item | None:
    """
    Give the key's row back, if its time is not over.

    Raises:
        KeyReused, UuidTaken: As `put_with_key`.
    """
    # DynamoDB deletes expired items late, so their time is looked at here.
    if item is None or ("expires_at" in item and int(item["expires_at"]["N"]) <= now.timestamp()):
        return None
    if item["fingerprint"]["S"] != key.fingerprint:
        raise KeyReused if key.lifetime else UuidTaken
    return item
