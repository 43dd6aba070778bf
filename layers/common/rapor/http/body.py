"""
One JSON object from a request's body, read strictly.

RFC 8259 leaves open what two keys of one name, a lone surrogate or NaN mean; we refuse all three.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from rapor.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType

CHARSET_UTF8 = re.compile(r'charset *= *("utf-?8"|utf-?8)')
MAX_BODY_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_NAME = 128  # names of fields are shown again in errors; what people send as text is not


def read_json(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """
    Read the body.

    Raises:
        UnsupportedMediaType: It is declared as something else than JSON in UTF-8.
        BodyTooLarge: It is over 256 KiB.
        MalformedBody: It is not one JSON object, or one that different readers would read differently.
    """
    _check_media_type(headers.get("content-type"))
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge("The body must not be larger than 256 KiB.")
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant, parse_float=_finite_float
        )
        _check_strings(value, MAX_DEPTH)
    except (ValueError, RecursionError) as error:
        raise MalformedBody from error
    if not isinstance(value, dict):
        raise MalformedBody
    return value


def _check_media_type(content_type: str | None) -> None:
    if content_type is None:
        return
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    is_json = media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    charsets = [parameter for parameter in parameters if parameter.startswith("charset")]
    if not is_json or not all(CHARSET_UTF8.fullmatch(charset) for charset in charsets):
        raise UnsupportedMediaType


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _check_strings(value: object, depth: int) -> None:
    """Refuse lone surrogates, which no UTF-8 answer could carry back, and nesting beyond reason."""
    if depth == 0:
        raise ValueError("nested too deeply")
    match value:
        case str():
            value.encode("utf-8")
        case dict():
            for key, inner in value.items():
                _check_name(key)
                _check_strings(inner, depth - 1)
        case list():
            for inner in value:
                _check_strings(inner, depth - 1)


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME or not name.isprintable():
        raise MalformedBody(f"The names of fields must be printable and not longer than {MAX_NAME} characters.")
