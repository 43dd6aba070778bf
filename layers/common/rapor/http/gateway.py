"""API Gateway HTTP API, payload format 2.0: events to requests, answers to events."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from rapor.caller import Caller
from rapor.errors import MalformedBody

STANDARD_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",  # an answer that is shown is only text
    "Strict-Transport-Security": "max-age=31536000",  # a year; browsers ignore it on plain HTTP
    "X-Content-Type-Options": "nosniff",
}


class Request(Struct, frozen=True):
    """
    One HTTP request; header names are lower case, `body` and `raw_query` are as sent.

    `query` has one value a name: API Gateway joins several with commas.
    """

    route: str
    path: str
    path_parameters: Mapping[str, str]
    query: Mapping[str, str]
    raw_query: str
    headers: Mapping[str, str]
    body: bytes
    claims: Mapping[str, Any] | None
    request_id: str
    base_url: str

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        """
        Read an event. Claims come from the authorizer, never from a header.

        Raises:
            MalformedBody: The body is not the base64 it is said to be.
        """
        context = event["requestContext"]
        headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
        return cls(
            route=event["routeKey"],
            path=event["rawPath"],
            path_parameters=event.get("pathParameters", {}),
            query=event.get("queryStringParameters", {}),
            raw_query=event.get("rawQueryString", ""),
            headers=headers,
            body=_body(event),
            claims=claims_in(context),
            request_id=context["requestId"],
            base_url=f"{headers.get('x-forwarded-proto', 'https')}://{context['domainName']}",
        )

    @property
    def caller(self) -> Caller:
        """
        Who asks.

        Raises:
            Unauthenticated: Nobody verified.
        """
        return Caller.from_claims(self.claims)


class Response(Struct, frozen=True):
    """One answer: a body of JSON, of bytes that carry their own Content-Type, or none."""

    status: int
    body: Mapping[str, Any] | Sequence[Any] | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_event(self, request_id: str) -> dict[str, Any]:
        """Make the answer that API Gateway sends on. Text outside ASCII stays as it is."""
        headers = {**STANDARD_HEADERS, "X-Request-Id": request_id, **self.headers}
        if self.body is None:
            return {"statusCode": self.status, "headers": headers}
        if isinstance(self.body, bytes):
            body = base64.b64encode(self.body).decode()
            return {"statusCode": self.status, "headers": headers, "body": body, "isBase64Encoded": True}
        headers["Content-Type"] = "application/json"
        body = json.dumps(self.body, ensure_ascii=False, allow_nan=False)
        return {"statusCode": self.status, "headers": headers, "body": body}


def claims_in(context: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the JWT authorizer verified; None where there was none, or one of another kind."""
    jwt = (context.get("authorizer") or {}).get("jwt") or {}
    claims: Mapping[str, Any] | None = jwt.get("claims")
    return claims


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise MalformedBody from error
