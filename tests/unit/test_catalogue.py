import gc
import weakref
from pathlib import Path

import pytest

from rapor.catalogue import Catalogue
from rapor.errors import CatalogueError
from rapor.report import Format
from tests.builders import ROOT, a_catalogue

USERS = (ROOT / "layers/catalogue/report_types/users.toml").read_text()
MISTAKES = [
    ("not toml", "name =", "", "Invalid value"),
    ("no version", USERS.replace("version = 1\n", ""), "version", "required"),
    ("unknown key", 'colour = "red"\n' + USERS, "colour", "not permitted"),
    ("wrong format", USERS.replace('"pdf", "excel"', '"pdf", "word"'), "formats.1", "'pdf'"),
    ("misnamed", USERS.replace('name = "users"\n', 'name = "people"\n', 1), "name", "must be 'users'"),
    (
        "wrong schema",
        USERS.replace('type = "string"\nformat', 'type = "text"\nformat', 1),
        "parameters.properties.date_from.type",
        "text",
    ),
    ("summed text", USERS.replace('name = "role"\n', 'name = "role"\ntotal = true\n'), "columns.3", "only a number"),
    (
        "text in liras",
        USERS.replace('name = "role"\n', 'name = "role"\ncurrency = "TRY"\n'),
        "columns.3",
        "for numbers",
    ),
    ("line end in a name", USERS.replace('name = "role"\n', 'name = "role\\n"\n', 1), "columns.3.name", "match"),
    ("language nobody speaks", USERS.replace("[title]\n", '[title]\nxx = "x"\n', 1), "title", "'xx'"),
    ("unknown currency form", USERS.replace('"TRY"', '"lira"', 1), "columns.8.currency", "match"),
    (
        "chart of dates",
        USERS.replace('name = "users", type = "integer"', 'name = "users", type = "date"'),
        "chart",
        "every y must be a number",
    ),
    ("unknown chart", USERS.replace('kind = "bar"', 'kind = "pie"'), "chart.kind", "'bar'"),
    ("undeclared column", 'record = ["score"]\n' + USERS, "record.0", "names score, which no column is"),
    ("unknown column type", USERS.replace('type = "decimal"', 'type = "money"'), "columns.8.type", "'text'"),
]


def test_shipped_types_load() -> None:
    users = a_catalogue().get("users")

    assert users is not None
    assert users.default_format is Format.PDF
    assert users.open_to_own
    assert users.parameter_names == ("date_from", "date_to", "status")


@pytest.mark.parametrize(("text", "key", "reason"), [mistake[1:] for mistake in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_a_mistake_names_file_key_and_reason(tmp_path: Path, text: str, key: str, reason: str) -> None:
    (tmp_path / "users.toml").write_text(text)

    with pytest.raises(CatalogueError) as raised:
        Catalogue.load(tmp_path)

    assert raised.value.file == "users.toml"
    assert raised.value.key == key
    assert reason in raised.value.reason


def test_a_mistake_is_forgotten_with_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "users.toml").write_text(USERS.replace("version = 1", "version = 0"))

    def mistake() -> weakref.ref[CatalogueError]:
        with pytest.raises(CatalogueError) as raised:  # the traceback holds this frame, which holds the error
            Catalogue.load(tmp_path)
        return weakref.ref(raised.value)

    made = mistake()
    gc.collect()

    assert made() is None


def test_an_opened_catalogue_reads_no_type_before_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "users.toml").write_text(USERS)
    (tmp_path / "wrong.toml").write_text("name =")

    catalogue = Catalogue.open(tmp_path)

    assert catalogue.get("users") is catalogue.get("users")
    assert catalogue.get("nobody") is None
    with pytest.raises(CatalogueError):
        catalogue.get("wrong")


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    for read in (Catalogue.load, Catalogue.open):
        with pytest.raises(CatalogueError):
            read(tmp_path)


def test_defaults_fill_what_was_not_sent() -> None:
    users = a_catalogue().get("users")

    assert users is not None
    assert users.with_defaults({"status": "active"}) == {"date_from": None, "date_to": None, "status": "active"}


def test_a_source_without_own_closes_the_type(tmp_path: Path) -> None:
    (tmp_path / "users.toml").write_text(USERS.replace('own = "user_id"\n', ""))

    users = Catalogue.load(tmp_path).get("users")

    assert users is not None
    assert not users.open_to_own
