"""Cells as text, in DuckDB's SQL, where formats agree; each takes a column's expression."""

from rapor.sql import literal


def iso_moment(column: str) -> str:
    """ISO 8601 in UTC with Z; fractions of a second only where there are any."""
    whole, exact = (f"strftime({column}, '{form}')" for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"))
    return f"case when microsecond({column}) % 1000000 = 0 then {whole} else {exact} end"


def contains_any(column: str, characters: str) -> str:
    """Whether one of *characters* is in the text."""
    return " or ".join(f"contains({column}, {literal(character)})" for character in characters)
