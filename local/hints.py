"""What to do about a report type's file that is wrong."""

import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

import msgspec
from jsonschema_rs import ValidationError

from rapor.catalogue import Strict
from rapor.errors import CatalogueError

EXAMPLE = "layers/catalogue/report_types/users.toml has one of each thing that works."
BY_KEY = {
    "name": "Rename the file, or change its name.",
    "parameters": "It is JSON Schema: every [parameters.properties.<name>] says its type.",
    "query": "A query is one SELECT that reads what [sources] names, with the $names of [parameters.properties].",
}
BY_KIND = {
    "required": f"Add it: {EXAMPLE}",
    "pattern": "Names are of small letters, digits and underscores, and begin with a letter.",
}
TYPES = ("string", "integer", "number", "boolean", "array", "object")
FORMATS = ("date", "date-time", "time", "duration", "email", "hostname", "ipv4", "ipv6", "regex", "uri", "uuid")
BY_KEYWORD = {  # of [parameters]
    "default": "What an order leaves out is the default, so it must be what an order could send.",
    "enum": "Every value of the list must fit the parameter's type, and what else is said of it.",
    "x-label": 'Say it by language: x-label = { tr = "Gün", en = "Day" }',
    "x-ordered": 'Pairs of parameters, of which the first may not come after the second: [["date_from", "date_to"]]',
    "$ref": 'Keep it in [parameters."$defs"], and refer to it as "#/$defs/<name>".',
}
UNDECLARED = "Declare it in [parameters.properties.<name>], or mend its name."


def hint_for(error: CatalogueError) -> str:
    """Say what to change; an example at the least."""
    cause = error.__cause__
    if isinstance(cause, tomllib.TOMLDecodeError):
        return 'Text stands in "quotes", a table\'s name in [brackets], and no key comes twice.'
    if error.key.startswith("parameters."):
        return _for_parameters(error)
    if isinstance(cause, ValidationError) and error.key != "parameters":
        return _for_key(error.key.rpartition(".")[2], cause)
    if isinstance(cause, msgspec.ValidationError) and not error.key:
        return UNDECLARED
    return BY_KEY.get(error.key, EXAMPLE)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the nearest word, or say nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f"Did you mean {near[0]}?" if near else ""


def _for_parameters(error: CatalogueError) -> str:
    *_, above, key = error.key.split(".")
    keyword = above if above in BY_KEYWORD else key
    if error.reason.startswith("JSON has no dates"):
        return 'Put it in "quotes".'
    if "[parameters.properties] does not declare" in error.reason:
        return UNDECLARED
    match keyword, error.__cause__:
        case "type", ValidationError(instance=str(word)):
            return did_you_mean(word, TYPES) or f"Types are {', '.join(TYPES)}."
        case "format", ValidationError(instance=str(word)):
            return did_you_mean(word, FORMATS) or f"Formats are {', '.join(FORMATS)}."
    return BY_KEYWORD.get(keyword, BY_KEY["parameters"])


def _for_key(key: str, error: ValidationError) -> str:
    match error.kind.name, error.kind.as_dict():
        case "additionalProperties", _:
            return did_you_mean(key, _keys(Strict)) or f"There is no such key. {EXAMPLE}"
        case "enum", {"options": options}:
            return did_you_mean(str(error.instance), options) or EXAMPLE
        case kind, _:
            return BY_KIND.get(kind, EXAMPLE)


def _keys(model: type[msgspec.Struct]) -> Iterator[str]:
    yield from model.__struct_fields__
    for child in model.__subclasses__():
        yield from _keys(child)
