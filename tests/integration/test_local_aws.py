"""The mended moto: faults that lose data are gone, links are enforced, state survives."""

import datetime as dt
import json
import os
import pickle
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models import dynamodb_backends

from local import moto_fixes, presigned
from local.aws import LocalAws
from local.cloudformation import ACCOUNT, REGION
from local.first_order import request
from local.presigned import Link
from local.streams import as_event, shard_of
from local.template import Stack
from rapor.store import clients

pytestmark = pytest.mark.integration

STACK = Stack.load()
TABLE = STACK.name("Reports")
BUCKET = STACK.name("Documents")


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with LocalAws(STACK) as running:
        yield running


@pytest.fixture
def dynamodb(aws: LocalAws) -> Any:
    return aws.client("dynamodb")


def item(pk: str, **attributes: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "REPORT"}} | {name: {"S": value} for name, value in attributes.items()}


def records() -> list[tuple[str, str, str | None]]:
    found = [as_event(it.record, arn="arn") for it in shard_of(TABLE).items]
    return [
        (it["eventName"], it["dynamodb"]["Keys"]["pk"]["S"], it["dynamodb"].get("NewImage", {}).get("v", {}).get("S"))
        for it in found
    ]


def put(dynamodb: Any, pk: str, **attributes: str) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item(pk, **attributes))


def update(
    dynamodb: Any, pk: str, value: str, condition: str = "attribute_exists(pk) OR attribute_not_exists(pk)"
) -> None:
    dynamodb.update_item(
        TableName=TABLE,
        Key=item(pk),
        UpdateExpression="SET v = :v",
        ConditionExpression=condition,
        ExpressionAttributeValues={":v": {"S": value}},
    )


def cancelled_transaction(dynamodb: Any, pk: str) -> None:
    failing = {"Key": item("absent"), "TableName": TABLE, "ConditionExpression": "attribute_exists(pk)"}
    with pytest.raises(ClientError, match="TransactionCanceled"):
        dynamodb.transact_write_items(
            TransactItems=[{"Put": {"TableName": TABLE, "Item": item(pk, v="tx")}}, {"ConditionCheck": failing}]
        )


def test_a_request_whose_sender_died_on_the_way_never_happened(aws: LocalAws, dynamodb: Any) -> None:
    put(dynamodb, "a", v="1")
    host, _, port = aws.endpoint.removeprefix("http://").partition(":")
    body = json.dumps({"TableName": TABLE, "Key": {"pk": {"S": "a"}, "sk": {"S": "REPORT"}}})
    head = f"POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: DynamoDB_20120810.DeleteItem\r\nContent-Length: {len(body) + 1}\r\n\r\n"

    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + body.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(100)

    assert answer.startswith(b"HTTP/1.1 400")
    assert records() == [("INSERT", "a", "1")]


def test_write_without_change_leaves_no_record(dynamodb: Any) -> None:
    put(dynamodb, "a", v="1")
    put(dynamodb, "a", v="1")
    update(dynamodb, "a", "1")

    assert records() == [("INSERT", "a", "1")]


def test_update_that_creates_leaves_one_whole_insert(dynamodb: Any) -> None:
    update(dynamodb, "a", "1")
    update(dynamodb, "b", "1")

    assert records() == [("INSERT", "a", "1"), ("INSERT", "b", "1")]
    numbers = [int(it.record["dynamodb"]["SequenceNumber"]) for it in shard_of(TABLE).items]
    assert numbers[1] == numbers[0] + 1


def test_refused_update_leaves_neither_item_nor_record(dynamodb: Any) -> None:
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        update(dynamodb, "a", "1", condition="attribute_exists(pk)")

    assert "Item" not in dynamodb.get_item(TableName=TABLE, Key=item("a"))
    assert records() == []


def test_broken_update_takes_its_new_item_back(dynamodb: Any) -> None:
    with pytest.raises(ClientError):
        dynamodb.update_item(
            TableName=TABLE,
            Key=item("a"),
            UpdateExpression="SET v = missing + :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    assert "Item" not in dynamodb.get_item(TableName=TABLE, Key=item("a"))
    assert records() == []


def test_cancelled_transaction_leaves_nothing(dynamodb: Any) -> None:
    put(dynamodb, "a", v="1")
    shard = shard_of(TABLE)  # what a reader of the stream holds

    cancelled_transaction(dynamodb, "a")
    cancelled_transaction(dynamodb, "b")

    assert dynamodb.get_item(TableName=TABLE, Key=item("a"))["Item"]["v"] == {"S": "1"}
    assert "Item" not in dynamodb.get_item(TableName=TABLE, Key=item("b"))
    put(dynamodb, "c", v="1")
    assert records() == [("INSERT", "a", "1"), ("INSERT", "c", "1")]
    assert shard_of(TABLE) is shard


def test_cancelled_transactions_do_not_undo_other_writers(dynamodb: Any) -> None:
    names = [f"row-{number}" for number in range(60)]
    table = dynamodb_backends[ACCOUNT][REGION].tables[TABLE]
    for number in range(500):  # the copy of a larger table takes longer
        table.put_item(item(f"old-{number}"))
    shard_of(TABLE).items.clear()

    with ThreadPoolExecutor(8) as writers:
        jobs = []
        for name in names:
            jobs.append(writers.submit(put, dynamodb, name, v="1"))
            jobs.append(writers.submit(cancelled_transaction, dynamodb, f"tx-{name}"))
        for job in jobs:
            job.result()

    found = dynamodb.scan(TableName=TABLE)["Items"]
    assert {it["pk"]["S"] for it in found if it["pk"]["S"].startswith("row")} == set(names)
    assert len(records()) == len(names)


def test_committed_transaction_writes_all(dynamodb: Any) -> None:
    dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": TABLE, "Item": item(pk, v="1")}} for pk in ("a", "b")]
    )

    assert records() == [("INSERT", "a", "1"), ("INSERT", "b", "1")]


