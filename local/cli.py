"""`rapor`: what an author or a client does on their own machine."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from local.errors import CannotStart

COMMANDS = {
    "new": "begin a report type, from a file of data if there is one",
    "check": "say what is wrong with the report types",
    "preview": "make a document of a report type, here and now",
    "schedules": "say when a schedule would run",
    "smoke": "see whether a service keeps its word, wherever it runs",
    "token": "mint a token that `make run` accepts",
    "verify": "say whether a file is exactly what a report produced",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and do what it says."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parsed = _parser(given[0] if given else "").parse_args(given)
    try:
        sys.exit(parsed.run(parsed))
    except CannotStart as error:
        sys.exit(f"rapor: {error}")


def _parser(chosen: str) -> argparse.ArgumentParser:
    """Know every command by its line, and the chosen one by its module."""
    parser = argparse.ArgumentParser(prog="rapor", description="Reports as a service, on your own machine.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, line in COMMANDS.items():
        command = commands.add_parser(name, help=line)
        if name == chosen:
            module = import_module(f"local.commands.{name}")
            module.set_up(command)
            command.set_defaults(run=module.run)
    return parser
