"""`samconfig.toml` says what the template asks for, and the README how to use it."""

import re
import tomllib
from typing import Any

import pytest

from local.cloudformation import Template
from local.template import PARAMETERS, PROJECT, STACK_NAME, TEMPLATE

STAGES: dict[str, Any] = tomllib.loads((PROJECT / "samconfig.toml").read_text("utf-8"))
STAGES.pop("version")


def overrides(stage: str) -> dict[str, str]:
    return dict(it.split("=", 1) for it in STAGES[stage]["deploy"]["parameters"]["parameter_overrides"])


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_gives_what_the_template_asks_for(stage: str) -> None:
    given = overrides(stage)

    declared = Template.read(TEMPLATE, given, stack_name=stage).body["Parameters"]

    for name, value in given.items():
        assert value in declared[name].get("AllowedValues", [value]) or int(value) in declared[name]["AllowedValues"]
        assert re.fullmatch(declared[name].get("AllowedPattern", ".+"), value)


def test_what_is_safe_is_the_default_and_only_dev_gives_it_up() -> None:
    defaults = Template.read(TEMPLATE, PARAMETERS, stack_name=STACK_NAME).parameters

    assert (defaults["DeletionProtection"], defaults["CorsOrigins"]) == ("true", "https://nowhere.invalid")
    assert {stage for stage in STAGES if "DeletionProtection" in overrides(stage)} == {"dev"}
    assert len({STAGES[stage]["deploy"]["parameters"]["stack_name"] for stage in STAGES}) == len(STAGES)


def test_the_readme_deploys_a_stage_that_is_there() -> None:
    named = re.findall(r"sam deploy --config-env (\w+)", (PROJECT / "README.md").read_text("utf-8"))

    assert named
    assert set(named) <= STAGES.keys()
