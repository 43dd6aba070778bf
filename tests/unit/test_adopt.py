"""The template by which a new stack takes over what its predecessor left."""

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from local import adopt
from local.cloudformation import Template
from local.template import PARAMETERS, STACK_NAME, TEMPLATE
from tests.builders import ROOT
from tests.prose import Page

WHOLE = Template.read(TEMPLATE, PARAMETERS, stack_name=STACK_NAME)
ADOPTION = adopt.adoption(WHOLE.body)


def test_it_holds_what_is_retained_and_all_of_that_as_it_is() -> None:
    retained = {name for name, it in WHOLE.body["Resources"].items() if it.get("DeletionPolicy") == "Retain"}

    assert ADOPTION["Resources"].keys() == retained == adopt.IDENTIFIERS.keys()
    assert all(it == WHOLE.body["Resources"][name] for name, it in ADOPTION["Resources"].items())


def test_it_refers_to_nothing_that_it_does_not_hold() -> None:
    text = json.dumps(ADOPTION)
    named = {
        *re.findall(r'"(?:Ref|Condition)": "(\w+)"', text),
        *re.findall(r'"Fn::(?:GetAtt|If)": \["(\w+)"', text),
        *re.findall(r"\$\{(\w+)\}", text),
    }

    assert named == {"Key", *ADOPTION["Parameters"], *ADOPTION["Conditions"]}


def test_it_asks_for_no_parameter_that_has_no_default() -> None:
    assert [name for name, it in ADOPTION["Parameters"].items() if "Default" not in it] == []


def test_the_page_calls_it_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = next(it.text for it in Page(ROOT / "docs/deploy.md").blocks if "local.adopt" in it.text)
    [given] = re.findall(r"-m local\.adopt (.*)", block)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["adopt", *shlex.split(given)])

    adopt.main()

    told: dict[str, Any] = {it: json.loads((tmp_path / it).read_text()) for it in re.findall(r"file://(\S+)", block)}
    assert told["out/adopt.json"] == ADOPTION
    assert {it["LogicalResourceId"]: it["ResourceIdentifier"] for it in told["out/adopt-resources.json"]} == {
        "Key": {"KeyId": "$KEY"},
        "Reports": {"TableName": "$TABLE"},
        "Documents": {"BucketName": "$DOCUMENTS"},
        "Data": {"BucketName": "$DATA"},
    }
