"""What `template.yaml` asks for, as typed views the stand-in is built from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from local.cloudformation import Template
from local.errors import TemplateError

PROJECT = Path(__file__).parents[1]
TEMPLATE = PROJECT / "template.yaml"
STACK_NAME = "rapor"
ISSUER = "https://rapor.localhost/"
AUDIENCE = "rapor"
PARAMETERS = {"JwtIssuer": ISSUER, "JwtAudience": AUDIENCE}
LAYERS_ROOT = "/opt/"
DEFAULT_BUS = "default"


@dataclass(frozen=True)
class Function:
    """A function by its logical id, with the environment Lambda would give it."""

    name: str
    arn: str
    code: Path
    handler: str
    timeout_s: int
    memory_mb: int
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Route:
    """A route of the HTTP API; `method` may be ANY, `path` may be `$default`."""

    method: str
    path: str
    function: str
    authorizer: str | None

    @property
    def key(self) -> str:
        """As in the event's `routeKey`."""
        return self.path if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True)
class Authorizer:
    """Whose tokens the gateway accepts."""

    issuer: str
    audience: tuple[str, ...]


@dataclass(frozen=True)
class StreamMapping:
    """An event source mapping: which records of a table's stream a function is called with."""

    name: str
    function: str
    table: str
    patterns: tuple[Mapping[str, Any], ...]
    batch_size: int
    from_latest: bool
    max_retries: int | None
    max_age_s: int | None
    bisects: bool
    reports_failed_items: bool
    on_failure: str | None


@dataclass(frozen=True)
class Schedule:
    """A schedule of the operator's; `input` is the event as text."""

    name: str
    function: str
    expression: str
    timezone: str
    is_enabled: bool
    input: str | None


@dataclass(frozen=True)
class Table:
    """A table as `create_table` takes it, and the attribute items expire by."""

    name: str
    definition: Mapping[str, Any]
    ttl_attribute: str | None


@dataclass(frozen=True)
class Bucket:
    """A bucket; `cors_rules` say which pages may read it."""

    name: str
    is_versioned: bool
    cors_rules: tuple[Mapping[str, Any], ...]


