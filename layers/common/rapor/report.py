"""A report and the moves it may make. No I/O, no AWS, no clock but the one passed in."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID, uuid4

from msgspec import Struct
from msgspec.structs import fields

ID_EPOCH_MS = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000)
OPTIONS = frozenset({"locale", "allow_truncated", "csv", "reuse"})  # all that an order may have
ID_RANDOM_BITS = 12  # 41 bits of milliseconds + 12 = 53, the integers JSON clients hold exactly


Kind = TypeVar("Kind", bound=StrEnum)


def kept(kind: type[Kind], value: str) -> Kind:
    """
    Give the member of *kind*; for a value that only a newer version knows, one of its own.

    That is shown as it stands and is no other member, so nobody here moves it, renders it or takes it for less.
    """
    try:
        return kind(value)
    except ValueError:
        stranger = str.__new__(kind, value)
        stranger._name_ = stranger._value_ = value
        return stranger


def is_known(member: StrEnum) -> bool:
    """Whether this version knows it: see `kept`."""
    return member in list(type(member))


class Status(StrEnum):
    """The contract's four; cancelled is `failed` with code `cancelled`."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


MOVES: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.PROCESSING, Status.FAILED}),
    # Back to PENDING: its lease ran out, or a transient fault.
    Status.PROCESSING: frozenset({Status.COMPLETED, Status.FAILED, Status.PENDING}),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset({Status.PENDING}),  # retry
}


class Format(StrEnum):
    """What a document can be."""

    PDF = "pdf"
    EXCEL = "excel"
    CSV = "csv"
    JSON = "json"

    @property
    def extension(self) -> str:
        """Of the document's file, without the dot."""
        return "xlsx" if self is Format.EXCEL else self.value

    @property
    def content_type(self) -> str:
        """Media type of the document."""
        return CONTENT_TYPES[self]

    @property
    def has_figures(self) -> bool:
        """Whether it shows key figures and totals."""
        return self is not Format.CSV

    @property
    def has_chart(self) -> bool:
        """Whether it shows a chart."""
        return self in {Format.PDF, Format.EXCEL}


CONTENT_TYPES: Mapping[Format, str] = {
    Format.PDF: "application/pdf",
    Format.EXCEL: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/json",
}


class Lane(StrEnum):
    """Two queues, so that a slow document never holds a quick one."""

    FAST = "fast"
    HEAVY = "heavy"


class Scope(StrEnum):
    """Which rows of its sources a report may contain."""

    ALL = "all"
    OWN = "own"


class Progress(Struct, frozen=True):
    """How far the current attempt is; `percent` is 0 to 100 and never goes back within an attempt."""

    percent: int
    stage: str
    rows_done: int
    rows_total: int
    updated_at: datetime


class Result(Struct, frozen=True):
    """What a completed report's document is; `columns` are (name, type)."""

    row_count: int
    rows_total: int
    truncated: bool
    columns: tuple[tuple[str, str], ...]
    size_bytes: int
    sha256: str
    content_type: str
    as_of: datetime
    expires_at: datetime
    missing_glyphs: int
    key: str  # where the document lies in the bucket; never shown
    cut_cells: int = 0  # texts longer than the format's cells may be


class Failure(Struct, frozen=True):
    """Why a report failed, in a code for programs and a sentence for people."""

    code: str
    message: str
    retryable: bool
    attempt: int


class Report(Struct, frozen=True, kw_only=True):
    """
    One order for a document, and what became of it.

    `user_id` is the token's subject, compared as the raw string. `options` is None when the client
    sent none. `imported` marks a report made elsewhere: recorded as it stands, never rendered.
    `revision` is new with every change from outside the pipeline, and with its announcement. `unannounced` means
    that it has ended and nobody may have been told. `purging` means that its documents may be gone already, so it
    cannot be restored any more.
    `record` are values of its one row, by column: str, int, exact Decimal, bool or None; a moment is ISO 8601.
    `client_uuid` is the client's own name for it, unique among the user's; `published_at` came with an import.
    """

    id: int
    uuid: UUID
    title: str
    report_type: str
    type_version: int
    parameters: Mapping[str, Any]
    format: Format
    status: Status
    is_active: bool
    user_id: str
    scope: Scope
    lane: Lane
    locale: str
    created_at: datetime
    updated_at: datetime
    options: Mapping[str, Any] | None = None
    imported: bool = False
    attempt: int = 0
    max_attempts: int = 3
    dispatches: int = 0
    due_at: datetime | None = None
    not_before: datetime | None = None
    owner: str | None = None
    lease_until: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    unannounced: bool = False
    deleted_at: datetime | None = None
    purging: bool = False
    revision: str | None = None
    progress: Progress | None = None
    result: Result | None = None
    error: Failure | None = None
    record: Mapping[str, Any] | None = None
    client_uuid: str | None = None
    published_at: datetime | None = None
    schedule_id: str | None = None
    scheduled_for: str | None = None

    @property
    def is_queued(self) -> bool:
        """Whether a worker may still have to do something for it; what runs, runs on when it is made inactive."""
        is_wanted = self.is_active or self.status is Status.PROCESSING
        return is_wanted and not self.imported and not self.deleted_at and not self.is_finished

    def may_become(self, status: Status) -> bool:
        """Whether its next status may be this one; an import stays as it was recorded."""
        return not self.imported and status in MOVES.get(self.status, frozenset())

    @property
    def is_finished(self) -> bool:
        """Whether it has come to an end, or to what only a newer version knows: no work for us in any case."""
        return self.status not in UNFINISHED

    @property
    def folder(self) -> str:
        """Where its documents lie in the bucket, and nobody else's."""
        return f"reports/{self.created_at:%Y-%m-%d}/{self.uuid}/"

    @property
    def document_key(self) -> str:
        """The current attempt's object, named after it and its owner: what nobody else can have, nobody overwrites."""
        return f"{self.folder}{self.attempt}-{(self.owner or '')[:8]}.{self.format.extension}"


