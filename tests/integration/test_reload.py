"""A report type that is edited while the service runs."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from local.aws import LocalAws
from local.errors import WrongReportType
from local.functions import Functions
from local.served import Served
from local.service import read_again
from local.template import Stack
from tests.builders import ROOT, a_type_file, load_event

pytestmark = pytest.mark.integration


@pytest.fixture
def types(tmp_path: Path) -> Path:
    return copytree(ROOT / "layers/catalogue/report_types", tmp_path / "types")


@pytest.fixture
def served(types: Path, tmp_path: Path) -> Served:
    served = Served(types, tmp_path / "served")
    assert served.take() == []
    return served


@pytest.fixture
def functions(served: Served, tmp_path: Path) -> Iterator[Functions]:
    assert served
    stack = Stack.load(environment={"CATALOGUE_PATH": str(tmp_path / "served")})
    readers = [it for it in stack.functions if it.name == "ReadReport"]
    with LocalAws(stack):
        yield Functions(readers, say=print)


def titles(functions: Functions) -> dict[str, str]:
    event = load_event("read_report/get_api_v1_report_types.json")
    listed: list[dict[str, Any]] = json.loads(functions.invoke("ReadReport", event)["body"])["data"]
    return {it["name"]: it["title"] for it in listed}


def described(functions: Functions) -> dict[str, Any]:
    answer = functions.invoke("ReadReport", load_event("read_report/get_openapi_json.json"))
    found: dict[str, Any] = json.loads(base64.b64decode(answer["body"]))
    return found


def change(types: Path, old: str, new: str) -> None:
    text = (types / "users.toml").read_text()
    assert old in text
    (types / "users.toml").write_text(text.replace(old, new, 1))


RENAMED = ('tr = "Kullanıcı Raporu"', 'tr = "Üyeler"')
MISSPELT = ("version = 1", "versoin = 1")


def test_a_change_is_served_without_starting_again(functions: Functions, served: Served, types: Path) -> None:
    before, said = titles(functions), list[str]()
    change(types, *RENAMED)

    read_again(served, functions, said.append)

    assert said == ["report types read again"]
    assert titles(functions) == before | {"users": "Üyeler"}


def test_a_mistake_is_told_and_changes_nothing(functions: Functions, served: Served, types: Path) -> None:
    before, said = titles(functions), list[str]()
    change(types, *MISSPELT)

    read_again(served, functions, said.append)

    assert said[0].startswith("users stays as it was: users.toml: version: Field required\nhint: ")
    assert titles(functions) == before


def test_a_mistake_keeps_no_other_file_from_being_served(functions: Functions, served: Served, types: Path) -> None:
    before, said = titles(functions), list[str]()
    a_type_file(types)
    change(types, *MISSPELT)

    read_again(served, functions, said.append)

    assert titles(functions) == before | {"things": "Things"}
    assert "CreateReport_things" in described(functions)["components"]["schemas"]


def test_a_mended_file_is_served_again(functions: Functions, served: Served, types: Path) -> None:
    before, said = titles(functions), list[str]()
    change(types, *MISSPELT)
    read_again(served, functions, said.append)
    change(types, *reversed(MISSPELT))
    change(types, *RENAMED)

    read_again(served, functions, said.append)

    assert said[-1] == "report types read again"
    assert titles(functions) == before | {"users": "Üyeler"}


def test_what_was_taken_away_is_gone_and_what_never_was_right_is_left_out(
    functions: Functions, served: Served, types: Path
) -> None:
    before, said = titles(functions), list[str]()
    (types / "users.toml").unlink()
    a_type_file(types, more="[parameters]\nx-ordered = 1")

    read_again(served, functions, said.append)

    assert said[0].startswith("things is left out: things.toml: parameters.x-ordered: must be a list of pairs")
    assert titles(functions).keys() == before.keys() - {"users"}


def test_an_empty_folder_leaves_all_as_it_was(functions: Functions, served: Served, types: Path) -> None:
    before, said = titles(functions), list[str]()
    for file in types.iterdir():
        file.unlink()

    read_again(served, functions, said.append)

    assert said == [f"the report types stay as they were: there is no report type in {types}"]
    assert titles(functions) == before


def test_who_watches_survives_what_nobody_thought_of(
    functions: Functions, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = list[str]()
    monkeypatch.setattr(functions, "load", lambda: 1 / 0)

    read_again(served, functions, said.append)

    assert said == ["the report types could not be read again: ZeroDivisionError: division by zero"]


def test_a_run_serves_what_is_right_and_refuses_only_when_nothing_is(tmp_path: Path) -> None:
    types = tmp_path / "some"
    types.mkdir()
    (types / "torn.toml").write_text("[")

    with pytest.raises(WrongReportType, match=r"^torn is left out: torn.toml: "):
        Served(types, tmp_path / "nothing").take()

    a_type_file(types)
    [mistake] = Served(types, tmp_path / "served").take()

    assert mistake.startswith("torn is left out: torn.toml: ")
    assert sorted(it.name for it in (tmp_path / "served").iterdir()) == ["openapi.json", "things.toml"]
