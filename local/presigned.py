"""
Signed links must be signed: moto looks at neither the signature nor the expiry of a presigned URL.

Signature Version 4 in query parameters, "Authenticating Requests: Using Query Parameters" of the S3 API reference.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
LONGEST_S = 7 * 24 * 3600
ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Link:
    """A request as its sender signed it; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


def fault(link: Link, secret: str, now: datetime) -> str | None:
    """Why S3 would refuse the link; None when it would not, or when the link is not a signed one."""
    pairs = parse_qsl(link.query, keep_blank_values=True)
    values = dict(pairs)
    if "X-Amz-Signature" not in values:
        return None
    try:
        signed_at = datetime.strptime(values["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lifetime_s = int(values["X-Amz-Expires"])
        expected = _signature(link, pairs, values, secret)
    except (KeyError, ValueError):
        return "AuthorizationQueryParametersError"
    if not 0 < lifetime_s <= LONGEST_S or now > signed_at + timedelta(seconds=lifetime_s):
        return "Request has expired"
    return None if hmac.compare_digest(expected, values["X-Amz-Signature"]) else "SignatureDoesNotMatch"


def _signature(link: Link, pairs: list[tuple[str, str]], values: Mapping[str, str], secret: str) -> str:
    _, *scope = values["X-Amz-Credential"].split("/")
    to_sign = "\n".join([
        ALGORITHM,
        values["X-Amz-Date"],
        "/".join(scope),
        hashlib.sha256(_canonical(link, pairs, values).encode()).hexdigest(),
    ])  # fmt: skip
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _canonical(link: Link, pairs: list[tuple[str, str]], values: Mapping[str, str]) -> str:
    names = values["X-Amz-SignedHeaders"]
    query = sorted((_escape(key), _escape(value)) for key, value in pairs if key != "X-Amz-Signature")
    return "\n".join([
        link.method,
        link.path,
        "&".join(f"{key}={value}" for key, value in query),
        *(f"{name}:{link.headers.get(name, '').strip()}" for name in names.split(";")),
        "",
        names,
        values.get("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
    ])  # fmt: skip


def _escape(text: str) -> str:
    return quote(text, safe="-_.~")


def enforced(app: WsgiApp, secret: str) -> WsgiApp:
    """WSGI middleware that answers 403 where S3 would."""

    def guarded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        why = fault(_link(environ), secret, datetime.now(UTC))
        if why is None:
            return app(environ, start_response)
        code = why if " " not in why else "AccessDenied"
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{why}</Message></Error>".encode()
        start_response("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]

    return guarded


def _link(environ: Environ) -> Link:
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or quote(environ["PATH_INFO"])
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    return Link(environ["REQUEST_METHOD"], raw.partition("?")[0], environ.get("QUERY_STRING", ""), headers)
