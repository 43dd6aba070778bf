"""What `sam build` made, and whether Lambda takes it."""

import sys
from pathlib import Path

import pytest

from local import package

TEMPLATE = """
Globals: {Function: {Layers: [{Ref: Shared}]}}
Resources:
  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: Shared}}
  Own: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: ../own}}
  Small: {Type: AWS::Serverless::Function, Properties: {CodeUri: Small}}
  Large: {Type: AWS::Serverless::Function, Properties: {CodeUri: Large, Layers: [{Ref: Own}]}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {}}
"""


@pytest.fixture
def build(tmp_path: Path) -> Path:
    folder = tmp_path / "build"
    for name, size in {"build/Shared": 10, "own": 200, "build/Small": 1, "build/Large": 3000}.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "data").write_bytes(bytes(size))
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "Small/app.py").write_text("x = 1\n")
    return folder


def test_a_function_counts_with_all_its_layers(build: Path) -> None:
    packages = package.Packages(build)

    sizes = {name: packages.unzipped_bytes(name) for name in packages.functions}

    assert sizes == {"Small": 1 + 6 + 10, "Large": 3000 + 10 + 200}


@pytest.mark.parametrize(("limit", "code"), [(3209, 1), (3210, 0)])
def test_a_package_over_the_limit_fails(
    build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], limit: int, code: int
) -> None:
    monkeypatch.setattr(package, "UNZIPPED_BYTES", limit)
    monkeypatch.setattr(package, "compile_bytecode", lambda *_: None)

    assert package.main(build, "python") == code
    assert "3,210" in capsys.readouterr().out


def test_bytecode_is_never_checked_against_its_source(build: Path) -> None:
    package.compile_bytecode(package.Packages(build), build, sys.executable)

    compiled = next(build.glob("Small/__pycache__/app.*.pyc")).read_bytes()
    assert compiled[4:8] == bytes([1, 0, 0, 0])  # PEP 552: by hash, unchecked
    assert b"/var/task/app.py" in compiled
    assert not list(build.parent.glob("own/**/*.pyc"))
