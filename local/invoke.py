"""
Built functions, invoked in the real runtime against a local AWS.

`python -m local.invoke create_report events/create_report/schedule.json` invokes one and shows its answer and log.
Without arguments it makes the tour: from an order to its document, through every function's package.
"""

import json
import re
import signal
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from email.utils import collapse_rfc2231_value
from pathlib import Path
from typing import Any, Self

from local.aws import LocalAws
from local.package import Packages
from local.runtime import Answer, Build, Runtime, RuntimeMissingError
from local.stage import BUILD, stage
from local.template import PROJECT, Stack

EVENTS = PROJECT / "events"
OUT = PROJECT / "out"
CREATED, FOUND = 201, 200
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
Say = Callable[[str], None]


class InvocationFailedError(Exception):
    """A function did not answer as it should; holds what it said and logged."""


class Bench:
    """Every built function, started when first called; a context manager that stops them all."""

    def __init__(self, aws: LocalAws, *, say: Say) -> None:
        self._aws = aws
        self._say = say
        self._packages = Packages(BUILD)
        self._stack = Stack.load(BUILD / "template.yaml")
        self._running: dict[str, Runtime] = {}
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def invoke(self, name: str, event: Any) -> Answer:
        """Call a function by its logical id."""
        if name not in self._running:
            runtime = Runtime(self.build(name), environment=self._aws.environment)
            self._running[name] = self._exits.enter_context(runtime)
        return self._running[name].invoke(event)

    def expect(self, name: str, event: Any, status: int | None = None) -> Any:
        """
        Call a function that must succeed, and say what it answered.

        Raises:
            InvocationFailedError: It raised, ran out of time, or answered with another status.
        """
        answer = self.invoke(name, event)
        if answer.failed or (status is not None and answer.value["statusCode"] != status):
            raise InvocationFailedError(f"{name}: {json.dumps(answer.value, indent=2)}\n{answer.log}")
        self._say(f"{name:<14} {status or json.dumps(answer.value)}")
        return answer.value

    def peak_mb(self, name: str) -> int:
        """Most memory a function that was called has held so far."""
        return self._running[name].peak_mb()

    def build(self, name: str) -> Build:
        """Say what Lambda would be given for a function."""
        it = self._stack.function(name)
        layers = tuple(self._packages.folder(layer) for layer in self._packages.layers(name))
        return Build(name, it.handler, it.code, layers, it.timeout_s, it.memory_mb, it.environment)


def tour(aws: LocalAws, *, say: Say) -> Path:
    """
    Order a report, process the record of its row, fetch its document, rename it; score, schedule, sweep.

    Raises:
        InvocationFailedError: A function did not answer as it should.
    """
    with Bench(aws, say=say) as bench:
        created = bench.expect("CreateReport", event("create_report/post_api_v1_reports.json"), CREATED)
        uuid = json.loads(created["body"])["uuid"]
        record = record_of(aws, uuid)
        bench.expect(reader_of(record), {"Records": [record]})
        detail = bench.expect("ReadReport", for_report("read_report/get_api_v1_reports_uuid.json", uuid), FOUND)
        say(f"{'':<14} {detail['body']}")
        bench.expect("ReadReport", for_report("read_report/get_api_v1_reports_uuid_manifest.json", uuid), FOUND)
        download = for_report("read_report/get_api_v1_reports_uuid_download.json", uuid)
        link = json.loads(bench.expect("ReadReport", download, FOUND)["body"])["url"]
        bench.expect("UpdateReport", for_report("update_report/patch_api_v1_reports_uuid.json", uuid), FOUND)
        score = json.loads(bench.expect("CreateReport", event("create_report/post_reports.json"), FOUND)["body"])
        bench.expect("ReadReport", for_report("read_report/get_reports_id.json", score["id"]), FOUND)
        bench.expect("ReadReport", event("read_report/get_reports.json"), FOUND)
        bench.expect("ReadReport", event("read_report/get_reports_count.json"), FOUND)
        bench.expect("Schedules", event("schedules/post_api_v1_schedules.json"), CREATED)
        bench.expect("SweepReports", event("sweep_reports/schedule.json"))
    return save(link, OUT)


