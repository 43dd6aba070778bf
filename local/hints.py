"""What to do about a report type's file that is wrong."""

import tomllib
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from jsonschema_rs import ValidationError

from rapor.catalogue import Chart, Column, KeyFigure, Limits, ReportType, Source, Value
from rapor.errors import CatalogueError

EXAMPLE = "layers/catalogue/report_types/users.toml has one of each thing that works."
BY_KEY = {
    "name": "Rename the file, or change its name.",
    "parameters": "It is JSON Schema: every [parameters.properties.<name>] says its type.",
    "query": "A query is one SELECT that reads what [sources] names, with the $names of [parameters.properties].",
    "chart.query": "It is one SELECT that reads report, which is the type's own query.",
}
NAMES = "Names are of small letters, digits and underscores, and begin with a letter."
BY_KIND = {"required": f"Add it: {EXAMPLE}", "pattern": NAMES, "maxItems": "Take some out."}
WORDS = 'Words are by language, tr or en or both: { tr = "…", en = "…" }.'
CODES = 'Say each code by language, tr or en or both: {} = {{ open = {{ tr = "Açık", en = "Open" }} }}'
BY_LAST_KEY = {
    "title": WORDS,
    "description": WORDS,
    "label": WORDS,
    "rows": "Formats are pdf, excel, csv and json.",
    "value": "It is an SQL aggregate over the query's columns, as sum(amount).",
}
UNDECLARED = "Declare it in [parameters.properties.<name>], or mend its name."
BY_REASON = {
    "words are for text": "Let the query cast the column to varchar, and declare it text; or take the words out.",
    "not in the parameter's enum": "Mend the code, add it to the enum, or take its words out.",
    "[parameters.properties] does not declare": UNDECLARED,
    "which no column is": "It names [[columns]] whose values are copied to the report's own row.",
    "is there already": "Give it another name, or take it out.",
    "JSON has no dates": 'Put it in "quotes".',
    "holds a PIVOT": "Select each column, as in sum(amount) filter (city = 'Van') as van; to unpivot, UNION ALL.",
}
TABLES = {  # how each is written, for what is meant to be in another
    "columns": ("[[columns]]", Column),
    "summary": ("[[summary]]", KeyFigure),
    "chart": ("[chart]", Chart),
    "sources": ("[sources.<data set>]", Source),
    "limits": ("[limits]", Limits),
}
TYPES = ("string", "integer", "number", "boolean", "array", "object")
FORMATS = ("date", "date-time", "time", "duration", "email", "hostname", "ipv4", "ipv6", "regex", "uri", "uuid")
BY_KEYWORD = {  # of [parameters]
    "default": "What an order leaves out is the default, so it must be what an order could send.",
    "enum": "Every value of the list must fit the parameter's type, and what else is said of it.",
    "x-label": 'Say it by language: x-label = { tr = "Gün", en = "Day" }',
    "x-words": CODES.format("x-words"),
    "x-ordered": 'Pairs of parameters, of which the first may not come after the second: [["date_from", "date_to"]]',
    "$ref": 'Keep it in [parameters."$defs"], and refer to it as "#/$defs/<name>".',
}


def hint_for(error: CatalogueError) -> str:
    """Say what to change; an example at the least."""
    cause = error.__cause__
    if isinstance(cause, tomllib.TOMLDecodeError):
        return 'Text stands in "quotes", a table\'s name in [brackets], and no key comes twice.'
    for part, hint in BY_REASON.items():
        if part in error.reason:
            return hint
    if error.key.startswith("parameters."):
        return _for_parameters(error)
    if ".words" in error.key:
        return CODES.format("words")
    if isinstance(cause, ValidationError) and error.key != "parameters":
        return _for_key(error.key.split("."), cause)
    return BY_LAST_KEY.get(error.key.rpartition(".")[2]) or BY_KEY.get(error.key, EXAMPLE)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the nearest word, or say nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f"Did you mean {near[0]}?" if near else ""


def _for_parameters(error: CatalogueError) -> str:
    *_, above, key = error.key.split(".")
    keyword = above if above in BY_KEYWORD else key
    match keyword, error.__cause__:
        case "type", ValidationError(instance=str(word)):
            return did_you_mean(word, TYPES) or f"Types are {', '.join(TYPES)}."
        case "format", ValidationError(instance=str(word)):
            return did_you_mean(word, FORMATS) or f"Formats are {', '.join(FORMATS)}."
    return BY_KEYWORD.get(keyword, BY_KEY["parameters"])


def _for_key(path: Sequence[str], error: ValidationError) -> str:
    match error.kind.name, error.kind.as_dict():
        case "additionalProperties", _:
            return _where_else(path)
        case "enum", {"options": options}:
            return did_you_mean(str(error.instance), options) or EXAMPLE
        case "pattern", _ if path[-1] == "currency":
            return 'It is an ISO 4217 code, three capitals: "TRY".'
        case "propertyNames", _:
            return NAMES
        case kind, _:
            return BY_KIND.get(kind, EXAMPLE)


def _where_else(path: Sequence[str]) -> str:
    """Say what a key that is not known there may have been meant for."""
    *above, key = path
    if above and key in ReportType.__struct_fields__:
        return f"{key} is a key of the type itself: write it above the first [table], for what follows one is in it."
    homes = [written for written, model in TABLES.values() if key in model.__struct_fields__]
    if homes:
        return f"{key} belongs in {' or '.join(homes)}."
    return did_you_mean(key, _keys_at(above)) or f"There is no such key. {EXAMPLE}"


def _keys_at(path: Sequence[str]) -> Sequence[str]:
    """Say which keys there are in the table of that path."""
    if not path:
        return ReportType.__struct_fields__
    if path[0] == "chart" and len(path) > 1:  # x, or one of y
        return Value.__struct_fields__
    return TABLES[path[0]][1].__struct_fields__ if path[0] in TABLES else ()
