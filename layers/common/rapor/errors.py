"""
What can go wrong, each with a stable code.

    RaporError
    ├── RequestError                  the caller can mend it; a door answers with its code
    │   ├── MalformedBody             malformed_body
    │   ├── Unauthenticated           unauthenticated
    │   ├── Forbidden                 forbidden
    │   ├── NotFound                  not_found
    │   ├── NotCompleted              not_completed
    │   ├── Conflict                  conflict
    │   │   ├── RenderingStarted      rendering_started
    │   │   ├── NotFailed             not_failed
    │   │   ├── AlreadyFinished       already_finished
    │   │   └── TooManySchedules      too_many_schedules
    │   ├── DocumentExpired           document_expired
    │   ├── BodyTooLarge              body_too_large
    │   ├── UnsupportedMediaType      unsupported_media_type
    │   ├── Invalid                   validation_failed
    │   │   └── KeyReused             idempotency_key_reused
    │   ├── InvalidQuery              invalid_query
    │   ├── UuidTaken                 uuid_taken
    │   │   └── UuidDeleted           uuid_deleted
    │   ├── TooManyUnfinished         too_many_unfinished
    │   └── NotEstimated              not_estimated
    ├── RenderError                   the report ends `failed` with this code, or waits for its next attempt
    │   ├── InvalidParameters         invalid_parameters
    │   ├── SourceUnavailable         source_unavailable
    │   ├── SourceInvalid             source_invalid
    │   ├── TooManyRows               too_many_rows
    │   ├── OutOfMemory               out_of_memory
    │   ├── TimedOut                  timed_out
    │   ├── Cancelled                 cancelled
    │   ├── AttemptsExhausted         attempts_exhausted
    │   ├── ReferenceNotFound         reference_not_found
    │   └── Internal                  internal
    ├── Fenced                        another worker owns the report now
    ├── NotScheduled                  EventBridge Scheduler refuses a schedule
    ├── StoreUnavailable              the table, the bucket or the bus did not take it; ask again
    └── CatalogueError                a report type's file is wrong: file, key, reason
"""

from collections.abc import Mapping, Sequence
from traceback import format_tb
from typing import ClassVar


class RaporError(Exception):
    """Base of all; never raised itself."""


class RequestError(RaporError):
    """The caller can mend it."""

    code: ClassVar[str]
    message: ClassVar[str]

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)


class MalformedBody(RequestError):
    """The body is not one JSON object."""

    code = "malformed_body"
    message = "The body must be one JSON object in UTF-8."


class Unauthenticated(RequestError):
    """No verified subject: a route without its authorizer fails closed."""

    code = "unauthenticated"
    message = "Unauthorized"


class Forbidden(RequestError):
    """The caller holds neither the permission nor its `.own` form."""

    code = "forbidden"
    message = "Forbidden"


class NotFound(RequestError):
    """Absent, deleted or somebody else's: the answer is the same."""

    code = "not_found"
    message = "Not Found"


class NotCompleted(RequestError):
    """There is no document yet, or there never will be."""

    code = "not_completed"
    message = "The report has no document: it is not completed."


class Conflict(RequestError):
    """The report is not as the request needs it; by itself: it went on changing while the request was tried."""

    code = "conflict"
    message = "The report is being changed. Try again."


class RenderingStarted(Conflict):
    """What the document is made of is fixed once a worker took the report, or it was never to be rendered."""

    code = "rendering_started"
    message = "Only the title and is_active can be changed once rendering has started."


class NotFailed(Conflict):
    """There is nothing to try again: it has not failed, or it was made elsewhere."""

    code = "not_failed"
    message = "Only a failed report can be retried."


class AlreadyFinished(Conflict):
    """There is nothing to stop: it has ended, or it was made elsewhere."""

    code = "already_finished"
    message = "Only a pending or processing report can be cancelled."


class TooManySchedules(Conflict):
    """The caller has as many schedules as the service allows."""

    code = "too_many_schedules"
    message = "Too many schedules. Delete one first."


class DocumentExpired(RequestError):
    """The document was there and is past its retention."""

    code = "document_expired"
    message = "The document has expired. Order the report again."


