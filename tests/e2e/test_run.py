"""`make run`: the first start, the next one, and the end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.first_order import EXAMPLE
from tests.builders import ROOT, a_type_file
from tests.service import PATIENCE_S, Service

pytestmark = pytest.mark.e2e


def uuids(service: Service) -> list[str]:
    return [it["uuid"] for it in service.call("GET", "/api/v1/reports").json()["data"]]


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_first_run_orders_the_example_and_the_next_keeps_it(tmp_path: Path) -> None:
    with Service(tmp_path, RAPOR_FIRST_ORDER="1") as first:
        saved = tmp_path / first.wait_for("saved ").removeprefix("saved ")
        first.wait_for("serving")
        (uuid,) = uuids(first)
        report = first.call("GET", f"/api/v1/reports/{uuid}").json()
        assert first.stop() == 0

    assert saved.parent == tmp_path / "out"
    assert saved.read_bytes().startswith(b"%PDF-")
    assert {key: report[key] for key in EXAMPLE} == EXAMPLE

    with Service(tmp_path, RAPOR_FIRST_ORDER="1") as second:
        second.wait_for("serving")
        assert uuids(second) == [uuid]
        assert second.document(uuid) == saved.read_bytes()
        assert not any(line.startswith("ordering") for line in second.lines)


def test_once_ends_by_itself_and_does_not_order_again(tmp_path: Path) -> None:
    with Service(tmp_path, RAPOR_FIRST_ORDER="1", ONCE="1") as first:
        assert first.wait() == 0
    with Service(tmp_path, RAPOR_FIRST_ORDER="1", ONCE="1") as second:
        assert second.wait() == 0

    assert any(line.startswith("saved out/") for line in first.lines)
    assert not any(line.startswith("ordering") for line in second.lines)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What of the project runs, so that its types can be edited."""
    for folder in ("local", "functions", "layers/catalogue", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "layers/common").symlink_to(ROOT / "layers/common")
    shutil.copyfile(ROOT / "template.yaml", tmp_path / "template.yaml")
    return tmp_path


def test_a_run_serves_and_describes_the_types_that_are_right_and_writes_into_no_file_of_the_project(
    project: Path,
) -> None:
    types = project / "layers/catalogue/report_types"
    (types / "sales.toml").write_text("[")
    a_type_file(types, more='[parameters.properties.day]\ntype = "string"\nx-label = { tr = "Gün" }')

    with Service(project) as service:
        listed = service.call("GET", "/api/v1/report-types")
        schemas = service.call("GET", "/openapi.json").json()["components"]["schemas"]

    assert any(line.startswith("sales is left out: sales.toml: ") for line in service.lines)
    assert [it["name"] for it in listed.json()["data"]] == ["reference", "things", "users"]
    assert {"CreateReport_things", "CreateReport_users"} <= schemas.keys()
    assert "CreateReport_sales" not in schemas
    assert (project / "docs/openapi.json").read_bytes() == (ROOT / "docs/openapi.json").read_bytes()


def test_make_run_makes_nothing_of_the_project_anew_when_a_type_is_newer() -> None:
    newer = "layers/catalogue/report_types/users.toml"

    planned = subprocess.run(
        ["make", "-n", "-W", newer, "run"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout

    assert "-m local\n" in planned
    assert "local.openapi" not in planned


def test_a_service_that_does_not_get_ready_is_ended_and_leaves_no_pipe_open(tmp_path: Path) -> None:
    service = Service(tmp_path, PORT="none")

    with pytest.raises(AssertionError, match="no line begins with 'ready '"), service:
        pass

    assert service.process.returncode
    assert service.process.stdout
    assert service.process.stdout.closed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_leaves_no_process_and_no_port(tmp_path: Path, number: int) -> None:
    with Service(tmp_path) as service:
        service.wait_for("serving")
        port = int(service.url.rpartition(":")[2])

        assert service.stop(number) == 0

        assert service.lines[-1] == "stopped, everything kept"
        assert not is_there(service.process.pid)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))


def test_kill_loses_nothing_older_than_a_moment(tmp_path: Path) -> None:
    with Service(tmp_path) as first:
        created = first.call("POST", "/api/v1/reports", EXAMPLE | {"format": "json"}).json()
        first.finished(created["uuid"])
        time.sleep(4)
        first.stop(signal.SIGKILL)

    with Service(tmp_path) as second:
        assert uuids(second) == [created["uuid"]]
        assert second.finished(created["uuid"])["status"] == "completed"


def test_functions_log_to_a_file_and_not_to_the_terminal(service: Service) -> None:
    created = service.call("POST", "/api/v1/reports", EXAMPLE | {"format": "csv"}).json()
    service.finished(created["uuid"])

    assert not any(line.startswith("{") for line in service.lines)
    log = service.home / "log" / "functions.jsonl"
    wanted = {f'"function_name":"{name}"' for name in ("CreateReport", "ProcessFast")}
    deadline = time.monotonic() + PATIENCE_S  # the report has ended before its function says so
    while any(it not in log.read_text("utf-8") for it in wanted) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {it for it in wanted if it in log.read_text("utf-8")} == wanted


def started(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    settings = {"PORT": "0", "RAPOR_HOME": str(folder / "home")} | environ
    command = [sys.executable, "-m", "local"]
    return subprocess.run(
        command, cwd=folder, env=os.environ | settings, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "secret"),
        ("PORT", "70000"),
        ("ONCE", "secret"),
        ("RAPOR_FIRST_ORDER", "secret"),
        ("RAPOR_HOME", "/dev/null/secret"),
    ],
)
def test_bad_setting_is_named_without_its_value(tmp_path: Path, name: str, value: str) -> None:
    run = started(tmp_path, **{name: value})

    assert run.returncode == 2
    assert f"cannot start: {name} must be" in run.stderr
    assert value not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


def test_taken_port_is_said(tmp_path: Path, service: Service) -> None:
    port = service.url.rpartition(":")[2]

    run = started(tmp_path, PORT=port)

    assert run.returncode == 2
    assert f"something else listens on 127.0.0.1:{port}" in run.stderr


def test_second_run_in_the_same_home_is_refused(service: Service) -> None:
    run = started(service.folder)

    assert run.returncode == 2
    assert "another run works in" in run.stderr


def rapor(service: Service, *arguments: str) -> str:
    command = [sys.executable, "-c", "from local.cli import main; main()", *arguments]
    environ = os.environ | {"RAPOR_HOME": str(service.home)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_a_link_that_signs_into_the_console_is_said(service: Service) -> None:
    link = service.wait_for(f"  {service.url}/#token=")

    assert service.call("GET", "/api/v1/reports", token=link.partition("=")[2]).status == 200


def test_rapor_token_is_accepted(service: Service) -> None:
    token = rapor(service, "token", "--sub", "cli", "--permission", "reports.generate", "--claim", "email=a@b.example")

    answer = service.call("POST", "/api/v1/reports", EXAMPLE, token=token)

    assert answer.status == 201
    assert answer.json()["user_id"] == "cli"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--sub", "1", "--expires-in", "-1"],
        ["--sub", "1", "--audience", "other"],
        ["--sub", "1", "--issuer", "https://example.com/"],
        ["--sub", "1", "--claim", 'exp="9999999999"'],
        [],
    ],
)
def test_token_that_does_not_fit_is_unauthorized(service: Service, arguments: list[str]) -> None:
    token = rapor(service, "token", "--permission", "reports.generate", *arguments)

    answer = service.call("POST", "/api/v1/reports", EXAMPLE, token=token)

    assert answer.status == 401
    assert answer.json()["message"] == "Unauthorized"
