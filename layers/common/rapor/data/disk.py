"""The disk: a folder for each report, which goes with it, and what there is room for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage, rmtree
from tempfile import TemporaryDirectory

PREFIX = "rapor-"
MB = 1024 * 1024


@contextmanager
def scratch_in(folder: Path) -> Iterator[Path]:
    """Give an empty folder that is gone afterwards, unless the process is killed."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=PREFIX) as scratch:
        yield Path(scratch)


def room_mb(folder: str, *, is_ours: bool) -> int:
    """
    Say how much of the disk a report may fill.

    Lambda keeps the disk of a worker that it ended for its time or its memory, and starts the next one on it. Where
    it *is_ours* alone, what such workers left is removed first: else good reports would find less and less room.
    """
    if is_ours:
        for left in Path(folder).glob(f"{PREFIX}*"):
            rmtree(left, ignore_errors=True)
    return disk_usage(folder).free * 8 // 10 // MB
