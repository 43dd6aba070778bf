"""What to do about a report type's file that is wrong."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from rapor.catalogue import Strict
from rapor.errors import CatalogueError

EXAMPLE = "layers/catalogue/report_types/users.toml has one of each thing that works."
BY_KEY = {
    "name": "Rename the file, or change its name.",
    "parameters": "It is JSON Schema: every [parameters.properties.<name>] says its type.",
    "query": "A query is one SELECT that reads what [sources] names, with the $names of [parameters.properties].",
}
BY_KIND = {
    "missing": f"Add it: {EXAMPLE}",
    "string_pattern_mismatch": "Names are of small letters, digits and underscores, and begin with a letter.",
    "undeclared_parameter": "Declare it in [parameters.properties.<name>], or mend its name.",
}


def hint_for(error: CatalogueError) -> str:
    """Say what to change; an example at the least."""
    cause = error.__cause__
    if isinstance(cause, tomllib.TOMLDecodeError):
        return 'Text stands in "quotes", a table\'s name in [brackets], and no key comes twice.'
    if isinstance(cause, ValidationError):
        return _for_model(cause.errors()[0])
    return BY_KEY.get(error.key, EXAMPLE)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the nearest word, or say nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f"Did you mean {near[0]}?" if near else ""


def _for_model(error: Mapping[str, Any]) -> str:
    kind, word = error["type"], str(error["loc"][-1]) if error["loc"] else ""
    if kind == "extra_forbidden":
        return did_you_mean(word, _keys(Strict)) or f"There is no such key. {EXAMPLE}"
    if kind in {"enum", "literal_error"}:
        allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        return did_you_mean(str(error["input"]), allowed) or EXAMPLE
    return BY_KIND.get(kind, EXAMPLE)


def _keys(model: type[BaseModel]) -> Iterator[str]:
    yield from model.model_fields
    for child in model.__subclasses__():
        yield from _keys(child)