def test_record_has_the_shape_of_a_lambda_event(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item("a") | {"blob": {"B": b"\xff\x00"}})

    record = as_event(shard_of(TABLE).items[0].record, arn="arn:of:stream")

    assert record["awsRegion"] == "eu-central-1"
    assert record["eventSource"] == "aws:dynamodb"
    assert record["eventSourceARN"] == "arn:of:stream"
    assert record["dynamodb"]["StreamViewType"] == "NEW_IMAGE"
    assert record["dynamodb"]["NewImage"]["pk"] == {"S": "a"}
    assert record["dynamodb"]["NewImage"]["blob"] == {"B": "/wA="}
    assert "OldImage" not in record["dynamodb"]
    assert abs(record["dynamodb"]["ApproximateCreationDateTime"] - dt.datetime.now(dt.UTC).timestamp()) < 60


def test_record_keeps_the_image_of_its_moment(dynamodb: Any) -> None:
    put(dynamodb, "a", v="1")
    update(dynamodb, "a", "2")

    assert records() == [("INSERT", "a", "1"), ("MODIFY", "a", "2")]


def test_trimmed_stream_keeps_its_numbering(dynamodb: Any) -> None:
    for pk in "abc":
        put(dynamodb, pk)
    shard = shard_of(TABLE)
    last = int(shard.items[2].record["dynamodb"]["SequenceNumber"])

    moto_fixes.trim(shard, last)
    put(dynamodb, "d")

    assert [int(it.record["dynamodb"]["SequenceNumber"]) for it in shard.items] == [last, last + 1]
    assert shard.starting_sequence_number == last


def test_item_past_its_time_is_deleted_by_the_service(aws: LocalAws, dynamodb: Any) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item("old") | {"expires_at": {"N": "1"}})
    dynamodb.put_item(TableName=TABLE, Item=item("young") | {"expires_at": {"N": "99999999999"}})

    assert aws.expire() == 1

    assert [it["pk"]["S"] for it in dynamodb.scan(TableName=TABLE)["Items"]] == ["young"]
    assert shard_of(TABLE).items[-1].record["userIdentity"]["principalId"] == "dynamodb.amazonaws.com"


def test_transaction_does_not_copy_the_table(dynamodb: Any) -> None:
    put(dynamodb, "a")
    table = dynamodb_backends[ACCOUNT][REGION].tables[TABLE]

    cancelled_transaction(dynamodb, "b")

    assert dynamodb_backends[ACCOUNT][REGION].tables[TABLE] is table


def status_of(url: str, method: str = "GET") -> int:
    return request(method, url).status


@pytest.fixture
def link(aws: LocalAws) -> str:
    s3 = aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key="reports/ü.txt", Body=b"x")
    params = {
        "Bucket": BUCKET,
        "Key": "reports/ü.txt",
        "ResponseContentDisposition": "attachment; filename*=UTF-8''a%20b",
    }
    return str(s3.generate_presigned_url("get_object", Params=params, ExpiresIn=300))


def test_signed_link_works(link: str) -> None:
    assert status_of(link) == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("reports/%C3%BC.txt", "reports/other.txt"),
        ("attachment", "inline"),
        ("X-Amz-Expires=300", "X-Amz-Expires=3000"),
        ("X-Amz-Expires=300", "X-Amz-Expires=9999999"),
        ("X-Amz-Expires=300", "X-Amz-Expires=x"),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ("X-Amz-Credential", "X-Amz-Other"),
    ],
)
def test_altered_link_is_refused(link: str, old: str, new: str) -> None:
    assert old in link

    assert status_of(link.replace(old, new)) == 403


def test_link_for_get_does_not_write(link: str) -> None:
    assert status_of(link, "PUT") == 403


def test_unsigned_link_is_refused(link: str) -> None:
    assert status_of(link.partition("?")[0]) == 403


