"""`rapor preview`: make a document of a report type, here and now."""

import argparse
import os
import webbrowser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from local.arguments import count
from local.datasets import ensure_datasets
from local.errors import CommandStopped
from local.parameters import pair_in, read_parameters
from local.preview import Made, NotMade, preview
from local.report_types import TYPES, NoSuchType, Wrong, load
from local.settings import home_from
from local.terminal import answer, progress_on
from rapor.catalogue import ReportType, label_in
from rapor.errors import Forbidden, Invalid
from rapor.http.languages import LOCALES
from rapor.report import Format

NOT_MADE = 1


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Make a document with the service's own code, without the service."
    parser.epilog = "Exits with 0 if the document is made, 1 if it cannot be, 2 if what was asked for is wrong."
    parser.add_argument("type", metavar="TYPE", help="the report type: the name of its file, without .toml")
    parser.add_argument(
        "--param", action="append", default=[], type=pair_in, metavar="NAME=VALUE",
        help="a parameter; may be repeated, and so may one that is an array",
    )  # fmt: skip
    parser.add_argument("--format", choices=[it.value for it in Format], help="else the type's default")
    parser.add_argument("--locale", choices=LOCALES, default=LOCALES[0], help=f"its language; else {LOCALES[0]}")
    parser.add_argument("--rows", type=count, metavar="N", help="at most so many rows")
    parser.add_argument("--own", metavar="USER_ID", help="as a user with .own permissions gets it")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="data sets; else the shipped ones in RAPOR_HOME")
    parser.add_argument("--types", type=Path, metavar="FOLDER", default=TYPES, help="report types")
    parser.add_argument("--out", type=Path, metavar="FILE", help="else out/TYPE, with the format's extension")
    parser.add_argument("--open", action="store_true", help="show it")
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def run(parsed: argparse.Namespace) -> int:
    """Make it, and say where it is."""
    try:
        made = _made(parsed)
    except NotMade as error:
        raise CommandStopped(_reason(error), code=NOT_MADE) from error
    if parsed.json:
        answer(_told(made))
    else:
        print(_line(made))
    if parsed.open:
        webbrowser.open(made.path.absolute().as_uri())
    return 0


def _made(parsed: argparse.Namespace) -> Made:
    try:
        report_type = load(parsed.type, parsed.types)
    except (NoSuchType, Wrong) as error:
        raise CommandStopped(str(error)) from error
    chosen = Format(parsed.format) if parsed.format else report_type.default_format
    try:
        with progress_on(report_type.name) as tell:
            return preview(
                _body(parsed, report_type, chosen),
                report_type,
                locale=parsed.locale,
                data=parsed.data or _shipped_data(),
                path=parsed.out or Path("out", f"{report_type.name}.{chosen.extension}"),
                most_rows=parsed.rows,
                own_user_id=parsed.own,
                tell=tell,
            )
    except Invalid as error:
        raise CommandStopped(*_sentences(error), _what_it_takes(report_type)) from error
    except Forbidden as error:
        closed = [name for name, source in report_type.sources.items() if not source.own]
        raise CommandStopped(
            f"{report_type.name} is closed to .own callers: [sources.{closed[0]}] says no own.",
            'hint: Name the column that holds the user\'s id (own = "user_id"), or all.',
        ) from error


def _body(parsed: argparse.Namespace, report_type: ReportType, chosen: Format) -> dict[str, Any]:
    """What a client would send."""
    return {
        "title": label_in(report_type.title, parsed.locale),
        "report_type": report_type.name,
        "parameters": read_parameters(parsed.param, report_type.parameters.get("properties", {})),
        "format": chosen.value,
        "options": {"locale": parsed.locale, "allow_truncated": parsed.rows is not None},
    }


def _shipped_data() -> Path:
    folder = home_from(os.environ).data
    ensure_datasets(folder)
    return folder


def _sentences(error: Invalid) -> Iterable[str]:
    return (f"{field}: {sentence}" for field, sentences in error.errors.items() for sentence in sentences)


def _what_it_takes(report_type: ReportType) -> str:
    names = ", ".join(report_type.parameter_names) or "no parameters"
    formats = ", ".join(report_type.formats)
    return f"hint: {report_type.name} takes {names}; as {formats}."


def _reason(error: NotMade) -> str:
    """The service keeps the cause to its logs; an author needs it."""
    lines = [f"{error.reason.code}: {error}"]
    if error.reason.__cause__:
        lines.append(f"because: {error.reason.__cause__}")
    return "\n".join(lines)


def _told(made: Made) -> dict[str, Any]:
    result = made.result
    return {
        "file": str(made.path),
        "row_count": result.row_count,
        "rows_total": result.rows_total,
        "truncated": result.truncated,
        "size_bytes": result.size_bytes,
        "sha256": result.sha256,
        "seconds": round(made.seconds, 3),
    }


def _line(made: Made) -> str:
    result = made.result
    rows = f"{result.row_count:,} of {result.rows_total:,} rows" if result.truncated else f"{result.row_count:,} rows"
    return f"{made.path}: {rows}, {result.size_bytes:,} bytes, {made.seconds:.2f} s"
