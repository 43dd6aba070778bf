"""`rapor check`: say what is wrong with the report types."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local.report_types import TYPES, Finding, check
from local.settings import home_from
from local.terminal import aligned, answer, complain, screen

ALL_RIGHT, SOMETHING_WRONG = 0, 1


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Read every report type, and bind its SQL to its data where that is here."
    parser.epilog = "Exits with 0 if every type can be used, 1 if one cannot."
    parser.add_argument("--types", type=Path, metavar="FOLDER", default=TYPES, help="report types")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="data sets; else those in RAPOR_HOME")
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def run(parsed: argparse.Namespace) -> int:
    """Say it, a type a line, and below one that is wrong what to do."""
    findings = list(check(parsed.types, parsed.data or home_from(os.environ).data))
    if parsed.json:
        answer([_told(finding) for finding in findings])
    else:
        _show(findings, parsed.types)
    return SOMETHING_WRONG if not findings or any(finding.wrong for finding in findings) else ALL_RIGHT


def _show(findings: Sequence[Finding], folder: Path) -> None:
    if not findings:
        complain(f"There is no report type in {folder}.\nhint: `rapor new TYPE` begins one.")
        return
    console = screen()
    for line, finding in zip(aligned([(it.name, _verdict(it)) for it in findings]), findings, strict=True):
        console.print(line, style="bold red" if finding.wrong else "green")
        if finding.wrong:
            reason, hint = str(finding.wrong).split("\n", 1)
            console.print(f"  {reason}\n  {hint}", style="red")


def _verdict(finding: Finding) -> str:
    if finding.wrong:
        return "wrong"
    return "right" if finding.bound else "right, but its data is not here, so its query was only read"


def _told(finding: Finding) -> dict[str, Any]:
    wrong = finding.wrong
    return {
        "name": finding.name,
        "right": wrong is None,
        "bound": finding.bound,
        "file": wrong.file if wrong else f"{finding.name}.toml",
        "key": wrong.key if wrong else None,
        "reason": wrong.reason if wrong else None,
        "hint": wrong.hint if wrong else None,
    }
