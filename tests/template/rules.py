"""
What must be true of the template, a rule each; a rule yields a sentence for everything that breaks it.

Scanners know what is wrong in any stack. These know what would be wrong in this one.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from local.cloudformation import ACCOUNT, REGION, Template

Rule = Callable[[Template], Iterator[str]]

# Routes that ask for no token.
PUBLIC = {"GET /openapi.json", "GET /docs", "GET /docs/{file}", "GET /", "GET /console/{file}"}
COSTLY = {"POST /api/v1/reports/estimate", "GET /reports", "GET /reports/count"}
LANES = {"fast", "heavy"}
READERS_OF_A_SHARD = 2
STREAM_KEEPS_S = 24 * 3600
GATEWAY_WAITS_S = 30
SWEEP_EVERY_S = 60
LOG_FIELDS = {
    "requestId", "routeKey", "status", "responseLatency", "authorizer.error",
    "integration.requestId", "integrationErrorMessage",
}  # fmt: skip
TLS_POLICIES = (("AWS::S3::BucketPolicy", "s3:*", "Bucket"), ("AWS::SQS::QueuePolicy", "sqs:*", "Queues"))
STATE = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key")
LOGS_CONTEXT = "kms:EncryptionContext:aws:logs:arn"
UNBOUND = {"cloudwatch.amazonaws.com"}  # says nothing of itself that a condition could ask for
WATCHED = {
    ("Service", "waiting_seconds", "Maximum"),
    ("Service", "swept", "SampleCount"),
    ("Service", "failed", "Sum"),
    ("AWS/Lambda", "IteratorAge", "Maximum"),
    ("AWS/Lambda", "Throttles", "Sum"),
    ("AWS/Lambda", "Errors", "Sum"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum"),
    ("AWS/ApiGateway", "5xx", "Sum"),
    ("AWS/Scheduler", "InvocationDroppedCount", "Sum"),
}


def buckets_are_private(template: Template) -> Iterator[str]:
    closed = {"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"}
    for name, it in template.resources("AWS::S3::Bucket").items():
        if {key for key, value in it.get("PublicAccessBlockConfiguration", {}).items() if value is True} != closed:
            yield f"{name} may be made public"
        if it.get("OwnershipControls") != {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}:
            yield f"{name} has objects that may belong to others"


def nothing_without_tls(template: Template) -> Iterator[str]:
    refusing = {
        place["Ref"]
        for kind, actions, places in TLS_POLICIES
        for policy in template.resources(kind).values()
        if any(_refuses_plain(statement, actions) for statement in policy["PolicyDocument"]["Statement"])
        for place in _listed(policy[places])
    }
    for kind in ("AWS::S3::Bucket", "AWS::SQS::Queue"):
        for name in template.resources(kind).keys() - refusing:
            yield f"{name} answers without TLS"


def _refuses_plain(statement: Mapping[str, Any], actions: str) -> bool:
    said = [statement.get(it) for it in ("Effect", "Principal", "Action", "Condition")]
    return said == ["Deny", "*", actions, {"Bool": {"aws:SecureTransport": "false"}}]


def all_is_under_the_key(template: Template) -> Iterator[str]:
    key = template.resolve({"Fn::GetAtt": ["Key", "Arn"]})
    for name, it in _resolved(template, "AWS::S3::Bucket"):
        rules = it.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [{}])
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        if rules != [{"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]:
            yield f"{name} is not under the key, by bucket key"
    for name, it in _resolved(template, "AWS::DynamoDB::Table"):
        if it.get("SSESpecification") != {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}:
            yield f"{name} is not under the key"
    for kind, named in (
        ("AWS::SQS::Queue", "KmsMasterKeyId"), ("AWS::SNS::Topic", "KmsMasterKeyId"), ("AWS::Logs::LogGroup", "KmsKeyId")
    ):  # fmt: skip
        for name, it in _resolved(template, kind):
            if it.get(named) != key:
                yield f"{name} is not under the key"


def logs_may_use_the_key(template: Template) -> Iterator[str]:
    """A group without a name is called `<stack>-<logical id>-<random>`."""
    patterns = [
        pattern
        for _, key in _resolved(template, "AWS::KMS::Key")
        for statement in key["KeyPolicy"]["Statement"]
        if statement.get("Sid") == "Logs"
        for pattern in _listed(statement.get("Condition", {}).get("ArnLike", {}).get(LOGS_CONTEXT, "*"))
    ]
    for name, it in _resolved(template, "AWS::Logs::LogGroup"):
        group = it.get("LogGroupName", f"{template.stack_name}-{name}-1ABC")
        if not any(fnmatchcase(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}", it) for it in patterns):
            yield f"{name} cannot be encrypted: the key is not for {group}"


def access_logs_take_no_room_in_the_accounts_policy(template: Template) -> Iterator[str]:
    for api, it in template.resources("AWS::Serverless::HttpApi").items():
        [group, _] = it["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"]
        name = template.resolve(template.resources("AWS::Logs::LogGroup")[group]).get("LogGroupName", "")
        if not name.startswith("/aws/vendedlogs/"):
            yield f"{api} logs to {group}, which the account's log policy has to name, stack by stack"


def key_is_the_accounts(template: Template) -> Iterator[str]:
    for name, it in _resolved(template, "AWS::KMS::Key"):
        if it.get("EnableKeyRotation") is not True:
            yield f"{name} is never rotated"
        for statement in it["KeyPolicy"]["Statement"]:
            principal = statement["Principal"]
            account, service = (dict(principal).get(it, "") if principal != "*" else "" for it in ("AWS", "Service"))
            is_bound = bool(service) and (service in UNBOUND or "Condition" in statement)
            if not account.endswith(":root") and not is_bound:
                yield f"{name} may be used by {principal} whatever is asked"


def state_stays(template: Template) -> Iterator[str]:
    for name, it in template.body["Resources"].items():
        kept = {it.get("DeletionPolicy"), it.get("UpdateReplacePolicy")}
        if it["Type"] in STATE and kept != {"Retain"}:
            yield f"{name} goes with the stack"
        if it["Type"] == "AWS::Logs::LogGroup" and kept != {"Delete"}:
            yield f"{name} does not say what becomes of it"
    for name, it in _resolved(template, "AWS::DynamoDB::Table"):
        if not it.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            yield f"{name} cannot be put back to a moment"
        if str(it.get("DeletionProtectionEnabled")).lower() != "true":
            yield f"{name} can be deleted by mistake"
    for name, it in template.resources("AWS::S3::Bucket").items():
        if it.get("VersioningConfiguration") != {"Status": "Enabled"}:
            yield f"{name} forgets what is overwritten"


def buckets_are_tidied(template: Template) -> Iterator[str]:
    for name, it in template.resources("AWS::S3::Bucket").items():
        rules = [rule for rule in it.get("LifecycleConfiguration", {}).get("Rules", []) if rule["Status"] == "Enabled"]
        for wanted in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
            if not any(wanted in rule for rule in rules):
                yield f"{name} has no {wanted}"
        if name == "Documents" and not any(rule.get("ExpirationInDays") == {"Ref": "RetentionDays"} for rule in rules):
            yield f"{name} keeps documents longer than their rows say"


def rights_are_narrow(template: Template) -> Iterator[str]:
    for name, it in template.resources("AWS::Serverless::Function").items():
        for policy in it.get("Policies", []):
            if "Statement" not in policy:
                yield f"{name} has a policy that somebody else wrote"
                continue
            for statement in template.resolve(policy["Statement"]):
                if statement["Effect"] == "Allow" and any("*" in it for it in _listed(statement["Action"])):
                    yield f"{name} may do whatever matches {statement['Action']}"
                if any(_is_wide(it) for it in _listed(statement["Resource"])):
                    yield f"{name} may do it to {statement['Resource']}"


def _is_wide(resource: str) -> bool:
    """Whether a name of the stack's own is not all before the first star, but for objects below a folder."""
    return "*" in resource and re.fullmatch(r"arn:aws:(s3:::[\w-]+/\w+/|scheduler:[^*]+/[\w-]+/)\*", resource) is None


