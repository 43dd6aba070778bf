"""Which pages may read a bucket of the stand-in: those its rules name, as with S3."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local import bucket_cors
from local.aws import LocalAws
from local.first_order import Answer, request
from local.template import Stack

pytestmark = pytest.mark.integration

STACK = Stack.load()
PAGE = "https://console.example.com"
RULE = {
    "AllowedOrigins": ["https://*.example.com"],
    "AllowedMethods": ["GET"],
    "AllowedHeaders": ["range"],
    "MaxAge": 9,
}


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(STACK) as running:
        running.client("s3").put_object(Bucket=STACK.name("Documents"), Key="a", Body=b"a")
        running.client("s3").put_object(Bucket=STACK.name("Data"), Key="a", Body=b"a")
        yield running


def fetched(bucket: str, **headers: str) -> Answer:
    client = boto3.Session().client("s3", config=Config(signature_version="s3v4"))  # a session that saw no other test
    link = client.generate_presigned_url("get_object", Params={"Bucket": STACK.name(bucket), "Key": "a"})
    return request("GET", link, headers=headers)


def told(method: str, bucket: str = "b", **headers: str) -> dict[str, str]:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": f"/{bucket}/key"}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return dict(bucket_cors.told_by(environ, {"b": [RULE]}))


@pytest.mark.usefixtures("aws")
def test_a_page_reads_a_document_by_its_link_and_no_other_bucket() -> None:
    document, data = fetched("Documents", Origin=PAGE), fetched("Data", Origin=PAGE)

    assert document.headers.get_all("Access-Control-Allow-Origin") == ["*"]
    assert document.headers["Access-Control-Allow-Methods"] == "GET"
    assert document.headers["Access-Control-Allow-Credentials"] is None
    assert data.headers["Access-Control-Allow-Origin"] is None
    assert (document.status, data.status) == (200, 200)  # S3 answers all the same; the browser keeps it from the page


@pytest.mark.usefixtures("aws")
def test_what_is_no_page_is_told_nothing() -> None:
    assert fetched("Documents").headers["Access-Control-Allow-Origin"] is None


def test_a_page_learns_also_why_a_link_is_refused(aws: LocalAws) -> None:
    answer = request("GET", f"{aws.endpoint}/{STACK.name('Documents')}/a?X-Amz-Signature=0", headers={"Origin": PAGE})

    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (403, "*")


def test_a_question_before_the_request_is_answered_by_the_rules(aws: LocalAws) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    address = f"{aws.endpoint}/{STACK.name('Documents')}/a"

    assert request("OPTIONS", address, headers=asked).status == 200
    assert request("OPTIONS", address, headers=asked | {"Access-Control-Request-Method": "PUT"}).status == 403
    assert (
        request("OPTIONS", address, headers=asked | {"Access-Control-Request-Headers": "authorization"}).status == 403
    )


def test_a_rule_fits_origin_method_and_headers() -> None:
    assert told("GET", origin=PAGE)["access-control-allow-origin"] == PAGE
    assert told("GET", origin=PAGE)["access-control-allow-credentials"] == "true"
    assert told("OPTIONS", origin=PAGE, access_control_request_method="GET", access_control_request_headers="Range")
    for misfit in (
        told("GET", origin="https://example.com"),
        told("GET", origin="https://a.example.com.evil"),
        told("PUT", origin=PAGE),
        told("GET", bucket="other", origin=PAGE),
        told("OPTIONS", origin=PAGE, access_control_request_method="GET", access_control_request_headers="Range,X-A"),
    ):
        assert misfit == {}
