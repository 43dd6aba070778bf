"""Headers, and examples by name."""

from collections.abc import Iterable, Mapping
from typing import Any

from rapor.http.openapi.kinds import Schema

HEADERS: Mapping[str, tuple[str, Schema]] = {
    "X-Request-Id": ("The same as `request_id` of an error.", {"type": "string"}),
    "Location": ("Where to go on.", {"type": "string", "format": "uri-reference"}),
    "Retry-After": ("Seconds to wait.", {"type": "integer", "minimum": 1}),
    "Idempotency-Replayed": ("`true` on an answer that was given before.", {"type": "string", "const": "true"}),
    "Content-Language": ("The language of the words.", {"type": "string"}),
}


def header_refs(names: Iterable[str]) -> dict[str, Any]:
    """Point to headers by name."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def named(examples: Mapping[str, object]) -> dict[str, Any]:
    """Examples the way a media type has them."""
    return {name: {"value": value} for name, value in examples.items()}
