"""`rapor preview` and its answers to an author's mistakes, each in a process of its own."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import openpyxl
import pypdf
import pytest

from local.datasets import ensure_datasets
from tests.builders import ROOT

pytestmark = pytest.mark.e2e
TYPES = ROOT / "layers/catalogue/report_types"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    ensure_datasets(folder)
    return folder


def rapor(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from local.cli import main; main()", "preview", *map(str, arguments)]
    environ = os.environ | {"RAPOR_HOME": str(folder / "home")}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_a_first_preview_makes_its_data_and_says_where_the_document_is(tmp_path: Path) -> None:
    done = rapor(tmp_path, "users", "--param", "status=active", "--rows", 1000, "--locale", "en")

    assert (done.returncode, done.stderr) == (0, "")
    path, _, rest = done.stdout.partition(": ")
    document = tmp_path / path
    assert path == "out/users.pdf"
    assert rest.startswith(f"1,000 of 9,691 rows, {document.stat().st_size:,} bytes, ")
    assert "User Report" in pypdf.PdfReader(document).pages[0].extract_text()
    assert [it.name for it in document.parent.iterdir()] == ["users.pdf"]


def test_a_preview_is_what_the_service_makes(tmp_path: Path, data: Path) -> None:
    out = tmp_path / "a/b.json"

    done = rapor(tmp_path, "users", "--data", data, "--format", "json", "--own", 7, "--out", out, "--locale", "en")

    assert done.returncode == 0, done.stderr
    document = json.loads(out.read_text())
    assert {row["user_id"] for row in document["rows"]} == {"7"}
    assert document["report"]["row_count"] == document["report"]["rows_total"] == len(document["rows"])
    assert document["columns"][1]["label"] == "Full name"


def test_excel_is_written_too(tmp_path: Path, data: Path) -> None:
    done = rapor(tmp_path, "users", "--data", data, "--format", "excel", "--rows", 3)

    assert done.returncode == 0, done.stderr
    with closing(openpyxl.load_workbook(tmp_path / "out/users.xlsx", read_only=True)) as book:
        assert next(book.worksheets[0].iter_rows())[0].value == "Kullanıcı no"


def test_wrong_parameters_are_told_in_the_services_sentences(tmp_path: Path, data: Path) -> None:
    done = rapor(
        tmp_path, "users", "--data", data,
        "--param", "date_from=2025-13-01", "--param", "status=asleep", "--param", "city=Van",
    )  # fmt: skip

    assert done.returncode == 2
    assert sorted(done.stderr.splitlines()) == [
        "hint: users takes date_from, date_to, status; as pdf, excel, csv, json.",
        "parameters.city: The parameters.city field is prohibited.",
        "parameters.date_from: The parameters.date from field must be a valid date.",
        "parameters.status: The selected parameters.status is invalid.",
    ]


def test_an_unknown_type_names_the_ones_there_are(tmp_path: Path, data: Path) -> None:
    done = rapor(tmp_path, "user", "--data", data)

    assert done.returncode == 2
    assert done.stderr.startswith("There is no report type user. Did you mean users?\nThere are: ")


@pytest.mark.parametrize("name", ["../report_types/users", "nothing-like-it"])
def test_a_type_is_a_name_and_no_path(tmp_path: Path, name: str) -> None:
    done = rapor(tmp_path, name)

    assert done.returncode == 2
    assert done.stderr.startswith(f"There is no report type {name}.")


@pytest.mark.parametrize(
    ("change", "said", "hint"),
    [
        (('type = "decimal"', 'type = "decimals"'), "columns.8.type: Input should be", "Did you mean decimal?"),
        (("version = 1", "versoin = 1"), "version: Field required", "Add it: "),
        (('lane = "fast"', 'lane = "fast"\nformat = "pdf"'), "format: Extra inputs", "Did you mean formats?"),
        (('name = "users"', 'name = "Users"'), "name: String should match", "Names are of small letters"),
        (('name = "users"', 'name = "people"'), "name: must be 'users'", "Rename the file"),
        (("[title]", "[title"), "", "Text stands in"),
        (("\nfrom users\n", "\nfrom accounts\n"), "query: reads accounts, which", "A query is one SELECT"),
        (("$status is null", "$state is null"), "query: uses $state, which", "Declare it in"),
        (('type = "string"\nenum', 'type = "strng"\nenum'), "parameters.properties.status.type: ", "Did you mean string?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_type_names_file_key_reason_and_what_to_do(
    tmp_path: Path, data: Path, change: tuple[str, str], said: str, hint: str
) -> None:
    text = (TYPES / "users.toml").read_text()
    assert change[0] in text
    (tmp_path / "users.toml").write_text(text.replace(*change, 1))

    done = rapor(tmp_path, "users", "--types", tmp_path, "--data", data)

    assert done.returncode == 2
    reason, advice = done.stderr.splitlines()
    assert reason.startswith(f"users.toml: {said}")
    assert advice.startswith(f"hint: {hint}")


def test_another_types_mistake_does_not_matter(tmp_path: Path, data: Path) -> None:
    (tmp_path / "users.toml").write_text((TYPES / "users.toml").read_text())
    (tmp_path / "broken.toml").write_text("[")

    assert rapor(tmp_path, "users", "--types", tmp_path, "--data", data, "--rows", 1).returncode == 0


def test_a_closed_type_says_what_it_lacks(tmp_path: Path, data: Path) -> None:
    (tmp_path / "users.toml").write_text((TYPES / "users.toml").read_text().replace('own = "user_id"', ""))

    done = rapor(tmp_path, "users", "--types", tmp_path, "--data", data, "--own", 7)

    assert done.returncode == 2
    assert done.stderr.startswith("users is closed to .own callers: [sources.users] says no own.\nhint: ")


def test_a_report_that_cannot_be_made_says_why_and_leaves_nothing(tmp_path: Path, data: Path) -> None:
    text = (TYPES / "users.toml").read_text()
    (tmp_path / "users.toml").write_text(text.replace("order by registered_on", "order by registered"))

    done = rapor(tmp_path, "users", "--types", tmp_path, "--data", data)

    assert done.returncode == 1
    assert done.stderr.startswith("source_invalid: ")
    assert 'because: Binder Error: Referenced column "registered" not found' in done.stderr
    assert not list(tmp_path.glob("out/*"))


def test_too_many_rows_are_told_as_by_the_service(tmp_path: Path, data: Path) -> None:
    text = (TYPES / "users.toml").read_text()
    (tmp_path / "users.toml").write_text(text.replace("pdf = 100_000", "pdf = 100"))

    done = rapor(tmp_path, "users", "--types", tmp_path, "--data", data)

    assert done.returncode == 1
    assert (
        done.stderr
        == "too_many_rows: pdf holds 100 rows of this type, and there are 12000. Use excel or csv or json, or narrow the parameters.\n"
    )


def test_a_preview_needs_nothing_of_aws(tmp_path: Path, data: Path) -> None:
    code = "import sys\nfrom local.cli import main\ntry: main(sys.argv[1:])\nfinally: print(sorted(sys.modules))"
    command = [sys.executable, "-c", code, "preview", "users", "--data", str(data), "--format", "csv", "--rows", "1"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)

    modules = set(done.stdout.splitlines()[-1].strip("[]").replace("'", "").split(", "))
    assert "duckdb" in modules
    assert modules & {"boto3", "botocore", "moto", "uvicorn", "aws_lambda_powertools", "cryptography", "yaml"} == set()
