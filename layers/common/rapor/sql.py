"""Names and texts inside SQL."""


def literal(text: str) -> str:
    """Write text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Write a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def concat(*texts: str) -> str:
    """Join texts; NULL is nothing."""
    return f"concat({', '.join(texts)})"
