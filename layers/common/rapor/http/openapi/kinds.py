"""Python's types as JSON Schema 2020-12, the way our answers write them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

from msgspec import Struct
from msgspec.structs import fields

Schema = dict[str, Any]

SIMPLE: Mapping[object, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    str: {"type": "string"},
    UUID: {"type": "string", "format": "uuid"},
    datetime: {"type": "string", "format": "date-time"},
    NoneType: {"type": "null"},
}


def schema_of(annotation: Any) -> Schema:
    """
    Give the schema of a field's type.

    Raises:
        TypeError: Our answers write no such type.
    """
    if annotation in SIMPLE:
        return dict(SIMPLE[annotation])
    if get_origin(annotation) is UnionType:
        return nullable(schema_of(next(kind for kind in get_args(annotation) if kind is not NoneType)))
    if get_origin(annotation) is Mapping:
        return {"type": "object"}
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return {"type": "string", "enum": [it.value for it in annotation]}
    raise TypeError(f"no schema for {annotation}")


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if not isinstance(schema.get("type"), str):
        return {"anyOf": [schema, {"type": "null"}]}
    wider = {**schema, "type": [schema["type"], "null"]}
    return {**wider, "enum": [*schema["enum"], None]} if "enum" in schema else wider


def fields_of(struct: type[Struct]) -> dict[str, Any]:
    """Names and types of a record's fields, in its order."""
    hints = get_type_hints(struct)
    return {it.name: hints[it.name] for it in fields(struct)}


def object_of(properties: Mapping[str, Schema], *, optional: frozenset[str] = frozenset()) -> Schema:
    """An object that has all of *properties*, but for the *optional*; in answers, more may come one day."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": dict(properties)}


def ref(name: str) -> Schema:
    """Point to a component."""
    return {"$ref": f"#/components/schemas/{name}"}
