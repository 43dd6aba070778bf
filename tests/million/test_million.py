"""
A million rows in every format, by the built packages in the real runtime: complete, and in bounded memory.

The process function is a process of its own, as on AWS: it reads its rows from S3 by ranges, and writes its document
to S3 in parts.
"""

import csv
import hashlib
import io
import json
import os
import re
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pypdfium2
import pytest

from local.aws import LocalAws
from local.datasets.sales import write_sales
from local.invoke import CREATED, FOUND, Bench, event, for_report, reader_of, record_of
from local.runtime import RuntimeMissingError, emulator
from local.stage import BUILD, location, stage
from local.template import Stack
from rapor.report import Format

pytestmark = pytest.mark.million
ROWS = int(os.environ.get("ROWS", "1000000"))
MOST_MB = 512
ORDER_NO = re.compile(r"20\d\d-\d{8}")  # its S may stand after it, where a line holds Arabic


class Content(NamedTuple):
    """What rows come to, wherever they are counted; a PDF's amounts are not read back."""

    rows: int
    orders: int
    amount: Decimal | None


@pytest.fixture(scope="module")
def source() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        write_sales(Path(folder), ROWS)
        yield Path(folder)


@pytest.fixture(scope="module")
def aws(source: Path) -> Iterator[LocalAws]:
    try:
        emulator()
    except RuntimeMissingError as missing:
        pytest.skip(str(missing))
    if not (BUILD / "template.yaml").exists():
        pytest.skip("nothing is built: run `make build`")
    stack = Stack.load()
    with stage(stack) as running:
        bucket, _, prefix = location(stack).partition("/")
        for file in source.iterdir():
            running.client("s3").upload_file(str(file), bucket, f"{prefix}/sales/{file.name}")
        yield running


@pytest.fixture(scope="module")
def expected(source: Path) -> Content:
    with duckdb.connect() as con:
        [row] = con.sql(f"select count(*), count(distinct order_no), sum(amount) from '{source}/*.parquet'").fetchall()
    return Content(*row)


@pytest.mark.parametrize("wanted", list(Format))
def test_every_row_arrives_and_memory_stays_bounded(aws: LocalAws, expected: Content, wanted: Format) -> None:
    with Bench(aws, say=lambda _: None) as bench:
        uuid, seconds, peak_mb = processed(bench, aws, wanted)
        detail = json.loads(bench.expect("ReadReport", for_report(DETAIL, uuid), FOUND)["body"])
    result = detail["result"]
    [stored, manifest] = objects(aws, uuid)
    document = body(aws, stored)
    figures = f"{seconds:6.1f} s {peak_mb:5} MB of memory {len(document) / 1e6:6.1f} MB written"
    print(f"\n{wanted:<6} {figures}")  # noqa: T201 - for whoever runs it

    assert detail["status"] == "completed"
    assert (result["row_count"], result["rows_total"], result["truncated"]) == (ROWS, ROWS, False)
    assert (result["size_bytes"], result["sha256"]) == (len(document), hashlib.sha256(document).hexdigest())
    assert manifest["Key"] == f"{stored['Key']}.manifest.json"
    assert content_of(document, wanted) == expected._replace(amount=None if wanted is Format.PDF else expected.amount)
    assert int(stored["ETag"].strip('"').partition("-")[2] or 1) > 1, "was not written in parts"
    assert unfinished_uploads(aws) == []
    assert peak_mb < MOST_MB


DETAIL = "read_report/get_api_v1_reports_uuid.json"


def processed(bench: Bench, aws: LocalAws, wanted: Format) -> tuple[str, float, int]:
    """Order and process a report; give its uuid, how long processing took, and how much memory."""
    order = event("create_report/post_api_v1_reports.json")
    order["body"] = json.dumps({"title": "Satış Defteri", "report_type": "sales", "format": wanted})
    uuid = json.loads(bench.expect("CreateReport", order, CREATED)["body"])["uuid"]
    record = record_of(aws, uuid)
    function, began = reader_of(record), time.monotonic()
    bench.expect(function, {"Records": [record]})
    return uuid, time.monotonic() - began, bench.peak_mb(function)


def bucket() -> str:
    return Stack.load().function("ProcessHeavy").environment["DOCUMENTS_BUCKET"]


def objects(aws: LocalAws, uuid: str) -> list[dict[str, Any]]:
    """Everything the bucket holds for a report."""
    listed = aws.client("s3").list_objects_v2(Bucket=bucket(), Prefix="reports/").get("Contents", [])
    return [it for it in listed if f"/{uuid}/" in it["Key"]]


def body(aws: LocalAws, stored: dict[str, Any]) -> bytes:
    data: bytes = aws.client("s3").get_object(Bucket=bucket(), Key=stored["Key"])["Body"].read()
    return data


def unfinished_uploads(aws: LocalAws) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.client("s3").list_multipart_uploads(Bucket=bucket()).get("Uploads", [])
    return found


def content_of(document: bytes, wanted: Format) -> Content:
    return READERS[wanted](document)


def content_of_csv(document: bytes) -> Content:
    rows = csv.DictReader(io.StringIO(document.decode(), newline=""))
    return summed((row["order_no"], row["amount"]) for row in rows)


def content_of_json(document: bytes) -> Content:
    rows = json.loads(document, parse_float=Decimal)["rows"]
    return summed((row["order_no"], row["amount"]) for row in rows)


def content_of_excel(document: bytes) -> Content:
    """Of a sheet's rows, those that have an order number: not the head, not the totals."""
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        rows = (row for name in sheets for row in archive.read(name).decode().split("</row>"))
        return summed(
            (order[0], row.rpartition("<v>")[2].partition("</v>")[0]) for row in rows if (order := ORDER_NO.search(row))
        )


def content_of_pdf(document: bytes) -> Content:
    with pypdfium2.PdfDocument(document) as pdf:
        orders = [order for page in pdf for order in ORDER_NO.findall(page.get_textpage().get_text_range())]
    return Content(len(orders), len(set(orders)), None)


def summed(rows: Iterator[tuple[str, Any]]) -> Content:
    count, amount, orders = 0, Decimal(0), set()
    for order_no, value in rows:
        count += 1
        amount += Decimal(value)
        orders.add(order_no)
    return Content(count, len(orders), amount)


READERS: dict[Format, Callable[[bytes], Content]] = {
    Format.CSV: content_of_csv,
    Format.JSON: content_of_json,
    Format.EXCEL: content_of_excel,
    Format.PDF: content_of_pdf,
}