def test_link_ends_with_its_lifetime(link: str) -> None:
    address, _, query = link.partition("?")
    host, _, path = address.removeprefix("http://").partition("/")
    asked = Link("GET", f"/{path}", query, {"host": host})
    now = dt.datetime.now(dt.UTC)

    assert presigned.fault(asked, "test", now) is None
    assert presigned.fault(asked, "test", now + dt.timedelta(seconds=310)) == "Request has expired"
    assert presigned.fault(asked, "other", now) == "SignatureDoesNotMatch"


def test_user_settings_for_aws_do_not_reach_the_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://example.com")

    with LocalAws(STACK) as aws:
        assert "AWS_PROFILE" not in os.environ
        assert aws.client("s3").meta.endpoint_url == aws.endpoint

    assert os.environ["AWS_PROFILE"] == "production"
    assert "AWS_ENDPOINT_URL" not in os.environ


def test_functions_are_patient_with_the_stand_in_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with LocalAws(STACK):
        here = clients.client("dynamodb").meta.config

    there = clients.client("dynamodb").meta.config
    assert (here.read_timeout, here.retries) == (60, there.retries)
    assert there.read_timeout < 5


def test_nothing_is_shared_between_two_runs(tmp_path: Path) -> None:
    with LocalAws(STACK) as aws:
        put(aws.client("dynamodb"), "a")
    with LocalAws(STACK, state_file=tmp_path / "state.pickle") as aws:
        assert aws.client("dynamodb").scan(TableName=TABLE)["Count"] == 0


def test_state_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.pickle"
    big = os.urandom(6 * 1024 * 1024)
    with LocalAws(STACK, state_file=file) as aws:
        put(aws.client("dynamodb"), "a", v="1")
        aws.client("s3").put_object(
            Bucket=BUCKET, Key="k", Body=big, ContentType="application/pdf", Metadata={"m": "1"}
        )
        aws.positions["mapping"] = 7
        written = records()

    with LocalAws(STACK, state_file=file) as aws:
        put(aws.client("dynamodb"), "b", v="2")
        found = aws.client("s3").get_object(Bucket=BUCKET, Key="k")

        assert records() == [*written, ("INSERT", "b", "2")]
        assert aws.positions == {"mapping": 7}
        assert found["Body"].read() == big
        assert found["ContentType"] == "application/pdf"
        assert found["Metadata"] == {"m": "1"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_schedules_survive_a_restart(tmp_path: Path) -> None:
    entry = {"GroupName": "rapor-users", "Name": "a", "ScheduleExpression": "rate(1 day)"}
    target = {"Arn": "arn:aws:lambda:eu-central-1:123456789012:function:f", "RoleArn": "arn:aws:iam::1:role/r"}
    with LocalAws(Stack.load(), state_file=tmp_path / "state.pickle") as aws:
        aws.client("scheduler").create_schedule(**entry, FlexibleTimeWindow={"Mode": "OFF"}, Target=target)

    with LocalAws(Stack.load(), state_file=tmp_path / "state.pickle") as aws:
        found = aws.client("scheduler").get_schedule(GroupName="rapor-users", Name="a")

    assert found["ScheduleExpression"] == "rate(1 day)"


def test_state_is_saved_soon_after_a_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "state.pickle"
    with LocalAws(STACK, state_file=file) as aws:
        assert aws.state is not None
        monkeypatch.setattr(aws.state, "_delay_s", 0.05)
        put(aws.client("dynamodb"), "a", v="1")
        for _ in range(100):
            if file.exists() and _pks(file) == ["a"]:
                break
            aws.state._stop.wait(0.05)

        assert _pks(file) == ["a"]


def _pks(file: Path) -> list[str]:
    table = pickle.loads(file.read_bytes())["tables"].get(TABLE)  # noqa: S301
    return [it.attrs["pk"].value for it in table.all_items()] if table else []


def test_damaged_state_is_put_aside(tmp_path: Path) -> None:
    file = tmp_path / "state.pickle"
    file.write_bytes(b"not a pickle")

    with LocalAws(STACK, state_file=file) as aws:
        assert aws.notice is not None
        assert "put aside" in aws.notice

    assert len(list(tmp_path.glob("*.aside"))) == 1


def test_kept_table_gets_new_indexes(tmp_path: Path) -> None:
    file = tmp_path / "state.pickle"
    with LocalAws(STACK, state_file=file) as aws:
        put(aws.client("dynamodb"), "a")
    fewer = pickle.loads(file.read_bytes())  # noqa: S301
    table = fewer["tables"][TABLE]
    table.global_indexes = [it for it in table.global_indexes if it.name != "open"]
    file.write_bytes(pickle.dumps(fewer))

    with LocalAws(STACK, state_file=file) as aws:
        indexes = aws.client("dynamodb").describe_table(TableName=TABLE)["Table"]["GlobalSecondaryIndexes"]

        assert "open" in {it["IndexName"] for it in indexes}
