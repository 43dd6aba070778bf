"""Pieces of SQL, put together."""

from collections.abc import Iterable
from string import ascii_lowercase, ascii_uppercase

SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)


def literal(text: str) -> str:
    """Write text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Write a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def folded(name: str) -> str:
    """Write a name as DuckDB compares it, which knows capitals of ASCII only."""
    return name.translate(SMALL)


def concat(*texts: str) -> str:
    """Join texts; NULL is nothing."""
    return f"concat({', '.join(texts)})"


def select(expressions: Iterable[str], source: str) -> str:
    """Select expressions of what another SELECT gives."""
    return f"select {', '.join(expressions)} from (\n{source}\n)"  # noqa: S608 - put together from ours  # nosec B608
