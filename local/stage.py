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

import yaml

from local.aws import LocalAws
from local.datasets import ensure_datasets
from local.template import PROJECT, Stack

BUILD = PROJECT / ".aws-sam/build"
STOPPING = {signal.SIGINT, signal.SIGTERM}
STREAM_EVENTS = PROJECT / "events/process_report"


@contextmanager
def stage(stack: Stack, *, host: str = "127.0.0.1") -> Iterator[LocalAws]:
    """Set it up; all of it is gone at the end."""
    with LocalAws(stack, host=host) as aws:
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


def write_template(aws: LocalAws, stack: Stack, *, seen_as: str) -> Path:
    """
    Write a copy of the built template with the stage in every function's environment; returns where.

    `sam local` gives a function only variables that its template declares, and the real one has no endpoint.
    """
    template = yaml.safe_load((BUILD / "template.yaml").read_text("utf-8"))
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    endpoint = {"AWS_ENDPOINT_URL": aws.endpoint.replace("127.0.0.1", seen_as), "NO_PROXY": "*", "no_proxy": "*"}
    for it in stack.functions:
        own = template["Resources"][it.name]["Properties"].setdefault("Environment", {}).setdefault("Variables", {})
        resolved = {name: it.environment[name] for name, value in (shared | own).items() if not isinstance(value, str)}
        own |= resolved | aws.environment | endpoint
    file = BUILD / "sam-local.yaml"
    file.write_text(yaml.safe_dump(template, allow_unicode=True), "utf-8")
    return file


def main() -> None:
    """Keep a stage up until Ctrl-C, with a template for `sam local` beside the built one."""
    parser = argparse.ArgumentParser(prog="python -m local.stage", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine that containers reach")
    parser.add_argument("--seen-as", help="what containers call this machine, when not by that address")
    arguments = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    stack = Stack.load()
    with stage(stack, host=arguments.host) as aws:
        template = write_template(aws, stack, seen_as=arguments.seen_as or arguments.host)
        print(f"ready {aws.endpoint} until Ctrl-C; now, in another shell:", flush=True)
        event = "events/create_report/post_api_v1_reports.json"
        print(f"  sam local invoke -t {template.relative_to(PROJECT)} CreateReport -e {event}", flush=True)
        signal.sigwait(STOPPING)


if __name__ == "__main__":
    main()
