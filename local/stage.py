"""
A local AWS for functions in other processes: the stack's tables and buckets, the data sets, the rows events tell of.

`python -m local.stage` keeps one up, for `sam local invoke`; see docs/sam-local.md.
"""

import argparse
import json
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.aws import LocalAws
from local.datasets import ensure_datasets
from local.template import PROJECT, Stack

STREAM_EVENTS = PROJECT / "events/process_report"


@contextmanager
def stage(stack: Stack, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[LocalAws]:
    """Set it up; all of it is gone at the end."""
    with LocalAws(stack, host=host, port=port) as aws:
        upload_datasets(aws, stack)
        for file in sorted(STREAM_EVENTS.glob("*.json")):
            put_rows(aws, stack, json.loads(file.read_text("utf-8")))
        yield aws


def upload_datasets(aws: LocalAws, stack: Stack) -> None:
    """Make the shipped data sets, and put them where the template says they are."""
    bucket, _, prefix = location(stack).partition("/")
    s3 = aws.client("s3")
    with tempfile.TemporaryDirectory() as scratch:
        ensure_datasets(Path(scratch))
        for file in sorted(it for it in Path(scratch).rglob("*") if it.is_file()):
            s3.upload_file(str(file), bucket, f"{prefix}/{file.relative_to(scratch)}")


def put_rows(aws: LocalAws, stack: Stack, event: dict[str, Any]) -> None:
    """Write the rows a stream event tells of, so that the function finds what it is called for."""
    dynamodb = aws.client("dynamodb")
    for record in event["Records"]:
        if image := record["dynamodb"].get("NewImage"):
            dynamodb.put_item(TableName=stack.name("Reports"), Item=image)


def location(stack: Stack) -> str:
    """Where the template has the data sets, as `bucket/prefix`."""
    return stack.function("ProcessFast").environment["DATA_LOCATION"].removeprefix("s3://")


def main() -> None:
    """Keep a stage up until Ctrl-C, with a file of environment variables for `sam local`."""
    parser = argparse.ArgumentParser(prog="python -m local.stage", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine that containers reach")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--env-vars", type=Path, default=PROJECT / "out/sam-local.json", help="the file to write")
    arguments = parser.parse_args()
    stack = Stack.load()
    with stage(stack, host=arguments.host, port=arguments.port) as aws:
        inside = {it.name: container_variables(stack, it.name) | aws.environment for it in stack.functions}
        arguments.env_vars.parent.mkdir(parents=True, exist_ok=True)
        arguments.env_vars.write_text(json.dumps(inside, indent=2))
        print(f"ready {aws.endpoint}, environment in {arguments.env_vars}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


def container_variables(stack: Stack, function: str) -> dict[str, str]:
    """Give the function's variables, with the paths a container has."""
    variables = dict(stack.function(function).environment)
    if "CATALOGUE_PATH" in variables:
        variables["CATALOGUE_PATH"] = "/opt/report_types"
    return variables


if __name__ == "__main__":
    main()
