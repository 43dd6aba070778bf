"""What can be done to a report that exists."""

from collections.abc import Sequence
from http import HTTPStatus

from msgspec.structs import replace

from rapor.caller import DELETE, GENERATE, RESTORE
from rapor.errors import (
    AlreadyFinished,
    Cancelled,
    Conflict,
    Invalid,
    NotFailed,
    NotFound,
    RenderingStarted,
    RequestError,
    TooManyUnfinished,
)
from rapor.http import laravel
from rapor.http.openapi import examples
from rapor.http.openapi.operation import Answer, Body, Operation
from rapor.http.openapi.parameters import UUID
from rapor.http.sentences import required
from rapor.report import Failure, Report, Status

RENAMED = replace(examples.PENDING, title="Kullanıcılar 2025")
CANCELLED = replace(
    examples.PENDING,
    status=Status.FAILED,
    finished_at=examples.FINISHED_AT,
    updated_at=examples.FINISHED_AT,
    error=Failure(Cancelled.code, "The report was cancelled.", Cancelled.retryable, 0),
)
PATH = "/api/v1/reports/{uuid}"
TOO_LATE: Sequence[RequestError] = (NotFound(), Conflict(), RenderingStarted())
TITLE_MISSING = Invalid({"title": [required("title")]})


def detail(report: Report, description: str) -> Answer:
    """The report as it is now."""
    return Answer(
        description=description,
        schema="ReportDetail",
        examples={report.status.value: laravel.as_detail(report, examples.CALLER)},
        headers=("Retry-After",),
    )


CHANGES: Sequence[Operation] = (
    Operation(
        route=f"PUT {PATH}",
        id="replaceReport",
        tag="Reports",
        summary="Change a report, sent whole",
        description="Title and is_active can change at any time, what the document is made of only before a worker "
        "took the report. What is not sent, or null, stays; what only the service sets is ignored, so the answer of "
        "another call can be sent back.",
        permission=GENERATE,
        parameters=(UUID,),
        body=Body(
            schema="ReplaceReport",
            examples={"sent back": laravel.as_detail(RENAMED, examples.CALLER), "order": examples.ORDER},
        ),
        answers={HTTPStatus.OK: detail(RENAMED, "The report, changed.")},
        errors=(*TOO_LATE, TITLE_MISSING, TooManyUnfinished()),
    ),
    Operation(
        route=f"PATCH {PATH}",
        id="updateReport",
        tag="Reports",
        summary="Change a report",
        description="As `PUT`, with only what shall change.",
        permission=GENERATE,
        parameters=(UUID,),
        body=Body(schema="UpdateReport", examples={"title": {"title": RENAMED.title}, "wait": {"is_active": False}}),
        answers={HTTPStatus.OK: detail(RENAMED, "The report, changed.")},
        errors=(*TOO_LATE, TITLE_MISSING, TooManyUnfinished()),
    ),
    Operation(
        route=f"POST {PATH}/retry",
        id="retryReport",
        tag="Reports",
        summary="Try a failed report again",
        description="As its type is by now.",
        permission=GENERATE,
        parameters=(UUID,),
        answers={HTTPStatus.ACCEPTED: detail(examples.PENDING, "It waits for a worker again.")},
        errors=(
            NotFound(),
            Conflict(),
            NotFailed(),
            Invalid({"parameters": ["The parameters do not fit the report type any more."]}),
            TooManyUnfinished(),
        ),
    ),
    Operation(
        route=f"POST {PATH}/cancel",
        id="cancelReport",
        tag="Reports",
        summary="Cancel an unfinished report",
        description="It is `failed` then, with code `cancelled`.",
        permission=GENERATE,
        parameters=(UUID,),
        answers={HTTPStatus.OK: detail(CANCELLED, "The report, cancelled.")},
        errors=(NotFound(), Conflict(), AlreadyFinished()),
    ),
    Operation(
        route=f"DELETE {PATH}",
        id="deleteReport",
        tag="Reports",
        summary="Delete a report",
        description="It can be restored for a time that the operator sets; an unfinished one is cancelled.",
        permission=DELETE,
        parameters=(UUID,),
        answers={
            HTTPStatus.OK: Answer(
                description="Deleted.", schema="ReportDeleted", examples={"deleted": laravel.deleted().body}
            )
        },
        errors=(NotFound(), Conflict()),
    ),
    Operation(
        route=f"POST {PATH}/restore",
        id="restoreReport",
        tag="Reports",
        summary="Restore a deleted report",
        description="As it was when it was deleted.",
        permission=RESTORE,
        parameters=(UUID,),
        answers={
            HTTPStatus.OK: Answer(
                description="Restored, or never deleted.",
                schema="ReportRestored",
                examples={"restored": laravel.restored(examples.PENDING).body},
            )
        },
        errors=(NotFound("Report not found"), Conflict()),
    ),
)
