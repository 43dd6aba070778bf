"""`rapor verify`: say whether a file is exactly what a report produced."""

import argparse
from pathlib import Path
from typing import Any

from local.errors import CommandStopped
from local.manifests import Unreadable
from local.terminal import aligned, answer, screen
from local.verification import Outcome, Verification, verify
from rapor.manifest import SUFFIX

EXIT_CODES = "Exits with 0 if it is exactly that, 1 if it differs, 2 if that cannot be told (docs/manifests.md)."
COLOURS: dict[Outcome | None, str] = {Outcome.EXACT: "green", Outcome.DIFFERS: "red", Outcome.UNKNOWN: "yellow"}


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Hold a document against its manifest, and the manifest against the key that signed it."
    parser.epilog = EXIT_CODES
    parser.add_argument("file", type=Path, metavar="FILE", help="the document")
    parser.add_argument("--manifest", type=Path, metavar="FILE", help=f"the document's manifest; else FILE{SUFFIX}")
    parser.add_argument("--key", type=Path, metavar="PEM", help="the public key that the manifest must be signed with")
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def run(parsed: argparse.Namespace) -> int:
    """Print what was found."""
    manifest = parsed.manifest or parsed.file.with_name(parsed.file.name + SUFFIX)
    try:
        found = verify(parsed.file, manifest, parsed.key)
    except Unreadable as error:
        if parsed.json:
            answer(_untold(str(error)))
        raise CommandStopped(str(error), code=Outcome.UNKNOWN) from error
    if parsed.json:
        answer(_told(found))
    else:
        _show(found)
    return found.outcome


def _show(found: Verification) -> None:
    console = screen()
    lines = aligned([(finding.check, finding.sentence) for finding in found.findings])
    for line, finding in zip(lines, found.findings, strict=True):
        console.print(line, style=COLOURS.get(finding.outcome))
    console.print(found.sentence, style=f"bold {COLOURS[found.outcome]}")


def _told(found: Verification) -> dict[str, Any]:
    return {
        "outcome": found.outcome.name.lower(),
        "message": found.sentence,
        "report": found.manifest.claims.report.uuid,
        "kid": found.manifest.signed.kid if found.manifest.signed else None,
        "findings": [
            {
                "check": finding.check,
                "outcome": finding.outcome.name.lower() if finding.outcome is not None else None,
                "message": finding.sentence,
            }
            for finding in found.findings
        ],
    }


def _untold(message: str) -> dict[str, Any]:
    return {"outcome": Outcome.UNKNOWN.name.lower(), "message": message, "report": None, "kid": None, "findings": []}
