"""What the stand-in reads from `template.yaml`."""

from pathlib import Path

import pytest

from local.cloudformation import Template
from local.errors import TemplateError
from local.patterns import UnknownPattern, matches, matches_any
from local.template import PARAMETERS, PROJECT, Authorizer, Stack

STACK = Stack.load()
FAST = '{"dynamodb": {"NewImage": {"status": {"S": ["pending"]}, "lane": {"S": ["fast"]}}}}'
WITH_CONDITION = """
Parameters:
  Stage: {Type: String}
  Names: {Type: CommaDelimitedList, Default: "a, b"}
Conditions:
  IsProduction: !Equals [!Ref Stage, production]
Resources:
  Here: {Type: AWS::SQS::Queue, Properties: {QueueName: !If [IsProduction, short, !Sub "${Stage}-${AWS::Region}"]}}
  Elsewhere: {Type: AWS::SQS::Queue, Condition: IsProduction}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "template.yaml"
    path.write_text(text, "utf-8")
    return path


def test_no_page_may_call_the_api_unless_it_is_named() -> None:
    named = Stack.load(parameters=PARAMETERS | {"CorsOrigins": "https://a.example,https://b.example"})

    assert STACK.cors["AllowOrigins"] == ["https://nowhere.invalid"]
    assert named.cors["AllowOrigins"] == ["https://a.example", "https://b.example"]
    assert {route.method for route in STACK.routes} == set(STACK.cors["AllowMethods"])
    assert "AllowCredentials" not in STACK.cors  # so that even `*` lends nobody a cookie


def test_routes_carry_their_function_and_authorizer() -> None:
    routes = {(it.method, it.path): (it.function, it.authorizer) for it in STACK.routes}

    assert routes["POST", "/api/v1/reports"] == ("CreateReport", "Jwt")
    assert routes["GET", "/api/v1/reports/{uuid}/download"] == ("ReadReport", "Jwt")
    assert routes["DELETE", "/api/v1/reports/{uuid}"] == ("UpdateReport", "Jwt")


def test_authorizer_takes_the_parameters() -> None:
    assert STACK.authorizer == Authorizer("https://rapor.localhost/", ("rapor",))


def test_function_has_the_environment_of_globals_and_its_own() -> None:
    create = STACK.function("CreateReport")

    assert create.environment["TABLE_NAME"] == "rapor-Reports"
    assert create.environment["MAX_UNFINISHED"] == "100"
    assert create.timeout_s == 10
    assert create.memory_mb == 512
    assert create.code == PROJECT / "functions/create_report"
    assert create.handler == "app.lambda_handler"


def test_path_in_a_layer_becomes_its_folder() -> None:
    assert STACK.function("CreateReport").environment["CATALOGUE_PATH"] == str(
        PROJECT / "layers/catalogue/report_types"
    )


def test_data_stay_in_s3_unless_told_otherwise() -> None:
    local = Stack.load(environment={"DATA_LOCATION": "/data", "UNDECLARED": "x"})

    assert STACK.function("ProcessFast").environment["DATA_LOCATION"] == "s3://rapor-data/datasets"
    assert local.function("ProcessFast").environment["DATA_LOCATION"] == "/data"
    assert "UNDECLARED" not in local.function("ProcessFast").environment


def test_two_functions_share_one_folder() -> None:
    assert STACK.function("ProcessFast").code == STACK.function("ProcessHeavy").code
    assert STACK.function("ProcessHeavy").timeout_s == 900


def test_stream_mapping_has_all_settings() -> None:
    fast = next(it for it in STACK.mappings if it.function == "ProcessFast")

    assert fast.table == "rapor-Reports"
    assert fast.batch_size == 1
    assert fast.max_retries == 5
    assert fast.max_age_s == 21600
    assert fast.bisects
    assert fast.reports_failed_items
    assert not fast.from_latest
    assert fast.on_failure == "rapor-DeadLetters"
    assert matches_any(fast.patterns, {"dynamodb": {"NewImage": {"status": {"S": "pending"}, "lane": {"S": "fast"}}}})


def test_schedules_are_read_with_their_state() -> None:
    by_name = {it.name: it for it in STACK.schedules}

    assert by_name["rapor-sweep"].is_enabled
    assert by_name["rapor-sweep"].expression == "rate(1 minute)"
    assert by_name["rapor-sweep"].input is None
    assert not by_name["rapor-weekly-users"].is_enabled
    assert "<aws.scheduler.scheduled-time>" in str(by_name["rapor-weekly-users"].input)


def test_table_is_ready_for_create_table() -> None:
    (table,) = STACK.tables

    assert table.name == "rapor-Reports"
    assert table.ttl_attribute == "expires_at"
    assert table.definition["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert {it["IndexName"] for it in table.definition["GlobalSecondaryIndexes"]} >= {"by_user", "open"}


def test_buckets_and_queues_are_named_after_the_stack() -> None:
    assert {it.name: it.is_versioned for it in STACK.buckets} == {"rapor-documents": True, "rapor-data": True}
    assert STACK.queues == ("rapor-DeadLetters",)


def test_conditions_choose_resources_and_values(tmp_path: Path) -> None:
    path = written(tmp_path, WITH_CONDITION)

    production = Stack.load(path, {"Stage": "production"})
    test = Stack.load(path, {"Stage": "test"})

    assert production.queues == ("short", "rapor-Elsewhere")
    assert test.queues == ("test-eu-central-1",)


def test_list_parameter_is_a_list(tmp_path: Path) -> None:
    template = Template.read(written(tmp_path, WITH_CONDITION), {"Stage": "test"}, stack_name="s")

    assert template.resolve({"Ref": "Names"}) == ["a", "b"]
    assert template.resolve({"Fn::Join": ["-", {"Ref": "Names"}]}) == "a-b"


def test_parameter_without_value_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, WITH_CONDITION)

    with pytest.raises(TemplateError, match="Stage"):
        Stack.load(path, {})
    with pytest.raises(TemplateError, match="Colour"):
        Stack.load(path, {"Stage": "test", "Colour": "red"})


@pytest.mark.parametrize(
    ("piece", "named"),
    [
        ({"Fn::ImportValue": "x"}, "Fn::ImportValue"),
        ({"Ref": "Nothing"}, "Nothing"),
        ({"Fn::GetAtt": ["Here", "Colour"]}, "Here.Colour"),
    ],
)
def test_what_is_not_known_is_named(tmp_path: Path, piece: dict[str, object], named: str) -> None:
    template = Template.read(written(tmp_path, WITH_CONDITION), {"Stage": "test"}, stack_name="s")

    with pytest.raises(TemplateError, match=named):
        template.resolve([piece])


@pytest.mark.parametrize(
    ("pattern", "record", "expected"),
    [
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": ["x"]}, {"a": "z"}, False),
        ({"a": ["x"]}, {}, False),
        ({"a": ["x"], "b": ["y"]}, {"a": "x"}, False),
        ({"a": {"b": ["x"]}}, {"a": {"b": "x", "c": 1}}, True),
        ({"a": {"b": ["x"]}}, {"a": "x"}, False),
        ({"a": [1]}, {"a": "1"}, False),
        ({"a": [True]}, {"a": 1}, False),
        ({"a": ["x"]}, {"a": ["w", "x"]}, True),
        ({"a": [{"prefix": "re"}]}, {"a": "report"}, True),
        ({"a": [{"suffix": "re"}]}, {"a": "report"}, False),
        ({"a": [{"exists": True}]}, {"a": None}, True),
        ({"a": [{"exists": False}]}, {}, True),
        ({"a": [{"exists": False}]}, {"a": "x"}, False),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "y"}, True),
        ({"a": [{"anything-but": "x"}]}, {"a": "x"}, False),
        ({"a": [{"anything-but": "x"}]}, {}, False),
        ({"a": [{"equals-ignore-case": "X"}]}, {"a": "x"}, True),
    ],
)
def test_pattern_lets_through(pattern: dict[str, object], record: dict[str, object], expected: bool) -> None:  # noqa: FBT001
    assert matches(pattern, record) is expected


def test_patterns_are_alternatives_and_none_lets_all_through() -> None:
    assert matches_any([{"a": ["x"]}, {"a": ["y"]}], {"a": "y"})
    assert matches_any([], {"a": "y"})


def test_unknown_operator_is_named() -> None:
    with pytest.raises(UnknownPattern, match="numeric"):
        matches({"a": [{"numeric": ["=", 1]}]}, {"a": 1})