def routes_ask_for_a_token(template: Template) -> Iterator[str]:
    for api, it in template.resources("AWS::Serverless::HttpApi").items():
        auth = it.get("Auth", {})
        if auth.get("DefaultAuthorizer") not in auth.get("Authorizers", {}):
            yield f"{api} has no authorizer for all routes"
    for route, it in _routes(template):
        if "Auth" in it and route not in PUBLIC:
            yield f"{route} has an authorizer of its own, or none"
    for name, it in template.resources("AWS::Serverless::Function").items():
        if "FunctionUrlConfig" in it:
            yield f"{name} has a second door"


def other_pages_stay_out(template: Template) -> Iterator[str]:
    for api, it in _resolved(template, "AWS::Serverless::HttpApi"):
        cors = it.get("CorsConfiguration", {})
        if "*" in cors.get("AllowOrigins", []) or cors.get("AllowCredentials"):
            yield f"{api} may be called by any page"


def requests_are_throttled(template: Template) -> Iterator[str]:
    for api, it in _resolved(template, "AWS::Serverless::HttpApi"):
        limits = it.get("RouteSettings", {})
        if "ThrottlingRateLimit" not in it.get("DefaultRouteSettings", {}):
            yield f"{api} takes as many requests as come"
        public = PUBLIC & {route for route, _ in _routes(template)}
        for route in (public | COSTLY) - limits.keys():
            yield f"{route} has no limit of its own"


