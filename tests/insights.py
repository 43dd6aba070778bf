"""Just enough of CloudWatch Logs Insights to run the pages' queries over log lines."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

TEST = re.compile(r'([\w.]+) (?:= ("[^"]*")|in \[([^]]*)\])')


def matching(query: str, lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The lines that pass every `filter`: fields that are, or are one of, some texts."""
    filters = [part.removeprefix("filter ") for part in _parts(query) if part.startswith("filter ")]
    tests = [TEST.fullmatch(test) for it in filters for test in it.split(" and ")]
    wanted = {it[1]: {text.strip(' "') for text in (it[2] or it[3]).split(",")} for it in tests if it}
    assert len(wanted) == len(tests), f"not understood: {query}"
    return [line for line in lines if all(_field(line, name) in texts for name, texts in wanted.items())]


def counted(query: str, lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """What `stats count() by` a field gives of them."""
    [field] = re.findall(r"stats count\(\) by ([\w.]+)", query)
    return dict(Counter(_field(line, field) for line in matching(query, lines)))


def _parts(query: str) -> list[str]:
    return [part.strip() for part in query.split("\n| ")]


def _field(line: Any, name: str) -> Any:
    for part in name.split("."):
        line = line.get(part) if isinstance(line, Mapping) else None
    return line
