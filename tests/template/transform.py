"""
What AWS makes of `template.yaml`: the SAM transform, run where samtranslator is, without network.

`.venv-sam/bin/python tests/template/transform.py` prints the transformed template as JSON. Packages are given addresses
in S3, as `sam deploy` would give them.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

UPLOADED = "s3://bucket/key"
MANAGED_POLICIES = {
    "AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    "AWSLambdaDynamoDBExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole",
    "AWSXRayDaemonWriteAccess": "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",
}


class ManagedPolicies:
    """The names SAM asks for, without asking AWS for all there are."""

    def load(self) -> dict[str, str]:
        return MANAGED_POLICIES


def main(path: Path) -> None:
    template = yaml_parse(path.read_text("utf-8"))
    for resource in template["Resources"].values():
        for key in ("CodeUri", "ContentUri"):
            if key in resource.get("Properties", {}):
                resource["Properties"][key] = UPLOADED
    json.dump(transform(template, {}, ManagedPolicies()), sys.stdout, indent=2)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
