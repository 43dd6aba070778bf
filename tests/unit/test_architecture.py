"""Who may import whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CORE = {"report", "errors"}
USE_CASE = CORE | {"batches", "catalogue", "caller", "figures"}
ADAPTER = CORE | {"batches", "catalogue", "figures", "sql"}
MAY_IMPORT = {
    "report": set(),
    "score": {"report"},
    "errors": set(),
    "batches": set(),
    "figures": set(),
    "listing": {"report"},
    "locale": set(),
    "sql": set(),
    "timetable": {"schedule"},
    "schedule": {"report"},
    "caller": CORE,
    "settings": CORE,
    "catalogue": CORE,
    "deliveries": set(),
    "create": USE_CASE | {"listing"},
    "record": CORE | {"batches", "catalogue"},
    "turns": set(),
    "announce": CORE | {"turns"},
    "manifest": CORE,
    "process": USE_CASE | {"manifest", "record"},
    "estimate": USE_CASE | {"process"},
    "order_score": USE_CASE | {"score"},
    "read_score": USE_CASE | {"listing", "read", "score"},
    "read": USE_CASE | {"listing", "manifest"},
    "sweep": USE_CASE | {"turns"},
    "update": USE_CASE,
    "waiting": CORE,
    "purge": USE_CASE | {"score", "turns"},
    "redrive": USE_CASE | {"listing", "update"},
    "orphans": USE_CASE | {"manifest", "turns"},
    "run_schedule": USE_CASE | {"create", "schedule"},
    "settling": {"errors", "schedule", "timetable"},
    "scheduling": USE_CASE | {"listing", "schedule", "settling"},
    "sweep_schedules": USE_CASE | {"announce", "schedule", "settling", "timetable", "turns"},
    "http": CORE | {"caller", "catalogue", "listing", "schedule", "score", "timetable"},
    "store": ADAPTER | {"listing", "schedule"},
    "data": ADAPTER,
    "documents": ADAPTER | {"locale"},
}
ONLY_IN = {
    "boto3": set(),  # `store.clients` makes botocore's own clients
    "pydantic": set(),  # a fifth of a second at every cold start
    "dataclasses": set(),  # records are msgspec's: a dataclass writes and compiles code for itself at every start
    "botocore": {"store", "data", "functions"},
    "aws_lambda_powertools": {"http", "functions"},
    "duckdb": {"data"},
    "arro3": {"data"},
    "obstore": {"data"},
    "babel": {"locale"},
    "cronsim": {"timetable"},
}
ROOM_LINES = 80


def breaches(root: Path) -> list[str]:
    """Every rule broken below *root*, as `file:line: sentence`."""
    return sorted([*package_breaches(root), *room_breaches(root), *path_breaches(root)])


def package_breaches(root: Path) -> Iterator[str]:
    package = root / "layers/common/rapor"
    for file in package.rglob("*.py"):
        part = file.relative_to(package).with_suffix("").parts[0]
        for line, name in imports(file, root / "layers/common"):
            for sentence in package_rules(part, name):
                yield f"{file.relative_to(root)}:{line}: {sentence}"


def package_rules(part: str, name: str) -> Iterator[str]:
    top, _, rest = name.partition(".")
    if part != "__init__" and part not in MAY_IMPORT:
        yield f"rapor.{part} is new: say in MAY_IMPORT whom it may import"
    elif top == "rapor" and rest.split(".")[0] not in {"", part, *MAY_IMPORT.get(part, set())}:
        yield f"{part} may not import {name}"
    if part not in ONLY_IN.get(top, {part}):
        yield f"{part} may not import {top}: it belongs in {', '.join(sorted(ONLY_IN[top])) or 'no function'}"
    if top in {"functions", "app", "local", "tests"}:
        yield f"nothing in rapor imports {name}"


def room_breaches(root: Path) -> Iterator[str]:
    for file in (root / "functions").rglob("*.py"):
        where = file.relative_to(root)
        for line, name in imports(file, root):
            top = name.split(".")[0]
            if top in {"functions", "app", "local", "tests"}:
                yield f"{where}:{line}: a room does not import {name}"
            if name.startswith("rapor.http.openapi"):
                yield f"{where}:{line}: a room serves the description from its file"
            if "functions" not in ONLY_IN.get(top, {"functions"}):
                yield f"{where}:{line}: a room may not import {top}"
        if (length := lines_of_code(file)) > ROOM_LINES:
            yield f"{where}:1: {length} lines; a room has at most {ROOM_LINES}"


def path_breaches(root: Path) -> Iterator[str]:
    for folder in ("functions", "layers", "local", "tests", "benchmarks"):
        for file in (root / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.expr | ast.stmt) and edits_path(node):
                    yield f"{file.relative_to(root)}:{node.lineno}: nobody edits sys.path"


def edits_path(node: ast.AST) -> bool:
    """Whether *node* changes where modules are found."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(id="sys"), attr="path"))):
            return True
        case ast.Call(func=ast.Attribute(attr="syspath_prepend" | "addsitedir")):
            return True
        case ast.Attribute(value=ast.Name(id="sys"), attr="path", ctx=ast.Store() | ast.Del()):
            return True
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id="sys"), attr="path"), ctx=ast.Store() | ast.Del()):
            return True
        case ast.ImportFrom(module="sys", names=names):
            return any(alias.name == "path" for alias in names)
    return False


