"""Whether a file is exactly what a report produced, as its manifest says, and how it differs if not."""

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from local.manifests import Claims, Key, Manifest, Signed, Unreadable
from rapor.manifest import canonical
from rapor.report import Format

BEGINNINGS = {Format.PDF: b"%PDF-", Format.EXCEL: b"PK\x03\x04", Format.JSON: b'{"report":'}
LONGEST_BEGINNING = max(map(len, BEGINNINGS.values()))


class Outcome(IntEnum):
    """How it stands; the value is the command's exit code."""

    EXACT = 0
    DIFFERS = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; a remark has no outcome."""

    check: str
    outcome: Outcome | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found, and what it comes to."""

    manifest: Manifest
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """A difference is certain, whatever else could not be told."""
        found = {finding.outcome for finding in self.findings}
        return next(it for it in (Outcome.DIFFERS, Outcome.UNKNOWN, Outcome.EXACT) if it in found)

    @property
    def sentence(self) -> str:
        """The answer in one line."""
        report = self.manifest.claims.report
        what = (
            f"what report {report.uuid} produced: {report.title} ({report.report_type}, version {report.type_version})"
        )
        if self.outcome is Outcome.EXACT:
            return f"This is exactly {what}."
        if any(it.outcome is Outcome.DIFFERS and it.check != "signature" for it in self.findings):
            return f"This is not, or not any more, {what}."
        return "The file is as the manifest says, but the manifest proves nothing: see its signature."


def verify(file: Path, manifest_file: Path, key_file: Path | None = None) -> Verification:
    """
    Hold the file against its manifest, and the manifest against the key.

    Raises:
        Unreadable: One of them is missing or is not what it should be.
    """
    manifest = Manifest.read(manifest_file)
    key = None if key_file is None else Key.read(key_file)
    try:
        compared = tuple(_compare(file, manifest.claims))
    except OSError as error:
        raise Unreadable(f"{file} cannot be read: {error.strerror}.") from error
    return Verification(manifest, (*compared, *_check_signature(manifest, key)))


def _compare(file: Path, claims: Claims) -> Iterator[Finding]:
    """Size and hash decide; format and rows help to see what happened."""
    yield _size(file.stat().st_size, claims.document.size_bytes)
    digest = _sha256(file)
    if digest == claims.document.sha256:
        yield Finding("sha256", Outcome.EXACT, f"{digest}, as the manifest says.")
        return
    yield Finding("sha256", Outcome.DIFFERS, f"{digest}, the manifest says {claims.document.sha256}.")
    other_format = _other_format(file, claims.report.format)
    if other_format:
        yield other_format
    else:
        yield from _other_rows(file, claims)


def _size(size: int, expected: int) -> Finding:
    if size == expected:
        return Finding("size", Outcome.EXACT, f"{size:,} bytes, as the manifest says.")
    missing = f"{expected - size:,} are missing" if size < expected else f"{size - expected:,} are too many"
    return Finding("size", Outcome.DIFFERS, f"{size:,} bytes, the manifest says {expected:,}: {missing}.")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _other_format(file: Path, expected: Format) -> Finding | None:
    with file.open("rb") as stream:
        head = stream.read(LONGEST_BEGINNING)
    found = next((it for it, beginning in BEGINNINGS.items() if head.startswith(beginning)), None)
    if found is expected or (found is None and expected not in BEGINNINGS):
        return None
    looks = f"like {found}, and the report was made as {expected}" if found else f"nothing like {expected}"
    return Finding("format", Outcome.DIFFERS, f"It looks {looks}.")


def _other_rows(file: Path, claims: Claims) -> Iterator[Finding]:
    """Rows are counted where that takes no more than reading once."""
    count, expected = ROW_COUNTERS.get(claims.report.format), claims.document.row_count
    try:
        rows = expected if count is None else count(file, claims)
    except (csv.Error, UnicodeDecodeError):
        return
    if rows != expected:
        yield Finding("rows", Outcome.DIFFERS, f"{rows:,} rows, the manifest says {expected:,}.")


def _csv_rows(file: Path, claims: Claims) -> int:
    with file.open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream, delimiter=claims.report.options.csv.delimiter)
        return max(0, sum(1 for _ in lines) - 1)  # the first names the columns


def _json_rows(file: Path, _: Claims) -> int:
    """Each row is a line that opens with a brace, and so is the head."""
    with file.open("rb") as stream:
        return max(0, sum(line.startswith(b"{") for line in stream) - 1)


ROW_COUNTERS: Mapping[Format, Callable[[Path, Claims], int]] = {Format.CSV: _csv_rows, Format.JSON: _json_rows}


def _check_signature(manifest: Manifest, key: Key | None) -> Iterator[Finding]:
    signed = manifest.signed
    if signed is None:
        outcome = Outcome.UNKNOWN if key else None
        yield Finding("signature", outcome, "None: the manifest is worth as much as whoever gave it to you.")
        return
    if canonical(manifest.shown) != signed.payload:
        yield Finding("signature", Outcome.DIFFERS, "The manifest shows something else than what was signed.")
    yield _by(key, signed)


def _by(key: Key | None, signed: Signed) -> Finding:
    if key is None:
        return Finding("signature", None, f"Not checked: give the public key {signed.kid} with --key.")
    if signed.is_by(key):
        return Finding("signature", Outcome.EXACT, f"Valid, by the key {signed.kid}.")
    if signed.kid in key.names:
        return Finding("signature", Outcome.DIFFERS, f"Wrong: the key {signed.kid} did not sign this manifest.")
    names = " or ".join(sorted(key.names))
    return Finding("signature", Outcome.UNKNOWN, f"The manifest names the key {signed.kid}, and this one is {names}.")
