"""docs/cli.md shows every command and option, and what it prints is what is printed."""

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path

import pytest

from local.cli import COMMANDS, parser_for
from tests.builders import CYBERCERT, ROOT
from tests.pages import DEFAULT_URL
from tests.prose import Page
from tests.service import Service

pytestmark = pytest.mark.e2e
PAGE = Page(ROOT / "docs/cli.md")
CONSOLE = {it.heading: it.text for it in PAGE.blocks}
ANY = "…"
ORDERS = (
    "order_no,customer,ordered_on,amount,user_id\nA-1,Ayşe Yılmaz,2025-03-03,1250.50,7\nA-2,李雷,2025-04-11,312.25,8\n"
)


@pytest.fixture(scope="module")
def folder(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader of the page is: some data, a document with its manifest, and the local run's home."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "types").mkdir()
    (folder / "orders.csv").write_text(ORDERS)
    uuid = service.finished(service.call("POST", "/api/v1/reports", CYBERCERT).json()["uuid"])["uuid"]
    (folder / "report.pdf").write_bytes(service.document(uuid))
    (folder / "report.pdf.manifest.json").write_bytes(service.call("GET", f"/api/v1/reports/{uuid}/manifest").body)
    (folder / ".rapor").symlink_to(service.home)
    return folder


@pytest.mark.parametrize("heading", CONSOLE)
def test_what_it_shows_is_what_is_printed(service: Service, folder: Path, heading: str) -> None:
    shown = re.split(r"^\$ ", CONSOLE[heading], flags=re.MULTILINE)[1:]
    typed, told = zip(*(it.split("\n", 1) for it in shown), strict=True)

    printed = outputs(typed, service, folder)

    for command, expected, found in zip(typed, told, printed, strict=True):
        assert re.fullmatch(re.escape(expected).replace(ANY, ".+"), found), f"$ {command}\n{found}"


def outputs(commands: tuple[str, ...], service: Service, folder: Path) -> list[str]:
    """What each prints, on both ways out, one after the other in one shell; 80 columns wide, without colours."""
    script = "\n".join(f"{it}\ncode=$?; printf '\\036'; (exit $code)" for it in commands)
    script = script.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    script = script.replace("rapor smoke", f"rapor smoke --url {service.url}")
    environ = os.environ | {"COLUMNS": "80", "RAPOR_HOME": str(service.home), "RAPOR_TOKEN": service.token("smoke")}
    done = subprocess.run(
        ["bash", "-uc", f"exec 2>&1\n{script}"], cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    return done.stdout.replace(service.url, DEFAULT_URL).split("\036")[:-1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_its_commands_table(name: str) -> None:
    with redirect_stdout(io.StringIO()) as told, suppress(SystemExit):
        parser_for(name).parse_args([name, "--help"])
    options = set(re.findall(r"(?<![\w-])--[a-z-]+", told.getvalue())) - {"--help"}

    explained = {option for option, _ in PAGE.rows(f"`rapor {name}`") for option in re.findall(r"--[a-z-]+", option)}

    assert explained == options


def test_every_command_has_its_section() -> None:
    assert {it.strip("`") for it in CONSOLE} == {"The command line", *(f"rapor {name}" for name in COMMANDS)}
