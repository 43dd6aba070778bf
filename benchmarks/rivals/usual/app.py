"""
The create route as it is usually written: Powertools for everything, and boto3's resource.

It does what ours does for the same request: checks body, parameters and permissions, makes one report of one
Idempotency-Key, and caps the caller's unfinished reports. It leaves out what ours has besides: a catalogue, reuse, a
second door, audit entries.
"""

import json
import os
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import uuid4

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import ForbiddenError, ServiceError
from aws_lambda_powertools.event_handler.openapi.params import Header
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from boto3.dynamodb.conditions import Attr, Key
from pydantic import BaseModel, ConfigDict, Field

logger, tracer, metrics = Logger(), Tracer(), Metrics()
app = APIGatewayHttpResolver(enable_validation=True)
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
store = DynamoDBPersistenceLayer(os.environ["TABLE_NAME"], key_attr="pk", sort_key_attr="sk", expiry_attr="expires_at")
MAX_UNFINISHED = int(os.environ["MAX_UNFINISHED"])
RequestKey = Annotated[str, Header(min_length=1, max_length=255)]


class Format(StrEnum):
    """What a document can be."""

    PDF = "pdf"
    EXCEL = "excel"
    CSV = "csv"
    JSON = "json"


class Status(StrEnum):
    """Of the users whom the report is about."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class UsersParameters(BaseModel):
    """What the report `users` takes."""

    model_config = ConfigDict(extra="forbid")
    date_from: date | None = None
    date_to: date | None = None
    status: Status | None = None


class Order(BaseModel):
    """The body."""

    model_config = ConfigDict(extra="forbid")
    title: Annotated[str, Field(min_length=1, max_length=255)]
    report_type: Annotated[str, Field(pattern="^users$")]
    parameters: UsersParameters
    format: Format = Format.PDF
    status: Annotated[str, Field(pattern="^pending$")] = "pending"
    is_active: bool = True


class Created(BaseModel):
    """The answer."""

    id: int
    uuid: str
    title: str
    report_type: str
    parameters: dict[str, Any]
    format: Format
    status: str
    is_active: bool
    user_id: str
    created_at: str
    updated_at: str


@app.post("/api/v1/reports")
@tracer.capture_method
def post_report(order: Order, idempotency_key: RequestKey) -> Response[Created]:
    """Record the order."""
    claims = app.current_event.request_context.authorizer.jwt_claim
    if "reports.generate" not in claims["permissions"].strip("[]").split():
        raise ForbiddenError("Forbidden")
    made = record(key=f"{claims['sub']}#{idempotency_key}", user_id=claims["sub"], order=order.model_dump(mode="json"))
    metrics.add_metric("created", MetricUnit.Count, 1)
    return Response(201, "application/json", Created(**made), headers={"Location": f"/api/v1/reports/{made['uuid']}"})


@idempotent_function(data_keyword_argument="key", persistence_store=store, config=IdempotencyConfig())
@tracer.capture_method
def record(*, key: str, user_id: str, order: dict[str, Any]) -> dict[str, Any]:
    """Put the row, if the caller may have one more."""
    waiting = table.query(
        IndexName="unfinished",
        Select="COUNT",
        Limit=MAX_UNFINISHED,
        KeyConditionExpression=Key("unfinished_pk").eq(f"UNFINISHED#{user_id}"),
    )
    if waiting["Count"] >= MAX_UNFINISHED:
        raise ServiceError(429, "Too many unfinished reports")
    uuid, now = str(uuid4()), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    report = {"id": uuid4().int >> 75, "uuid": uuid, **order, "user_id": user_id, "created_at": now, "updated_at": now}
    keys = {"pk": f"REPORT#{uuid}", "sk": "REPORT", "user_pk": f"USER#{user_id}", "created_sk": f"{now}#{uuid}"}
    queue = {"unfinished_pk": f"UNFINISHED#{user_id}", "all_pk": "ALL#0"}
    row = report | keys | queue | {"parameters": json.dumps(order["parameters"])}
    table.put_item(Item=row, ConditionExpression=Attr("pk").not_exists())
    logger.info("report created", uuid=uuid, key=key)
    return report


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take an API Gateway request."""
    return app.resolve(event, context)
