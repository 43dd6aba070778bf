"""Data sets in S3, against moto's server."""

import gzip
import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import duckdb
import pytest
from moto.server import ThreadedMotoServer

from rapor.batches import Form
from rapor.catalogue import Catalogue, ReportType
from rapor.data import ranges
from rapor.data.datasets import resolve
from rapor.data.engine import DuckDBEngine, Rows
from rapor.data.ranges import PROTOCOL, SMALL_BYTES, Listed, RangeFile, Ranges, bucket_store
from rapor.documents.render import render
from rapor.errors import NotEstimated, SourceInvalid, SourceUnavailable, TimedOut
from rapor.estimate import Bench, estimate_report
from rapor.report import Format
from tests.builders import a_report

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import S3Store

ROWS = 50_000


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadedMotoServer]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def endpoint(server: ThreadedMotoServer) -> str:
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


@dataclass
class Late:
    """Stands before the stand-in's application, and answers requests that hold *late* after so many seconds."""

    app: Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
    late: str = "nothing"
    seconds: float = 60
    is_over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self.late in f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}":
            self.is_over.wait(self.seconds)
        return self.app(environ, start_response)


@pytest.fixture
def lateness(server: ThreadedMotoServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Late]:
    late = Late(server._server.app)  # type: ignore[union-attr]
    monkeypatch.setattr(server._server, "app", late)
    yield late
    late.is_over.set()


def in_seconds(seconds: float) -> Callable[[], timedelta]:
    end = time.monotonic() + seconds
    return lambda: timedelta(seconds=end - time.monotonic())


