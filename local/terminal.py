"""The terminal of a local run: ours alone, so what functions print goes elsewhere."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

Say = Callable[[str], None]
"""Writes a line, or several, from any thread."""


@contextmanager
def to_terminal(log: Path) -> Iterator[Say]:
    """Keep standard output for what is said; what anybody else prints (the functions' JSON logs) goes to the log."""
    screen = sys.stdout
    one_at_a_time = threading.Lock()

    def say(text: str) -> None:
        with one_at_a_time:
            screen.write(f"{text}\n")
            screen.flush()

    with log.open("a", encoding="utf-8", buffering=1) as file, redirect_stdout(file):
        yield say
