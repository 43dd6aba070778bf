"""`rapor new` and `rapor check`, each in a process of its own: from a file of data to a document."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ORDERS = """Order No,customer,ordered on,select,amount,user_id
A-1,Ayşe Yılmaz,2025-03-01,x,120.5,1
A-2,李雷,2025-03-02,y,80.25,2
A-3,=1+1,2025-04-11,z,-3.75,1
"""


def rapor(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from local.cli import main; main()", *map(str, arguments)]
    environ = os.environ | {"RAPOR_HOME": str(folder / "home")}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def types(tmp_path: Path) -> Path:
    (tmp_path / "types").mkdir()
    return tmp_path / "types"


def test_a_file_of_data_is_two_commands_from_a_document(tmp_path: Path, types: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)

    new = rapor(tmp_path, "new", "orders", "--from", "orders.csv", "--types", types)
    data = tmp_path / "home/data"
    preview = rapor(
        tmp_path, "preview", "orders", "--types", types, "--data", data, "--format", "csv", "--param", "date_to=2025-03-02"
    )  # fmt: skip

    assert (new.returncode, new.stderr) == (0, "")
    assert "rapor preview orders --open" in new.stdout
    assert preview.returncode == 0, preview.stderr
    with (tmp_path / "out/orders.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["order_no", "customer", "ordered_on", "select", "amount", "user_id"],
            ["A-1", "Ayşe Yılmaz", "2025-03-01", "x", "120.50", "1"],
            ["A-2", "李雷", "2025-03-02", "y", "80.25", "2"],
        ]


def test_a_draft_of_data_is_right_and_open_to_its_owners(tmp_path: Path, types: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    rapor(tmp_path, "new", "orders", "--from", "orders.csv", "--types", types)

    check = rapor(tmp_path, "check", "--types", types)
    own = rapor(
        tmp_path, "preview", "orders", "--types", types, "--data", tmp_path / "home/data", "--format", "json", "--own", 2
    )  # fmt: skip

    assert (check.returncode, check.stdout, check.stderr) == (0, "orders  right\n", "")
    assert own.returncode == 0, own.stderr
    assert [row["order_no"] for row in json.loads((tmp_path / "out/orders.json").read_text())["rows"]] == ["A-2"]


def test_a_draft_without_data_says_where_the_data_goes(tmp_path: Path, types: Path) -> None:
    new = rapor(tmp_path, "new", "things", "--types", types)
    check = rapor(tmp_path, "check", "--types", types)

    assert new.returncode == 0
    assert "into home/data/things/" in new.stdout
    assert check.stdout == "things  right, but its data is not here, so its query was only read\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Orders"], "Orders is no name for a report type"),
        (["../orders"], "../orders is no name for a report type"),
        (["taken"], "is there already"),
        (["orders", "--from", "nothing.csv"], "There is no file nothing.csv"),
        (["orders", "--from", "orders.xlsx"], "orders.xlsx is none of .parquet, .csv"),
        (["orders", "--from", "broken.parquet"], "The data cannot be read"),
    ],
)
def test_nothing_is_written_over_or_in_vain(tmp_path: Path, types: Path, arguments: list[str], said: str) -> None:
    (types / "taken.toml").write_text("mine")
    (tmp_path / "orders.xlsx").write_bytes(b"")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")

    done = rapor(tmp_path, "new", *arguments, "--types", types)

    assert done.returncode == 2
    assert said in done.stderr
    assert [(it.name, it.read_text()) for it in types.iterdir()] == [("taken.toml", "mine")]


@pytest.mark.parametrize("encoding", ["cp1254", "utf-16"])
def test_data_that_cannot_be_read_is_not_in_the_way_of_the_mended_file(
    tmp_path: Path, types: Path, encoding: str
) -> None:
    (tmp_path / "eski.csv").write_text(ORDERS.replace("李雷", "Işıl"), encoding)
    (tmp_path / "yeni.csv").write_text(ORDERS)

    failed = rapor(tmp_path, "new", "orders", "--from", "eski.csv", "--types", types)
    left = [it.name for it in (tmp_path / "home/data").iterdir()]
    mended = rapor(tmp_path, "new", "orders", "--from", "yeni.csv", "--types", types)

    assert (failed.returncode, left) == (2, [])
    assert failed.stderr.startswith("The data cannot be read: ")
    assert failed.stderr.splitlines()[-1].startswith("hint: Text must be UTF-8")
    assert mended.returncode == 0, mended.stderr
    assert [it.name for it in (tmp_path / "home/data").rglob("*.csv")] == ["yeni.csv"]


def test_data_where_it_belongs_already_stays_there(tmp_path: Path, types: Path) -> None:
    (tmp_path / "home/data/orders").mkdir(parents=True)
    (tmp_path / "home/data/orders/orders.csv").write_text(ORDERS)

    done = rapor(tmp_path, "new", "orders", "--from", "home/data/orders/orders.csv", "--types", types)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "home/data/orders/orders.csv").read_text() == ORDERS


def test_a_data_set_is_not_mixed_with_another(tmp_path: Path, types: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "home/data/orders").mkdir(parents=True)
    (tmp_path / "home/data/orders/old.csv").write_text("a\n1\n")

    done = rapor(tmp_path, "new", "orders", "--from", "orders.csv", "--types", types)

    assert done.returncode == 2
    assert "has other files already" in done.stderr
    assert not (tmp_path / "home/data/orders/orders.csv").exists()


def test_every_wrong_file_is_told_with_what_to_do(tmp_path: Path, types: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    rapor(tmp_path, "new", "orders", "--from", "orders.csv", "--types", types)
    right = (types / "orders.toml").read_text()
    (types / "asked.toml").write_text(right.replace('name = "orders"', 'name = "asked"').replace("lane =", "lain ="))
    (types / "orders.toml").write_text(right.replace('type = "decimal"', 'type = "integer"'))
    (types / "torn.toml").write_text("[")

    lines = rapor(tmp_path, "check", "--types", types)
    told = rapor(tmp_path, "check", "--types", types, "--json")

    assert lines.returncode == told.returncode == 1
    assert lines.stdout.splitlines()[:3] == [
        "asked   wrong",
        "  asked.toml: lain: Extra inputs are not permitted",
        "  hint: Did you mean lane?",
    ]
    found = {it["name"]: it for it in json.loads(told.stdout)}
    assert set(found) == {"asked", "orders", "torn"}
    assert not any(it["right"] for it in found.values())
    assert found["orders"]["reason"].startswith("The column amount should be integer but the query gives decimal")
    assert all(it["hint"] for it in found.values())


def test_a_mistake_in_a_chart_is_found_without_a_document(tmp_path: Path, types: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    rapor(tmp_path, "new", "orders", "--from", "orders.csv", "--types", types)
    file = types / "orders.toml"
    file.write_text(file.read_text().replace("date_trunc('month', ordered_on)", "date_trunc('month', order_date)"))

    done = rapor(tmp_path, "check", "--types", types)

    assert done.returncode == 1
    assert "order_date" in done.stdout
