"""What AWS makes of the template; needs samtranslator, which `make check` installs."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.template import PROJECT, TEMPLATE
from tests.template.rules import PUBLIC

SAM = PROJECT / ".venv-sam/bin/python"
pytestmark = pytest.mark.skipif(not SAM.exists(), reason="aws-sam-cli is not installed: make check installs it")

NAME_KEYS = {"Name", "FunctionName", "LayerName", "RoleName", "LogGroupName", "TableName", "BucketName", "QueueName", "TopicName", "AlarmName", "DashboardName"}  # fmt: skip
# Names within something that has the stack's name.
INNER = {
    "AWS::ApiGatewayV2::Stage", "AWS::Lambda::Permission", "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::EventInvokeConfig",
}  # fmt: skip
MANAGED = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSLambdaDynamoDBExecutionRole"}


@cache
def transformed() -> dict[str, Any]:
    script = Path(__file__).with_name("transform.py")
    done = subprocess.run([SAM, script, TEMPLATE], capture_output=True, text=True, check=True)
    template: dict[str, Any] = json.loads(done.stdout)
    return template


def names_that_collide(template: dict[str, Any]) -> list[str]:
    """Resources that a second stack in the same account and region would want to call the same."""
    return [
        f"{name} is called {it['Properties'][key]}"
        for name, it in template["Resources"].items()
        if it["Type"] not in INNER
        for key in NAME_KEYS & it.get("Properties", {}).keys()
        if "AWS::StackName" not in json.dumps(it["Properties"][key])
        and not ({"Ref", "Fn::GetAtt"} & set(it["Properties"][key]))
    ]


def test_a_second_stack_would_collide_in_no_name() -> None:
    assert names_that_collide(transformed()) == []


def test_a_name_of_ones_own_would_be_seen() -> None:
    body = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/rapor/create"}}

    assert names_that_collide({"Resources": {"Log": body}}) == ["Log is called /rapor/create"]


def test_the_api_is_called_after_the_stack() -> None:
    api = transformed()["Resources"]["Api"]["Properties"]

    assert api["Body"]["info"]["title"] == {"Ref": "AWS::StackName"}


def test_sam_adds_no_rights_but_to_log_to_trace_and_to_read_the_stream() -> None:
    roles = {
        name: it["Properties"] for name, it in transformed()["Resources"].items() if it["Type"] == "AWS::IAM::Role"
    }
    streams = {name for name, it in roles.items() if any("DynamoDB" in arn for arn in it.get("ManagedPolicyArns", []))}

    assert {arn.rpartition("/")[2] for it in roles.values() for arn in it.get("ManagedPolicyArns", [])} <= MANAGED
    assert streams == {"ProcessFastRole", "ProcessHeavyRole"}


def test_every_route_of_the_api_has_the_authorizer_or_is_public() -> None:
    paths = transformed()["Resources"]["Api"]["Properties"]["Body"]["paths"]
    operations = {f"{method.upper()} {path}": it for path, item in paths.items() for method, it in item.items()}

    assert {route for route, it in operations.items() if it.get("security") != [{"Jwt": []}]} == PUBLIC
