"""
Functions, against how they are usually written: CPU milliseconds of cold starts and warm calls.

The built packages run in Lambda's own Python runtime (awslambdaric), each life in a process of its own, against a
local AWS in another; a Runtime API of ours gives them their events. CPU is of all threads of the process, from its
clock: `init` until it asks for its first event, `first` for that event, `cold` is both, `warm` the median of the
calls after it. The rounds of all subjects are interleaved. Beside `create_report` are

    floor     a bare handler: one conditional put, signed with the standard library alone
    usual     the same route with Powertools' resolver and validation, Tracer, Idempotency, and boto3's resource
    engines   a bare handler that imports what process_report draws with, and does nothing
    clients   the same, with botocore's clients of the table and the bucket

`source only` is what `sam build` ships by itself: without bytecode, which a read-only disk makes every cold start
compile again. Orders carry an Idempotency-Key, with which ours makes two requests to the table, the usual way four
and the floor one.

    make bench-functions ROUNDS=9
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from page import write_section  # beside this script

from local.aws import LocalAws
from local.invoke import Bench, event
from local.runtime import PYTHON, Build, lambda_environment
from local.runtime_api import Life, live
from local.stage import BUILD, stage
from local.template import PROJECT, Stack

RIVALS = Path(__file__).parent / "rivals"
BENCH_PYTHON = PROJECT / ".venv-bench/bin/python"
USUAL_PACKAGES = ("aws-lambda-powertools", "aws-xray-sdk", "boto3", "pydantic")
COMPILE = ("-m", "compileall", "-q", "-f", "-j", "0", "--invalidation-mode", "unchecked-hash")
WARM = 20
STORED = "550e8400-e29b-41d4-a716-446655440000"  # what the events of process_report tell of
Events = Callable[[], Iterator[Any]]

CLOSURE = """
import re, sys
from importlib.metadata import PackageNotFoundError, distribution
names, seen = sys.argv[1:], set()
while names:
    name = names.pop()
    if name in seen:
        continue
    seen.add(name)
    try:
        found = distribution(name)
    except PackageNotFoundError:
        continue
    names += [re.match(r"[\\w.-]+", it)[0] for it in found.requires or [] if "extra ==" not in it]
    for file in found.files:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            print(file, file.locate(), sep="\\t")
"""


@dataclass(frozen=True)
class Subject:
    """What is measured: a package, and what it is asked."""

    name: str
    build: Build
    events: Events
    source_only: bool = False
    calls: int = WARM


@dataclass(frozen=True)
class Figure:
    """Medians over all lives, in milliseconds of CPU."""

    init: float
    first: float
    cold: float
    warm: float


class Packages:
    """Packages as Lambda would mount them, ours and the rivals', with and without bytecode."""

    def __init__(self, scratch: Path, aws: LocalAws) -> None:
        self._scratch = scratch
        self._ours = Bench(aws, say=print)

    def ours(self, function: str, **environment: str) -> Build:
        """A function as it was built."""
        build = self._ours.build(function)
        return replace(build, environment={**build.environment, **environment})

    def rival(self, name: str, packages: Sequence[str] = (), **environment: str) -> Build:
        """One of `rivals/`, with what it needs beside it, compiled as ours are; it gets our create's environment."""
        folder = self._scratch / name
        shutil.copytree(RIVALS / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
        for file, source in installed(packages):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / file)
        subprocess.run([PYTHON, *COMPILE, "-s", folder, "-p", "/var/task", folder], check=True)
        build = self.ours("CreateReport", **environment)
        return replace(build, name=name, handler="app.lambda_handler", code=folder, layers=())

    def without_bytecode(self, build: Build) -> Build:
        """Copy a package, its layers too, but for what was compiled."""
        code, *layers = (self._copied(folder, build.name) for folder in (build.code, *build.layers))
        return replace(build, code=code, layers=tuple(layers))

    def _copied(self, folder: Path, name: str) -> Path:
        target = self._scratch / "source-only" / name / folder.name
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("__pycache__"))
        return target


