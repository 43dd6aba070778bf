from typing import Any

import pytest

from rapor.catalogue import ReportType
from rapor.http.sentences import parameter_errors

DATE, MOMENT = {"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}
NUMBER, TEXT = {"type": "number"}, {"type": "string"}
ANYTHING: dict[str, Any] = {}
AFTER = {
    "date": "The parameters.until field must be a date after or equal to parameters.since.",
    "moment": "The parameters.until field must be a date and time after or equal to parameters.since.",
    "number": "The parameters.until field must be greater than or equal to parameters.since.",
    "text": "The parameters.until field must be equal to or after parameters.since.",
}


def refusals(since: Any, until: Any, values: dict[str, Any]) -> dict[str, list[str]]:
    properties = {"since": since, "until": until}
    of = ReportType.model_validate({
        "name": "sample", "version": 1, "title": {"en": "Sample"}, "description": {"en": "Sample"}, "formats": ["csv"],
        "parameters": {"type": "object", "properties": properties, "x-ordered": [["since", "until"]]},
        "sources": {"sample": {}}, "query": "select 1 as x",
        "columns": [{"name": "x", "type": "integer", "label": {"en": "X"}}],
    })  # fmt: skip
    return parameter_errors(of, values)


@pytest.mark.parametrize(
    ("schema", "since", "until"),
    [
        (MOMENT, "2025-01-01T10:00:00+03:00", "2025-01-01T08:00:00Z"),
        (MOMENT, "2025-01-01T10:00:00Z", "2025-01-01T10:00:00.0Z"),
        (MOMENT, "2025-01-01T10:00:00z", "2025-01-01t13:00:00+03:00"),
        (MOMENT, "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        (MOMENT, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
        (MOMENT, "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        (DATE, "0999-12-31", "2025-01-01"),
        (DATE, "2025-01-01", "2025-01-01"),
        (NUMBER, 9, 10),
        (NUMBER, 1, 1.0),
        (NUMBER, -10, -9.5),
        (TEXT, "a", "b"),
        (DATE, "2025-01-01", None),
        (DATE, None, "2025-01-01"),
    ],
)
def test_what_is_in_order_is_taken(schema: dict[str, Any], since: Any, until: Any) -> None:
    assert refusals(schema, schema, {"since": since, "until": until}) == {}


@pytest.mark.parametrize(
    ("schema", "since", "until", "sentence"),
    [
        (MOMENT, "2025-01-01T10:00:00Z", "2025-01-01T12:00:00+03:00", AFTER["moment"]),
        (MOMENT, "2017-01-01T00:00:00Z", "2016-12-31t23:59:60z", AFTER["moment"]),
        (MOMENT, "2017-01-01T00:00:00Z", "0000-12-31T00:00:00Z", AFTER["moment"]),
        (DATE, "2025-01-02", "2025-01-01", AFTER["date"]),
        (NUMBER, 10, 9, AFTER["number"]),
        (NUMBER, 0.5, 0.25, AFTER["number"]),
        (TEXT, "b", "a", AFTER["text"]),
    ],
)
def test_what_is_out_of_order_is_refused_in_words_that_fit(
    schema: dict[str, Any], since: Any, until: Any, sentence: str
) -> None:
    assert refusals(schema, schema, {"since": since, "until": until}) == {"parameters.until": [sentence]}


@pytest.mark.parametrize(
    ("since", "until", "values"),
    [
        (DATE, NUMBER, ("2025-01-01", 1)),
        (DATE, MOMENT, ("2025-01-02", "2025-01-01T00:00:00Z")),
        (ANYTHING, ANYTHING, (True, 0)),
        (ANYTHING, ANYTHING, ([2], [1])),
        (ANYTHING, ANYTHING, ({}, 1)),
    ],
)
def test_what_cannot_be_compared_is_in_any_order(since: Any, until: Any, values: tuple[Any, Any]) -> None:
    assert refusals(since, until, dict(zip(("since", "until"), values, strict=True))) == {}


def test_what_is_no_moment_is_told_so_alone() -> None:
    values = {"since": "2025-01-01T10:00:00", "until": "2024-01-01T10:00:00Z"}

    assert refusals(MOMENT, MOMENT, values) == {
        "parameters.since": ["The parameters.since field must be a valid date and time."]
    }
