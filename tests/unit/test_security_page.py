"""docs/security.md names tests; they are there."""

import ast
import re

from tests.builders import ROOT

PAGE = (ROOT / "docs/security.md").read_text("utf-8")


def names_of_tests() -> set[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    trees = (ast.walk(ast.parse(file.read_text("utf-8"))) for file in files)
    return {node.name for tree in trees for node in tree if isinstance(node, ast.FunctionDef)}


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))

    assert len(named) > 40
    assert named - names_of_tests() == set()


def test_each_of_the_ten_risks_has_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| API")]

    assert [f"API{number}" for number in range(1, 11)] == [row.split()[1] for row in rows]
    assert [row for row in rows if not re.search(r"`test_\w+`[^|]*\|$", row)] == []
