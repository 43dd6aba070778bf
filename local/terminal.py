"""
The terminal.

Of a local run it is ours alone, so what functions print goes elsewhere. Colours and bars are for people: a pipe gets
neither.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Tell = Callable[[int, int], None]
"""Says how many are done, of how many."""

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


def screen() -> "Console":
    """Standard output, which takes words as they are and breaks no line."""
    from rich.console import Console  # noqa: PLC0415 - commands that print a plain line do without

    return Console(markup=False, highlight=False, soft_wrap=True, emoji=False)


@contextmanager
def progress_on(what: str) -> Iterator[Tell]:
    """Draw a bar on standard error while something long goes on; where nobody sees it, draw nothing."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - only for somebody who watches
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
