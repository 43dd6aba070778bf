"""`rapor`: what an author or a client does on their own machine."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import rapor
from local.errors import CannotStart, CommandStopped
from local.terminal import complain

WRONG, INTERRUPTED = 2, 130
DEBUG = "RAPOR_DEBUG"

COMMANDS = {
    "new": "begin a report type, from a file of data if there is one",
    "check": "say what is wrong with the report types",
    "preview": "make a document of a report type, here and now",
    "redrive": "queue failed reports again, by code and time",
    "restore": "put lost rows back, out of a restored table",
    "schedules": "say when a schedule would run",
    "smoke": "see whether a service keeps its word, wherever it runs",
    "token": "mint a token that `make run` accepts",
    "verify": "say whether a file is exactly what a report produced",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and do what it says."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parsed = parser_for(given[0] if given else "").parse_args(given)
    sys.exit(_status(parsed))


def _status(parsed: argparse.Namespace) -> int:
    """Run the command; whatever stops it is told in a line or two, without a traceback."""
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()  # here, where a reader that is gone is known of
    except CommandStopped as error:
        complain(str(error))
        return error.code
    except CannotStart as error:
        complain(f"rapor: {error}")
        return WRONG
    except KeyboardInterrupt:
        complain("stopped")
        return INTERRUPTED
    except BrokenPipeError:  # as of `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get(DEBUG) == "1":
            raise
        complain(_told(error))
        return WRONG
    return status


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return f"This should not happen: {type(error).__name__}: {error}\nhint: {DEBUG}=1 shows where; please report it."


def parser_for(chosen: str) -> argparse.ArgumentParser:
    """Know every command by its line, and the chosen one by its module."""
    parser = argparse.ArgumentParser(
        prog="rapor",
        description="Reports as a service, on your own machine.",
        epilog="rapor COMMAND --help says more; docs/cli.md shows each.",
    )
    parser.add_argument("--version", action="version", version=f"rapor {rapor.__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, line in COMMANDS.items():
        command = commands.add_parser(name, help=line)
        if name == chosen:
            module = import_module(f"local.commands.{name}")
            module.set_up(command)
            command.set_defaults(run=module.run)
    return parser