UNFINISHED = frozenset({Status.PENDING, Status.PROCESSING})


class Estimate(Struct, frozen=True):
    """
    What a report would be; `limit` is how many rows its format may hold, `formats` those that hold them all.

    `seconds` are of rendering, without the wait in the queue.
    """

    report_type: str
    format: Format
    rows_total: int
    limit: int | None
    formats: Sequence[Format]
    size_bytes: int
    seconds: float

    @property
    def fits(self) -> bool:
        """Whether the format holds them all."""
        return self.format in self.formats


class Reuse(Struct, frozen=True):
    """
    The wish for an identical report instead of a new one: one that is under way.

    With `max_age` it is one that is completed, whose data are no older than that.
    """

    max_age: timedelta | None = None

    def accepts(self, report: Report, now: datetime) -> bool:
        """Whether the report will do, identical as it is."""
        if self.max_age is None:
            return report.is_active and report.is_queued
        result = report.result
        is_there = report.is_active and report.deleted_at is None and result is not None and now < result.expires_at
        return is_there and result is not None and now - result.as_of <= self.max_age


class Order(Struct, frozen=True, kw_only=True):
    """
    What a client asks for, checked: the type is in the catalogue and the parameters fit its schema.

    `record`, `client_uuid` and `published_at` are the report's.
    """

    title: str
    report_type: str
    parameters: Mapping[str, Any]
    format: Format
    status: Status
    is_active: bool
    options: Mapping[str, Any] | None
    locale: str
    reuse: Reuse | None = None
    record: Mapping[str, Any] | None = None
    client_uuid: str | None = None
    published_at: datetime | None = None
    schedule_id: str | None = None
    scheduled_for: str | None = None


class Origin(StrEnum):
    """Where the answer to an order comes from; what a key brought about is answered again as at first."""

    CREATED = "created"
    REPLAYED = "replayed"  # recorded before, under the same key
    REUSED = "reused"  # an identical one that was there
    REUSED_BEFORE = "reused_before"  # the same, found before under the same key

    @property
    def is_reused(self) -> bool:
        """Whether the order made no report."""
        return self in {Origin.REUSED, Origin.REUSED_BEFORE}

    @property
    def is_replayed(self) -> bool:
        """Whether the same key was answered so before."""
        return self in {Origin.REPLAYED, Origin.REUSED_BEFORE}


class IdempotencyKey(Struct, frozen=True):
    """
    A client's promise that the same request is the same report.

    `value` is unique within a door and a caller; `fingerprint` is the SHA-256 of the request's body.
    After its `lifetime` the same key may make another report; one without is the client's own name for it, for ever.
    """

    door: str
    caller_id: str
    value: str
    fingerprint: str
    lifetime: timedelta | None = timedelta(hours=24)


class Identity(Struct, frozen=True):
    """A report's two names: the integer for people and sorting, the uuid as the key."""

    id: int
    uuid: UUID


def new_identity(now: datetime) -> Identity:
    """Make an integer below 2^53 that grows with time, and a random uuid."""
    milliseconds = int(now.timestamp() * 1000) - ID_EPOCH_MS
    return Identity(milliseconds << ID_RANDOM_BITS | secrets.randbits(ID_RANDOM_BITS), uuid4())


def as_plain(part: Progress | Result | Failure) -> dict[str, Any]:
    """Name by name what a part of a report says, moments as text."""
    values = ((field.name, getattr(part, field.name)) for field in fields(part))
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in values}


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds and Z, as both contracts print it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
