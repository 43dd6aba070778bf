"""Markdown pages, as tests read them: headings, blocks, tables, links and what stands in backticks."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.builders import ROOT

FENCE = re.compile(r"^```([\w-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^()\s]+)\)")
SHELL = ("", "sh")
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what is in it, and the heading it stands under."""

    language: str
    text: str
    heading: str


@dataclass(frozen=True)
class Page:
    """A page; everything but `blocks` looks at what is outside of them."""

    path: Path

    @cached_property
    def text(self) -> str:
        """The whole page."""
        return self.path.read_text("utf-8")

    @cached_property
    def prose(self) -> str:
        """The page without its blocks."""
        return FENCE.sub("", self.text)

    @property
    def blocks(self) -> Iterator[Block]:
        """Its blocks, from top to bottom."""
        for found in FENCE.finditer(self.text):
            headings = HEADING.findall(FENCE.sub("", self.text[: found.start()]))
            yield Block(found[1], found[2], headings[-1] if headings else "")

    @property
    def headings_of_blocks(self) -> dict[str, int]:
        """How many blocks stand under which heading."""
        return dict(Counter(it.heading for it in self.blocks))

    @property
    def anchors(self) -> set[str]:
        """What a link may name behind `#`, as GitHub makes it of headings."""
        return {_slug(heading) for heading in HEADING.findall(self.prose)}

    @property
    def links(self) -> list[str]:
        """Where it points."""
        return LINK.findall(self.prose)

    @property
    def spans(self) -> list[str]:
        """What stands in single backticks."""
        return SPAN.findall(self.prose)

    def calls(self, program: str) -> Iterator[list[str]]:
        """What each call of a program is given, in blocks of shell and in backticks, without what the shell takes."""
        blocks = (it.text.replace("\\\n", " ") for it in self.blocks if it.language in SHELL)
        for text in (*blocks, *self.spans):
            for found in re.finditer(rf"(?:^|[\s(]){re.escape(program)} ([^|;&)\n]*)", text, re.MULTILINE):
                yield shlex.split(found[1], comments=True)

    def section(self, heading: str) -> str:
        """What stands below a heading of the second level, without blocks, up to the next one."""
        return self.prose.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]

    def rows(self, heading: str) -> list[list[str]]:
        """The cells of the first table below a heading, without its own head."""
        lines = re.search(r"(?:^\|.*\n)+", self.section(heading) + "\n", re.MULTILINE)
        assert lines, f"{self.path.name} has no table under {heading}"
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[0].splitlines()[2:]]


def _slug(heading: str) -> str:
    plain = re.sub(r"\[([^]]+)]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")


PAGES = {
    str(path.relative_to(ROOT)): Page(path)
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
}
