"""What AWS says, in our errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rapor.errors import StoreUnavailable

TRANSIENT_CODES = frozenset(
    {
        "InternalError",
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


@contextmanager
def transient_as_unavailable() -> Iterator[None]:
    """
    Raise `StoreUnavailable` for what may pass by itself; a wrong request stays a crash, for it is ours.

    Raises:
        StoreUnavailable: The service was unreachable, overloaded or broken, after the SDK's own retries.
    """
    try:
        yield
    except BotoCoreError as error:
        raise StoreUnavailable from error
    except ClientError as error:
        if error.response["Error"]["Code"] in TRANSIENT_CODES or status_of(error) >= 500:  # noqa: PLR2004 - HTTP
            raise StoreUnavailable from error
        raise


def status_of(error: ClientError) -> int:
    """HTTP status of the answer, 0 if it had none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def refused_item(error: ClientError) -> dict[str, Any] | None:
    """
    Give the item that made a conditional write fail.

    Raises:
        ClientError: It failed for another reason.
    """
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
    item: dict[str, Any] | None = error.response.get("Item")
    return item


def cancelling_item(error: ClientError) -> dict[str, Any] | None:
    """
    Give the item whose condition cancelled a transaction, if one did and asked to be told of.

    Raises:
        ClientError: It failed for another reason.
    """
    if error.response["Error"]["Code"] != "TransactionCanceledException":
        raise error
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])
    return next((reason["Item"] for reason in reasons if "Item" in reason), None)
