"""
A template for CloudFormation to import what outlived its stack: key, table and buckets, and nothing else.

`python -m local.adopt --table NAME --documents BUCKET --data BUCKET --key ID` writes `out/adopt.json`, and
`out/adopt-resources.json` for `--resources-to-import` (docs/deploy.md). Logical ids are template.yaml's, so that the
next `sam deploy` takes the stack for its own.
"""

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.cloudformation import Template
from local.template import PARAMETERS, STACK_NAME, TEMPLATE

OUT = Path("out")
IDENTIFIERS = {"Key": "KeyId", "Reports": "TableName", "Documents": "BucketName", "Data": "BucketName"}


def adoption(body: Mapping[str, Any]) -> dict[str, Any]:
    """Reduce the template to what is retained, with the parameters and conditions that takes."""
    kept = {name: it for name, it in body["Resources"].items() if it.get("DeletionPolicy") == "Retain"}
    conditions = {name: it for name, it in body["Conditions"].items() if name in set(_named(kept))}
    named = {*_named(kept), *_named(conditions)}
    return {
        "AWSTemplateFormatVersion": body["AWSTemplateFormatVersion"],
        "Parameters": {name: it for name, it in body["Parameters"].items() if name in named},
        "Conditions": conditions,
        "Resources": kept,
    }


def _named(part: Any) -> Iterator[str]:
    """Whatever a part of the template refers to."""
    match part:
        case {"Ref": name} | {"Condition": str(name)}:
            yield name
        case {"Fn::GetAtt": [name, _]}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from re.findall(r"\$\{([\w:]+)", text)
        case {"Fn::If": [name, *values]}:
            yield name
            yield from _named(values)
        case Mapping():
            yield from (name for inner in part.values() for name in _named(inner))
        case list():
            yield from (name for inner in part for name in _named(inner))


def resources(template: Mapping[str, Any], physical: Mapping[str, str]) -> list[dict[str, Any]]:
    """Say which resource of the account is which of the template."""
    return [
        {
            "ResourceType": it["Type"],
            "LogicalResourceId": name,
            "ResourceIdentifier": {IDENTIFIERS[name]: physical[name]},
        }
        for name, it in template["Resources"].items()
    ]


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    for option, logical in (("table", "Reports"), ("documents", "Documents"), ("data", "Data"), ("key", "Key")):
        parser.add_argument(f"--{option}", required=True, dest=logical)
    physical = vars(parser.parse_args())
    template = adoption(Template.read(TEMPLATE, PARAMETERS, stack_name=STACK_NAME).body)
    OUT.mkdir(exist_ok=True)
    for name, content in {"adopt": template, "adopt-resources": resources(template, physical)}.items():
        (OUT / f"{name}.json").write_text(json.dumps(content, indent=2), "utf-8")


if __name__ == "__main__":
    main()
