"""`rapor new`: begin a report type, from a file of data if there is one."""

import argparse
import os
import re
import shutil
from pathlib import Path

import duckdb

from local.drafts import EXAMPLE, columns_of, draft
from local.errors import CommandStopped
from local.report_types import TYPES
from local.settings import home_from
from local.terminal import answer
from rapor.catalogue import NAME
from rapor.data.datasets import SUFFIXES
from rapor.errors import RenderError, SourceUnavailable


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
    if parsed.source:
        _copy(parsed.source, data / parsed.type)
    there = _write(file, parsed.type, data)
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


def _copy(source: Path, folder: Path) -> None:
    if not source.is_file():
        raise CommandStopped(f"There is no file {source}.")
    if not source.name.lower().endswith(tuple(SUFFIXES)):
        raise CommandStopped(f"{source.name} is none of {', '.join(SUFFIXES)}.")
    folder.mkdir(parents=True, exist_ok=True)
    if any(it.name != source.name for it in folder.iterdir()):
        raise CommandStopped(f"{folder} has other files already; a data set is all the files in its folder.")
    if source.resolve().parent != folder.resolve():
        shutil.copyfile(source, folder / source.name)


def _write(file: Path, name: str, data: Path) -> bool:
    """Write the file; returns whether its columns are the data's."""
    try:
        columns = columns_of(name, data)
    except SourceUnavailable:
        file.write_text(draft(name, EXAMPLE), "utf-8")
        return False
    except (RenderError, duckdb.Error) as error:
        raise CommandStopped(f"The data cannot be read: {error}") from error
    file.write_text(draft(name, columns), "utf-8")
    return True


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
