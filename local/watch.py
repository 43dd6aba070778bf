"""Notice when report types' files change, so that an author sees a change without starting again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOOK_EVERY_S = 0.5
Seen = dict[str, tuple[int, int]]


@contextmanager
def watching(folder: Path, changed: Callable[[], None]) -> Iterator[None]:
    """Call *changed* after report types in *folder* came, went or were written; one that is being saved waits."""
    stop = threading.Event()
    known = _seen(folder)
    thread = threading.Thread(target=_watch, args=(folder, known, changed, stop), name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(folder: Path, known: Seen, changed: Callable[[], None], stop: threading.Event) -> None:
    before = known
    while not stop.wait(LOOK_EVERY_S):
        now = _seen(folder)
        if now != known and now == before:  # still for a while
            known = now
            changed()
        before = now


def _seen(folder: Path) -> Seen:
    """Say when each file was written, and how large it is."""
    seen: Seen = {}
    for file in folder.glob("*.toml"):
        try:
            it = file.stat()
        except FileNotFoundError:  # gone since it was listed
            continue
        seen[file.name] = (it.st_mtime_ns, it.st_size)
    return seen
