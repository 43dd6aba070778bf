"""Laravel's English validation sentences, and JSON Schema's findings in them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from jsonschema_rs import ValidationError

from rapor.catalogue import ReportType

TYPE_WORDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "empty",
}

AFTER = {
    "date": "a date after or equal to",
    "date-time": "a date and time after or equal to",
    "number": "greater than or equal to",
    "text": "equal to or after",
}
LEAP_SECOND = re.compile(r"(?<=:\d\d:)60")
YEAR_ZERO = datetime.min.replace(tzinfo=UTC)  # before all that Python has


def words_of(field: str) -> str:
    """Name the field as Laravel does: dots stay, underscores are spaces."""
    return field.replace("_", " ")


def required(field: str) -> str:
    """For a field that must be there."""
    return f"The {words_of(field)} field is required."


def must_be(field: str, what: str) -> str:
    """For a field of the wrong kind."""
    return f"The {words_of(field)} field must be {what}."


def selected_invalid(field: str) -> str:
    """For a value that is not on the list."""
    return f"The selected {words_of(field)} is invalid."


def prohibited(field: str) -> str:
    """For a field that we do not know."""
    return f"The {words_of(field)} field is prohibited."


def format_invalid(field: str) -> str:
    """For a text that has characters it may not have."""
    return f"The {words_of(field)} field format is invalid."


def no_longer_than(field: str, limit: int) -> str:
    """For a text that is too long."""
    return f"The {words_of(field)} field must not be greater than {limit} characters."


def parameter_errors(report_type: ReportType, parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    """
    Everything that is wrong with a report's parameters, keyed `parameters.<name>`.

    A parameter of the type's that is null counts as not sent.
    """
    known = report_type.parameter_names
    sent = {name: value for name, value in parameters.items() if value is not None or name not in known}
    errors: dict[str, list[str]] = {}
    for error in report_type.parameters_validator.iter_errors(sent):
        for field, sentence in _sentences(error):
            errors.setdefault(field, []).append(sentence)
    for first, second in report_type.ordered_parameters:
        before, after = f"parameters.{first}", f"parameters.{second}"
        if errors.keys().isdisjoint((before, after)):
            kind, start = _comparable(sent.get(first), report_type.schema_of(first))
            other, end = _comparable(sent.get(second), report_type.schema_of(second))
            if kind == other and kind in AFTER and start > end:
                errors[after] = [must_be(after, f"{AFTER[kind]} {words_of(before)}")]
    return errors


def _comparable(value: Any, schema: Mapping[str, Any]) -> tuple[str, Any]:
    """Say what kind of thing a valid value is, and give what compares as such things do; only like can be compared."""
    match value:
        case bool():
            return "truth", value
        case int() | float():
            return "number", value
        case str() if schema.get("format") == "date-time":
            return "date-time", _moment(value)
        case str():
            return "date" if schema.get("format") == "date" else "text", value  # RFC 3339's dates sort as they are
    return "nothing that has an order", value


def _moment(text: str) -> datetime:
    """Read RFC 3339, in which letters may be small and a minute may have 61 seconds."""
    if text.startswith("0000"):
        return YEAR_ZERO
    return datetime.fromisoformat(LEAP_SECOND.sub("59", text.upper()))


def _sentences(error: ValidationError) -> Iterator[tuple[str, str]]:  # noqa: C901 - a table, a row a keyword
    field = _field(error.instance_path)
    match error.kind.name, error.kind.as_dict():
        case "required", {"property": missing}:
            yield f"{field}.{missing}", required(f"{field}.{missing}")
        case "additionalProperties" | "unevaluatedProperties", {"unexpected": names}:
            for name in names:
                yield f"{field}.{name}", prohibited(f"{field}.{name}")
        case "type", {"types": types}:
            yield field, must_be(field, TYPE_WORDS[next(kind for kind in types if kind != "null")])
        case "enum" | "const", _:
            yield field, selected_invalid(field)
        case "format", {"format": "date"}:
            yield field, must_be(field, "a valid date")
        case "format", {"format": "date-time"}:
            yield field, must_be(field, "a valid date and time")
        case "maxLength", {"limit": limit}:
            yield field, no_longer_than(field, limit)
        case "minLength", {"limit": limit}:
            yield field, must_be(field, f"at least {limit} characters")
        case "maximum", {"limit": limit}:
            yield field, f"The {words_of(field)} field must not be greater than {limit}."
        case "minimum", {"limit": limit}:
            yield field, must_be(field, f"at least {limit}")
        case _:
            yield field, format_invalid(field)


def _field(path: Sequence[str | int]) -> str:
    return ".".join(["parameters", *map(str, path)])
