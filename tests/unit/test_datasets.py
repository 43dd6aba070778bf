"""Where rows come from, and the data sets that are shipped."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from local import datasets as generator
from local.datasets.text import SPECIAL
from rapor.data.datasets import DataFormat, Folder, resolve
from rapor.errors import SourceInvalid, SourceUnavailable

FILES = ["users/users.parquet", "references/references.parquet", "sales/sales-001.parquet"]


def put(folder: Path, *names: str) -> Folder:
    for name in names:
        file = folder / "orders" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return Folder(folder)


@pytest.mark.parametrize(("names", "expected"), [
    (("a.parquet", "b.parquet"), DataFormat.PARQUET),
    (("a.csv", "b.CSV.gz"), DataFormat.CSV),
    (("a.ndjson", "b.jsonl", "c.json.gz"), DataFormat.NDJSON),
])  # fmt: skip
def test_the_suffix_tells_the_format(tmp_path: Path, names: tuple[str, ...], expected: DataFormat) -> None:
    found = resolve(put(tmp_path, *names), "orders")

    assert found.format is expected
    assert [Path(file).name for file in found.files] == list(names)


def test_hidden_and_other_files_are_not_data(tmp_path: Path) -> None:
    place = put(tmp_path, "a.parquet", "_SUCCESS", "_old/b.parquet", ".tmp/c.parquet", "README.md", "_edition")

    assert len(resolve(place, "orders").files) == 1


def test_folders_with_an_equals_sign_are_partitions(tmp_path: Path) -> None:
    found = resolve(put(tmp_path, "year=2025/month=01/a.parquet", "year=2025/month=02/a.parquet"), "orders")

    assert found.partitions == {"year", "month"}


@pytest.mark.parametrize("names", [(), ("_hidden.parquet",), ("notes.txt",)])
def test_a_data_set_without_files_is_unavailable(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(SourceUnavailable, match=r"^The data set orders has no files\.$"):
        resolve(put(tmp_path, *names), "orders")


def test_two_formats_in_one_data_set_are_invalid(tmp_path: Path) -> None:
    with pytest.raises(SourceInvalid, match="mixes"):
        resolve(put(tmp_path, "a.parquet", "b.csv"), "orders")


@pytest.mark.parametrize("name", ["*.csv", "a?.csv", "[ab].csv"])
def test_a_file_name_is_never_a_pattern(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceInvalid, match="path"):
        resolve(put(tmp_path, name), "orders")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    generator.ensure_datasets(folder)
    return folder


def ask(folder: Path, what: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        return con.sql(f"select {what} from read_parquet('{folder}/users/users.parquet')").fetchall()


def test_users_have_their_columns(shipped: Path) -> None:
    with duckdb.connect() as con:
        found = con.read_parquet(f"{shipped}/users/users.parquet")

        assert {name: str(kind) for name, kind in zip(found.columns, found.types, strict=True)} == {
            "id": "BIGINT", "user_id": "VARCHAR", "full_name": "VARCHAR", "email": "VARCHAR", "role": "VARCHAR",
            "city": "VARCHAR", "status": "VARCHAR", "registered_on": "DATE", "last_seen_at": "TIMESTAMP",
            "balance": "DECIMAL(18,2)",
        }  # fmt: skip


def test_users_have_their_proportions(shipped: Path) -> None:
    [(rows, active, suspended, first, last)] = ask(
        shipped, "count(*), avg((status = 'active')::int), avg((status = 'suspended')::int), min(id), max(id)"
    )

    assert (rows, first, last) == (12_000, 1, 12_000)
    assert active == pytest.approx(0.80, abs=0.02)
    assert suspended == pytest.approx(0.05, abs=0.01)


def test_users_leave_some_cells_empty_and_some_below_zero(shipped: Path) -> None:
    [(no_balance, owing, never_seen)] = ask(
        shipped,
        "count(*) filter (balance is null), count(*) filter (balance < 0), count(*) filter (last_seen_at is null)",
    )

    assert 0 < no_balance < 1200
    assert 0 < owing < 2400
    assert 0 < never_seen < 2400


def test_every_account_has_rows_and_the_first_has_some(shipped: Path) -> None:
    [(accounts, of_first, fewest)] = ask(
        shipped, "count(distinct user_id), count(*) filter (user_id = '1'), count(*) filter (user_id = '2500')"
    )

    assert accounts == 2500
    assert 2 <= of_first <= 20
    assert fewest >= 1


def test_registration_fills_three_years(shipped: Path) -> None:
    [(first, last)] = ask(shipped, "min(registered_on)::varchar, max(registered_on)::varchar")

    assert (first, last) == ("2023-01-01", "2025-12-31")


def test_users_were_seen_in_whole_seconds_between_registration_and_the_last_day(shipped: Path) -> None:
    [(fractions, early, first, last)] = ask(
        shipped,
        "count(*) filter (last_seen_at <> date_trunc('second', last_seen_at)),"
        " count(*) filter (last_seen_at < registered_on), min(last_seen_at)::varchar, max(last_seen_at)::varchar",
    )

    assert (fractions, early) == (0, 0)
    assert "2023-01-01 00:00:00" <= first < last <= "2025-12-31 23:59:59"


def test_names_have_every_turkish_letter(shipped: Path) -> None:
    letters = set("".join(str(name) for name, _ in ask(shipped, "full_name, city")))

    assert letters >= set("ğşıİöüçĞŞÖÜÇI")


def test_every_special_name_comes_as_it_is(shipped: Path) -> None:
    names = {name for (name,) in ask(shipped, "full_name")}

    assert names >= set(SPECIAL)


def test_the_same_seed_gives_the_same_bytes(shipped: Path, tmp_path: Path) -> None:
    generator.ensure_datasets(tmp_path)

    for name in FILES:
        assert (tmp_path / name).read_bytes() == (shipped / name).read_bytes()


def test_references_are_one_row_each_and_special_text_is_among_them(shipped: Path) -> None:
    with duckdb.connect() as con:
        found = con.read_parquet(f"{shipped}/references/references.parquet").fetchall()

    ids = [row[0] for row in found]
    assert len(ids) == len(set(ids)) == 3000 + len(SPECIAL)
    assert set(SPECIAL) <= set(ids) & {row[1] for row in found}


def test_some_of_every_attribute_is_not_known(shipped: Path) -> None:
    with duckdb.connect() as con:
        found = con.read_parquet(f"{shipped}/references/references.parquet").fetchall()

    for attribute in list(zip(*found, strict=True))[3:]:
        assert 200 < attribute.count(None) < 500


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    generator.ensure_datasets(tmp_path)
    before = [(tmp_path / name).stat().st_ino for name in FILES]

    generator.ensure_datasets(tmp_path)

    assert [(tmp_path / name).stat().st_ino for name in FILES] == before


def test_another_edition_writes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator.ensure_datasets(tmp_path)
    (tmp_path / "users/users.parquet").write_bytes(b"old")
    monkeypatch.setattr(generator, "EDITION", "another")

    generator.ensure_datasets(tmp_path)

    assert ask(tmp_path, "count(*)") == [(12_000,)]


def test_only_the_data_sets_and_their_marks_are_left(shipped: Path) -> None:
    found = sorted(file.relative_to(shipped).as_posix() for file in shipped.rglob("*") if file.is_file())

    assert found == sorted([*FILES, "references/_edition", "sales/_edition", "users/_edition"])
