"""docs/cli.md shows every command and option, and what it shows is what is printed."""

import re
from pathlib import Path

import pytest

from local.cli import COMMANDS
from tests.builders import CYBERCERT, ROOT
from tests.commands import OPTIONS
from tests.pages import differences
from tests.prose import Page
from tests.service import Service

pytestmark = pytest.mark.e2e
PAGE = Page(ROOT / "docs/cli.md")
CONSOLE = {it.heading: it.text for it in PAGE.blocks}
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
    assert differences(CONSOLE[heading], service, folder) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_in_its_commands_table(command: str) -> None:
    explained = {it for cell, _ in PAGE.rows(f"`rapor {command}`") for it in re.findall(r"--[a-z-]+", cell)}

    assert explained == OPTIONS[command]


def test_every_command_has_its_section() -> None:
    assert {it.strip("`") for it in CONSOLE} == {"The command line", *(f"rapor {name}" for name in COMMANDS)}