def event(name: str) -> Any:
    """Read one of our events."""
    return json.loads((EVENTS / name).read_text("utf-8"))


def for_report(name: str, uuid: str) -> Any:
    """Read an event that asks for a report, and ask for this one."""
    [other] = event(name)["pathParameters"].values()
    return json.loads((EVENTS / name).read_text("utf-8").replace(other, uuid))


def record_of(aws: LocalAws, uuid: str) -> dict[str, Any]:
    """Find the first record in the table's stream that tells of the report."""
    return next(it for it in records(aws) if it["dynamodb"]["NewImage"].get("uuid", {}).get("S") == uuid)


def records(aws: LocalAws) -> Iterator[dict[str, Any]]:
    """Everything the streams hold, as Lambda would be given it."""
    streams = aws.client("dynamodbstreams")
    for stream in streams.list_streams()["Streams"]:
        arn = stream["StreamArn"]
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            start = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            found = streams.get_records(ShardIterator=streams.get_shard_iterator(**start)["ShardIterator"])
            for record in found["Records"]:
                yield json.loads(json.dumps(record | {"eventSourceARN": arn}, default=datetime.timestamp))


def reader_of(record: dict[str, Any]) -> str:
    """Name the function whose lane the record is in."""
    lane = record["dynamodb"]["NewImage"]["lane"]["S"]
    return next(
        mapping.function
        for mapping in Stack.load().mappings
        for pattern in mapping.patterns
        if lane in pattern["dynamodb"]["NewImage"]["lane"]["S"]
    )


def save(link: str, folder: Path) -> Path:
    """Download a document under the name it came with."""
    with urllib.request.urlopen(link) as response:  # noqa: S310 (a link we were given, on loopback)
        parts = dict(response.headers.get_params([], "content-disposition"))  # `filename*` comes last, and wins
        content = response.read()
    folder.mkdir(exist_ok=True)
    file = folder / Path(collapse_rfc2231_value(parts["filename"])).name
    file.write_bytes(content)
    return file


def named(function: str) -> str:
    """
    Find a function by its logical id, in either spelling, or by its folder; of two with one folder, the first.

    Raises:
        InvocationFailedError: There is none.
    """
    for it in Stack.load().functions:
        if function in {it.name, CAPITAL.sub("_", it.name).lower(), it.code.name}:
            return it.name
    raise InvocationFailedError(f"no function is called {function}")


def main(function: str | None = None, event_file: str | None = None) -> int:
    """Invoke one function, or make the tour."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    if not (BUILD / "template.yaml").exists():
        print("nothing is built: run `make build`", file=sys.stderr)
        return 1
    try:
        with stage(Stack.load()) as aws:
            return invoke_one(aws, function, event_file) if function else make_tour(aws)
    except (InvocationFailedError, RuntimeMissingError) as error:
        print(error, file=sys.stderr)
        return 1


def make_tour(aws: LocalAws) -> int:
    """Make the tour and say where its document is."""
    print(f"saved {tour(aws, say=print).relative_to(PROJECT)}")
    return 0


def invoke_one(aws: LocalAws, function: str, event_file: str | None) -> int:
    """Invoke one function with the event of a file; its answer is printed, its log goes beside."""
    if event_file is None:
        raise InvocationFailedError(f"which event? They are in events/{function}/, say for example E=events/….json")
    with Bench(aws, say=print) as bench:
        answer = bench.invoke(named(function), json.loads(Path(event_file).read_text("utf-8")))
    print(answer.log, file=sys.stderr)
    print(json.dumps(answer.value, indent=2, ensure_ascii=False))
    return int(answer.failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
