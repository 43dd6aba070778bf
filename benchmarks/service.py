"""
The whole service on one machine: how many reports, how long they take, and whose CPU that is.

The local stack, gateway, functions, streams and a moto for AWS, runs in this process; clients in another order CSV
reports of some hundred rows through the front door, each as the next caller. `accepted` is measured with the streams
standing still, `completed` from the first order to the last document. CPU is this process's, so the clients' is not
in it, and is told apart by thread:

    moto       its server's threads, all of them
    botocore   inside an API call, in the threads of our functions
    engine     inside DuckDB, in the same threads: opening it for a report, reading its rows, as text or as cells
    ours       the functions' threads without either: request, order, protocol, document
    stand-ins  what is left: gateway, token check, stream reader, and the engine's own threads

`ours on AWS` is moto's, botocore's and our share over the first two, `engine too` adds the engine's, which is all
that would run on AWS; `all on AWS` is everything over them, with what plays AWS here beside moto. A table with
100,000 reports of other callers in it is then asked the same as an empty one: ours and botocore's CPU a request, its
requests to the table and the rows they read, and moto's CPU, which walks through the whole table for every query of
an index. Where the table is nearly empty, moto walks through as many rows that lie beside it: its walk leaves cold
caches to whoever comes next.

    make bench-service REPORTS=64
"""

import argparse
import gc
import http.client
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from botocore.client import BaseClient
from botocore.config import Config
from moto.dynamodb.models import dynamodb_backends
from page import write_section  # beside this script
from werkzeug.serving import ThreadedWSGIServer

from local import aws as local_aws
from local.authorizer import JwtAuthorizer
from local.aws import LOOPBACK, LocalAws
from local.cloudformation import ACCOUNT, REGION
from local.cors import Cors
from local.datasets import ensure_datasets
from local.functions import Functions
from local.gateway import Gateway
from local.invoke import event
from local.server import Server, listening
from local.streams import Streams, Surroundings
from local.template import Stack
from local.tokens import GENERAL_PERMISSIONS, SigningKey
from rapor.data.engine import DuckDBEngine, Rows
from rapor.report import Format, Lane, Report, Scope, Status, new_identity
from rapor.store import clients
from rapor.store.keys import report_row

CLIENTS = (1, 8, 64)
PATIENCE_S = 60  # moto's walk through a full table takes a slow machine longer than DynamoDB may take
SHOWN = ("total", "moto", "botocore", "engine", "ours", "stand-ins")
FEW = 2_000  # rows, enough for a page of every list
ASKED = 15
ORDER = {
    "title": "Ölçüm",
    "report_type": "users",
    "parameters": {"date_from": "2025-03-01", "date_to": "2025-03-31"},
    "format": "csv",
}


class Shares:
    """Seconds of CPU by who spent them."""

    def __init__(self) -> None:
        self._spent: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._start = 0.0
        self.calls: Counter[str] = Counter()

    def reset(self) -> None:
        """Begin anew."""
        with self._lock:
            self._spent.clear()
            self.calls.clear()
        self._start = time.process_time()

    @contextmanager
    def of(self, whose: str) -> Iterator[None]:
        """Count what this thread spends meanwhile."""
        before = time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                self._spent[whose] += time.thread_time() - before

    def spent(self) -> dict[str, float]:
        """Milliseconds so far, of all and of each."""
        with self._lock:
            found = Counter(self._spent)
        total = time.process_time() - self._start
        ours = found["functions"] - found["botocore"] - found["engine"]
        rest = total - found["moto"] - found["functions"]
        parts = {"total": total} | {name: found[name] for name in ("moto", "botocore", "engine")}
        return {name: seconds * 1000 for name, seconds in {**parts, "ours": ours, "stand-ins": rest}.items()}


SHARES = Shares()


