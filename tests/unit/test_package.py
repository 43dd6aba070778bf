"""What `sam build` made, and whether Lambda takes it."""

import shutil
import sys
from pathlib import Path
from typing import Any

import botocore
import pytest
import yaml
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.loaders import Loader
from botocore.session import Session

from local import package
from local.hints import BY_KEY, UNDECLARED
from tests.builders import a_type_file

TEMPLATE = """
Parameters: {Architecture: {Type: String, AllowedValues: [x86_64, arm64], Default: x86_64}, Other: {Type: String}}
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
@pytest.mark.parametrize(("bound", "heavy"), [("UNZIPPED_BYTES", {"Large"}), ("LIGHT_BYTES", set())])
def test_a_package_over_the_limit_fails(
    *,
    build: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    bound: str,
    heavy: set[str],
    limit: int,
    code: int,
) -> None:
    monkeypatch.setattr(package, bound, limit)
    monkeypatch.setattr(package, "HEAVY", heavy)
    monkeypatch.setattr(package, "compile_bytecode", lambda *_: None)

    assert package.main(build, "python") == code
    assert "3,210" in capsys.readouterr().out


@pytest.mark.parametrize(("place", "who"), [("Small/duckdb", ["Small"]), ("Shared/python/duckdb", ["Large", "Small"])])
def test_a_heavy_wheel_where_it_does_not_belong_fails(
    build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str, who: list[str]
) -> None:
    (build / place).mkdir(parents=True)
    monkeypatch.setattr(package, "compile_bytecode", lambda *_: None)

    assert package.main(build, "python") == 1
    said = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[0] for line in said if "must not carry duckdb" in line) == who


def a_library(file: Path, machine: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + machine.to_bytes(2, "little") + bytes(44))


def parameters(build: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((build / "template.yaml").read_text())["Parameters"]
    return found


@pytest.mark.parametrize(("machine", "processor"), [(0x3E, "x86_64"), (0xB7, "arm64")])
def test_what_is_built_for_one_processor_is_deployed_for_no_other(
    build: Path, monkeypatch: pytest.MonkeyPatch, machine: int, processor: str
) -> None:
    a_library(build / "Shared/python/some/_some.cpython-313.so", machine)
    a_library(build / "Large/other.libs/libother.so.3", machine)
    before = yaml.safe_load(TEMPLATE)
    monkeypatch.setattr(package, "compile_bytecode", lambda *_: None)

    assert package.main(build, "python") == 0

    bound = {"Type": "String", "AllowedValues": [processor], "Default": processor}
    assert parameters(build) == before["Parameters"] | {"Architecture": bound}
    assert package.Packages(build).functions == ["Small", "Large"]


def test_libraries_for_two_processors_are_refused(
    build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_library(build / "Small/a.so", 0x3E)
    a_library(build / "Large/b.so", 0xB7)
    monkeypatch.setattr(package, "compile_bytecode", lambda *_: None)

    assert package.main(build, "python") == 1
    assert capsys.readouterr().out.startswith("libraries for arm64 and x86_64: remove ")
    assert parameters(build) == yaml.safe_load(TEMPLATE)["Parameters"]


def test_a_report_type_that_is_wrong_fails_and_says_what_to_do(
    build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    types = build / "types"
    types.mkdir()
    a_type_file(types, name="right")
    a_type_file(types, ("from things", "from strangers"), name="strange")
    a_type_file(types, name="stuck", more='[parameters]\nrequired = ["day"]')
    monkeypatch.setattr(package, "TYPES", types)

    assert package.main(build, "python") == 1
    assert capsys.readouterr().err.splitlines() == [
        "strange.toml: query: reads strangers, which [sources] does not declare",
        f"hint: {BY_KEY['query']}",
        "stuck.toml: parameters.required: names day, which [parameters.properties] does not declare",
        f"hint: {UNDECLARED}",
    ]


def test_bytecode_is_never_checked_against_its_source(build: Path) -> None:
    package.compile_bytecode(package.Packages(build), build, sys.executable)

    compiled = next(build.glob("Small/__pycache__/app.*.pyc")).read_bytes()
    assert compiled[4:8] == bytes([1, 0, 0, 0])  # PEP 552: by hash, unchecked
    assert b"/var/task/app.py" in compiled
    assert not list(build.parent.glob("own/**/*.pyc"))


class Empty:
    """An answer's body."""

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return []


WHOLE = Path(botocore.__file__).parent / "data"
SERVICES = package.services_used(WHOLE, *package.CODE)
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("dynamodb", "get_item", {"TableName": "t", "Key": {"pk": {"S": "a"}}}),
    ("s3", "put_object", {"Bucket": "b", "Key": "k", "Body": b"x"}),
    ("events", "put_events", {"Entries": [{"Source": "s", "DetailType": "t", "Detail": "{}"}]}),
    ("kms", "sign", {"KeyId": "k", "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}),
]


@pytest.fixture(scope="module")
def trimmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    for file in WHOLE.glob("*.json"):
        shutil.copy(file, data)
    for service in {*SERVICES, "sqs"}:
        shutil.copytree(WHOLE / service, data / service)
    package.trim_sdk(data, SERVICES)
    return data


def sdk(data: Path | None) -> Session:
    session = Session()
    session.set_credentials("test", "test")
    session.set_config_variable("region", "eu-central-1")
    if data:
        session.register_component("data_loader", Loader([str(data)], include_default_search_paths=False))
    return session


def test_rooms_and_package_name_their_services() -> None:
    assert {"dynamodb", "s3", "kms", "events"} <= SERVICES


def test_only_services_that_are_used_are_shipped(trimmed: Path) -> None:
    assert set(sdk(trimmed).get_available_services()) == SERVICES
    assert sum(file.stat().st_size for file in trimmed.rglob("*.json")) < 1_500_000
    assert not list(trimmed.rglob("*.gz"))


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_trimmed_client_is_the_whole_one(trimmed: Path, service: str) -> None:
    ours, whole = (sdk(data).create_client(service) for data in (trimmed, None))

    for name in whole.meta.service_model.operation_names:
        mine, theirs = (it.meta.service_model.operation_model(name) for it in (ours, whole))
        assert mine.http == theirs.http
        assert [*getattr(mine.input_shape, "members", ())] == [*getattr(theirs.input_shape, "members", ())]
        assert ours.can_paginate(xform_name(name)) == whole.can_paginate(xform_name(name))
    assert ours.meta.endpoint_url == whole.meta.endpoint_url


@pytest.mark.parametrize(("service", "operation", "arguments"), CALLS, ids=[it[0] for it in CALLS])
def test_a_trimmed_client_sends_what_the_whole_one_sends(
    trimmed: Path, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    def sent(data: Path | None) -> tuple[str, ...]:
        seen: list[tuple[str, ...]] = []
        client = sdk(data).create_client(service)

        def answer(request: Any, **_: Any) -> AWSResponse:
            seen.append((request.method, request.url, request.headers.get("X-Amz-Target")))
            return AWSResponse(request.url, 200, {}, Empty())

        client.meta.events.register("before-send", answer)
        getattr(client, operation)(**arguments)
        return seen[0]

    assert sent(trimmed) == sent(None)
