"""A report type that is edited while the service runs."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from local.aws import LocalAws
from local.functions import Functions
from local.service import read_again
from local.template import Stack
from tests.builders import ROOT, load_event

pytestmark = pytest.mark.integration


@pytest.fixture
def types(tmp_path: Path) -> Path:
    return copytree(ROOT / "layers/catalogue/report_types", tmp_path / "types")


@pytest.fixture
def functions(types: Path) -> Iterator[Functions]:
    stack = Stack.load(environment={"CATALOGUE_PATH": str(types)})
    readers = [it for it in stack.functions if it.name == "ReadReport"]
    with LocalAws(stack):
        yield Functions(readers, say=print)


def titles(functions: Functions) -> dict[str, str]:
    event = load_event("read_report/get_api_v1_report_types.json")
    listed: list[dict[str, Any]] = json.loads(functions.invoke("ReadReport", event)["body"])["data"]
    return {it["name"]: it["title"] for it in listed}


def test_a_change_is_served_without_starting_again(functions: Functions, types: Path) -> None:
    before, said = titles(functions), list[str]()
    file = types / "users.toml"
    file.write_text(file.read_text().replace('tr = "Kullanıcı Raporu"', 'tr = "Üyeler"'))

    read_again(types, functions, said.append)

    assert said == ["report types read again"]
    assert titles(functions) == before | {"users": "Üyeler"}


def test_a_mistake_is_told_and_changes_nothing(functions: Functions, types: Path) -> None:
    before, said = titles(functions), list[str]()
    file = types / "users.toml"
    file.write_text(file.read_text().replace("version = 1", "versoin = 1"))

    read_again(types, functions, said.append)

    [line] = said
    assert line.startswith("the report types stay as they were: users.toml: version: Field required\nhint: ")
    assert titles(functions) == before
