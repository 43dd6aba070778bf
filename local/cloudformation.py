"""Reads a CloudFormation template and resolves its intrinsic functions with local names."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.errors import TemplateError

ACCOUNT = "123456789012"  # moto's
REGION = "eu-central-1"
NO_VALUE = object()
SUBSTITUTE = re.compile(r"\$\{(!?)([A-Za-z0-9.:]+)\}")
ARNS = {
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{name}}",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{name}}",
    "AWS::Serverless::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{name}}",
    "AWS::Scheduler::ScheduleGroup": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{{name}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{name}}",
}
NAME_KEYS = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Scheduler::ScheduleGroup": "Name",
}


class _Loader(yaml.SafeLoader):
    """SafeLoader that knows the short forms `!Ref`, `!Sub` and so on."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value = _plain(loader, node)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


def _plain(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _short_form)


@dataclass(frozen=True)
class Template:
    """A template's body and the parameter values it is read with."""

    body: Mapping[str, Any]
    parameters: Mapping[str, str]
    stack_name: str

    @classmethod
    def read(cls, path: Path, parameters: Mapping[str, str], *, stack_name: str) -> "Template":
        """
        Read the file.

        Raises:
            TemplateError: A parameter without default has no value, or a value has no parameter.
        """
        body = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
        declared = body.get("Parameters", {})
        for name in parameters.keys() - declared.keys():
            raise TemplateError(f"template.yaml: there is no parameter {name}")
        missing = [name for name, it in declared.items() if "Default" not in it and name not in parameters]
        if missing:
            raise TemplateError(f"template.yaml: it needs a value for {', '.join(missing)}")
        return cls(body, {name: str(it.get("Default")) for name, it in declared.items()} | dict(parameters), stack_name)

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties, unresolved, of the resources of a kind whose condition holds, by logical id."""
        return {
            name: it.get("Properties") or {}
            for name, it in self.body["Resources"].items()
            if it["Type"] == kind and ("Condition" not in it or self.holds(it["Condition"]))
        }

    def physical_name(self, logical_id: str) -> str:
        """What the resource is called here."""
        resource = self.body["Resources"][logical_id]
        kind = resource["Type"]
        named = (resource.get("Properties") or {}).get(NAME_KEYS.get(kind, ""))
        name = str(self.resolve(named)) if named else f"{self.stack_name}-{logical_id}"
        return name.lower() if kind == "AWS::S3::Bucket" else name

    def holds(self, condition: str) -> bool:
        """Whether the named condition is true."""
        return bool(self.resolve(self.body["Conditions"][condition]))

    def resolve(self, value: Any) -> Any:
        """Copy a piece of the template with all intrinsic functions replaced."""
        if isinstance(value, list):
            return [it for it in map(self.resolve, value) if it is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and (name := next(iter(value))) in INTRINSICS:
            return INTRINSICS[name](self, value[name])
        resolved = {key: self.resolve(it) for key, it in value.items()}
        for key in resolved:
            if str(key).startswith("Fn::"):
                raise TemplateError(f"template.yaml: the stand-in does not know {key}")
        return {key: it for key, it in resolved.items() if it is not NO_VALUE}

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::StackName": self.stack_name,
            "AWS::Region": REGION,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": NO_VALUE,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.parameters:
            return self._parameter(name)
        if name not in self.body["Resources"]:
            raise TemplateError(f"template.yaml: nothing is called {name}")
        if self.body["Resources"][name]["Type"] == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self.physical_name(name)}"
        return self.physical_name(name)

    def _parameter(self, name: str) -> Any:
        text = self.parameters[name]
        is_list = self.body["Parameters"][name]["Type"] in {"CommaDelimitedList", "List<Number>"}
        return [it.strip() for it in text.split(",")] if is_list else text

    def _get_att(self, path: list[str]) -> str:
        logical_id, attribute = path
        kind = self.body["Resources"][logical_id]["Type"]
        name = self.physical_name(logical_id)
        arn = ARNS.get(kind, f"arn:aws:local:{REGION}:{ACCOUNT}:{{name}}").format(name=name)
        if attribute == "Arn":
            return arn
        if attribute == "StreamArn":
            return f"{arn}/stream/latest"
        if attribute.endswith("Name"):
            return name
        raise TemplateError(f"template.yaml: the stand-in does not know {logical_id}.{attribute}")

    def _sub(self, argument: Any) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})

        def replace(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return str(self.resolve(own[name]))
            if "." in name:
                return self._get_att(name.split(".", 1))
            return str(self._ref(name))

        return SUBSTITUTE.sub(replace, text)

    def _if(self, argument: list[Any]) -> Any:
        condition, yes, no = argument
        return self.resolve(yes if self.holds(condition) else no)

    def _equals(self, argument: list[Any]) -> bool:
        left, right = map(self.resolve, argument)
        return str(left) == str(right)

    def _join(self, argument: list[Any]) -> str:
        separator, parts = argument
        return str(separator).join(map(str, self.resolve(parts)))


INTRINSICS: dict[str, Callable[[Template, Any], Any]] = {
    "Ref": Template._ref,  # noqa: SLF001
    "Condition": Template.holds,
    "Fn::GetAtt": Template._get_att,  # noqa: SLF001
    "Fn::Sub": Template._sub,  # noqa: SLF001
    "Fn::If": Template._if,  # noqa: SLF001
    "Fn::Equals": Template._equals,  # noqa: SLF001
    "Fn::Join": Template._join,  # noqa: SLF001
    "Fn::Not": lambda self, it: not self.resolve(it[0]),
    "Fn::And": lambda self, it: all(map(self.resolve, it)),
    "Fn::Or": lambda self, it: any(map(self.resolve, it)),
}