def watch() -> None:
    """Have moto's server, botocore's calls and the engine's work counted, and everybody wait for moto."""
    watch_engine()
    clients.CONFIG = clients.CONFIG.merge(Config(read_timeout=PATIENCE_S))

    class Handler(local_aws.MotoRequestHandler):
        def handle(self) -> None:
            with SHARES.of("moto"):
                super().handle()

    local_aws.MotoRequestHandler = Handler  # type: ignore[misc]
    accepted = ThreadedWSGIServer.process_request
    ThreadedWSGIServer.process_request = SHARES.of("moto")(accepted)  # type: ignore[method-assign]
    call = BaseClient._make_api_call  # noqa: SLF001

    def counted(self: Any, name: str, arguments: Any) -> Any:
        with SHARES.of("botocore"):
            answer = call(self, name, arguments)
        SHARES.calls[name] += 1
        SHARES.calls["rows"] += rows_in(answer)
        return answer

    BaseClient._make_api_call = counted  # noqa: SLF001


def watch_engine() -> None:
    """Have all that `rapor.data.engine` does counted, which is to ask DuckDB."""
    opened, streamed = DuckDBEngine.open, Rows._streamed  # noqa: SLF001

    @contextmanager
    def counted(*given: Any, **named: Any) -> Iterator[Rows]:
        with ExitStack() as running:
            with SHARES.of("engine"):
                rows = running.enter_context(opened(*given, **named))
            yield rows
            with SHARES.of("engine"):
                running.close()

    def pieces(*given: Any) -> Iterator[Any]:
        found = streamed(*given)
        while True:
            with SHARES.of("engine"):
                piece = next(found, None)
            if piece is None:
                return
            yield piece

    DuckDBEngine.open = counted  # type: ignore[method-assign]
    Rows._streamed = pieces  # type: ignore[assignment]  # noqa: SLF001
    for name in ("_counted", "_measured", "_points"):
        setattr(Rows, name, SHARES.of("engine")(getattr(Rows, name)))


def rows_in(answer: Mapping[str, Any]) -> int:
    """How many rows an answer of DynamoDB's has read."""
    listed = sum(len(it) for it in answer.get("Responses", {}).values()) if "Responses" in answer else 0
    return int(answer.get("ScannedCount", 0)) + ("Item" in answer) + listed


class Place:
    """The service, put together as `local.service` does, with streams that wait to be started."""

    def __init__(self, running: ExitStack) -> None:
        home = Path(running.enter_context(tempfile.TemporaryDirectory()))
        listener = running.enter_context(listening(LOOPBACK, 0))
        stack = Stack.load(environment={"DATA_LOCATION": str(home / "data")})
        ensure_datasets(home / "data")
        self._aws = running.enter_context(LocalAws(stack))
        self._functions = Functions((replace(it, timeout_s=PATIENCE_S) for it in stack.functions), say=print)
        self.table = dynamodb_backends[ACCOUNT][REGION].tables[stack.name("Reports")]
        self._stack, self.processed = stack, 0
        self._key = SigningKey.load_or_make(home / "keys")
        authorizer = JwtAuthorizer(stack.authorizer, {self._key.kid: self._key.public})
        gateway = Gateway(stack.routes, authorizer, self.invoke, cors=Cors.from_template(stack.cors))
        running.callback(gateway.close)
        self.url = running.enter_context(Server(gateway, listener)).url

    def invoke(self, name: str, event: Any) -> Any:
        """Call a function, and count what it spends."""
        with SHARES.of("functions"):
            answer = self._functions.invoke(name, event)
        self.processed += name.startswith("Process")
        return answer

    @contextmanager
    def streams(self) -> Iterator[None]:
        """Let reports be made meanwhile."""
        streams = Streams(self._stack.mappings, Surroundings(self.invoke, self._aws.positions, lambda *_: None, print))
        streams.start()
        try:
            yield
        finally:
            streams.stop(30)

    def token(self) -> str:
        """Of a new caller."""
        return self._key.mint(sub=str(uuid4()), permissions=GENERAL_PERMISSIONS)