def imports(file: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Every module *file* names, absolute, wherever in it; `from a import b` names `a.b`."""
    package = file.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = [*package[: len(package) - level + 1], module] if level else [module]
                stem = ".".join(part for part in base if part)
                yield from ((node.lineno, f"{stem}.{alias.name}") for alias in names)
            case ast.Call(
                func=ast.Name(id="__import__") | ast.Attribute(attr="import_module") | ast.Name(id="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def lines_of_code(file: Path) -> int:
    """Lines of code and docstrings: not blank, not only a comment."""
    lines = (line.strip() for line in file.read_text().splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def test_everyone_imports_only_whom_they_may() -> None:
    assert breaches(ROOT) == []


def test_a_run_of_a_schedule_needs_no_cron_library() -> None:
    loaded = "import rapor.run_schedule, rapor.http.orders, rapor.store.schedules, sys; print('cronsim' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)

    assert said.stdout == "False\n"


def test_no_cold_start_reads_all_report_types() -> None:
    rooms = [file.read_text() for file in (ROOT / "functions").rglob("*.py")]

    assert sum("Catalogue.open" in room for room in rooms) == 6
    assert not any("Catalogue.load" in room for room in rooms)


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("layers/common/rapor/report.py", "import boto3"),
        ("layers/common/rapor/report.py", "from rapor import errors"),
        ("layers/common/rapor/report.py", "def late():\n    import botocore.config"),
        ("layers/common/rapor/catalogue.py", "from .store import table"),
        ("layers/common/rapor/catalogue.py", "from importlib import import_module\nimport_module('duckdb')"),
        ("layers/common/rapor/create.py", "from rapor.store.table import ReportTable"),
        ("layers/common/rapor/process.py", "from aws_lambda_powertools import Logger"),
        ("layers/common/rapor/documents/pdf.py", "import duckdb"),
        ("layers/common/rapor/create.py", "from rapor.locale import locale_of"),
        ("layers/common/rapor/documents/pdf.py", "import babel"),
        ("layers/common/rapor/documents/pdf.py", "from ..data import engine"),
        ("layers/common/rapor/data/engine.py", "from rapor.caller import Caller"),
        ("layers/common/rapor/http/laravel.py", "from rapor.create import create_report"),
        ("layers/common/rapor/store/table.py", "from functions.create_report import app"),
        ("layers/common/rapor/novelty.py", "import json"),
        ("functions/create_report/app.py", "from functions.read_report.app import settings"),
        ("functions/create_report/app.py", "import duckdb"),
        ("functions/create_report/app.py", "import boto3"),
        ("layers/common/rapor/settings.py", "from pydantic import BaseModel"),
        ("functions/read_report/app.py", "from rapor.http.openapi import document"),
        ("functions/create_report/app.py", "x = 1\n" * 81),
        ("functions/create_report/app.py", "import sys\nsys.path.insert(0, '.')"),
        ("tests/unit/test_x.py", "import sys\nsys.path = []"),
        ("tests/unit/test_x.py", "def test(monkeypatch):\n    monkeypatch.syspath_prepend('.')"),
        ("local/x.py", "from sys import path"),
    ],
)
def test_a_breach_is_found(tmp_path: Path, file: str, code: str) -> None:
    source = (ROOT / file).read_text() if (ROOT / file).exists() else ""
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(f"{source}\n{code}\n")

    found = breaches(tmp_path)

    assert {breach.split(":")[0] for breach in found} == {file}


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("layers/common/rapor/store/table.py", "import botocore\nfrom rapor.report import Report"),
        ("layers/common/rapor/data/engine.py", "import duckdb\nfrom . import ranges"),
        ("layers/common/rapor/documents/csv.py", "from rapor.locale import locale_of"),
        ("functions/create_report/app.py", "import botocore\nfrom rapor.store.table import ReportTable"),
        ("local/x.py", "import sys\nprint(sys.path)"),
    ],
)
def test_what_is_allowed_passes(tmp_path: Path, file: str, code: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(code)

    assert breaches(tmp_path) == []
