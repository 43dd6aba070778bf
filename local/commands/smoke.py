"""`rapor smoke`: see whether a deployed service keeps its word."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict

from local.errors import CommandStopped
from local.parameters import pair_in
from local.smoke import Door, Kept, NotAsPromised, Wish, smoke
from local.terminal import answer, screen
from rapor.report import Format

BROKEN = 1
NEEDS = "reports.generate, reports.view, reports.export and reports.delete"


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Order a report in each format through the front door, follow it, download it, hold it to its SHA-256, and"
        " delete it. Strangers must stay out."
    )
    parser.epilog = "Exits with 0 if all was as promised, 1 if not, 2 if there is no token."
    parser.add_argument("--url", default="http://127.0.0.1:3000", help="the service; else that of `make run`")
    parser.add_argument("--token", help=f"with {NEEDS}; else what RAPOR_TOKEN holds, which no list of processes shows")
    parser.add_argument("--type", default="users", help="the report type to order; else users")
    parser.add_argument(
        "--param", action="append", default=[], type=pair_in, metavar="NAME=VALUE",
        help="a parameter, so that the report is small; may be repeated",
    )  # fmt: skip
    parser.add_argument("--format", action="append", default=[], choices=[it.value for it in Format], help="else all")
    parser.add_argument("--patience", type=float, default=180, metavar="SECONDS", help="for each report")
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def run(parsed: argparse.Namespace) -> int:
    """Say what is as promised, and on standard error what is not."""
    token = parsed.token or os.environ.get("RAPOR_TOKEN", "")
    if not token:
        raise CommandStopped(f"A token is needed, with {NEEDS}.", "hint: Give it as RAPOR_TOKEN, or with --token.")
    console, wish = screen(), Wish(parsed.type, parsed.param, parsed.format)
    door = Door(parsed.url.rstrip("/"), token)
    try:
        kept = smoke(
            door,
            wish,
            patience_s=parsed.patience,
            say=lambda line: None if parsed.json else console.print(line, style="green"),
        )
    except NotAsPromised as error:
        if parsed.json:
            answer(_told(door, (), str(error)))
        raise CommandStopped(str(error), code=BROKEN) from error
    if parsed.json:
        answer(_told(door, kept, None))
    return 0


def _told(door: Door, kept: Sequence[Kept], broken: str | None) -> dict[str, object]:
    return {"url": door.url, "as_promised": broken is None, "message": broken, "reports": [asdict(it) for it in kept]}