def installed(packages: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every file of some packages and of what they require, in the rivals' environment: where to, and where from."""
    command = [BENCH_PYTHON, "-c", CLOSURE, *packages]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in found.splitlines():
        file, _, source = line.partition("\t")
        yield file, source


# What they are asked


def orders(*, with_key: bool = True) -> Iterator[Any]:
    """Orders of one new caller, each its own."""
    order, caller = event("create_report/post_api_v1_reports.json"), f"caller-{uuid4()}"
    order["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = caller
    while True:
        if with_key:
            order["headers"]["idempotency-key"] = str(uuid4())
        yield order


def same(name: str) -> Events:
    """Ask the same again and again."""

    def events() -> Iterator[Any]:
        it = event(name)
        while True:
            yield it

    return events


def titles() -> Iterator[Any]:
    """Change the stored report's title."""
    change = event("update_report/patch_api_v1_reports_uuid.json")
    change["pathParameters"]["uuid"] = STORED
    while True:
        yield change | {"body": json.dumps({"title": f"Rapor {uuid4()}"})}


def pending_rows(aws: LocalAws, table: str) -> Events:
    """Records of rows that were put a moment ago."""

    def events() -> Iterator[Any]:
        dynamodb = aws.client("dynamodb")
        while True:
            batch = deepcopy(event("process_report/insert.json"))
            batch = json.loads(json.dumps(batch).replace(STORED, str(uuid4())))
            dynamodb.put_item(TableName=table, Item=batch["Records"][0]["dynamodb"]["NewImage"])
            yield batch

    return events


def subjects(packages: Packages, aws: LocalAws, table: str) -> list[Subject]:
    """Everything that is measured."""
    floor = packages.rival("floor")
    usual = packages.rival("usual", USUAL_PACKAGES, POWERTOOLS_TRACE_DISABLED="false")
    create, process = packages.ours("CreateReport"), packages.ours("ProcessFast")
    path = os.pathsep.join([str(process.code), *(str(layer / "python") for layer in process.layers)])
    engines, clients = (packages.rival(name, PYTHONPATH=path) for name in ("engines", "clients"))
    return [
        Subject("floor", floor, orders),
        Subject("floor", packages.without_bytecode(floor), orders, source_only=True),
        Subject("usual", usual, orders),
        Subject("usual", packages.without_bytecode(usual), orders, source_only=True),
        Subject("create_report", create, orders),
        Subject("create_report", packages.without_bytecode(create), orders, source_only=True),
        Subject("create_report, no key", create, lambda: orders(with_key=False)),
        Subject("read_report", packages.ours("ReadReport"), same("read_report/get_api_v1_reports_uuid.json")),
        Subject("update_report", packages.ours("UpdateReport"), titles),
        Subject("schedules", packages.ours("Schedules"), same("schedules/get_api_v1_schedules.json")),
        Subject("sweep_reports", packages.ours("SweepReports"), same("sweep_reports/schedule.json"), calls=5),
        Subject("estimate_report", packages.ours("EstimateReport"), same(ESTIMATE), calls=3),
        Subject("engines", engines, same("sweep_reports/schedule.json"), calls=3),
        Subject("clients", clients, same("sweep_reports/schedule.json"), calls=3),
        Subject("process_report", process, pending_rows(aws, table), calls=5),
    ]


ESTIMATE = "estimate_report/post_api_v1_reports_estimate.json"


# Measuring


def lived(subject: Subject, aws: LocalAws) -> Life:
    """One life of a subject: a cold start and its warm calls."""
    events = (it for it, _ in zip(subject.events(), range(1 + subject.calls), strict=False))
    environment = {**aws.environment, **lambda_environment(subject.build)}
    life = live([PYTHON, "-m", "awslambdaric", subject.build.handler], subject.build.code, environment, events)
    for answer in life.answers:
        told = json.loads(answer)
        if isinstance(told, dict) and told.get("statusCode", 200) >= 400:  # noqa: PLR2004 - HTTP
            raise RuntimeError(f"{subject.name}: {told}")
    return life


def figures(lives: Sequence[Life]) -> Figure:
    """Medians."""
    return Figure(
        init=median(it.init_ms for it in lives),
        first=median(it.calls_ms[0] for it in lives),
        cold=median(it.init_ms + it.calls_ms[0] for it in lives),
        warm=median(median(it.calls_ms[1:]) for it in lives),
    )


def measured(them: Sequence[Subject], aws: LocalAws, rounds: int) -> list[Figure]:
    """Measure all, round by round; the first round, which fills the disk's cache, does not count."""
    lives: list[list[Life]] = [[] for _ in them]
    for number in range(rounds + 1):
        for index, subject in enumerate(them):
            life = lived(subject, aws)
            if number:
                lives[index].append(life)
    return [figures(it) for it in lives]


HEAD = """| function | package | init | first | cold | warm | cold, times floor | warm, times floor |
|---|---|---:|---:|---:|---:|---:|---:|"""


def table(them: Sequence[Subject], found: Sequence[Figure]) -> Iterator[str]:
    """One line a subject, each beside the floor."""
    floor = found[0]
    for subject, it in zip(them, found, strict=True):
        package = "source only" if subject.source_only else "bytecode"
        yield (
            f"| {subject.name} | {package} | {it.init:.1f} | {it.first:.1f} | {it.cold:.1f} | {it.warm:.2f} "
            f"| {it.cold / floor.cold:.2f} | {it.warm / floor.warm:.2f} |"
        )


def ratios(them: Sequence[Subject], found: Sequence[Figure]) -> Iterator[str]:
    """What the aims are about, a line each."""
    by = {(it.name, it.source_only): figure for it, figure in zip(them, found, strict=True)}
    create, floor, usual = by["create_report", False], by["floor", False], by["usual", False]
    as_shipped, engines, process = by["usual", True], by["engines", False], by["process_report", False]
    lines: Mapping[str, tuple[float, float, float]] = {
        "create_report cold / floor": (create.cold, floor.cold, 5.2),
        "create_report cold / usual": (create.cold, usual.cold, 0.6),
        "create_report cold / usual as sam build ships it": (create.cold, as_shipped.cold, 0.25),
        "create_report warm / usual": (create.warm, usual.warm, 0.65),
        "process_report init / importing its engines": (process.init, engines.init, 1.3),
        "process_report init / its engines and AWS clients": (process.init, by["clients", False].init, 1.3),
    }
    for name, (ours, other, aim) in lines.items():
        reached = "" if ours / other <= aim else ", missed"
        yield f"- {name}: {ours:.2f} / {other:.2f} ms = **{ours / other:.2f}** (aim {aim}{reached})"


def main() -> None:
    """Measure, and say what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--save", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    if not (BUILD / "template.yaml").exists():
        sys.exit("nothing is built: run `make build`")
    subprocess.run([PYTHON, "-m", "compileall", "-q", PYTHON.parents[1]], check=True)  # the runtime comes compiled
    stack = Stack.load()
    with tempfile.TemporaryDirectory() as scratch, stage(stack) as aws:
        them = subjects(Packages(Path(scratch), aws), aws, stack.name("Reports"))
        found = measured(them, aws, options.rounds)
    lines = [HEAD, *table(them, found), "", *ratios(them, found)]
    print(*lines, sep="\n")
    if options.save:
        conditions = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}"
        write_section("Functions", __doc__, f"{conditions}. Medians of {options.rounds}.", lines)


if __name__ == "__main__":
    sys.exit(main())
