"""
Data made to break whoever reads it: small files that unpack to gigabytes, files that lie about themselves.

Each ends its report with a code, within a small function's memory and disk, and takes the process with it never.
"""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.builders import ROOT

pytestmark = pytest.mark.integration
MB = 1 << 20
FUNCTION_MB = 512
PATIENCE_S = 500
FLIPS = 40  # of bits in the Parquet file's page, and as many in its footer

Make = Callable[[Path], object]


def text(name: str, content: bytes) -> Make:
    return lambda folder: (folder / name).write_bytes(content)


def bomb(name: str, head: bytes, chunk: bytes, tail: bytes = b"", *, size: int = 1024 * MB) -> Make:
    """A gigabyte in some megabytes: a gzip file may have any number of members (RFC 1952 §2.2)."""
    packed = [gzip.compress(it, compresslevel=1) for it in (head, chunk, tail)]
    return text(name, packed[0] + packed[1] * (size // len(chunk)) + packed[2])


def parquet(select: str) -> Make:
    def make(folder: Path) -> None:
        with duckdb.connect() as con:
            con.execute(f"copy ({select}) to '{folder}/a.parquet' (compression zstd)")

    return make


def spoilt(change: Callable[[bytes], bytes]) -> Make:
    """A small good Parquet file, changed."""

    def make(folder: Path) -> None:
        parquet("select i::varchar as id, 'n' || i as name from range(100) t(i)")(folder)
        (folder / "a.parquet").write_bytes(change((folder / "a.parquet").read_bytes()))

    return make


def flipped(step: int) -> Callable[[bytes], bytes]:
    """Turn one bit: the same step is the same bit of every run, and steps go through the whole file."""

    def change(good: bytes) -> bytes:
        at = len(good) * step // (2 * FLIPS)
        return good[:at] + bytes([good[at] ^ (1 << step % 8)]) + good[at + 1 :]

    return change


def outside(folder: Path) -> None:
    (folder / "a.csv").symlink_to(ROOT / "README.md")


def keys_without_end() -> bytes:
    rows = ({"id": "1", "name": "a", **{f"k{row}_{it}": 1 for it in range(100)}} for row in range(1000))
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


INVALID, MEMORY, ROWS = {"source_invalid"}, {"out_of_memory"}, {"too_many_rows"}
CASES: Mapping[str, tuple[Make, set[str]]] = {
    "csv_of_many_rows": (bomb("a.csv.gz", b"id,name\n", b"1,a\n" * MB, size=128 * MB), ROWS | {"timed_out"}),
    "csv_of_one_line": (bomb("a.csv.gz", b"id,name\n1,", b"x" * 4 * MB, b"\n"), INVALID),
    "csv_of_one_quoted_cell": (bomb("a.csv.gz", b'id,name\n1,"', b"x\n" * 2 * MB, b'"\n'), INVALID),
    "csv_of_many_columns": (
        text("a.csv", b"id,name" + b"".join(b",c%d" % it for it in range(100_000)) + b"\n1,a" + b"," * 100_000 + b"\n"),
        MEMORY | INVALID | {"completed"},
    ),
    "csv_of_every_byte": (text("a.csv", bytes(range(256)) * 4000), INVALID),
    "csv_in_another_encoding": (text("a.csv", b"id,name\n" + b"1,\xff\xfe\n" * 10), INVALID),
    "csv_with_nul": (text("a.csv", b"id,name\n1,a\0b\n"), {"completed"}),
    "csv_that_is_not_packed": (text("a.csv.gz", b"id,name\n1,a\n"), {"source_unavailable"}),
    "csv_cut_short": (
        text("a.csv.gz", gzip.compress(b"id,name\n" + os.urandom(100_000).hex().encode())[:5000]),
        {"source_unavailable"},
    ),
    "csv_of_nothing": (text("a.csv", b""), INVALID),
    "csv_elsewhere": (outside, INVALID),
    "json_of_many_rows": (
        bomb("a.ndjson.gz", b"", b'{"id":1,"name":"a"}\n' * (MB // 4), size=256 * MB),
        ROWS | {"timed_out"},
    ),
    "json_of_one_string": (bomb("a.ndjson.gz", b'{"id":1,"name":"', b"x" * 4 * MB, b'"}\n'), INVALID),
    "json_deep": (text("a.ndjson", b'{"id":1,"name":' + b"[" * MB + b"]" * MB + b"}\n"), INVALID),
    "json_deep_and_open": (text("a.ndjson", b'{"id":1,"name":' + b'{"a":' * MB), INVALID),
    "json_of_many_keys": (text("a.ndjson", keys_without_end()), MEMORY),
    "json_of_a_long_number": (
        text("a.ndjson", b'{"id":1' + b"0" * MB + b',"name":1e999999}\n'),
        INVALID | {"completed"},
    ),
    "parquet_of_one_value": (parquet("select '1' as id, repeat('x', 400000000) as name"), MEMORY),
    "parquet_of_many_rows": (parquet("select '1' as id, 'a' as name from range(20000000)"), ROWS),
    "parquet_of_a_large_dictionary": (
        parquet("select (i % 10)::varchar as id, repeat(i::varchar, 100000) as name from range(1000) t(i)"),
        MEMORY,
    ),
    "parquet_of_another_shape": (parquet("select 1 as other"), INVALID),
    "parquet_of_a_long_list": (parquet("select '1' as id, range(1000000) as name"), {"completed"}),
    "parquet_of_a_footer_of_2_gb": (spoilt(lambda it: it[:-8] + b"\xff\xff\xff\x7fPAR1"), INVALID),
    "parquet_of_no_footer": (spoilt(lambda it: it[:-8] + b"\0\0\0\0PAR1"), INVALID),
    "parquet_cut_short": (spoilt(lambda it: it[: len(it) // 2]), INVALID),
    "parquet_of_magic": (text("a.parquet", b"PAR1" * 3), INVALID),
    "parquet_of_nothing": (text("a.parquet", b""), INVALID),
}
TURNED = {f"turned_{step:03}": spoilt(flipped(step)) for step in range(2 * FLIPS)}


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """How each report ended, all of them in one process."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, make in {**{name: make for name, (make, _) in CASES.items()}, **TURNED}.items():
        (folder / name).mkdir()
        make(folder / name)
    command = [sys.executable, "-m", "tests.hostile", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    return {ending["data_set"]: ending for ending in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_data_set_ends_with_its_code(endings: Mapping[str, Any], name: str) -> None:
    assert endings[name]["code"] in CASES[name][1]


def test_no_turned_bit_of_a_file_takes_the_worker_with_it(endings: Mapping[str, Any]) -> None:
    codes = {endings[name]["code"] for name in TURNED}

    assert "completed" in codes  # some bits nobody reads, and some turn a letter
    assert "source_invalid" in codes
    assert codes <= {"completed", "source_invalid", "source_unavailable", "out_of_memory", "too_many_rows"}


def test_all_of_it_stays_within_a_small_function(endings: Mapping[str, Any]) -> None:
    assert max(ending["peak_mb"] for ending in endings.values()) < FUNCTION_MB
    assert {ending["left"] for ending in endings.values()} == {0}
