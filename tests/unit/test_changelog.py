"""Version and changelog agree."""

import re

from rapor import __version__
from tests.builders import ROOT

RELEASED = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", re.MULTILINE)


def test_the_version_is_the_newest_released_or_the_next() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = [numbers(version) for version in RELEASED.findall(changelog)]

    assert changelog.count("## [Unreleased]") == 1
    assert released == sorted(released, reverse=True)
    assert not released or numbers(__version__) >= released[0]


def numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = map(int, version.split("."))
    return major, minor, patch


def test_every_line_of_the_changelog_is_a_sentence_under_a_known_heading() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")

    headings = set(re.findall(r"^### (.*)$", changelog, re.MULTILINE))
    lines = re.findall(r"^- (.*)$", changelog, re.MULTILINE)

    assert len(set(lines)) == len(lines)
    assert headings <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert [line for line in lines if not (line[0].isupper() and line.endswith("."))] == []
