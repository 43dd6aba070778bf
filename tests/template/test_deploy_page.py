"""docs/deploy.md has a row for everything in the template that an operator meets, and no other."""

import json
import re
from typing import Any

from benchmarks.capacity import metrics
from local.cloudformation import Template
from local.template import PARAMETERS, PROJECT, STACK_NAME, TEMPLATE
from tests.prose import Page

PAGE = Page(PROJECT / "docs/deploy.md")
SCHEDULERS_LETTERS = 64  # of a schedule's and a group's name
STACK = Template.read(TEMPLATE, PARAMETERS, stack_name=STACK_NAME)


def test_every_parameter_is_there_with_its_default() -> None:
    declared = {name: it.get("Default", "") for name, it in STACK.body["Parameters"].items()}

    rows = PAGE.rows("Parameters")

    assert {name: default.strip("`") for name, default, _ in rows} == {
        f"`{name}`": str(it) for name, it in declared.items()
    }
    assert all(when for *_, when in rows)


def test_every_output_is_there() -> None:
    assert [name for name, _ in PAGE.rows("The stack")] == [f"`{name}`" for name in STACK.body["Outputs"]]


def test_every_alarm_says_what_to_do() -> None:
    alarms = [name for name, it in STACK.body["Resources"].items() if it["Type"] == "AWS::CloudWatch::Alarm"]

    rows = PAGE.rows("Alarms")

    assert [name for name, *_ in rows] == [f"`{name}`" for name in alarms]
    assert all(means and do for _, means, do in rows)


def test_every_widget_is_explained() -> None:
    [dashboard] = STACK.resources("AWS::CloudWatch::Dashboard").values()
    body: dict[str, Any] = json.loads(STACK.resolve(dashboard["DashboardBody"]))

    assert [name for name, _ in PAGE.rows("The dashboard")] == [it["properties"]["title"] for it in body["widgets"]]


def test_every_metric_of_the_service_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE.section("The dashboard").rpartition("namespace")[2]))

    assert metrics() == named


def test_rows_are_kept_as_long_as_it_says() -> None:
    [table] = STACK.resources("AWS::DynamoDB::Table").values()
    rules = [it["LifecycleConfiguration"]["Rules"][0] for it in STACK.resources("AWS::S3::Bucket").values()]

    kept = {what: how_long for what, _, how_long in PAGE.rows("Backup and restore")}

    assert kept["rows"] == f"{table['PointInTimeRecoverySpecification']['RecoveryPeriodInDays']} days"
    days = {rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules}
    assert [kept["documents, data sets"]] == [f"{it} days after that" for it in days]


def test_a_stacks_name_is_as_long_as_it_says() -> None:
    groups = [it["Name"] for it in STACK.resources("AWS::Scheduler::ScheduleGroup").values()]
    schedules = [
        event["Properties"]["Name"]
        for function in STACK.resources("AWS::Serverless::Function").values()
        for event in function["Events"].values()
        if event["Type"] == "ScheduleV2"
    ]
    named = [STACK.resolve(it).removeprefix(STACK_NAME) for it in (*groups, *schedules)]

    assert f"of {SCHEDULERS_LETTERS - max(map(len, named))} characters at most" in PAGE.section("Several stacks")
