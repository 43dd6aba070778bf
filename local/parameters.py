"""Parameters as they are typed on a command line, to the values a report type's schema asks for."""

import argparse
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

Schema = Mapping[str, Any]
WORDS = {"true": True, "false": False}


def pair_in(text: str) -> tuple[str, str]:
    """
    Read NAME=VALUE.

    Raises:
        ArgumentTypeError: It is not.
    """
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError("must be NAME=VALUE")
    return name, value


def read_parameters(pairs: Iterable[tuple[str, str]], schemas: Mapping[str, Schema]) -> dict[str, Any]:
    """Read (name, text) pairs; an array may come in parts. What fits no type stays text, for the schema to refuse."""
    found: dict[str, Any] = {}
    for name, text in pairs:
        value, before = value_of(text, schemas.get(name, {})), found.get(name)
        found[name] = [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
    return found


def value_of(text: str, schema: Schema) -> Any:
    """Read *text* as the first of the schema's types that it can be."""
    kinds = schema.get("type", ())
    for kind in (kinds,) if isinstance(kinds, str) else kinds:
        try:
            return READERS[kind](text, schema)
        except ValueError:
            continue
    return text


def _text(text: str, _: Schema) -> str:
    return text


def _integer(text: str, _: Schema) -> int:
    return _of_json(text, int)  # type: ignore[no-any-return]


def _number(text: str, _: Schema) -> int | float:
    return _of_json(text, int, float)  # type: ignore[no-any-return]


def _boolean(text: str, _: Schema) -> bool:
    if text not in WORDS:
        raise ValueError(text)
    return WORDS[text]


def _array(text: str, schema: Schema) -> list[Any]:
    """JSON, or items with commas between them."""
    if text.startswith("["):
        return _of_json(text, list)  # type: ignore[no-any-return]
    return [value_of(item.strip(), schema.get("items", {})) for item in text.split(",")] if text else []


def _object(text: str, _: Schema) -> dict[str, Any]:
    return _of_json(text, dict)  # type: ignore[no-any-return]


def _null(text: str, _: Schema) -> None:
    if text != "null":
        raise ValueError(text)


def _of_json(text: str, *kinds: type) -> Any:
    value = json.loads(text, parse_constant=_refuse)
    if type(value) not in kinds:
        raise ValueError(text)
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


READERS: Mapping[str, Callable[[str, Schema], Any]] = {
    "string": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "array": _array,
    "object": _object,
    "null": _null,
}
