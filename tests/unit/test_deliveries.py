import json
from typing import Any
from uuid import UUID

import pytest

from rapor.deliveries import name_of, report_in

UUID_TEXT = "550e8400-e29b-41d4-a716-446655440000"
RECORD: dict[str, Any] = {
    "eventName": "MODIFY",
    "dynamodb": {"SequenceNumber": "7", "NewImage": {"uuid": {"S": UUID_TEXT}}},
}
MESSAGE = {"messageId": "m-1", "eventSource": "aws:sqs", "body": json.dumps(RECORD)}


@pytest.mark.parametrize(("record", "name"), [(RECORD, "7"), (MESSAGE, "m-1")])
def test_a_record_and_a_message_name_the_same_report(record: dict[str, Any], name: str) -> None:
    assert report_in(record) == UUID(UUID_TEXT)
    assert name_of(record) == name


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"eventName": "REMOVE", "dynamodb": {"Keys": {}, "SequenceNumber": "7"}}, "7"),
        ({"dynamodb": {"SequenceNumber": "7", "NewImage": {"pk": {"S": "KEY#1"}}}}, "7"),
        ({"dynamodb": {"SequenceNumber": "7", "NewImage": {"uuid": {"S": "1"}}}}, "7"),
        ({"dynamodb": {"SequenceNumber": "7", "NewImage": {"uuid": {"N": "1"}}}}, "7"),
        ({"dynamodb": {"SequenceNumber": "7", "NewImage": {"uuid": {"S": None}}}}, "7"),
        ({"dynamodb": {"SequenceNumber": "7", "NewImage": None}}, "7"),
        ({"dynamodb": None}, ""),
        ({"dynamodb": []}, ""),
        ({}, ""),
        (MESSAGE | {"body": "{"}, "m-1"),
        (MESSAGE | {"body": "[]"}, "m-1"),
        (MESSAGE | {"body": "7"}, "m-1"),
        (MESSAGE | {"body": None}, "m-1"),
        (MESSAGE | {"body": UUID_TEXT}, "m-1"),
        ({"messageId": "m-1"}, "m-1"),
    ],
)
def test_what_is_about_no_report_is_let_through_by_its_name(record: dict[str, Any], name: str) -> None:
    assert report_in(record) is None
    assert name_of(record) == name
