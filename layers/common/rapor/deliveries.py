"""
What tells the process function of a report: a record of the table's stream, by itself or in a queue's message.

A queue's message holds the record as its body, as an EventBridge pipe passes it on.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID


def name_of(record: Mapping[str, Any]) -> str:
    """What a batch's answer calls it, to have it again; empty for what is neither."""
    name = record.get("messageId") or (record.get("dynamodb") or {}).get("SequenceNumber")
    return name if isinstance(name, str) else ""


def report_in(record: Mapping[str, Any]) -> UUID | None:
    """Which report it is about; None if it is about a row that is gone, or no report, or cannot be read."""
    try:
        change = json.loads(record["body"]) if "messageId" in record else record
        return UUID(change["dynamodb"]["NewImage"]["uuid"]["S"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
