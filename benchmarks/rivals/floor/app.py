"""The least that recording a report could cost: one conditional put, signed with nothing but the standard library."""

import hashlib
import hmac
import http.client
import json
import os
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL"])
region, table = os.environ["AWS_REGION"], os.environ["TABLE_NAME"]
connection = http.client.HTTPConnection(endpoint.netloc)
TARGET = "DynamoDB_20120810.PutItem"
SIGNED = "content-type;host;x-amz-date;x-amz-target"


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Put the body's fields, and say what they are called from now on."""
    fields, uuid = json.loads(event["body"]), str(uuid4())
    item = {"pk": {"S": f"FLOOR#{uuid}"}, "sk": {"S": "FLOOR"}, "title": {"S": fields["title"]}}
    put(json.dumps({"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}))
    return {"statusCode": 201, "headers": {"Content-Type": "application/json"}, "body": json.dumps({"uuid": uuid})}


def put(body: str) -> None:
    """Send it, signed with Signature Version 4."""
    moment = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    scope = f"{moment[:8]}/{region}/dynamodb/aws4_request"
    kind = "application/x-amz-json-1.0"
    lines = f"content-type:{kind}\nhost:{endpoint.netloc}\nx-amz-date:{moment}\nx-amz-target:{TARGET}\n"
    request = f"POST\n/\n\n{lines}\n{SIGNED}\n{hashlib.sha256(body.encode()).hexdigest()}"
    key = f"AWS4{os.environ['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    headers = {
        "Content-Type": kind,
        "X-Amz-Date": moment,
        "X-Amz-Target": TARGET,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={SIGNED}, Signature={signature}",
    }
    connection.request("POST", "/", body, headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != http.client.OK:
        raise RuntimeError(content.decode())
