"""Laravel's English validation sentences, and JSON Schema's findings in them."""

from collections.abc import Iterator, Mapping, Sequence
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
        fields = {f"parameters.{first}", f"parameters.{second}"}
        if first in sent and second in sent and not fields & errors.keys() and sent[first] > sent[second]:
            sentence = f"a date after or equal to {words_of(f'parameters.{first}')}"
            errors[f"parameters.{second}"] = [must_be(f"parameters.{second}", sentence)]
    return errors


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