@dataclass(frozen=True)
class Figure:
    """One run: reports a second, milliseconds an order took, and CPU milliseconds a report by share."""

    rate: float
    latencies_ms: Sequence[float]
    shares_ms: Mapping[str, float]

    def line(self, what: str, clients: int) -> str:
        """As a line of the table."""
        cuts = quantiles(self.latencies_ms, n=100, method="inclusive")
        it = self.shares_ms
        aws = it["moto"] + it["botocore"]
        parts = " | ".join(f"{it[name]:.1f}" for name in SHOWN)
        return (
            f"| {what} | {clients} | {self.rate:.1f} | {cuts[49]:.0f} | {cuts[94]:.0f} | {cuts[98]:.0f} "
            f"| {parts} | {1 + it['ours'] / aws:.2f} | {1 + (it['ours'] + it['engine']) / aws:.2f} "
            f"| {it['total'] / aws:.2f} |"
        )


def run(place: Place, clients: int, reports: int, *, completed: bool) -> Figure:
    """Order, and wait for the orders, or for the documents."""
    each = max(1, reports // clients)
    tokens = [place.token() for _ in range(clients)]
    told = json.dumps({"url": place.url, "tokens": tokens, "each": each})
    with ExitStack() as running:
        if completed:
            running.enter_context(place.streams())
        before, start = place.processed, time.monotonic()
        SHARES.reset()
        command = [sys.executable, __file__, "--as-clients"]
        done = subprocess.run(command, input=told, text=True, stdout=subprocess.PIPE, check=True)
        while completed and place.processed - before < each * clients:
            time.sleep(0.01)
        seconds, spent = time.monotonic() - start, SHARES.spent()
    answered = json.loads(done.stdout)
    rate = each * clients / (seconds if completed else answered["seconds"])
    return Figure(rate, answered["ms"], {name: ms / (each * clients) for name, ms in spent.items()})


def be_clients() -> None:
    """Order as many clients at once, in a process of their own; say how long each order took."""
    told = json.load(sys.stdin)
    taken: list[float] = []

    def order(token: str) -> None:
        connection = http.client.HTTPConnection(urlsplit(told["url"]).netloc)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        for _ in range(told["each"]):
            start = time.perf_counter()
            connection.request("POST", "/api/v1/reports", json.dumps(ORDER), headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != http.client.CREATED:
                sys.exit(f"{answer.status} {content.decode()}")
            taken.append((time.perf_counter() - start) * 1000)

    threads = [threading.Thread(target=order, args=[token]) for token in told["tokens"]]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"seconds": time.perf_counter() - start, "ms": taken}))


# A full table


def fill(place: Place, rows: int) -> str:
    """Put reports of a hundred callers into the table; returns the uuid of the last."""
    start = datetime.now(UTC) - timedelta(days=30)
    uuid = ""
    for number in range(rows):
        moment = start + timedelta(seconds=number)
        identity = new_identity(moment)
        uuid = str(identity.uuid)
        report = Report(
            id=identity.id, uuid=identity.uuid, title="Eski", report_type="users", type_version=1, parameters={},
            format=Format.CSV, status=Status.COMPLETED, is_active=True, user_id=f"old-{number % 100}", scope=Scope.ALL,
            lane=Lane.FAST, locale="tr", created_at=moment, updated_at=moment,
        )  # fmt: skip
        place.table.put_item(report_row(report))
        if place.table.stream_shard:
            place.table.stream_shard.items.clear()
    return uuid


