"""The page that benchmarks write their sections of, each its own."""

import re
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs/benchmarks.md"


def write_section(title: str, about: str, conditions: str, lines: Sequence[str]) -> None:
    """Put a section in the place of the one of its title, or at the end; *about* is a script's docstring."""
    text = about.strip().partition("\n\n")[2]
    section = "\n".join([f"## {title}\n", text, "", conditions, "", *lines]).rstrip()
    page = PAGE.read_text()
    found = re.search(rf"^## {title}\n.*?(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    before, after = (page[: found.start()], page[found.end() :]) if found else (page, "")
    PAGE.write_text("\n\n".join(part for part in (before.rstrip(), section, after.strip()) if part) + "\n")
