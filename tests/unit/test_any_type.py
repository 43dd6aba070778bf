"""Whatever stands in a report type's file: it is refused by name, or it can be shown, described and checked."""

import json
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from local.openapi import described
from local.report_types import UNEXPECTED, check
from rapor.catalogue import Catalogue
from rapor.http.report_types import as_resource
from rapor.http.sentences import parameter_errors
from tests.builders import ROOT, a_caller

USERS = tomllib.loads((ROOT / "layers/catalogue/report_types/users.toml").read_text())
WORDS = st.sampled_from([
    "", "x", "name", "id", "users", "date", "string", "integer", "object", "date_from", "(", "#/nope", "https://a.b/c", "$x",
    "select 1", "x-label", "x-ordered", "default", "enum", "format", "pattern", "$ref", "type", "properties", "required",
    "items", "all", "lane", "minimum", "$defs", "$schema", "$id", "$anchor", "allOf", "not", "if", "const", "description",
])  # fmt: skip
PLAIN = st.one_of(
    WORDS, st.integers(), st.floats(), st.booleans(), st.dates(), st.datetimes(), st.times(), st.text(max_size=3)
)
VALUES = st.recursive(
    PLAIN, lambda it: st.lists(it, max_size=3) | st.dictionaries(WORDS, it, max_size=3), max_leaves=5
)  # fmt: skip


def toml(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{text(key)} = {toml(it)}" for key, it in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case bool():
            return str(value).lower()
        case str():
            return text(value)
        case date() | datetime() | time():
            return value.isoformat()
    return repr(value)


def text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each table and list with each of its keys."""
    for key, child in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(child, dict | list):
            yield from places(child)


PLACES = len(list(places(USERS)))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(place=st.integers(0, PLACES - 1), value=VALUES, beside=st.one_of(st.none(), WORDS))
def test_any_value_anywhere_is_refused_by_name_or_can_be_shown(place: int, value: Any, beside: str | None) -> None:
    changed = tomllib.loads((ROOT / "layers/catalogue/report_types/users.toml").read_text())
    table, key = list(places(changed))[place]
    table[beside if beside is not None and isinstance(table, dict) else key] = value
    with TemporaryDirectory() as folder:
        file = Path(folder, "users.toml")
        file.write_text("".join(f"{text(name)} = {toml(it)}\n" for name, it in changed.items()), "utf-8")
        tomllib.loads(file.read_text("utf-8"))

        [finding] = check(Path(folder), Path(folder, "data"))

    if finding.wrong is None:
        assert finding.report_type is not None
        json.dumps(as_resource(finding.report_type, a_caller(), "tr"), allow_nan=False)
        json.loads(described(Catalogue({"users": finding.report_type})))
        parameter_errors(finding.report_type, {"date_from": "2025-01-01", "date_to": 3})
    else:
        assert finding.wrong.file == "users.toml"
        assert finding.wrong.hint
        assert finding.wrong.hint != UNEXPECTED, finding.wrong
