"""docs/mutation.md and the guards that are tried say the same."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.builders import ROOT
from tests.mutation.__main__ import GUARDS, place
from tests.mutation.order import pytest_collection_modifyitems

PAGE = (ROOT / "docs/mutation.md").read_text("utf-8")


def test_the_page_names_each_guard_and_its_modules() -> None:
    rows = re.findall(r"^\| (\w+) \| (`.*?`) \|", PAGE, re.MULTILINE)

    assert {name: tuple(re.findall(r"`(.*?)`", modules)) for name, modules in rows} == {
        name: guard.modules for name, guard in GUARDS.items()
    }


@pytest.mark.parametrize("guard", GUARDS)
def test_what_is_tried_is_there(guard: str) -> None:
    missing = [module for module in GUARDS[guard].modules if not (ROOT / "layers/common/rapor" / module).is_file()]
    missing += [test for test in GUARDS[guard].tests if not (ROOT / "tests" / test).is_file()]

    assert missing == []


@pytest.mark.parametrize(("mutant", "function"), [
    ("rapor.caller.x_names_in__mutmut_5", "rapor.caller.names_in"),
    ("rapor.caller.xǁCallerǁmay__mutmut_1", "rapor.caller.Caller.may"),
    ("rapor.sweep.x__repair__mutmut_47", "rapor.sweep._repair"),
])  # fmt: skip
def test_a_survivor_is_named_as_people_write_it(mutant: str, function: str) -> None:
    assert place(mutant) == function


def test_tests_of_a_module_stay_together_and_those_without_aws_come_first() -> None:
    named = ["integration/b.py:1", "unit/c.py:9", "integration/a.py:2", "integration/b.py:0", "integration/a.py:1"]
    items: list[Any] = [
        SimpleNamespace(path=Path("tests", file), location=(file, int(line), ""))
        for file, line in (name.split(":") for name in named)
    ]

    pytest_collection_modifyitems(items)

    assert [f"{it.location[0]}:{it.location[1]}" for it in items] == [
        "unit/c.py:9", "integration/a.py:1", "integration/a.py:2", "integration/b.py:0", "integration/b.py:1"
    ]  # fmt: skip
