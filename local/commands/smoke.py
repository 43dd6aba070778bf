"""`rapor smoke`: see whether a deployed service keeps its word."""

import argparse
import os
import sys

from local.parameters import pair_in
from local.smoke import Door, NotAsPromised, Wish, smoke
from rapor.report import Format

KEPT, BROKEN, WRONG = 0, 1, 2
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


def run(parsed: argparse.Namespace) -> int:
    """Say what is as promised, and on standard error what is not."""
    token = parsed.token or os.environ.get("RAPOR_TOKEN", "")
    if not token:
        print(f"a token is needed, with {NEEDS}: --token, or RAPOR_TOKEN", file=sys.stderr)
        return WRONG
    wish = Wish(parsed.type, parsed.param, parsed.format)
    try:
        smoke(
            Door(parsed.url.rstrip("/"), token),
            wish,
            patience_s=parsed.patience,
            say=lambda line: print(line, flush=True),
        )
    except NotAsPromised as error:
        print(error, file=sys.stderr)
        return BROKEN
    return KEPT
