from typing import Any

import pytest

from local.parameters import read_parameters, value_of


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("2025-01-01", {"type": "string", "format": "date"}, "2025-01-01"),
        ("007", {"type": "string"}, "007"),
        ("", {"type": "string"}, ""),
        ("7", {"type": "integer"}, 7),
        ("-7", {"type": "integer"}, -7),
        ("7", {"type": ["integer", "null"]}, 7),
        ("7", {"type": ["null", "integer"]}, 7),
        ("null", {"type": ["integer", "null"]}, None),
        ("1.50", {"type": "number"}, 1.5),
        ("2", {"type": "number"}, 2),
        ("true", {"type": "boolean"}, True),
        ("false", {"type": "boolean"}, False),
        ("a, b,c", {"type": "array", "items": {"type": "string"}}, ["a", "b", "c"]),
        ("1,2", {"type": "array", "items": {"type": "integer"}}, [1, 2]),
        ('["a,b"]', {"type": "array"}, ["a,b"]),
        ("", {"type": "array"}, []),
        ('{"a": 1}', {"type": "object"}, {"a": 1}),
        ("x", {}, "x"),
    ],
)
def test_text_becomes_what_the_schema_asks_for(text: str, schema: dict[str, Any], value: object) -> None:
    found = value_of(text, schema)

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1.5", "integer"), ("007", "integer"), ("true", "integer"), ("١", "integer"),
        ("NaN", "number"), ("true", "number"), ("1", "boolean"), ("True", "boolean"), ("[1", "array"), ("[]", "object"),
        ("none", "null"),
    ],
)  # fmt: skip
def test_what_does_not_fit_stays_text(text: str, kind: str) -> None:
    assert value_of(text, {"type": kind}) == text


def test_an_array_may_come_in_parts() -> None:
    schemas: dict[str, dict[str, Any]] = {
        "cities": {"type": "array", "items": {"type": "string"}},
        "city": {"type": "string"},
    }
    pairs = [("cities", "Van"), ("city", "Van"), ("cities", "Muş,Iğdır"), ("city", "Bursa"), ("unknown", "x")]

    assert read_parameters(pairs, schemas) == {"cities": ["Van", "Muş", "Iğdır"], "city": "Bursa", "unknown": "x"}
