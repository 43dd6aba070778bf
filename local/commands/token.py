"""`rapor token`: mint a token that `make run` accepts."""

import argparse
import json
import os
import sys
from typing import Any

from local.settings import home_from
from local.template import AUDIENCE, ISSUER
from local.tokens import SigningKey


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Mint a token with the key in RAPOR_HOME, and print it and nothing else."
    parser.epilog = "Exits with 0."
    parser.add_argument("--sub", help="who the caller is; without it the token names nobody")
    parser.add_argument(
        "--permission", action="append", default=[], metavar="NAME",
        help="what they may do, such as reports.view or reports.view.own; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--claim", action="append", default=[], type=_claim, metavar="KEY=VALUE",
        help="any claim; the value is read as JSON, else as text; may be repeated",
    )  # fmt: skip
    parser.add_argument("--expires-in", type=int, default=3600, metavar="SECONDS", help="else an hour; may be negative")
    parser.add_argument("--issuer", metavar="URL", default=ISSUER, help="else the local run's")
    parser.add_argument("--audience", metavar="NAME", default=AUDIENCE, help="else the local run's")


def run(parsed: argparse.Namespace) -> int:
    """Print a token and nothing else; a first call makes the key and says so on standard error."""
    folder = home_from(os.environ).keys
    key = SigningKey.load_or_make(folder, say=lambda text: print(text, file=sys.stderr))
    print(
        key.mint(
            sub=parsed.sub,
            permissions=parsed.permission,
            issuer=parsed.issuer,
            audience=parsed.audience,
            expires_in_s=parsed.expires_in,
            claims=dict(parsed.claim),
        )
    )
    return 0


def _claim(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError("must be KEY=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
