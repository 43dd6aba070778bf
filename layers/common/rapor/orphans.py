"""
Remove what lies beside the documents and no row names: what crashed, cancelled and fenced attempts left behind.

First the bucket is read, then the rows. An attempt stores nothing before the table made it the report's current one,
and attempts only grow; so what was there when the row was read belongs to the current attempt, or to the result, or
to one that can never be named any more. No clock has a say in that; age is a second belt.

A folder whose row is gone is left and told: a table that was restored from a backup looks just like that, and must
not cost documents. The bucket's lifecycle removes them in the end.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from rapor.manifest import manifest_key
from rapor.report import Report, Status, is_known
from rapor.turns import Turn

AGES_DAYS = (2, 9, 30)  # a day's folder is looked through so long after: again, because retries leave orphans late
OLD_ENOUGH = timedelta(hours=24)
PAGES = 5  # of a thousand versions: a few seconds of the sweep's minute
NOTE = "orphans"


class Version(Protocol):
    """One of an object's contents, or the mark of its deletion."""

    @property
    def key(self) -> str: ...
    @property
    def modified_at(self) -> datetime: ...


Stored = TypeVar("Stored", bound=Version)


class Documents(Protocol[Stored]):
    """The bucket, page by page: what is below a prefix and behind a key, and the key that the next page is behind."""

    def versions(self, prefix: str, after: str | None) -> tuple[Sequence[Stored], str | None]: ...
    def remove(self, versions: Iterable[Stored]) -> None: ...


class Rows(Protocol):
    """Reports as they are now; one that is not there is left out."""

    def found(self, uuids: Iterable[UUID]) -> Mapping[UUID, Report]: ...


class Notes(Protocol):
    """What this run tells the next one."""

    def read(self, name: str) -> Mapping[str, Any] | None: ...
    def write(self, name: str, note: Mapping[str, Any]) -> None: ...


class Place(Struct, frozen=True):
    """Which page comes next: the work of *day*, of its ages the one at *step*, behind the key *after*."""

    day: date
    step: int = 0
    after: str | None = None

    @classmethod
    def from_note(cls, note: Mapping[str, Any]) -> "Place":
        """Read it back."""
        return cls(date.fromisoformat(note["day"]), note["step"], note["after"])

    def to_note(self) -> dict[str, Any]:
        """As it is written."""
        return asdict(self) | {"day": self.day.isoformat()}

    @property
    def prefix(self) -> str:
        """What to look through."""
        return f"reports/{self.day - timedelta(days=AGES_DAYS[self.step])}/"

    def then(self, after: str | None) -> "Place":
        """Say what comes after this page; no day is left out, however far behind we are."""
        if after:
            return replace(self, after=after)
        if self.step + 1 < len(AGES_DAYS):
            return Place(self.day, self.step + 1)
        return Place(self.day + timedelta(days=1))


class Cleared(Struct, frozen=True):
    """How many versions were removed, by report; and how many were left, because there is no row."""

    removed: Mapping[UUID, int]
    unclaimed: int


def sweep_orphans(
    *, now: datetime, rows: Rows, documents: Documents[Stored], notes: Notes, turn: Turn, pages: int = PAGES
) -> Cleared:
    """
    Look through at most *pages* pages of what is to be looked through today, from where the last run stopped.

    A page that could not be seen to is the next run's.
    """
    removed = Counter[UUID]()
    unclaimed = 0
    with turn.trying():
        note = notes.read(NOTE)
        place = Place.from_note(note) if note else Place(now.date())
        for _ in range(pages):
            if place.day > now.date() or turn.is_over():
                break
            versions, after = documents.versions(place.prefix, place.after)
            orphans, strangers = _sorted_out(versions, now, rows)
            if orphans:
                documents.remove(orphans)
            removed.update(map(_report_of, orphans))
            unclaimed += strangers
            place = place.then(after)
            notes.write(NOTE, place.to_note())
    return Cleared(removed, unclaimed)


def _sorted_out(versions: Sequence[Stored], now: datetime, rows: Rows) -> tuple[list[Stored], int]:
    """Give the orphans, and how many versions belong to no row."""
    old = [version for version in versions if version.modified_at <= now - OLD_ENOUGH and _is_ours(version)]
    reports = rows.found({_report_of(version) for version in old}) if old else {}
    known = [version for version in old if _report_of(version) in reports]
    orphans = [version for version in known if version.key not in _named(reports[_report_of(version)])]
    return orphans, len(old) - len(known)


def _named(report: Report) -> frozenset[str]:
    """What the row names, or may yet come to name."""
    keys = [report.result.key] if report.result else []
    if report.status is Status.PROCESSING or not is_known(report.status):
        keys.append(report.document_key)
    return frozenset([*keys, *map(manifest_key, keys)])


def _is_ours(version: Version) -> bool:
    """Whether it lies where documents lie; what somebody else put there is not touched."""
    try:
        return version.key == f"reports/{version.key.split('/')[1]}/{_report_of(version)}/{version.key.split('/')[3]}"
    except (IndexError, ValueError):
        return False


def _report_of(version: Version) -> UUID:
    return UUID(version.key.split("/")[2])
