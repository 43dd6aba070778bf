"""Relationships between a package's parts (ECMA-376 part 2 §9.3)."""

from collections.abc import Sequence

from rapor.documents.excel.xml import HEADER

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def relationships(items: Sequence[str]) -> str:
    """One relationships part."""
    return f'{HEADER}<Relationships xmlns="{PACKAGE}/relationships">{"".join(items)}</Relationships>'


def relationship(identity: str, kind: str, target: str) -> str:
    """One relationship."""
    return f'<Relationship Id="{identity}" Type="{kind}" Target="{target}"/>'
