"""
The shipped data sets, the same on every machine.

    text      names as a Turkish office has them, and the text that breaks documents
    drawing   rows drawn in Python
    users, references, sales   one module a data set
"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from local.datasets.references import write_references
from local.datasets.sales import write_sales
from local.datasets.users import write_users

EDITION = "3"  # of the generators: what was written under another one is written again
MARKER = "_edition"  # a leading underscore is not data
NUMBERED = "-[0-9][0-9][0-9].parquet"  # files of a data set that takes several

Write = Callable[[Path], None]

GENERATORS: Mapping[str, Write] = {
    "users": write_users,
    "references": write_references,
    "sales": write_sales,
}


def ensure_datasets(folder: Path) -> None:
    """Write the data sets that are missing, or that an older generator wrote."""
    for name, write in GENERATORS.items():
        marker = folder / name / MARKER
        if not marker.is_file() or marker.read_text(encoding="utf-8") != EDITION:
            replace_dataset(folder / name, write)


def replace_dataset(folder: Path, write: Write) -> None:
    """Write a data set anew; its mark comes last, so that half of one is written again."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as scratch:
        write(Path(scratch))
        (folder / MARKER).unlink(missing_ok=True)
        for old in folder.glob(folder.name + NUMBERED):  # there may have been more of them
            old.unlink()
        for file in Path(scratch).iterdir():
            file.replace(folder / file.name)
    (folder / MARKER).write_text(EDITION, encoding="utf-8")
