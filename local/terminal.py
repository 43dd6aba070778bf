"""The terminal of a local run: ours alone, so what functions print goes elsewhere."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TextIO


class Terminal:
    """Writes whole lines, from any thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._one_at_a_time = threading.Lock()

    def say(self, text: str = "") -> None:
        """Write a line, or several."""
        with self._one_at_a_time:
            self._stream.write(f"{text}\n")
            self._stream.flush()


@contextmanager
def terminal(log: Path) -> Iterator[Terminal]:
    """Keep standard output for the terminal; what anybody else prints (the functions' JSON logs) goes to the log."""
    with log.open("a", encoding="utf-8", buffering=1) as file, redirect_stdout(file):
        yield Terminal(sys.__stdout__ or sys.stderr)
