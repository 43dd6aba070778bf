"""A report's parameters on its document."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rapor.catalogue import ReportType
from rapor.data.engine import DuckDBEngine
from rapor.documents.render import render
from rapor.report import Format
from tests.builders import NOW, a_report
from tests.unit.document_samples import WriteOnly

PARAMETERS = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "default": "Van"},
        "least": {"type": "number"},
        "rate": {"type": "number", "default": 0.5},
    },
}
CITIES = ReportType.model_validate({
    "name": "cities", "version": 1, "title": {"en": "Cities"}, "description": {"en": "Cities"},
    "formats": ["pdf", "excel", "csv", "json"], "parameters": PARAMETERS, "sources": {"cities": {"own": "all"}},
    "query": "select city, n from cities where city = $city and ($least is null or n >= $least) and $rate = 0.5",
    "columns": [
        {"name": "city", "type": "text", "label": {"en": "City"}},
        {"name": "n", "type": "integer", "label": {"en": "N"}},
    ],
})  # fmt: skip


@pytest.fixture
def engine(tmp_path: Path) -> DuckDBEngine:
    (tmp_path / "data/cities").mkdir(parents=True)
    (tmp_path / "data/cities/a.csv").write_text("city,n\nVan,1\nMuş,2\nVan,3\n")
    return DuckDBEngine(
        str(tmp_path / "data"), memory_limit_mb=300, temp_directory=str(tmp_path / "spill"), temp_limit_mb=50
    )


def made(engine: DuckDBEngine, form: Format, parameters: Mapping[str, Any]) -> bytes:
    report, sink = a_report(report_type="cities", format=form, parameters=parameters), WriteOnly()
    with engine.open(CITIES, parameters, own_user_id=None) as rows:
        count, figures = rows.rows_total, rows.figures()
        render(report, CITIES, rows, sink, figures=figures, as_of=NOW, row_count=count, rows_total=count)
    return sink.data


@pytest.mark.parametrize("form", Format)
def test_null_not_sent_and_the_default_make_the_same_document(engine: DuckDBEngine, form: Format) -> None:
    documents = {
        made(engine, form, parameters)
        for parameters in ({}, {"city": None, "least": None}, {"city": "Van"}, {"city": "Van", "rate": 0.5})
    }

    assert len(documents) == 1
    assert documents != {made(engine, form, {"city": "Muş"})}


def test_json_says_what_the_rows_were_asked_for_by(engine: DuckDBEngine) -> None:
    document = json.loads(made(engine, Format.JSON, {"least": 2}))

    assert document["report"]["parameters"] == {"city": "Van", "least": 2, "rate": 0.5}
    assert document["rows"] == [{"city": "Van", "n": 3}]
