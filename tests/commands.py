"""What `rapor` has to offer, by its parsers."""

import argparse
from collections.abc import Iterator
from importlib import import_module

from local.cli import COMMANDS


def parser_of(command: str) -> argparse.ArgumentParser:
    """The parser of one command."""
    parser = argparse.ArgumentParser(command)
    import_module(f"local.commands.{command}").set_up(parser)
    return parser


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser itself, or those of its verbs."""
    verbs = [it for it in parser._actions if isinstance(it, argparse._SubParsersAction)]
    yield from (it for action in verbs for it in action.choices.values())
    if not verbs:
        yield parser


def options_of(command: str) -> set[str]:
    """What begins with two dashes, of the command or its verbs."""
    actions = [action for leaf in leaves(parser_of(command)) for action in leaf._actions]
    return {option for action in actions for option in action.option_strings if option.startswith("--")} - {"--help"}


OPTIONS = {command: options_of(command) for command in COMMANDS}
