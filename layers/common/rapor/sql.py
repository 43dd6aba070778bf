"""Pieces of SQL, put together."""

from collections.abc import Iterable


def literal(text: str) -> str:
    """Write text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Write a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def concat(*texts: str) -> str:
    """Join texts; NULL is nothing."""
    return f"concat({', '.join(texts)})"


def select(expressions: Iterable[str], source: str) -> str:
    """Select expressions of what another SELECT gives."""
    return f"select {', '.join(expressions)} from (\n{source}\n)"  # noqa: S608 - put together from ours  # nosec B608