def logs_hold_no_secrets(template: Template) -> Iterator[str]:
    for api, it in template.resources("AWS::Serverless::HttpApi").items():
        named = set(re.findall(r"\$context\.([\w.]+)", it.get("AccessLogSettings", {}).get("Format", "")))
        if not named:
            yield f"{api} has no access log"
        for field in named - LOG_FIELDS:
            yield f"{api} logs {field}"
    for name, variables in _variables(template):
        if (
            variables.keys() & {"POWERTOOLS_LOGGER_LOG_EVENT", "POWERTOOLS_DEV"}
            or variables.get("LOG_LEVEL") == "DEBUG"
        ):
            yield f"{name} logs whole events"


def logs_are_kept_for_a_while(template: Template) -> Iterator[str]:
    groups = template.resources("AWS::Logs::LogGroup")
    for name, it in groups.items():
        if "RetentionInDays" not in it:
            yield f"{name} is kept for ever"
    shared = template.body["Globals"]["Function"].get("LoggingConfig", {})
    for name, it in template.resources("AWS::Serverless::Function").items():
        config = {**shared, **it.get("LoggingConfig", {})}
        if config.get("LogFormat") != "JSON" or config.get("LogGroup", {}).get("Ref") not in groups:
            yield f"{name} does not log JSON to a group of its own"


def calls_are_traced(template: Template) -> Iterator[str]:
    if template.body["Globals"]["Function"].get("Tracing") != "Active":
        yield "functions are not traced"


def lanes_split_what_is_pending(template: Template) -> Iterator[str]:
    lanes: Counter[str] = Counter()
    for name, it in _mappings(template):
        filters = it.get("FilterCriteria", {}).get("Filters", [])
        image = json.loads(filters[0]["Pattern"]).get("dynamodb", {}).get("NewImage", {}) if len(filters) == 1 else {}
        if image.keys() != {"status", "lane"} or image["status"] != {"S": ["pending"]}:
            yield f"{name} is called for more than what is pending in its lane"
        lanes.update(image.get("lane", {}).get("S", []))
    if lanes != Counter(LANES):
        yield f"a lane is read by nobody, or twice: {dict(lanes)}"


def a_shard_has_two_readers(template: Template) -> Iterator[str]:
    streams = Counter(str(it["Stream"]) for _, it in _mappings(template))
    for stream, count in streams.items():
        if count > READERS_OF_A_SHARD:
            yield f"{stream} has {count} readers, and throttles all"


