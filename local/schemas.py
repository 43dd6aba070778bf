"""What is wrong with a type's [parameters] although it is JSON Schema: what breaks, or refuses, every order."""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from rapor.catalogue import ReportType, refuse_first
from rapor.errors import CatalogueError

REFERENCES = frozenset({"$ref", "$dynamicRef"})
Mistake = tuple[str, str]  # key and reason


def check_parameters(report_type: ReportType) -> None:
    """
    Refuse parameters that break when an order comes, or that no order can give.

    Raises:
        CatalogueError: Names the type's file, the key and the reason.
    """
    file = f"{report_type.name}.toml"
    refuse_first(file, _elsewhere(report_type.parameters, "parameters"))
    try:  # as the service does, but a format that nobody knows is refused rather than ignored
        jsonschema_rs.validator_for(report_type.parameters_schema, validate_formats=True, ignore_unknown_formats=False)
    except jsonschema_rs.ValidationError as error:
        key = ".".join(map(str, ["parameters", *error.instance_path]))
        reason = error.message.partition(". Adjust configuration")[0]
        raise CatalogueError(file, key, reason) from error
    refuse_first(file, _impossible(report_type))


def _impossible(report_type: ReportType) -> Iterator[Mistake]:
    """Find what the schema may say, and no order could ever send, or the service not compare."""
    properties: Mapping[str, Any] = report_type.parameters.get("properties", {})
    for name in report_type.parameters.get("required", ()):
        if name not in properties:
            yield "parameters.required", f"names {name}, which [parameters.properties] does not declare"
    for name, schema in properties.items():
        yield from _unfit(report_type, name, schema)
    for first, second in report_type.ordered_parameters:
        kinds = {_compared_as(_resolved(properties[name], report_type.parameters)) for name in (first, second)}
        if len(kinds) > 1 or None in kinds:
            reason = f"{first} and {second} must both be numbers, or both be strings of one format"
            yield "parameters.x-ordered", reason


def _elsewhere(value: object, key: str) -> Iterator[Mistake]:
    """Find what would be fetched from somewhere at a function's start."""
    for name, child in _children(value):
        inner = f"{key}.{name}"
        if name in REFERENCES and isinstance(child, str) and not child.startswith("#"):
            yield inner, f"{child} is not in this file, and nothing is fetched"
        yield from _elsewhere(child, inner)


def _children(value: object) -> Iterator[tuple[Any, object]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _unfit(report_type: ReportType, name: str, schema: Mapping[str, Any]) -> Iterator[Mistake]:
    """Hold the default, and each value of the list, to the parameter's own schema."""
    values = {"default": schema["default"]} if "default" in schema else {}
    values |= {f"enum.{index}": value for index, value in enumerate(schema.get("enum", ()))}
    for key, value in values.items():
        for error in report_type.parameters_validator.iter_errors({name: value}):
            if error.instance_path[:1] == [name]:
                yield f"parameters.properties.{name}.{key}", error.message


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put in place of a reference what it names, one that leads to another aside."""
    reference: str = schema.get("$ref", "")
    if not reference.startswith("#/"):
        return schema
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return {**found, **schema} if isinstance(found, Mapping) else schema


def _compared_as(schema: Mapping[str, Any]) -> object:
    """Say how its values are compared; None where they are of several kinds, or of one that has no order."""
    kinds = schema.get("type", ())
    match [kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"]:
        case ["string"]:
            return "string", schema.get("format")
        case ["integer"] | ["number"]:
            return "number"
    return None
