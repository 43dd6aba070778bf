"""The template keeps every rule, and copies with one thing made worse are refused by the rule for it."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from local.cloudformation import Template
from local.template import PARAMETERS, STACK_NAME, TEMPLATE
from tests.template.rules import LOGS_CONTEXT, RULES, breaches

GOOD = Template.read(TEMPLATE, PARAMETERS, stack_name=STACK_NAME)
Body = dict[str, Any]


def test_the_template_keeps_every_rule() -> None:
    assert breaches(GOOD) == {}


def test_the_dashboard_is_json_and_shows_what_is_there() -> None:
    body = GOOD.resolve(GOOD.resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"])

    widgets = json.loads(body)["widgets"]

    assert {it["type"] for it in widgets} == {"metric"}
    assert all(it["properties"]["region"] and it["properties"]["metrics"] for it in widgets)
    assert len({(it["x"], it["y"]) for it in widgets}) == len(widgets)


def of(body: Body, resource: str) -> Body:
    properties: Body = body["Resources"][resource]["Properties"]
    return properties


def reader(body: Body, function: str = "ProcessFast") -> Body:
    properties: Body = of(body, function)["Events"]["Pending"]["Properties"]
    return properties


def statement(body: Body, function: str, number: int = 0) -> Body:
    it: Body = of(body, function)["Policies"][0]["Statement"][number]
    return it


def third_reader(body: Body) -> None:
    events = of(body, "SweepReports")["Events"]
    pattern = '{"dynamodb": {"NewImage": {"status": {"S": ["pending"]}, "lane": {"S": []}}}}'
    events["Third"] = {
        "Type": "DynamoDB",
        "Properties": reader(body) | {"FilterCriteria": {"Filters": [{"Pattern": pattern}]}},
    }


WEAKENED: dict[str, tuple[str, Callable[[Body], object]]] = {
    "a bucket that may be public": ("buckets_are_private", lambda it: of(it, "Documents")["PublicAccessBlockConfiguration"].update(BlockPublicPolicy=False)),
    "a bucket with others' objects": ("buckets_are_private", lambda it: of(it, "Data").pop("OwnershipControls")),
    "a bucket without TLS": ("nothing_without_tls", lambda it: it["Resources"].pop("DocumentsPolicy")),
    "a queue without TLS": ("nothing_without_tls", lambda it: of(it, "DeadLettersPolicy")["PolicyDocument"]["Statement"][0].pop("Condition")),
    "a bucket under AWS's key": ("all_is_under_the_key", lambda it: of(it, "Documents").pop("BucketEncryption")),
    "a table under AWS's key": ("all_is_under_the_key", lambda it: of(it, "Reports").update(SSESpecification={"SSEEnabled": True})),
    "no bucket key": ("all_is_under_the_key", lambda it: of(it, "Data")["BucketEncryption"]["ServerSideEncryptionConfiguration"][0].pop("BucketKeyEnabled")),
    "logs under AWS's key": ("all_is_under_the_key", lambda it: of(it, "ApiLog").pop("KmsKeyId")),
    "a key that is not for the access log": ("logs_may_use_the_key", lambda it: of(it, "Key")["KeyPolicy"]["Statement"][1]["Condition"]["ArnLike"][LOGS_CONTEXT].pop()),
    "a key that is for nothing but the access log": ("logs_may_use_the_key", lambda it: of(it, "Key")["KeyPolicy"]["Statement"][1]["Condition"]["ArnLike"][LOGS_CONTEXT].pop(0)),
    "an access log that the account has to name": ("access_logs_take_no_room_in_the_accounts_policy", lambda it: of(it, "ApiLog").pop("LogGroupName")),
    "a key for anybody": ("key_is_the_accounts", lambda it: of(it, "Key")["KeyPolicy"]["Statement"][1].update(Principal="*")),
    "a key that CloudWatch may use for others": ("key_is_the_accounts", lambda it: of(it, "Key")["KeyPolicy"]["Statement"][1].pop("Condition")),
    "a key that is never rotated": ("key_is_the_accounts", lambda it: of(it, "Key").pop("EnableKeyRotation")),
    "no recovery to a moment": ("state_stays", lambda it: of(it, "Reports").pop("PointInTimeRecoverySpecification")),
    "a table that goes with the stack": ("state_stays", lambda it: it["Resources"]["Reports"].pop("DeletionPolicy")),
    "deletion unprotected by default": ("state_stays", lambda it: of(it, "Reports").update(DeletionProtectionEnabled=False)),
    "a bucket without versions": ("state_stays", lambda it: of(it, "Documents").pop("VersioningConfiguration")),
    "documents that stay": ("buckets_are_tidied", lambda it: of(it, "Documents")["LifecycleConfiguration"]["Rules"][0].pop("ExpirationInDays")),
    "uploads that stay half done": ("buckets_are_tidied", lambda it: of(it, "Data")["LifecycleConfiguration"]["Rules"][0].pop("AbortIncompleteMultipartUpload")),
    "any action on the table": ("rights_are_narrow", lambda it: statement(it, "CreateReport").update(Action="dynamodb:*")),
    "any table": ("rights_are_narrow", lambda it: statement(it, "ReadReport").update(Resource="*")),
    "any index": ("rights_are_narrow", lambda it: statement(it, "ReadReport", 1).update(Resource={"Fn::Sub": "${Reports.Arn}/index/*"})),
    "AWS's own policy": ("rights_are_narrow", lambda it: of(it, "UpdateReport")["Policies"].append({"DynamoDBCrudPolicy": {"TableName": "x"}})),
    "an API without authorizer": ("routes_ask_for_a_token", lambda it: of(it, "Api")["Auth"].pop("DefaultAuthorizer")),
    "a route without authorizer": ("routes_ask_for_a_token", lambda it: of(it, "CreateReport")["Events"]["CreateScore"]["Properties"].update(Auth={"Authorizer": "NONE"})),
    "a function with an address of its own": ("routes_ask_for_a_token", lambda it: of(it, "CreateReport").update(FunctionUrlConfig={"AuthType": "NONE"})),
    "any page": ("other_pages_stay_out", lambda it: of(it, "Api")["CorsConfiguration"].update(AllowOrigins=["*"])),
    "no throttle": ("requests_are_throttled", lambda it: of(it, "Api").pop("DefaultRouteSettings")),
    "estimates at full rate": ("requests_are_throttled", lambda it: of(it, "Api")["RouteSettings"].pop("POST /api/v1/reports/estimate")),
    "counts at full rate": ("requests_are_throttled", lambda it: of(it, "Api")["RouteSettings"].pop("GET /reports/count")),
    "documentation at full rate": (
        "requests_are_throttled",
        lambda it: of(it, "Api")["RouteSettings"].pop("GET /docs"),
    ),
    "queries in the access log": ("logs_hold_no_secrets", lambda it: of(it, "Api")["AccessLogSettings"].update(Format='{"path":"$context.path","auth":"$context.authorizer.claims.sub"}')),
    "events in the log": ("logs_hold_no_secrets", lambda it: it["Globals"]["Function"]["Environment"]["Variables"].update(POWERTOOLS_LOGGER_LOG_EVENT="true")),
    "logs for ever": ("logs_are_kept_for_a_while", lambda it: of(it, "ReadReportLog").pop("RetentionInDays")),
    "a function that logs elsewhere": ("logs_are_kept_for_a_while", lambda it: of(it, "ReadReport").pop("LoggingConfig")),
    "no traces": ("calls_are_traced", lambda it: it["Globals"]["Function"].pop("Tracing")),
    "a wider pattern": ("lanes_split_what_is_pending", lambda it: reader(it).update(FilterCriteria={"Filters": [{"Pattern": '{"dynamodb": {"NewImage": {"lane": {"S": ["fast"]}}}}'}]})),
    "a lane nobody reads": ("lanes_split_what_is_pending", lambda it: of(it, "ProcessHeavy")["Events"].pop("Pending")),
    "a second pattern, which is an or": ("lanes_split_what_is_pending", lambda it: reader(it)["FilterCriteria"]["Filters"].append({"Pattern": "{}"})),
    "a third reader": ("a_shard_has_two_readers", third_reader),
    "whole batches": ("a_record_is_dropped_by_our_rule", lambda it: reader(it).update(BatchSize=100)),
    "only new records": ("a_record_is_dropped_by_our_rule", lambda it: reader(it, "ProcessHeavy").update(StartingPosition="LATEST")),
    "endless retries": ("a_record_is_dropped_by_our_rule", lambda it: reader(it).update(MaximumRetryAttempts=-1)),
    "records as old as the stream": ("a_record_is_dropped_by_our_rule", lambda it: reader(it).update(MaximumRecordAgeInSeconds=86400)),
    "no destination on failure": ("what_is_dropped_is_seen", lambda it: reader(it).pop("DestinationConfig")),
    "a schedule that fails in silence": ("what_is_dropped_is_seen", lambda it: of(it, "CreateReport")["EventInvokeConfig"].pop("DestinationConfig")),
    "a sweep longer than its minute": ("times_fit_each_other", lambda it: of(it, "SweepReports").update(Timeout=60)),
    "a sweep that is retried": ("times_fit_each_other", lambda it: of(it, "SweepReports").pop("EventInvokeConfig")),
    "an answer the gateway does not wait for": ("times_fit_each_other", lambda it: of(it, "EstimateReport").update(Timeout=60)),
    "a lane that is late before it is done": ("times_fit_each_other", lambda it: of(it, "HeavyAgeAlarm").update(Threshold=600_000)),
    "no concurrency to reserve": ("concurrency_is_reserved_on_demand", lambda it: of(it, "CreateReport").pop("ReservedConcurrentExecutions")),
    "a lane that a zero switches off": ("concurrency_is_reserved_on_demand", lambda it: it["Parameters"]["FastConcurrency"].update(AllowedPattern="[0-9]*")),
    "concurrency a new account has not": ("concurrency_is_reserved_on_demand", lambda it: it["Parameters"]["FastConcurrency"].update(Default="100")),
    "an alarm nobody hears": ("trouble_is_told", lambda it: of(it, "DeadLettersAlarm").pop("AlarmActions")),
    "no alarm for a sweep that fails": ("a_sweep_that_fails_is_told", lambda it: it["Resources"].pop("SweepFailsAlarm")),
    "no alarm for a sweep that never ends": ("trouble_is_told", lambda it: of(it, "SweepSilentAlarm").update(MetricName="due")),
    "no alarm for lost schedules": ("trouble_is_told", lambda it: it["Resources"].pop("SchedulesAlarm")),
    "no alarm for users' lost schedules": (
        "trouble_is_told",
        lambda it: of(it, "SchedulesAlarm")["Metrics"].pop(2),
    ),
    "a silent sweep is a good one": ("trouble_is_told", lambda it: of(it, "SweepSilentAlarm").update(TreatMissingData="notBreaching")),
    "a share of what only counts when something completed": (
        "what_is_not_counted_is_zero",
        lambda it: of(it, "FailedRatioAlarm")["Metrics"][1].update(Expression="FILL(failed, 0) + completed"),
    ),
    "a sum of series with gaps": (
        "what_is_not_counted_is_zero",
        lambda it: of(it, "SchedulesAlarm")["Metrics"][0].update(Expression="operators + FILL(users, 0) + FILL(refused, 0)"),
    ),
    "a bucket's own name": ("names_are_the_stacks", lambda it: of(it, "Data").update(BucketName="reports-data")),
    "a schedule's own name": ("names_are_the_stacks", lambda it: of(it, "SweepReports")["Events"]["EveryMinute"]["Properties"].update(Name="sweep")),
    "a layer without name": ("names_are_the_stacks", lambda it: of(it, "CommonLayer").pop("LayerName")),
    "a parameter nobody explains": ("everything_is_described", lambda it: it["Parameters"]["PurgeDays"].pop("Description")),
    "a secret in the environment": ("variables_hold_no_secrets", lambda it: of(it, "ReadReport")["Environment"]["Variables"].update(API_TOKEN="x")),
}  # fmt: skip


@pytest.mark.parametrize("name", WEAKENED)
def test_a_weakened_copy_is_refused_by_its_rule(name: str) -> None:
    rule, weaken = WEAKENED[name]
    body = copy.deepcopy(dict(GOOD.body))
    weaken(body)

    assert list(breaches(Template(body, GOOD.parameters, GOOD.stack_name))) == [rule]


def test_every_rule_refuses_something() -> None:
    assert {rule for rule, _ in WEAKENED.values()} == {rule.__name__ for rule in RULES}
