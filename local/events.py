"""HTTP requests as Lambda events, and functions' answers as HTTP: API Gateway's payload format 2.0."""

import base64
import binascii
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from local.cloudformation import ACCOUNT
from local.template import Route

TEXT_TYPES = ("application/json", "application/javascript", "application/xml")
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"}


class BadAnswer(Exception):
    """What the function returned is no HTTP answer."""


@dataclass(frozen=True)
class HttpRequest:
    """As it came over the wire; header names in lower case, repeated ones repeated."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    request_id: str

    def header(self, name: str) -> str:
        """All values of a header, joined by commas."""
        return ",".join(value for key, value in self.headers if key == name)


@dataclass(frozen=True)
class HttpAnswer:
    """What goes back over the wire."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def message(cls, status: int, text: str, headers: Mapping[str, str] | None = None) -> "HttpAnswer":
        """An answer of the gateway's own."""
        all_headers = {"content-type": "application/json"} | dict(headers or {})
        return cls(status, json.dumps({"message": text}, separators=(",", ":")).encode(), tuple(all_headers.items()))


@dataclass(frozen=True)
class Call:
    """A request with the route it took and the claims it came with; None where the route asks for no token."""

    request: HttpRequest
    route: Route
    path_parameters: Mapping[str, str]
    claims: Mapping[str, str] | None
    now: float = field(default_factory=time.time)


def event_of(call: Call) -> dict[str, Any]:
    """The event of payload format 2.0; keys without a value are absent."""
    request = call.request
    cookies = [it.strip() for key, value in request.headers if key == "cookie" for it in value.split(";")]
    body, is_base64 = _body(request)
    optional = {
        "cookies": cookies,
        "queryStringParameters": _joined(parse_qsl(request.query, keep_blank_values=True)),
        "pathParameters": {key: unquote(value) for key, value in call.path_parameters.items()},
        "body": body,
    }
    return {
        "version": "2.0",
        "routeKey": call.route.key,
        "rawPath": unquote(request.path),
        "rawQueryString": request.query,
        "headers": _headers(request),
        "requestContext": _request_context(call),
        "isBase64Encoded": is_base64,
    } | {key: value for key, value in optional.items() if value}


def _headers(request: HttpRequest) -> dict[str, str]:
    sent = _joined((key, value) for key, value in request.headers if key != "cookie")
    port = request.header("host").rpartition(":")[2]
    return sent | {
        "x-forwarded-for": ", ".join(filter(None, [sent.get("x-forwarded-for"), request.source_ip])),
        "x-forwarded-port": port if port.isdigit() else "80",
        "x-forwarded-proto": "http",
        "x-amzn-trace-id": f"Root=1-{int(time.time()):08x}-{request.request_id[:24]}",
    }


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Repeated names become one, their values joined by commas."""
    joined: dict[str, str] = {}
    for key, value in pairs:
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    return joined


def _body(request: HttpRequest) -> tuple[str, bool]:
    media_type = request.header("content-type").partition(";")[0].strip().lower()
    is_text = media_type.startswith("text/") or media_type in TEXT_TYPES or media_type.endswith(("+json", "+xml"))
    if is_text:
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), bool(request.body)


def _request_context(call: Call) -> dict[str, Any]:
    request = call.request
    host = request.header("host") or "localhost"
    context = {
        "accountId": ACCOUNT,
        "apiId": "local",
        "domainName": host,
        "domainPrefix": host.partition(".")[0],
        "http": {
            "method": request.method,
            "path": unquote(request.path),
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent"),
        },
        "requestId": request.request_id,
        "routeKey": call.route.key,
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(call.now)),
        "timeEpoch": int(call.now * 1000),
    }
    if call.claims is not None:
        context["authorizer"] = {"jwt": {"claims": dict(call.claims), "scopes": None}}
    return context


def answer_of(result: Any) -> HttpAnswer:
    """
    Read a function's result.

    Without a `statusCode` all of it is the body of a 200.

    Raises:
        BadAnswer: It has one, but the rest does not fit.
    """
    if not isinstance(result, dict) or "statusCode" not in result:
        return HttpAnswer(200, json.dumps(result).encode(), (("content-type", "application/json"),))
    try:
        status = int(result["statusCode"])
        headers = [(key.lower(), _header_value(value)) for key, value in (result.get("headers") or {}).items()]
        cookies = [("set-cookie", str(it)) for it in result.get("cookies") or []]
        body = _answer_body(result.get("body"), is_base64=bool(result.get("isBase64Encoded")))
    except (TypeError, ValueError, AttributeError) as error:
        raise BadAnswer(str(error)) from error
    if not 100 <= status <= 599:  # noqa: PLR2004 - HTTP's own
        raise BadAnswer(f"statusCode {status}")
    if body and not any(key == "content-type" for key, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    return HttpAnswer(status, body, tuple(it for it in [*headers, *cookies] if it[0] not in HOP_BY_HOP))


def _header_value(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    if "\n" in text or "\r" in text:
        raise ValueError("a header value of two lines")
    return text


def _answer_body(body: Any, *, is_base64: bool) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str):
        raise TypeError("the body is no text")
    if not is_base64:
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError("the body is no base64") from error