class Stack:
    """
    The template with local names.

    `environment` replaces variables the functions declare, whatever the template says of them; that is how
    DATA_LOCATION becomes a local folder. `/opt/...` is looked for in the function's layers.
    """

    def __init__(self, template: Template, *, root: Path, environment: Mapping[str, str]) -> None:
        self._template = template
        self._root = root
        self._environment = environment

    @classmethod
    def load(
        cls,
        path: Path = TEMPLATE,
        parameters: Mapping[str, str] = PARAMETERS,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> "Stack":
        """
        Read a template.

        Raises:
            TemplateError: It asks for what the stand-in does not know.
        """
        template = Template.read(path, parameters, stack_name=STACK_NAME)
        return cls(template, root=path.parent, environment=environment or {})

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """All functions."""
        return tuple(self._function(name) for name in self._function_ids())

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Routes of the HTTP API."""
        return tuple(
            Route(it["Method"].upper(), it["Path"], function, self._authorizer_of(it))
            for function, _, it in self._events("HttpApi")
        )

    @cached_property
    def authorizer(self) -> Authorizer:
        """The HTTP API's JWT authorizer."""
        name = self._api_auth["DefaultAuthorizer"]
        jwt = self._api_auth["Authorizers"][name]["JwtConfiguration"]
        return Authorizer(jwt["issuer"], tuple(jwt["audience"]))

    @property
    def cors(self) -> Mapping[str, Any]:
        """The HTTP API's `CorsConfiguration`."""
        configuration: Mapping[str, Any] = self._template.resolve(self._api.get("CorsConfiguration") or {})
        return configuration

    @cached_property
    def mappings(self) -> tuple[StreamMapping, ...]:
        """Readers of tables' streams."""
        return tuple(self._mapping(*event) for event in self._events("DynamoDB"))

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """Schedules declared as events of functions."""
        return tuple(
            Schedule(
                it.get("Name", event),
                function,
                it["ScheduleExpression"],
                it.get("ScheduleExpressionTimezone", "UTC"),
                it.get("State", "ENABLED") == "ENABLED",
                it.get("Input"),
            )
            for function, event, it in self._events("ScheduleV2")
        )

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """All tables."""
        return tuple(self._table(name) for name in self._template.resources("AWS::DynamoDB::Table"))

    @cached_property
    def buckets(self) -> tuple[Bucket, ...]:
        """All buckets."""
        return tuple(
            Bucket(self._template.physical_name(name), self._is_versioned(it), self._cors_rules(it))
            for name, it in self._template.resources("AWS::S3::Bucket").items()
        )

    @cached_property
    def queues(self) -> tuple[str, ...]:
        """Names of all queues."""
        return tuple(map(self._template.physical_name, self._template.resources("AWS::SQS::Queue")))

    @cached_property
    def schedule_groups(self) -> tuple[str, ...]:
        """Names of all groups of schedules."""
        return tuple(map(self._template.physical_name, self._template.resources("AWS::Scheduler::ScheduleGroup")))

    @property
    def event_bus(self) -> str:
        """Name of the bus that is told of ends."""
        return self._template.parameters.get("EventBusName", DEFAULT_BUS)

    def function(self, name: str) -> Function:
        """One function by its logical id."""
        return next(it for it in self.functions if it.name == name)

    def name(self, logical_id: str) -> str:
        """What a resource is called here."""
        return self._template.physical_name(logical_id)

    @property
    def _api(self) -> Mapping[str, Any]:
        apis = list(self._template.resources("AWS::Serverless::HttpApi").values())
        if len(apis) != 1:
            raise TemplateError(f"template.yaml: the stand-in plays one HTTP API, here are {len(apis)}")
        return apis[0]

    @cached_property
    def _api_auth(self) -> Mapping[str, Any]:
        auth: Mapping[str, Any] = self._template.resolve(self._api.get("Auth") or {})
        return auth

    def _authorizer_of(self, route: Mapping[str, Any]) -> str | None:
        name = (route.get("Auth") or {}).get("Authorizer", self._api_auth.get("DefaultAuthorizer"))
        return None if name == "NONE" else name

    def _function_ids(self) -> list[str]:
        return list(self._template.resources("AWS::Serverless::Function"))

    def _properties(self, function: str) -> dict[str, Any]:
        """Properties of a function over those of Globals; environments are joined."""
        own = self._template.resources("AWS::Serverless::Function")[function]
        shared = (self._template.body.get("Globals") or {}).get("Function") or {}
        variables = {
            key: value
            for it in (shared, own)
            for key, value in (it.get("Environment") or {}).get("Variables", {}).items()
        }
        layers = [*shared.get("Layers", []), *own.get("Layers", [])]
        return {**shared, **own, "Environment": variables, "Layers": layers}

    def _function(self, name: str) -> Function:
        it = self._properties(name)
        resolve = self._template.resolve
        layers = [self._root / self._layer_folder(layer) for layer in it["Layers"]]
        variables = {key: str(value) for key, value in resolve(it["Environment"]).items()}
        variables |= {key: value for key, value in self._environment.items() if key in variables}
        return Function(
            name=name,
            arn=resolve({"Fn::GetAtt": [name, "Arn"]}),
            code=self._root / resolve(it["CodeUri"]),
            handler=resolve(it["Handler"]),
            timeout_s=int(resolve(it.get("Timeout", 3))),
            memory_mb=int(resolve(it.get("MemorySize", 128))),
            environment={key: _outside_layers(value, layers) for key, value in variables.items()},
        )

    def _layer_folder(self, layer: Mapping[str, str]) -> str:
        return str(self._template.resources("AWS::Serverless::LayerVersion")[layer["Ref"]]["ContentUri"])

    def _events(self, kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for function in self._function_ids():
            for event, it in (self._properties(function).get("Events") or {}).items():
                if it["Type"] == kind:
                    yield function, event, self._template.resolve(it["Properties"])

    def _mapping(self, function: str, event: str, it: Mapping[str, Any]) -> StreamMapping:
        filters = (it.get("FilterCriteria") or {}).get("Filters", [])
        on_failure = (it.get("DestinationConfig") or {}).get("OnFailure")
        return StreamMapping(
            name=f"{function}/{event}",
            function=function,
            table=it["Stream"].split("/")[1],
            patterns=tuple(json.loads(pattern["Pattern"]) for pattern in filters),
            batch_size=int(it.get("BatchSize", 100)),
            from_latest=it["StartingPosition"] == "LATEST",
            max_retries=_unless_negative(it.get("MaximumRetryAttempts", -1)),
            max_age_s=_unless_negative(it.get("MaximumRecordAgeInSeconds", -1)),
            bisects=bool(it.get("BisectBatchOnFunctionError", False)),
            reports_failed_items="ReportBatchItemFailures" in it.get("FunctionResponseTypes", []),
            on_failure=on_failure["Destination"].rsplit(":", 1)[1] if on_failure else None,
        )

    def _table(self, logical_id: str) -> Table:
        it = self._template.resolve(self._template.resources("AWS::DynamoDB::Table")[logical_id])
        name = self._template.physical_name(logical_id)
        keys = ("BillingMode", "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        definition = {"TableName": name} | {key: it[key] for key in keys if key in it}
        if "StreamSpecification" in it:
            definition["StreamSpecification"] = {"StreamEnabled": True, **it["StreamSpecification"]}
        return Table(name, definition, it.get("TimeToLiveSpecification", {}).get("AttributeName"))

    def _is_versioned(self, bucket: Mapping[str, Any]) -> bool:
        versioning = self._template.resolve(bucket.get("VersioningConfiguration") or {})
        return bool(versioning.get("Status") == "Enabled")

    def _cors_rules(self, bucket: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        configuration = self._template.resolve(bucket.get("CorsConfiguration") or {})
        return tuple(configuration.get("CorsRules", ()))


def _unless_negative(value: Any) -> int | None:
    return None if int(value) < 0 else int(value)


def _outside_layers(value: str, layers: list[Path]) -> str:
    """Where a path below /opt is on this machine."""
    if not value.startswith(LAYERS_ROOT):
        return value
    for layer in layers:
        if (found := layer / value.removeprefix(LAYERS_ROOT)).exists():
            return str(found.resolve())
    raise TemplateError(f"template.yaml: no layer holds {value}")
