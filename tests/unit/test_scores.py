"""The scorecard, worked out a second time in Python from the numbers in the type's file."""

import math
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from local.datasets import ensure_datasets
from rapor.catalogue import ReportType
from rapor.data.engine import DuckDBEngine
from tests.builders import ROOT, a_catalogue

CHARACTERISTICS = (
    "months_as_customer",
    "payments_on_time",
    "longest_delay_days",
    "credit_in_use",
    "debt_to_income",
    "recent_applications",
)
LINE = re.compile(r"\('(\w+)', (null|\d+), (null|\d+), (\d+)\)")
SCALE = re.compile(r"\('([\d.]+)', (\d+), (\d+), (\d+), (\d+)\)")


class Line(NamedTuple):
    at_least: Decimal | None
    below: Decimal | None
    points: int

    def takes(self, value: Decimal | None) -> bool:
        if value is None:
            return self.at_least is None and self.below is None
        if self.at_least is None and self.below is None:
            return False
        return (self.at_least is None or value >= self.at_least) and (self.below is None or value < self.below)


class Score(NamedTuple):
    points: int
    probability: Decimal
    confidence: Decimal
    version: str


def the_type() -> ReportType:
    found = a_catalogue().get("reference")
    assert found is not None
    return found


def scorecard(query: str) -> dict[str, list[Line]]:
    card: dict[str, list[Line]] = {}
    for characteristic, at_least, below, points in LINE.findall(query):
        bounds = [None if bound == "null" else Decimal(bound) for bound in (at_least, below)]
        card.setdefault(characteristic, []).append(Line(bounds[0], bounds[1], int(points)))
    return card


def worked_out(values: dict[str, Decimal | None]) -> Score:
    """By the logarithms of docs/scores.md, where the query uses powers of two."""
    query = the_type().query
    card = scorecard(query)
    [(version, *numbers)] = SCALE.findall(query)
    base, anchor, odds, pdo = map(int, numbers)
    factor = pdo / math.log(2)
    offset = anchor - factor * math.log(odds)
    points = base
    for name, lines in card.items():
        [line] = [line for line in lines if line.takes(values[name])]
        points += line.points
    log_odds = (points - offset) / factor
    weights = {
        name: max(line.points for line in lines) - min(line.points for line in lines) for name, lines in card.items()
    }
    known = sum(weight for name, weight in weights.items() if values[name] is not None)
    return Score(
        points,
        rounded(1 / (1 + math.exp(log_odds)), 6),
        rounded(known / sum(weights.values()), 4),
        version,
    )


def rounded(number: float, digits: int) -> Decimal:
    return Decimal(repr(number)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    ensure_datasets(folder)
    return folder


@pytest.fixture(scope="module")
def references(data: Path) -> dict[str, dict[str, Decimal | None]]:
    with duckdb.connect() as con:
        columns = ", ".join(f"{name}::decimal(12,2)" for name in CHARACTERISTICS)
        found = con.sql(f"select reference_id, {columns} from '{data}/references/*.parquet'").fetchall()
    return {row[0]: dict(zip(CHARACTERISTICS, row[1:], strict=True)) for row in found}


def scored(data: Path, scratch: Path, report_type: ReportType, reference: str) -> Iterator[tuple[str, Score]]:
    engine = DuckDBEngine(str(data), memory_limit_mb=256, temp_directory=str(scratch), temp_limit_mb=64)
    with engine.open(report_type, {"referenceId": reference}, own_user_id="7") as rows:
        for batch in rows.batches():
            for found, *values in zip(*batch, strict=True):
                yield found, Score(*values)


def test_all_references_score_as_worked_out_by_hand(
    data: Path, tmp_path: Path, references: dict[str, dict[str, Decimal | None]]
) -> None:
    narrowed = "where reference_id = $referenceId"
    everybody = the_type().model_copy(update={"query": the_type().query.replace(narrowed, "where $referenceId <> ''")})

    found = dict(scored(data, tmp_path, everybody, "all"))

    assert narrowed in the_type().query
    assert found == {reference: worked_out(values) for reference, values in references.items()}


@pytest.mark.parametrize("reference", ["92442", "90001", "山田太郎", "' OR 1=1 --", "iki\nsatır", "007", "   "])
def test_a_reference_is_scored_alone(
    data: Path, tmp_path: Path, references: dict[str, dict[str, Decimal | None]], reference: str
) -> None:
    assert list(scored(data, tmp_path, the_type(), reference)) == [(reference, worked_out(references[reference]))]


@pytest.mark.parametrize("reference", ["92442 ", "7", "null", "%"])
def test_a_reference_is_the_whole_text(data: Path, tmp_path: Path, reference: str) -> None:
    found = [name for name, _ in scored(data, tmp_path, the_type(), reference)]

    assert found == (["null"] if reference == "null" else [])


def test_scores_spread_and_confidence_tells_what_is_missing(references: dict[str, dict[str, Decimal | None]]) -> None:
    scores = [worked_out(values) for values in references.values()]

    assert min(score.points for score in scores) < 540
    assert max(score.points for score in scores) > 660
    assert {score.confidence == 1 for score in scores} == {True, False}


@pytest.mark.parametrize("characteristic", CHARACTERISTICS)
def test_every_value_has_exactly_one_line(characteristic: str) -> None:
    lines = scorecard(the_type().query)[characteristic]
    bounds = sorted({bound for line in lines for bound in line[:2] if bound is not None})
    probes: list[Any] = [None, Decimal("-1e9"), Decimal("1e9")]
    probes += [bound + step for bound in bounds for step in (Decimal("-0.01"), Decimal(0), Decimal("0.01"))]

    assert [sum(line.takes(probe) for line in lines) for probe in probes] == [1] * len(probes)


def test_what_is_not_known_scores_between_the_best_and_the_worst() -> None:
    for lines in scorecard(the_type().query).values():
        [unknown] = [line.points for line in lines if line.takes(None)]

        assert min(line.points for line in lines) < unknown < max(line.points for line in lines)


def test_two_customers_of_one_reference_are_two_rows(data: Path, tmp_path: Path) -> None:
    (tmp_path / "references").mkdir()
    with duckdb.connect() as con:
        source = f"from '{data}/references/*.parquet' where reference_id = '92442'"
        con.execute(f"copy (select * {source} union all select * {source}) to '{tmp_path}/references/a.parquet'")

    found = [score.points for _, score in scored(tmp_path, tmp_path / "scratch", the_type(), "92442")]

    assert found == [595, 595]


def test_the_page_works_the_example_out(references: dict[str, dict[str, Decimal | None]]) -> None:
    page = (ROOT / "docs/scores.md").read_text()
    card = scorecard(the_type().query)

    told = re.findall(r"^\| `(\w+)`.*? \| ([\d.]+|not known) \| (\d+) \| (\d+) \|$", page, re.MULTILINE)

    assert {name: None if value == "not known" else Decimal(value) for name, value, *_ in told} == references["92442"]
    for name, _, points, weight in told:
        [line] = [line for line in card[name] if line.takes(references["92442"][name])]
        assert line.points == int(points)
        assert max(it.points for it in card[name]) - min(it.points for it in card[name]) == int(weight)


def test_the_page_tells_the_range() -> None:
    page, card = (ROOT / "docs/scores.md").read_text(), scorecard(the_type().query).values()
    worst, best = (440 + sum(pick(line.points for line in lines) for lines in card) for pick in (min, max))

    assert f"It lies between {worst} and {best}." in page