@contextmanager
def left_alone() -> Iterator[None]:
    """Keep Python from walking through moto's rows in whosever's turn it is, which would count as theirs."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def asked(place: Place, function: str, request: Mapping[str, Any]) -> dict[str, float]:
    """Ask the same some times; medians of CPU milliseconds, and what one of them reads."""
    found: list[dict[str, float]] = []
    for _ in range(ASKED + 1):
        SHARES.reset()
        answer = place.invoke(function, dict(request))
        if answer["statusCode"] >= http.client.BAD_REQUEST:
            raise RuntimeError(answer)
        time.sleep(0.02)  # moto's thread ends a moment after its answer
        spent, rows = SHARES.spent(), SHARES.calls.pop("rows", 0)
        spent |= {"mine": spent["ours"] + spent["botocore"], "rows": rows, "calls": SHARES.calls.total()}
        found.append(spent)
    return {name: median(it[name] for it in found[1:]) for name in found[0]}


def requests(uuid: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """What is asked of an empty and of a full table: an order, a report, and two lists."""
    detail = event("read_report/get_api_v1_reports_uuid.json") | {"pathParameters": {"uuid": uuid}}
    everybody, own = (event("read_report/get_api_v1_reports.json") for _ in range(2))
    own["requestContext"]["authorizer"]["jwt"]["claims"] |= {"sub": "old-7", "permissions": "[reports.view.own]"}
    return {
        "order": ("CreateReport", event("create_report/post_api_v1_reports.json")),
        "one report": ("ReadReport", detail),
        "everybody's list": ("ReadReport", everybody),
        "one's own list": ("ReadReport", own),
    }


@contextmanager
def put_beside(table: Any) -> Iterator[None]:
    """
    Empty the table, but have moto walk through its rows before each query all the same.

    Walking through a hundred thousand rows throws everybody's data out of the processor's caches, ours too.
    """
    rows, all_items = table.all_items(), table.all_items
    table.items = defaultdict(dict)

    def walk() -> Any:
        sorted(rows, key=lambda it: (it.hash_key, it.range_key))
        return all_items()

    table.all_items = walk
    try:
        yield
    finally:
        table.all_items = all_items


def crowded(place: Place, many: int) -> Iterator[str]:
    """Ask a full table and a nearly empty one; a line a request."""
    wanted = requests(fill(place, many))
    with left_alone():
        full = {name: asked(place, *request) for name, request in wanted.items()}
    with put_beside(place.table):
        wanted = requests(fill(place, FEW))
        with left_alone():
            few = {name: asked(place, *request) for name, request in wanted.items()}
    for name, before in few.items():
        after = full[name]
        yield (
            f"| {name} | {before['mine']:.2f} | {after['mine']:.2f} | {after['mine'] / before['mine'] - 1:+.0%} "
            f"| {before['calls']:.0f} / {after['calls']:.0f} | {before['rows']:.0f} / {after['rows']:.0f} "
            f"| {before['moto']:.1f} | {after['moto']:.1f} |"
        )


def table(reports: int, many: int) -> Iterator[str]:
    """Measure everything; a line each."""
    with ExitStack() as running:
        place = Place(running)
        run(place, 4, 8, completed=True)  # whatever is done once
        yield HEAD
        for clients in CLIENTS:
            number = max(clients, reports)
            yield run(place, clients, number, completed=False).line("accepted", clients)
            with place.streams():
                wait_until_quiet(place)
            yield run(place, clients, number, completed=True).line("completed", clients)
        yield ""
        yield CROWDED
        yield from crowded(place, many)


def wait_until_quiet(place: Place) -> None:
    """Let what was ordered before be made."""
    before = -1
    while before != place.processed:
        before = place.processed
        time.sleep(2)


HEAD = """| reports | clients | a second | p50 ms | p95 ms | p99 ms | CPU ms | moto | botocore | engine | ours | stand-ins | ours on AWS | engine too | all on AWS |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""  # noqa: E501 - a table's head
CROWDED = """| request | ours + botocore ms, 2,000 rows | full | more | calls | rows read | moto ms, 2,000 rows | full |
|---|---:|---:|---:|---:|---:|---:|---:|"""


def main() -> None:
    """Measure, and say what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--reports", type=int, default=64, help="orders a run")
    parser.add_argument("--many", type=int, default=100_000, help="rows of the full table")
    parser.add_argument("--save", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--as-clients", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.as_clients:
        be_clients()
        return
    watch()
    screen, lines = sys.stdout, []
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # where the functions' logs go
        for line in table(options.reports, options.many):
            print(line, file=screen, flush=True)
            lines.append(line)
    if options.save:
        conditions = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}."
        write_section("Service", __doc__, conditions, lines)


if __name__ == "__main__":
    sys.exit(main())
