"""A score: a report of type `reference`, as door A knows it, and what can be asked of a list of them."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from rapor.report import IdempotencyKey, Report

REPORT_TYPE = "reference"
NOT_SCORED = "not_scored"  # code of what was recorded as history, without a score
# Of any type that are looked at for one answer. 0.08 ms of CPU each, measured here, are 1.4 s of the 0.29 vCPU of
# 512 MB; a hundred round trips are another second, so a cold start still fits into the function's ten.
MOST_ROWS = 5_000
FIGURES = ("score", "scoreProbability", "scoreConfidence", "scoreVersion")


def uuid_of(report: Report) -> str:
    """The client's uuid, ours where it gave none."""
    return report.client_uuid or str(report.uuid)


def our_uuid(name: str) -> UUID | None:
    """The report's own uuid, if the name may be one."""
    try:
        uuid = UUID(name)
    except ValueError:
        return None
    return uuid if str(uuid) == name.lower() else None


def reference_of(report: Report) -> str | None:
    """Whom the score is about."""
    return report.parameters.get("referenceId")


def is_processed(report: Report) -> bool:
    """Whether there is a score."""
    return report.record is not None


def published_at(report: Report) -> datetime:
    """When an import says that it was published; ours are when they are ordered."""
    return report.published_at or report.created_at


def figure_of(report: Report, name: str) -> Any:
    """One of `FIGURES`, None until there is one."""
    return (report.record or {}).get(name)


def key_of(user_id: str, uuid: str, fingerprint: str = "") -> IdempotencyKey:
    """Under what a user's own uuid is remembered, for ever."""
    return IdempotencyKey("A", user_id, uuid, fingerprint, lifetime=None)


COLUMNS: Mapping[str, Callable[[Report], Any]] = {
    "id": lambda report: str(report.uuid),
    "uuid": uuid_of,
    "referenceId": reference_of,
    "type": lambda report: report.report_type,
    "processed": is_processed,
    "users_permissions_user": lambda report: report.user_id,
    "score": lambda report: figure_of(report, "score"),
    "scoreProbability": lambda report: figure_of(report, "scoreProbability"),
    "scoreConfidence": lambda report: figure_of(report, "scoreConfidence"),
    "scoreVersion": lambda report: figure_of(report, "scoreVersion"),
    "published_at": published_at,
    "created_at": lambda report: report.created_at,
}
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "contains": lambda found, part: part.casefold() in found.casefold(),
    "ncontains": lambda found, part: part.casefold() not in found.casefold(),
    "containss": lambda found, part: part in found,
    "ncontainss": lambda found, part: part not in found,
}


class Condition(Struct, frozen=True):
    """
    A column, an operator, and what to compare with.

    One of several values is enough, except where the operator denies: then none may be met. As in SQL, nothing
    can be said of a column that is empty.
    """

    column: str
    operator: str
    values: Sequence[Any]

    def holds(self, report: Report) -> bool:
        """Whether the report is one of those asked for."""
        found = COLUMNS[self.column](report)
        if found is None:
            return False
        answers = (OPERATORS[self.operator](found, value) for value in self.values)
        return all(answers) if self.operator in {"ne", "ncontains", "ncontainss"} else any(answers)


class Query(Struct, frozen=True):
    """Which scores, in which order of creation, and which of them to show."""

    conditions: Sequence[Condition]
    start: int
    limit: int
    oldest_first: bool

    @property
    def since(self) -> datetime | None:
        """When the oldest that may match was created, as far as the conditions tell."""
        return max((min(values) for values in self._created({"eq", "gt", "gte"})), default=None)

    @property
    def before(self) -> datetime | None:
        """When all that may match were created."""
        newest = min((max(values) for values in self._created({"eq", "lt", "lte"})), default=None)
        return newest + timedelta(microseconds=1) if newest else None

    def _created(self, operators: AbstractSet[str]) -> Iterator[Sequence[datetime]]:
        return (it.values for it in self.conditions if it.column == "created_at" and it.operator in operators)