class BodyTooLarge(RequestError):
    """The body is over the limit."""

    code = "body_too_large"
    message = "The body is too large."


class UnsupportedMediaType(RequestError):
    """The body is not declared as JSON."""

    code = "unsupported_media_type"
    message = "The body must be application/json in UTF-8."


class Invalid(RequestError):
    """Fields are wrong: every one of them, by dotted name."""

    code = "validation_failed"
    message = "Validation failed"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.errors = {field: list(sentences) for field, sentences in errors.items()}


class KeyReused(Invalid):
    """The Idempotency-Key came before with another body."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__({"Idempotency-Key": ["The Idempotency-Key was used before with another body."]})


class InvalidQuery(RequestError):
    """The address asks for what cannot be asked."""

    code = "invalid_query"
    message = "The query is invalid."


class UuidTaken(RequestError):
    """The client's uuid stands for a report of another body."""

    code = "uuid_taken"
    message = "The uuid was used before with another body."


class UuidDeleted(UuidTaken):
    """The client's uuid stands for a report in the trash, which no read at its door finds."""

    code = "uuid_deleted"
    message = "The report of this uuid was deleted. Restore it, or use another uuid."


class TooManyUnfinished(RequestError):
    """The caller has as many unfinished reports as the service allows."""

    code = "too_many_unfinished"
    message = "Too many unfinished reports. Wait for some to finish."


class NotEstimated(RequestError):
    """The data could not be read for an estimate, or not in the time there is; the message says why."""

    code = "not_estimated"
    message = "The report could not be estimated."


class RenderError(RaporError):
    """Why a report has no document; `retryable` says whether a later attempt may succeed by itself."""

    code: ClassVar[str]
    retryable: ClassVar[bool] = False


class InvalidParameters(RenderError):
    """The stored parameters do not fit the type (any more)."""

    code = "invalid_parameters"


class SourceUnavailable(RenderError):
    """The data could not be reached."""

    code = "source_unavailable"
    retryable = True


class SourceInvalid(RenderError):
    """The data is there but is not what the type's query needs."""

    code = "source_invalid"


class TooManyRows(RenderError):
    """More rows than the format may hold; the message names one that can."""

    code = "too_many_rows"


class OutOfMemory(RenderError):
    """The query needs more memory than the function has."""

    code = "out_of_memory"


class TimedOut(RenderError):
    """The function's time ran out before the document was written."""

    code = "timed_out"


class Cancelled(RenderError):
    """The owner cancelled it."""

    code = "cancelled"


class AttemptsExhausted(RenderError):
    """Every allowed attempt ended without an answer."""

    code = "attempts_exhausted"
    retryable = True


class ReferenceNotFound(RenderError):
    """There is nothing to score under this reference."""

    code = "reference_not_found"


class Internal(RenderError):
    """Our own fault; the logs hold the cause, the message does not."""

    code = "internal"
    retryable = True


class Fenced(RaporError):
    """Another worker owns the report, or it has ended: stop and touch nothing."""


class NotScheduled(RaporError):
    """EventBridge Scheduler refuses the schedule, and always will."""


class StoreUnavailable(RaporError):
    """The table, the bucket or the event bus could not be reached; the same event must come again."""


class CatalogueError(RaporError):
    """A report type's file is wrong."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {reason}" if key else f"{file}: {reason}")
        self.file, self.key, self.reason = file, key, reason


def causes_of(error: BaseException) -> list[str]:
    """
    Say for logs what was behind an error: kind by kind, with the codes that AWS gave, and where the first came from.

    An error without a cause is its own. Messages are left out, for they may hold data.
    """
    first = error.__cause__ or error
    kinds, cause = [_kind(first)], first.__cause__
    while cause:
        kinds.append(_kind(cause))
        cause = cause.__cause__
    return [*kinds, *format_tb(first.__traceback__)]


def _kind(error: BaseException) -> str:
    answer = getattr(error, "response", None)  # botocore's
    code = answer.get("Error", {}).get("Code", "") if isinstance(answer, Mapping) else ""
    return f"{type(error).__qualname__} {code}".rstrip()
