"""The event bus of a local run, and a rule that keeps every event on it for whoever wants to look."""

import json
from collections.abc import Iterator
from typing import Any

import boto3

from local.cloudformation import ACCOUNT, REGION
from local.template import DEFAULT_BUS

QUEUE = "local-events"  # no queue of the template's
RULE = "local-events"


def create_bus(name: str) -> None:
    """Make the bus, and a queue of what comes over it."""
    events = boto3.client("events")
    if name != DEFAULT_BUS:  # which is always there
        events.create_event_bus(Name=name)
    boto3.client("sqs").create_queue(QueueName=QUEUE)
    events.put_rule(Name=RULE, EventBusName=name, EventPattern=json.dumps({"account": [ACCOUNT]}))
    target = {"Id": QUEUE, "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}"}
    events.put_targets(Rule=RULE, EventBusName=name, Targets=[target])


def taken_events(sqs: Any) -> Iterator[dict[str, Any]]:
    """Events that came since the last look, as EventBridge hands them to its targets."""
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            yield json.loads(message["Body"])