def a_record_is_dropped_by_our_rule(template: Template) -> Iterator[str]:
    wanted = {
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 1,
        "MaximumBatchingWindowInSeconds": 0,
        "ParallelizationFactor": 10,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    for name, it in _mappings(template):
        for key, value in wanted.items():
            if it.get(key) != value:
                yield f"{name} has {key} {it.get(key)}"
        if not 0 <= it.get("MaximumRetryAttempts", -1) <= 10:
            yield f"{name} lets a poisonous record block its shard"
        if not 0 < it.get("MaximumRecordAgeInSeconds", -1) < STREAM_KEEPS_S:
            yield f"{name} lets the stream drop records before it does"


def what_is_dropped_is_seen(template: Template) -> Iterator[str]:
    queues = {template.resolve({"Fn::GetAtt": [name, "Arn"]}) for name in template.resources("AWS::SQS::Queue")}
    for name, it in [*_mappings(template), *_scheduled(template)]:
        if it.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination") not in queues:
            yield f"{name} drops what it cannot do, in silence"


def times_fit_each_other(template: Template) -> Iterator[str]:
    asked = {it["function"] for _, it in _routes(template)}
    sweeping = _every_minute(template)
    shared = template.body["Globals"]["Function"]
    for name, it in template.resources("AWS::Serverless::Function").items():
        timeout = {**shared, **it}.get("Timeout", 3)
        if name in asked and timeout >= GATEWAY_WAITS_S:
            yield f"{name} works on when the gateway has given up"
        if name in sweeping and timeout >= SWEEP_EVERY_S:
            yield f"{name} overlaps with its next run"
        if name in sweeping and it.get("EventInvokeConfig", {}).get("MaximumRetryAttempts") != 0:
            yield f"{name} is retried into its next run"
        for mapping, reader in _mappings(template):
            if mapping == name and timeout * (reader["MaximumRetryAttempts"] + 1) > reader["MaximumRecordAgeInSeconds"]:
                yield f"{name} may not be retried as often as is said"
        if name in dict(_mappings(template)) and timeout > _age_alarm(template, name):
            yield f"{name} may run longer than its lane may be behind"


def _every_minute(template: Template) -> set[str]:
    return {
        function
        for function, _, it in _events(template, "ScheduleV2")
        if it.get("ScheduleExpression") == "rate(1 minute)"
    }


def _watched_functions(template: Template) -> set[tuple[str, str, str]]:
    """Namespace and metric of alarms on one function, and which."""
    return {
        (it["Namespace"], it["MetricName"], dimension["Value"]["Ref"])
        for it in template.resources("AWS::CloudWatch::Alarm").values()
        for dimension in it.get("Dimensions", [])
        if dimension["Name"] == "FunctionName"
    }


def _age_alarm(template: Template, function: str) -> float:
    """Seconds."""
    for it in template.resources("AWS::CloudWatch::Alarm").values():
        if (
            it.get("MetricName") == "IteratorAge"
            and {"Name": "FunctionName", "Value": {"Ref": function}} in it["Dimensions"]
        ):
            return float(it["Threshold"]) / 1000
    return float("inf")


def concurrency_is_reserved_on_demand(template: Template) -> Iterator[str]:
    for name in ("CreateReport", "ProcessFast", "ProcessHeavy"):
        reserved = template.resources("AWS::Serverless::Function")[name].get("ReservedConcurrentExecutions", {})
        condition, value, otherwise = (
            reserved.get("Fn::If", (None, {}, None)) if isinstance(reserved, dict) else (None, {}, None)
        )
        default = template.body["Parameters"].get(value.get("Ref"), {}).get("Default")
        if condition not in template.body["Conditions"] or default != "" or otherwise != {"Ref": "AWS::NoValue"}:
            yield f"{name} has no concurrency that can be reserved, or has some in a new account, which has none"
        elif re.fullmatch(template.body["Parameters"][value["Ref"]]["AllowedPattern"], "0"):
            yield f"{name} may be switched off by its concurrency"


def trouble_is_told(template: Template) -> Iterator[str]:
    seen = set()
    for name, it in template.resources("AWS::CloudWatch::Alarm").items():
        if not it.get("AlarmActions") or not it.get("OKActions"):
            yield f"{name} tells nobody"
        parts = [
            {**part["MetricStat"]["Metric"], "Statistic": part["MetricStat"]["Stat"]}
            for part in it.get("Metrics", [])
            if "MetricStat" in part
        ]
        for part in parts or [it]:
            own = part["Namespace"] == {"Ref": "AWS::StackName"}
            seen.add(("Service" if own else part["Namespace"], part["MetricName"], part["Statistic"]))
            silent_breaks = part["Statistic"] == "SampleCount"
            if it.get("TreatMissingData") != ("breaching" if silent_breaks else "notBreaching"):
                yield f"{name} takes silence for the wrong thing"
    alarms = json.dumps(template.resources("AWS::CloudWatch::Alarm"))
    for group in template.resources("AWS::Scheduler::ScheduleGroup"):
        if json.dumps({"Name": "ScheduleGroup", "Value": {"Ref": group}}) not in alarms:
            yield f"nobody watches the schedules in {group}"
    for missing in sorted(WATCHED - seen):
        yield f"nobody watches {missing}"
    if not template.resources("AWS::CloudWatch::Dashboard"):
        yield "there is no dashboard"


def a_sweep_that_fails_is_told(template: Template) -> Iterator[str]:
    for function in _every_minute(template):
        if ("AWS/Lambda", "Errors", function) not in _watched_functions(template):
            yield f"nobody watches whether {function} fails"


def what_is_not_counted_is_zero(template: Template) -> Iterator[str]:
    """Where one of two series has no point, their sum has none either: nothing would be seen when everything fails."""
    for name, it in template.resources("AWS::CloudWatch::Alarm").items():
        raw = {part["Id"] for part in it.get("Metrics", []) if "MetricStat" in part}
        for expression in (part.get("Expression", "") for part in it.get("Metrics", [])):
            bare = set(re.findall(r"\w+", re.sub(r"FILL\(\w+, *0\)", "", expression)))
            for series in sorted(raw & bare):
                yield f"{name} reckons with {series}, which has points only when something is counted"


def names_are_the_stacks(template: Template) -> Iterator[str]:
    """Where a name is given at all, it has the stack's in it; all others AWS makes up."""
    given = {
        "AWS::Serverless::Function": "FunctionName", "AWS::Serverless::LayerVersion": "LayerName",
        "AWS::Serverless::HttpApi": "Name", "AWS::Logs::LogGroup": "LogGroupName", "AWS::DynamoDB::Table": "TableName",
        "AWS::S3::Bucket": "BucketName", "AWS::SQS::Queue": "QueueName", "AWS::SNS::Topic": "TopicName",
        "AWS::CloudWatch::Alarm": "AlarmName", "AWS::CloudWatch::Dashboard": "DashboardName",
        "AWS::Scheduler::ScheduleGroup": "Name", "AWS::IAM::Role": "RoleName", "AWS::Events::EventBus": "Name",
    }  # fmt: skip
    must = {"AWS::Serverless::LayerVersion"}  # SAM names it after its logical id otherwise
    for name, it in template.body["Resources"].items():
        key = given.get(it["Type"], "Name")
        named = it.get("Properties", {}).get(key)
        if (named or it["Type"] in must) and "AWS::StackName" not in json.dumps(named):
            yield f"{name} is called the same in every stack"
    for function, event, it in _events(template, "ScheduleV2"):
        if "AWS::StackName" not in json.dumps(it.get("Name")):
            yield f"{function}'s {event} is called the same in every stack"


def everything_is_described(template: Template) -> Iterator[str]:
    for part in ("Parameters", "Outputs"):
        for name, it in template.body[part].items():
            if len(it.get("Description", "")) < 10:
                yield f"{name} is not described"
    for kind, key in (("AWS::Serverless::Function", "Description"), ("AWS::CloudWatch::Alarm", "AlarmDescription")):
        for name, it in template.resources(kind).items():
            if len(it.get(key, "")) < 10:
                yield f"{name} is not described"


def variables_hold_no_secrets(template: Template) -> Iterator[str]:
    for name, variables in _variables(template):
        for variable, value in variables.items():
            if re.search("SECRET|PASSWORD|TOKEN|CREDENTIAL", variable) or "resolve:" in json.dumps(value):
                yield f"{name} is told {variable} by its environment"


RULES: tuple[Rule, ...] = (
    buckets_are_private, nothing_without_tls, all_is_under_the_key, logs_may_use_the_key,
    access_logs_take_no_room_in_the_accounts_policy, key_is_the_accounts, state_stays, buckets_are_tidied, rights_are_narrow, routes_ask_for_a_token, other_pages_stay_out, requests_are_throttled, logs_hold_no_secrets,
    logs_are_kept_for_a_while, calls_are_traced, lanes_split_what_is_pending, a_shard_has_two_readers,
    a_record_is_dropped_by_our_rule, what_is_dropped_is_seen, times_fit_each_other, concurrency_is_reserved_on_demand,
    trouble_is_told, a_sweep_that_fails_is_told, what_is_not_counted_is_zero, names_are_the_stacks,
    everything_is_described, variables_hold_no_secrets,
)  # fmt: skip


def breaches(template: Template) -> dict[str, list[str]]:
    """Say what breaks each broken rule."""
    found = {rule.__name__: list(rule(template)) for rule in RULES}
    return {rule: sentences for rule, sentences in found.items() if sentences}


def _resolved(template: Template, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, it in template.resources(kind).items():
        yield name, template.resolve(it)


def _events(template: Template, kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for function, it in template.resources("AWS::Serverless::Function").items():
        for event, source in it.get("Events", {}).items():
            if source["Type"] == kind:
                yield function, event, source["Properties"]


def _routes(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for function, _, it in _events(template, "HttpApi"):
        yield f"{it['Method']} {it['Path']}", {**it, "function": function}


def _mappings(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for function, _, it in _events(template, "DynamoDB"):
        yield function, template.resolve(it)


def _scheduled(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """How Lambda calls functions whose schedules order reports; the next sweep is the retry of one that failed."""
    for function, _, it in _events(template, "ScheduleV2"):
        if "Input" in it:
            properties = template.resources("AWS::Serverless::Function")[function]
            yield function, template.resolve(properties.get("EventInvokeConfig", {}))


def _variables(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    functions = {"Globals": template.body["Globals"]["Function"], **template.resources("AWS::Serverless::Function")}
    for name, it in functions.items():
        yield name, it.get("Environment", {}).get("Variables", {})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
