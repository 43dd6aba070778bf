"""
Cross-origin requests to buckets, as S3 answers them by a bucket's `CorsConfiguration`; moto lets every page read all.

"Using cross-origin resource sharing (CORS)" of the S3 user guide; requests are path-style, as the stand-in's are.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from local.presigned import Environ, WsgiApp

PREFIX = "access-control-"
VARY = ("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
REFUSED = b"<?xml version='1.0'?><Error><Code>AccessForbidden</Code></Error>"
Headers = list[tuple[str, str]]
Rules = Mapping[str, Sequence[Mapping[str, Any]]]


def enforced(app: WsgiApp, rules: Rules) -> WsgiApp:
    """WSGI middleware that tells browsers what the buckets' rules, by name of the bucket, let pages do."""

    def guarded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        told = told_by(environ, rules)
        if environ["REQUEST_METHOD"] == "OPTIONS":  # no signature is looked at
            body = b"" if told else REFUSED
            start_response("200 OK" if told else "403 Forbidden", [*told, ("Content-Length", str(len(body)))])
            return [body]

        def start(status: str, headers: Headers, *rest: Any) -> Any:
            own = [(name, value) for name, value in headers if not name.lower().startswith(PREFIX)]
            return start_response(status, [*own, *told], *rest)

        return app(environ, start)

    return guarded


def told_by(environ: Environ, rules: Rules) -> Headers:
    """What the first rule that fits says; nothing where none does."""
    bucket = environ["PATH_INFO"].strip("/").partition("/")[0]
    origin = str(environ.get("HTTP_ORIGIN", ""))
    method = str(environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", environ["REQUEST_METHOD"]))
    asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    for rule in rules.get(bucket, ()) if origin else ():
        if _fits(rule, origin, method, [name.strip() for name in asked.split(",") if name.strip()]):
            return _headers(rule, origin)
    return []


def _fits(rule: Mapping[str, Any], origin: str, method: str, asked: Iterable[str]) -> bool:
    return (
        method in rule["AllowedMethods"]
        and any(_matches(it, origin) for it in rule["AllowedOrigins"])
        and all(any(_matches(it, name) for it in rule.get("AllowedHeaders", ())) for name in asked)
    )


def _matches(pattern: str, text: str) -> bool:
    """A pattern has one `*` at most."""
    return re.fullmatch(re.escape(pattern.lower()).replace(r"\*", ".*"), text.lower()) is not None


def _headers(rule: Mapping[str, Any], origin: str) -> Headers:
    everyone = "*" in rule["AllowedOrigins"]
    told = {
        "allow-origin": "*" if everyone else origin,
        "allow-methods": ", ".join(rule["AllowedMethods"]),
        "allow-headers": ", ".join(rule.get("AllowedHeaders", ())),
        "expose-headers": ", ".join(rule.get("ExposedHeaders", ())),
        "max-age": str(rule.get("MaxAge", "")),
        "allow-credentials": "" if everyone else "true",
    }
    return [*((f"{PREFIX}{name}", value) for name, value in told.items() if value), VARY]