@pytest.fixture(autouse=True)
def environment(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("orders")
    with duckdb.connect() as con:
        con.execute(
            f"copy (select i as id, (i % 5)::varchar as user_id, 'ş' || sha256(i::varchar) as name, 2024 + i % 2 as year from range({ROWS}) t(i))"
            f" to '{folder}' (format parquet, partition_by (year), overwrite_or_ignore, row_group_size 5000)"
        )
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*.parquet")}


@pytest.fixture
def bucket(endpoint: str, orders: dict[str, bytes]) -> str:
    name = f"test-{uuid4()}"
    s3 = boto3.client("s3", endpoint_url=endpoint)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for key, body in orders.items():
        s3.put_object(Bucket=name, Key=f"data/orders/{key}", Body=body)
    s3.put_object(Bucket=name, Key="secret/orders/a.csv", Body=b"id\n1\n")
    return name


def engine(bucket: str, tmp_path: Path, prefix: str = "data") -> DuckDBEngine:
    return DuckDBEngine(
        f"s3://{bucket}/{prefix}", memory_limit_mb=200, temp_directory=str(tmp_path / "spill"), temp_limit_mb=100
    )


class Counting(Ranges):
    """Knows what it fetched: path, first byte, end."""

    def __init__(self, store: "S3Store", scratch: Path, *, scratch_bytes: int) -> None:
        super().__init__(store, scratch, scratch_bytes=scratch_bytes)
        self.fetched: list[tuple[str, int, int]] = []

    def fetch(self, item: "ObjectMeta", start: int, end: int) -> bytes:
        self.fetched.append((item["path"], start, end))
        return super().fetch(item, start, end)


def register(files: Ranges, con: duckdb.DuckDBPyConnection) -> None:
    """Let *con* open what *files* listed."""
    con.register_filesystem(opener_of(files))


def opener_of(files: Ranges) -> Listed:
    opener = files.file_system()
    opener.place = files
    return opener


def listing(bucket: str, scratch: Path = Path("unused")) -> Counting:
    return Counting(bucket_store(f"s3://{bucket}/data"), scratch, scratch_bytes=1_000_000)


def orders_type(query: str = "select id, name, year from orders order by id") -> ReportType:
    columns = {"id": "integer", "name": "text", "year": "integer"}
    return ReportType.model_validate({
        "name": "orders", "version": 1, "title": {"en": "Orders"}, "description": {"en": "Orders"}, "formats": ["csv"],
        "sources": {"orders": {"own": "user_id"}}, "query": query,
        "columns": [{"name": name, "type": kind, "label": {"en": name}} for name, kind in columns.items()],
    })  # fmt: skip


def test_a_partitioned_prefix_is_read(bucket: str, tmp_path: Path) -> None:
    with engine(bucket, tmp_path).open(orders_type(), {}, own_user_id=None) as rows:
        batches = list(rows.batches())

        assert rows.rows_total == ROWS

    assert [value for batch in batches for value in batch[0]] == list(range(ROWS))
    assert {value for batch in batches for value in batch[2]} == {2024, 2025}


def test_own_rows_only(bucket: str, tmp_path: Path) -> None:
    with engine(bucket, tmp_path).open(orders_type(), {}, own_user_id="3") as rows:
        ids = [value for batch in rows.batches() for value in batch[0]]

    assert ids == list(range(3, ROWS, 5))


@pytest.mark.parametrize(("name", "body"), [
    ("a.csv", b"id,user_id,name,year\n1,007,x,2024\n2,7,y,2024\n"),
    ("a.ndjson", b'{"id":1,"user_id":"007","name":"x","year":2024}\n{"id":2,"user_id":"7","name":"y","year":2024}\n'),
])  # fmt: skip
def test_text_files_are_read_with_raw_user_ids(
    name: str, body: bytes, bucket: str, endpoint: str, tmp_path: Path
) -> None:
    boto3.client("s3", endpoint_url=endpoint).put_object(Bucket=bucket, Key=f"text/orders/{name}", Body=body)

    with engine(bucket, tmp_path, "text").open(orders_type(), {}, own_user_id="7") as rows:
        assert [list(batch) for batch in rows.batches()] == [[[2], ["y"], [2024]]]


def test_keys_with_odd_characters_are_read(bucket: str, endpoint: str, tmp_path: Path) -> None:
    s3 = boto3.client("s3", endpoint_url=endpoint)
    for key in ("a b/ş.csv", "50%/x.csv", "it's.csv"):
        s3.put_object(Bucket=bucket, Key=f"odd/orders/{key}", Body=b"id,name,year\n1,x,2024\n")

    with engine(bucket, tmp_path, "odd").open(orders_type(), {}, own_user_id=None) as rows:
        assert rows.rows_total == 3


def counted(bucket: str, name: str, query: str, times: int = 1) -> tuple[Counting, int]:
    """Ask *query* of a data set so many times; says how large it is, too."""
    files = listing(bucket)
    addresses = [files.ranged(name, key) for key in files.keys(name)]
    with duckdb.connect() as con:
        register(files, con)
        for _ in range(times):
            con.execute(query.format(f"read_parquet({addresses})"))
    return files, sum(files.object(address)["size"] for address in addresses)


def test_a_filter_reads_less_than_the_object(bucket: str) -> None:
    files, size = counted(bucket, "orders", "select sum(id) from {} where id < 100")

    assert sum(end - start for _, start, end in files.fetched) < size / 2


def test_of_partitions_that_are_alike_only_those_asked_for_are_opened(
    bucket: str, endpoint: str, tmp_path: Path
) -> None:
    s3 = boto3.client("s3", endpoint_url=endpoint)
    with duckdb.connect() as con:
        con.execute(f"copy (select 1 as id) to '{tmp_path}/a.parquet'")
    body = (tmp_path / "a.parquet").read_bytes()
    for number in range(10, 50):
        s3.put_object(Bucket=bucket, Key=f"data/days/day={number}/a.parquet", Body=body)
    place = listing(bucket)

    with duckdb.connect(config={"threads": 1}) as con:
        register(place, con)
        days = resolve(place, "days").relation(con, None)
        (found,) = con.execute(f"select sum(id) from {days} where day = '30'").fetchall()

    assert found == (1,)
    assert [path.split("/")[1] for path, _, _ in place.fetched] == ["day=10", "day=49", "day=30"]


def test_what_is_small_is_fetched_once(bucket: str) -> None:
    files, size = counted(bucket, "orders", "select sum(id) from {} where id < 100", times=3)

    assert size > 2 * SMALL_BYTES
    assert len(set(files.fetched)) == len(files.fetched)


def test_a_small_object_is_one_request(bucket: str, endpoint: str, orders: dict[str, bytes], tmp_path: Path) -> None:
    small = tmp_path / "small.parquet"
    duckdb.execute(f"copy (select i as id from range(100) t(i)) to '{small}' (format parquet)")
    boto3.client("s3", endpoint_url=endpoint).upload_file(str(small), bucket, "data/small/a.parquet")

    files, size = counted(bucket, "small", "select sum(id) from {}", times=3)

    assert files.fetched == [("small/a.parquet", 0, size)]


def test_no_more_is_kept_than_there_is_room(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "KEPT_BYTES", 0)

    files, _ = counted(bucket, "orders", "select sum(id) from {}", times=3)

    assert len(set(files.fetched)) < len(files.fetched)


def test_only_what_was_listed_can_be_opened(bucket: str) -> None:
    files = listing(bucket)
    files.keys("orders")

    for path in ("secret/orders/a.csv", "../secret/orders/a.csv", "orders/../../secret/orders/a.csv", "orders/nope"):
        with pytest.raises(FileNotFoundError):
            opener_of(files).open(f"{PROTOCOL}://{path}")


def test_nothing_can_be_written(bucket: str) -> None:
    files = listing(bucket)
    path = files.ranged("orders", files.keys("orders")[0])

    for mode in ("w", "wb", "a", "r+", "x"):
        with pytest.raises(PermissionError):
            opener_of(files).open(path, mode)


def test_a_data_set_of_a_longer_name_is_another_one(bucket: str, endpoint: str) -> None:
    boto3.client("s3", endpoint_url=endpoint).put_object(Bucket=bucket, Key="data/orders2/a.csv", Body=b"id\n1\n")

    assert all("year=" in key for key in listing(bucket).keys("orders"))


def test_threads_do_not_move_each_other() -> None:
    class Alphabet(Ranges):
        def __init__(self) -> None:
            pass

        def read(self, item: "ObjectMeta", start: int, end: int) -> bytes:
            return bytes(range(start, end))

    file = RangeFile(
        Alphabet(), {"path": "a", "size": 200, "last_modified": datetime.now(UTC), "e_tag": None, "version": None}
    )
    file.seek(100)

    other = threading.Thread(target=file.seek, args=(7,))
    other.start()
    other.join()

    assert file.read(2) == bytes([100, 101])


def test_reading_on_without_a_seek_is_refused(bucket: str) -> None:
    files = listing(bucket)
    file = opener_of(files).open(files.ranged("orders", files.keys("orders")[0]))
    file.seek(0)

    assert file.read(4) == b"PAR1"
    with pytest.raises(io.UnsupportedOperation):
        file.read(4)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.ndjson", "a.ndjson.gz"])
def test_large_text_is_read_once_and_right(name: str, bucket: str, endpoint: str, tmp_path: Path) -> None:
    rows = 200_000
    lines = ["id,user_id,name,year"] + [f"{i},{i % 5},name {i},2024" for i in range(rows)]
    if "ndjson" in name:
        lines = [f'{{"id":{i},"user_id":"{i % 5}","name":"name {i}","year":2024}}' for i in range(rows)]
    body = "\n".join(lines).encode()
    packed = gzip.compress(body) if name.endswith(".gz") else body
    boto3.client("s3", endpoint_url=endpoint).put_object(Bucket=bucket, Key=f"big/orders/{name}", Body=packed)

    with engine(bucket, tmp_path, "big").open(orders_type(), {}, own_user_id=None) as found:
        assert found.rows_total == rows
        assert [value for batch in found.batches() for value in batch[0]] == list(range(rows))


def test_nothing_is_left_on_the_disk(bucket: str, endpoint: str, tmp_path: Path) -> None:
    boto3.client("s3", endpoint_url=endpoint).put_object(
        Bucket=bucket, Key="left/orders/a.csv", Body=b"id,name,year\n1,x,2024\n"
    )

    with engine(bucket, tmp_path, "left").open(orders_type(), {}, own_user_id=None) as rows:
        assert rows.rows_total == 1
        assert list((tmp_path / "spill").rglob("a.csv"))

    assert list((tmp_path / "spill").iterdir()) == []


def test_text_larger_than_the_disk_is_invalid(bucket: str, endpoint: str, tmp_path: Path) -> None:
    boto3.client("s3", endpoint_url=endpoint).put_object(
        Bucket=bucket, Key="data/orders2/a.csv", Body=b"id,name,year\n" + b"1,x,2024\n" * 200_000
    )
    files = listing(bucket, scratch=tmp_path)
    files.keys("orders2")

    with pytest.raises(SourceInvalid, match="store it as Parquet"):
        files.whole("orders2", "a.csv")


def test_an_object_replaced_meanwhile_is_unavailable(
    bucket: str, orders: dict[str, bytes], endpoint: str, tmp_path: Path
) -> None:
    with engine(bucket, tmp_path).open(orders_type(), {}, own_user_id=None) as rows:
        for key, body in orders.items():
            boto3.client("s3", endpoint_url=endpoint).put_object(
                Bucket=bucket, Key=f"data/orders/{key}", Body=body + b"more"
            )
        with pytest.raises(SourceUnavailable, match=r"^The data cannot be read\.$"):
            list(rows.batches())


def test_a_missing_data_set_is_unavailable(bucket: str, tmp_path: Path) -> None:
    with (
        pytest.raises(SourceUnavailable, match="has no files"),
        engine(bucket, tmp_path, "nowhere").open(orders_type(), {}, own_user_id=None),
    ):
        pass


def test_a_missing_bucket_is_unavailable(tmp_path: Path) -> None:
    with (
        pytest.raises(SourceUnavailable, match="cannot be listed") as caught,
        engine("no-such-bucket", tmp_path).open(orders_type(), {}, own_user_id=None),
    ):
        pass

    assert caught.value.__cause__ is not None


LARGE_TEXT = b"id,user_id,name,year\n" + b"1,1,x,2024\n" * 200_000


@pytest.mark.parametrize("late", ["list-type", "a.csv"], ids=["the listing", "the object"])
def test_text_that_comes_too_late_ends_at_the_deadline(
    bucket: str, endpoint: str, tmp_path: Path, lateness: Late, late: str
) -> None:
    boto3.client("s3", endpoint_url=endpoint).put_object(Bucket=bucket, Key="late/orders/a.csv", Body=LARGE_TEXT)
    lateness.late = late

    with (
        pytest.raises(TimedOut),
        engine(bucket, tmp_path, "late").open(orders_type(), {}, own_user_id=None, left=in_seconds(1)),
    ):
        pass

    assert list((tmp_path / "spill").iterdir()) == []


def test_many_files_that_each_come_a_little_late_end_at_the_deadline(
    bucket: str, endpoint: str, tmp_path: Path, lateness: Late
) -> None:
    s3 = boto3.client("s3", endpoint_url=endpoint)
    for number in range(40):
        s3.put_object(Bucket=bucket, Key=f"many/orders/{number}.csv", Body=b"id,name,year\n1,x,2024\n")
    lateness.late, lateness.seconds = ".csv", 0.1

    with (
        pytest.raises(TimedOut),
        engine(bucket, tmp_path, "many").open(orders_type(), {}, own_user_id=None, left=in_seconds(2)),
    ):
        pass


def test_a_query_that_cannot_be_bound_in_time_ends_at_the_deadline(bucket: str, tmp_path: Path, lateness: Late) -> None:
    lateness.late = ".parquet"

    with (
        pytest.raises(TimedOut),
        engine(bucket, tmp_path).open(orders_type(), {}, own_user_id=None, left=in_seconds(1)),
    ):
        pass


@pytest.mark.parametrize(
    "chunks", [Rows.batches, lambda rows: rows.lines(Form(line="id::varchar"))], ids=["cells", "lines"]
)
def test_rows_that_come_too_late_end_at_the_deadline(
    bucket: str, tmp_path: Path, lateness: Late, chunks: Callable[[Rows], Iterator[object]]
) -> None:
    with engine(bucket, tmp_path).open(orders_type(), {}, own_user_id=None, left=in_seconds(3)) as rows:
        lateness.late = ".parquet"

        with pytest.raises(TimedOut):
            list(chunks(rows))


def test_an_estimate_over_data_that_come_too_late_ends_at_its_deadline(
    bucket: str, tmp_path: Path, lateness: Late
) -> None:
    catalogue = Catalogue({"orders": orders_type()})
    bench = Bench(catalogue, engine(bucket, tmp_path), render, lambda: datetime.now(UTC), time.perf_counter)
    report = a_report(report_type="orders", format=Format.CSV, parameters={})
    lateness.late = ".parquet"

    with pytest.raises(NotEstimated, match="time ran out"):
        estimate_report(report, deadline=datetime.now(UTC) + timedelta(seconds=1), bench=bench)


def test_a_request_that_hangs_is_given_up_while_there_is_time_for_another_attempt(
    bucket: str, tmp_path: Path, lateness: Late, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "PATIENCE", timedelta(seconds=1))
    lateness.late = "list-type"

    with (
        pytest.raises(SourceUnavailable, match="cannot be listed"),
        engine(bucket, tmp_path).open(orders_type(), {}, own_user_id=None, left=in_seconds(50)),
    ):
        pass


def test_plain_http_needs_a_named_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")

    options = bucket_store("s3://b/p").client_options

    assert options is not None
    assert str(options["allow_http"]) == "false"
