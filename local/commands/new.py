"""`rapor new`: begin a report type, from a file of data if there is one."""

import argparse
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from local.drafts import EXAMPLE, Found, columns_of, draft
from local.errors import CommandStopped
from local.report_types import TYPES
from local.settings import home_from
from local.terminal import answer
from rapor.catalogue import NAME
from rapor.data.datasets import SUFFIXES
from rapor.errors import RenderError, SourceUnavailable

UNREADABLE = "hint: Text must be UTF-8, with one header line (CSV) or one JSON object a line (NDJSON)."


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Write a report type's file, with every part explained and columns read off its data."
    parser.epilog = "Exits with 0 if the file is written, 2 if it is there already or the data cannot be read."
    parser.add_argument("type", metavar="TYPE", help="its name: small letters, digits and underscores")
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="FILE",
        help="data, as Parquet, CSV or NDJSON; it is copied to where the local run reads it",
    )  # fmt: skip
    parser.add_argument("--types", type=Path, metavar="FOLDER", default=TYPES, help="where report types are")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where data sets are; else in RAPOR_HOME")
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def run(parsed: argparse.Namespace) -> int:
    """Write it, and say what comes next."""
    file, data = parsed.types / f"{parsed.type}.toml", parsed.data or home_from(os.environ).data
    _refuse_what_is_there(parsed.type, file)
    columns = _taken(parsed.source, parsed.type, data) if parsed.source else _columns(parsed.type, data)
    file.write_text(draft(parsed.type, columns or EXAMPLE), "utf-8")
    there = columns is not None
    if parsed.json:
        answer({"file": str(file), "data": str(data / parsed.type), "columns_from_data": there})
    else:
        print(_next(parsed, file, None if there else data / parsed.type))
    return 0


def _refuse_what_is_there(name: str, file: Path) -> None:
    if not re.fullmatch(NAME, name):
        raise CommandStopped(
            f"{name} is no name for a report type: small letters, digits and underscores, a letter first."
        )
    if file.exists():
        raise CommandStopped(f"{file} is there already. Change it, or take another name.")
    if not file.parent.is_dir():
        raise CommandStopped(f"There is no folder {file.parent}. Make it, or name another with --types.")


def _taken(source: Path, name: str, data: Path) -> Sequence[Found] | None:
    """Read the columns of *source*, and only then put it where the data set is: what cannot be read leaves nothing."""
    folder = data / name
    if not source.is_file():
        raise CommandStopped(f"There is no file {source}.")
    if not source.name.lower().endswith(tuple(SUFFIXES)):
        raise CommandStopped(f"{source.name} is none of {', '.join(SUFFIXES)}.")
    if folder.is_dir() and any(it.name != source.name for it in folder.iterdir()):
        raise CommandStopped(f"{folder} has other files already; a data set is all the files in its folder.")
    if source.resolve().parent == folder.resolve():
        return _columns(name, data)
    data.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=data, prefix=".new-") as scratch:
        copy = Path(scratch, name, source.name)
        copy.parent.mkdir()
        shutil.copyfile(source, copy)
        columns = _columns(name, Path(scratch))
        folder.mkdir(exist_ok=True)
        copy.replace(folder / source.name)
    return columns


def _columns(name: str, data: Path) -> Sequence[Found] | None:
    """Read them off the data set, or give None where there is none."""
    try:
        columns = columns_of(name, data)
    except SourceUnavailable:
        return None
    except (RenderError, duckdb.Error) as error:
        raise CommandStopped(f"The data cannot be read: {error}", UNREADABLE) from error
    if not columns:
        raise CommandStopped("The data has no columns.")
    return columns


def _next(parsed: argparse.Namespace, file: Path, missing: Path | None) -> str:
    shown = os.path.relpath(file)
    lines = [f"{shown} is written; now:"]
    if missing:
        lines.append(f"  put its data, as Parquet, CSV or NDJSON, into {os.path.relpath(missing)}/")
        lines.append(f"  name its columns in {shown}: the query's and the [[columns]]")
    again = _places_again(parsed)
    lines += [f"  .venv/bin/rapor preview {parsed.type} --open{again}", f"  .venv/bin/rapor check{again}"]
    return "\n".join(lines)


def _places_again(parsed: argparse.Namespace) -> str:
    """What the next commands need too."""
    types = f" --types {os.path.relpath(parsed.types)}" if parsed.types != TYPES else ""
    return f"{types} --data {os.path.relpath(parsed.data)}" if parsed.data else types
