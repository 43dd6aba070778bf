"""What the local run serves: each report type as it was when it was last right, and the description of them all."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from local.errors import WrongReportType
from local.openapi import described
from local.report_types import Wrong, read
from rapor.catalogue import Catalogue, ReportType
from rapor.http.static import DESCRIPTION


class Served:
    """A folder of the run's own, from which the functions read; authors edit another, and make mistakes there."""

    def __init__(self, types: Path, folder: Path) -> None:
        self._types, self._folder = types, folder
        self._right: dict[str, ReportType] = {}  # what is in the folder; that of an earlier run may be out of date

    def take(self) -> list[str]:
        """
        Take the files as they are now, but of one that is wrong what it was before; returns what is wrong with it.

        Raises:
            WrongReportType: None can be used; what was served stays.
        """
        with TemporaryDirectory(dir=self._folder.parent, prefix=".types-") as scratch:
            new, right = Path(scratch, "new"), dict[str, ReportType]()
            new.mkdir()
            mistakes = list(self._gathered(new, right))
            if not right:
                raise WrongReportType("\n".join(mistakes) or f"there is no report type in {self._types}")
            (new / DESCRIPTION).write_text(described(Catalogue(right)), "utf-8")
            if self._folder.exists():
                self._folder.rename(Path(scratch, "old"))
            new.rename(self._folder)
        self._right = right
        return mistakes

    def _gathered(self, folder: Path, right: dict[str, ReportType]) -> Iterator[str]:
        """Copy each file that is right to *folder*, or what is served of it; yield what is wrong."""
        for file in sorted(self._types.glob("*.toml")):
            copy, name = folder / file.name, file.stem
            try:
                shutil.copyfile(file, copy)
                right[name] = read(copy)
            except (OSError, Wrong) as error:
                copy.unlink(missing_ok=True)
                if name in self._right:
                    shutil.copyfile(self._folder / file.name, copy)
                    right[name] = self._right[name]
                yield f"{name} {'stays as it was' if name in right else 'is left out'}: {error}"
