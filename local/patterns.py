"""
Event patterns: which records an event source mapping passes on.

"Filter rule syntax" of Lambda's event filtering: fields are ANDed, values of a field ORed, several patterns ORed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

ABSENT = object()
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "prefix": lambda value, it: isinstance(value, str) and value.startswith(it),
    "suffix": lambda value, it: isinstance(value, str) and value.endswith(it),
    "equals-ignore-case": lambda value, it: isinstance(value, str) and value.casefold() == it.casefold(),
    "exists": lambda value, it: (value is not ABSENT) is it,
    "anything-but": lambda value, it: value is not ABSENT and value not in (it if isinstance(it, list) else [it]),
}


class UnknownPattern(Exception):
    """The pattern uses an operator the stand-in does not know."""


def matches_any(patterns: Iterable[Mapping[str, Any]], record: Mapping[str, Any]) -> bool:
    """Whether one of the patterns lets the record through; no patterns let all through."""
    patterns = tuple(patterns)
    return not patterns or any(matches(it, record) for it in patterns)


def matches(pattern: Mapping[str, Any], record: Any) -> bool:
    """
    Whether the record has all fields of the pattern.

    Raises:
        UnknownPattern: The pattern uses an operator the stand-in does not know.
    """
    for name, wanted in pattern.items():
        value = record.get(name, ABSENT) if isinstance(record, Mapping) else ABSENT
        if isinstance(wanted, Mapping):
            if not matches(wanted, value):
                return False
        elif not any(_is_one(it, value) for it in wanted):
            return False
    return True


def _is_one(wanted: Any, value: Any) -> bool:
    if isinstance(value, list):
        return any(_is_one(wanted, it) for it in value)
    if not isinstance(wanted, Mapping):
        return type(wanted) is type(value) and bool(wanted == value)
    ((operator, operand),) = wanted.items()
    if operator not in OPERATORS:
        raise UnknownPattern(operator)
    return OPERATORS[operator](value, operand)
