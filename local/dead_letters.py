"""What Lambda sends to a mapping's on-failure destination: where the records are, not the records."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from local.cloudformation import ACCOUNT, REGION
from local.template import StreamMapping

Record = dict[str, Any]


def dead_letter(mapping: StreamMapping, batch: list[Record], *, shard_id: str, condition: str, calls: int) -> str:
    """The message about a batch that was given up, for `condition`, after so many calls."""
    first, last = batch[0], batch[-1]
    return json.dumps(
        {
            "requestContext": {
                "requestId": str(uuid4()),
                "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{mapping.function}",
                "condition": condition,
                "approximateInvokeCount": calls,
            },
            "version": "1.0",
            "timestamp": _iso(datetime.now(UTC)),
            "DDBStreamBatchInfo": {
                "shardId": shard_id,
                "startSequenceNumber": first["dynamodb"]["SequenceNumber"],
                "endSequenceNumber": last["dynamodb"]["SequenceNumber"],
                "approximateArrivalOfFirstRecord": _arrival(first),
                "approximateArrivalOfLastRecord": _arrival(last),
                "batchSize": len(batch),
                "streamArn": first["eventSourceARN"],
            },
        }
    )


def _arrival(record: Record) -> str:
    return _iso(datetime.fromtimestamp(record["dynamodb"]["ApproximateCreationDateTime"], UTC))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
