"""The languages we speak, and the one a client asks for."""

from collections.abc import Mapping
from typing import Any

from rapor.catalogue import label_in
from rapor.http.gateway import Request

LOCALES = ("tr", "en")  # the first is what a client gets that names none


def accepted_locale(request: Request) -> str:
    """The first language in Accept-Language that we speak; weights are rare enough to go by order."""
    for language in request.headers.get("accept-language", "").split(","):
        tag = language.split(";")[0].strip().lower().split("-")[0]
        if tag in LOCALES:
            return tag
    return LOCALES[0]


def in_language(schema: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """Give a parameter's schema with its words as JSON Schema has them: in one language, a `title` for each code."""
    rest = {key: value for key, value in schema.items() if key not in {"x-label", "x-words"}}
    if "x-label" in schema:
        rest = {"title": label_in(schema["x-label"], locale), **rest}
    if words := schema.get("x-words"):
        rest = {**rest, "oneOf": [_titled(code, words, locale) for code in schema["enum"]]}
    return {**rest, "items": in_language(rest["items"], locale)} if isinstance(rest.get("items"), Mapping) else rest


def _titled(code: Any, words: Mapping[str, Mapping[str, str]], locale: str) -> dict[str, Any]:
    found = words.get(str(code))
    return {"const": code, "title": label_in(found, locale)} if found else {"const": code}
