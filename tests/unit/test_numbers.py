"""Numbers and codes of CSV files: exact wherever in the file they stand, and however the query is run."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rapor.catalogue import ReportType
from rapor.data.engine import DuckDBEngine
from rapor.errors import SourceInvalid

SNIFFED = 20_480  # rows DuckDB looks at
PRECISE = "12345678901234567.89"  # as floating point ...567.68
WAYS = (
    "select {x} as x from things",
    "select {x} as x from things where amount > 0 order by amount",
    "select * from (select {x} as x from things group by all)",
    "with t as (select * from things order by amount) select {x} as x from t",
)


def of_type(query: str, kind: str, **source: Any) -> ReportType:
    return ReportType.model_validate({
        "name": "sample", "version": 1, "title": {"en": "Sample"}, "description": {"en": "Sample"}, "formats": ["csv"],
        "sources": {"things": source}, "query": query, "columns": [{"name": "x", "type": kind, "label": {"en": "X"}}],
    })  # fmt: skip


def files(folder: Path, *contents: str) -> DuckDBEngine:
    (folder / "data/things").mkdir(parents=True)
    for number, content in enumerate(contents):
        (folder / f"data/things/{number}.csv").write_text(content)
    return DuckDBEngine(
        str(folder / "data"), memory_limit_mb=300, temp_directory=str(folder / "spill"), temp_limit_mb=50
    )


def column(cells: Sequence[str], head: str = "x") -> str:
    return "\n".join([f"n,{head}", *(f"{number},{cell}" for number, cell in enumerate(cells))]) + "\n"


def read(engine: DuckDBEngine, of: ReportType, own: str | None = None) -> list[Any]:
    with engine.open(of, {}, own_user_id=own) as rows:
        return [cell for batch in rows.batches() for cell in batch[0]]


def kind_of(engine: DuckDBEngine) -> str:
    (kind,) = read(engine, of_type("select typeof(x) as x from things limit 1", "text"))
    return str(kind)


@pytest.mark.parametrize("query", WAYS)
@pytest.mark.parametrize("cast", ["amount", "amount::decimal(38,2)", "amount::varchar::decimal(38,2)"])
def test_money_keeps_every_digit_however_it_is_asked_for(tmp_path: Path, query: str, cast: str) -> None:
    engine = files(tmp_path, column([PRECISE, "0.10"], "amount"))

    assert max(read(engine, of_type(query.format(x=cast), "decimal"))) == Decimal(PRECISE)


def test_sums_of_money_are_exact(tmp_path: Path) -> None:
    engine = files(tmp_path, column(["0.1", "0.2", "12345678901234567"]))

    assert read(engine, of_type("select sum(x) as x from things", "decimal")) == [Decimal("12345678901234567.3")]


@pytest.mark.parametrize(
    ("late", "kind", "shown"),
    [
        ("00042", "VARCHAR", "00042"),
        ("0x2A", "VARCHAR", "0x2A"),
        ("-007", "VARCHAR", "-007"),
        ("-12.50", "DECIMAL(7,2)", "-12.50"),
        (".5", "DECIMAL(6,1)", ".5"),
        ("12.", "DECIMAL(5,0)", "12."),
        (PRECISE, "DECIMAL(19,2)", PRECISE),
        ("0.12345678901234567890", "DECIMAL(25,20)", "0.12345678901234567890"),
        ("12345678901234567890", "HUGEINT", "12345678901234567890"),
        (f"-{'9' * 38}", "HUGEINT", f"-{'9' * 38}"),
        ("9" * 39, "VARCHAR", "9" * 39),
        (f"0.{'1' * 38}", "VARCHAR", f"0.{'1' * 38}"),
        ("", "BIGINT", None),
        ("7", "BIGINT", "7"),
    ],
)
@pytest.mark.parametrize("apart", [True, False])
def test_what_comes_late_counts_as_what_comes_first(
    tmp_path: Path, late: str, kind: str, shown: str | None, *, apart: bool
) -> None:
    early = [str(number) for number in range(10_000, 10_000 + 2 * SNIFFED)]
    engine = files(tmp_path, column(early), column([late])) if apart else files(tmp_path, column([*early, late]))

    found = read(engine, of_type("select x::varchar as x from things", "text"))

    assert kind_of(engine) == kind
    assert shown in found
    assert [Decimal(cell) for cell in found[: len(early)] if cell] == list(map(Decimal, early))


@pytest.mark.parametrize("late", ["abc", "1.2.3", "1,5"])
def test_what_is_no_number_is_never_taken_for_one(tmp_path: Path, late: str) -> None:
    engine = files(tmp_path, column([*["1"] * 2 * SNIFFED, f'"{late}"']))

    with pytest.raises(SourceInvalid):
        read(engine, of_type("select x from things", "integer"))


def test_exponents_are_floating_point_and_told_so(tmp_path: Path) -> None:
    engine = files(tmp_path, column(["1.5", "2e3"]))

    with pytest.raises(SourceInvalid, match=r"The column x should be decimal but the query gives double: cast it"):
        read(engine, of_type("select x from things", "decimal"))
    assert read(engine, of_type("select x::decimal(18,2) as x from things", "decimal")) == [Decimal("1.5"), 2000]


@pytest.mark.parametrize("seed", range(6))
def test_every_number_comes_back_as_it_was(tmp_path: Path, seed: int) -> None:
    random = Random(seed)  # noqa: S311 (made-up data)
    whole, after = random.randint(1, 20), random.choice([0, 2, 9, 18])
    cells = [
        f"{random.choice(['', '-'])}{random.randrange(10 ** random.randint(1, whole))}"
        + (f".{random.randrange(10**after):0{after}}" if after and random.random() < 0.5 else "")
        for _ in range(3000)
    ]
    engine = files(tmp_path, column(cells))

    found = read(engine, of_type("select x from things order by n", "decimal"))

    assert list(map(Decimal, found)) == list(map(Decimal, cells))


def test_codes_and_owners_are_the_same_text_for_every_caller(tmp_path: Path) -> None:
    engine = files(tmp_path, column(["7", "42"], "owner"))
    of = of_type("select owner as x from things order by n", "text", own="owner")

    assert read(engine, of) == ["7", "42"]
    assert read(engine, of, own="42") == ["42"]
    with pytest.raises(SourceInvalid, match="gives varchar: declare it text, or cast it to bigint"):
        read(engine, of_type("select owner as x from things", "integer", own="owner"))


@pytest.mark.parametrize("name", ["a b", 'quo"te', "sel'ect", "İsim", "x,y"])
def test_columns_may_have_any_name(tmp_path: Path, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    engine = files(tmp_path, f"{quoted},{quoted}\n{PRECISE},1.10\n")

    assert read(engine, of_type(f"select {quoted} as x from things", "decimal")) == [Decimal(PRECISE)]


def test_partitions_stay_what_they_are(tmp_path: Path) -> None:
    engine = files(tmp_path)
    (tmp_path / "data/things/year=2025").mkdir()
    (tmp_path / "data/things/year=2025/a.csv").write_text("x\n1.50\n")

    assert read(engine, of_type("select year as x from things where x = 1.5", "integer")) == [2025]


def test_no_rows_have_no_types_to_mend(tmp_path: Path) -> None:
    assert read(files(tmp_path, "n,x\n"), of_type("select x::varchar as x from things", "text")) == []
