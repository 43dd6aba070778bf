"""Cells as text, in DuckDB's SQL, where formats agree; each takes a column's expression."""


def iso_moment(column: str) -> str:
    """ISO 8601 in UTC with Z; fractions of a second only where there are any."""
    whole, exact = (f"strftime({column}, '{form}')" for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"))
    return f"case when microsecond({column}) % 1000000 = 0 then {whole} else {exact} end"


def starts_with_any(column: str, characters: str) -> str:
    """Whether the text starts with one of *characters*."""
    return " or ".join(f"starts_with({column}, chr({ord(character)}))" for character in characters)


def contains_any(column: str, characters: str) -> str:
    """Whether one of *characters* is in the text."""
    return " or ".join(f"contains({column}, chr({ord(character)}))" for character in characters)
