"""LibreOffice, where it is installed: what a spreadsheet program makes of a document."""

import csv
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

PATIENCE_S = 180
MOST_COLUMNS = 50  # the last cell of a row is repeated to the end of the sheet
# Comma, quote, UTF-8, and values as they are stored rather than as they are shown.
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,1"
CSV_IN_UTF_8 = "CSV:44,34,76"
AS_ODF = "fods"
OFFICE, TABLE, TEXT = (f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("office", "table", "text"))


class Cell(NamedTuple):
    """A cell as LibreOffice took it: `kind` is `string`, `float`, `date` and so on, or empty; a date is ISO 8601."""

    kind: str
    value: str
    formula: str | None


def lines_of(document: Path) -> list[list[str]]:
    """Open a document; give its first sheet's values as text."""
    with _converted(document, AS_CSV).open(encoding="utf-8", newline="") as stream:
        return [list(map(with_line_feeds, line)) for line in csv.reader(stream)]


def cells_of(document: Path) -> list[list[Cell]]:
    """Open a document; give its first sheet's cells, without the control characters that XML cannot hold."""
    sheet = next(ET.parse(_converted(document, AS_ODF)).iter(f"{TABLE}table"))  # noqa: S314 - LibreOffice's
    return [list(_cells(row)) for row in sheet.iter(f"{TABLE}table-row")]


def with_line_feeds(text: str) -> str:
    """Write line ends as LibreOffice mostly does."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _cells(row: ET.Element) -> Iterator[Cell]:
    for cell in row.iter(f"{TABLE}table-cell"):
        kind = cell.get(f"{OFFICE}value-type", "")
        named = cell.get(f"{OFFICE}date-value") or cell.get(f"{OFFICE}value")
        value = with_line_feeds("\n".join(map(_text, cell.iter(f"{TEXT}p")))) if named is None else named
        repeated = int(cell.get(f"{TABLE}number-columns-repeated", 1))
        yield from [Cell(kind, value, cell.get(f"{TABLE}formula"))] * min(repeated, MOST_COLUMNS)


def _text(node: ET.Element) -> str:
    space = {f"{TEXT}s": " " * int(node.get(f"{TEXT}c", 1)), f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
    inside = "".join(_text(child) + (child.tail or "") for child in node)
    return space.get(node.tag, "") + (node.text or "") + inside


def _converted(document: Path, to: str) -> Path:
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice (libreoffice-calc) is not installed")
    out = document.parent / f"{document.stem} in LibreOffice"
    own_profile = f"-env:UserInstallation={(document.parent / 'profile').as_uri()}"  # two runs cannot share one
    read_as = [f"--infilter={CSV_IN_UTF_8}"] if document.suffix == ".csv" else []
    command = ["soffice", own_profile, "--headless", *read_as, "--convert-to", to, "--outdir", str(out), str(document)]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)
    return next(out.glob(f"*.{to.partition(':')[0]}"))
