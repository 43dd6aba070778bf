"""
The terminal.

Of a local run it is ours alone, so what functions print goes elsewhere. Colours and bars are for people: a pipe gets
neither.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def screen(*, stderr: bool = False) -> "Console":
    """Standard output, or error, which takes words as they are and breaks no line; coloured for people only."""
    from rich.console import Console  # noqa: PLC0415 - commands that print a plain line do without

    return Console(markup=False, highlight=False, soft_wrap=True, emoji=False, stderr=stderr)


def complain(text: str) -> None:
    """Say on standard error what went wrong."""
    if sys.stderr.isatty():
        screen(stderr=True).print(text, style="red")
    else:
        print(text, file=sys.stderr)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their widest cell is on a terminal, where a character may take two places or none."""
    from rich.cells import cell_len  # noqa: PLC0415 - as above

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def answer(value: Any) -> None:
    """Print what programs read: JSON, with every letter as it is."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


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
