"""
Data sets in S3 that cannot be read are a reason to try again, never to fail a good report.

The engine reads them with an S3 client of its own, so these faults stand where the requests arrive.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from rapor.data import ranges
from rapor.data.engine import DuckDBEngine
from rapor.report import Report, Status
from tests.faults.calls import DATA_READS
from tests.faults.checks import check
from tests.faults.world import FEW_ROWS, World

pytestmark = pytest.mark.faults
Environ = dict[str, Any]
ERRORS = {"throttled": ("503 Slow Down", "SlowDown"), "broken": ("500 Internal Server Error", "InternalError")}


@dataclass
class Arrivals:
    """Stands before the stand-in's application; answers some requests for data in its place."""

    app: Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
    bucket: str
    broken: dict[int, str] = field(default_factory=dict)  # by the number of the request, from 1
    is_down: bool = False
    operations: list[str] = field(default_factory=list)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(f"/{self.bucket}"):
            return self.app(environ, start_response)
        self.operations.append(operation_of(environ))
        how = "throttled" if self.is_down else self.broken.get(len(self.operations))
        if how is None:
            return self.app(environ, start_response)
        status, code = ERRORS[how]
        start_response(status, [("Content-Type", "application/xml")])
        return [f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()]


def operation_of(environ: Environ) -> str:
    """As boto3 would name it; the engine's client is another one."""
    if environ["REQUEST_METHOD"] == "GET" and "list-type=2" in environ["QUERY_STRING"]:
        return "ListObjectsV2"
    method = str(environ["REQUEST_METHOD"])
    return {"GET": "GetObject", "HEAD": "HeadObject"}.get(method, method)


@pytest.fixture
def arrivals(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Arrivals:
    """The data set `users` in the template's bucket, an engine that reads it there, and who sees its requests."""
    world.reset()
    bucket = world.stack.name("Data")
    users = world.folder / "users"
    for file in users.glob("*.parquet"):
        world.s3.put_object(Bucket=bucket, Key=f"datasets/users/{file.name}", Body=file.read_bytes())
    made = Arrivals(world.aws.app, bucket)
    engine = DuckDBEngine(
        f"s3://{bucket}/datasets", memory_limit_mb=300, temp_directory=str(tmp_path), temp_limit_mb=100
    )
    monkeypatch.setattr(world.aws._server, "app", made)
    monkeypatch.setattr(world.room, "workshop", replace(world.room.workshop, engine=engine))
    return made


@pytest.fixture
def in_parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the object counts as a large one, which is not fetched as a whole."""
    if request.param:
        monkeypatch.setattr(ranges, "SMALL_BYTES", 0)


def ordered(world: World) -> Report:
    return world.order(parameters=FEW_ROWS)


def test_a_report_reads_its_data_with_just_these_operations(world: World, arrivals: Arrivals) -> None:
    report = ordered(world)

    world.deliver_new()

    assert set(arrivals.operations) == DATA_READS
    check(world, report)


@pytest.mark.parametrize("how", ERRORS)
@pytest.mark.parametrize(
    ("at", "in_parts"), [(1, False), (2, False), (2, True), (3, True), (5, True)], indirect=["in_parts"]
)
@pytest.mark.usefixtures("in_parts")
def test_a_request_for_data_that_breaks_once_costs_no_attempt(
    world: World, arrivals: Arrivals, at: int, how: str
) -> None:
    report = ordered(world)
    arrivals.broken[at] = how

    world.deliver_new()

    assert len(arrivals.operations) > at
    assert world.found(report).attempt == 1
    check(world, report)


def test_data_out_of_reach_cost_an_attempt_and_not_the_report(world: World, arrivals: Arrivals) -> None:
    report = ordered(world)
    arrivals.is_down = True
    world.deliver_new()
    assert (world.found(report).status, world.found(report).attempt) == (Status.PENDING, 1)

    arrivals.is_down = False

    world.settle()
    assert world.found(report).attempt == 2
    check(world, report)
