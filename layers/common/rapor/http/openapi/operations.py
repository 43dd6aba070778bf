"""Every operation of the API, in the order in which a client meets them."""

from collections.abc import Sequence
from http import HTTPStatus

from rapor.caller import EXPORT, GENERATE, VIEW
from rapor.errors import DocumentExpired, Invalid, KeyReused, NotCompleted, NotEstimated, NotFound, TooManyUnfinished
from rapor.http import laravel, report_types, static
from rapor.http.languages import LOCALES
from rapor.http.openapi import examples
from rapor.http.openapi.changes import CHANGES
from rapor.http.openapi.console import CONSOLE
from rapor.http.openapi.operation import Answer, Body, Operation
from rapor.http.openapi.parameters import ACCEPT_LANGUAGE, FILE, IDEMPOTENCY_KEY, LISTING, TYPE_NAME, UUID
from rapor.http.openapi.schedules import SCHEDULES
from rapor.http.openapi.scores import SCORES
from rapor.http.sentences import required, selected_invalid
from rapor.listing import Filters, Listing, Page
from rapor.report import iso

MINIMAL_ORDER = {"title": "Users", "report_type": "users"}
CSV_ORDER = {
    "title": "Aktif kullanıcılar",
    "report_type": "users",
    "parameters": {"status": "active"},
    "format": "csv",
    "options": {"locale": "tr", "csv": {"bom": True, "delimiter": ";", "decimal": ","}},
}
PAGE = laravel.page(
    examples.LIST_REQUEST,
    Listing(Filters(), None, 1),
    Page([examples.COMPLETED], examples.OLDER, None),
    examples.CALLER,
).body

NO_DOCUMENT = (NotFound(), NotCompleted(), DocumentExpired())

REPORTS: Sequence[Operation] = (
    Operation(
        route="POST /api/v1/reports",
        id="createReport",
        tag="Reports",
        summary="Order a report",
        description="The report is recorded and made in the background: follow it at `Location`.",
        permission=GENERATE,
        parameters=(IDEMPOTENCY_KEY, ACCEPT_LANGUAGE),
        body=Body(
            schema="CreateReport",
            examples={"users": examples.ORDER, "minimal": MINIMAL_ORDER, "csv": CSV_ORDER},
        ),
        answers={
            HTTPStatus.OK: Answer(
                description="Not made anew: this one will do, as `options.reuse` asked; or did before under the same "
                "`Idempotency-Key`.",
                schema="Report",
                examples={"users": laravel.as_created(examples.COMPLETED)},
                headers=("Location", "Idempotency-Replayed"),
                leads_on="/api/v1/reports/{uuid}",
            ),
            HTTPStatus.CREATED: Answer(
                description="Recorded; or recorded before under the same `Idempotency-Key`.",
                schema="Report",
                examples={"users": laravel.as_created(examples.PENDING)},
                headers=("Location", "Idempotency-Replayed"),
                leads_on="/api/v1/reports/{uuid}",
            ),
        },
        errors=(
            Invalid({name: [required(name)] for name in ("title", "report_type")}),
            KeyReused(),
            TooManyUnfinished(),
        ),
    ),
    Operation(
        route="POST /api/v1/reports/estimate",
        id="estimateReport",
        tag="Reports",
        summary="Say what a report would be",
        description="The body is checked as an order's, and the report's beginning is made. Nothing is recorded.",
        permission=GENERATE,
        body=Body(schema="CreateReport", examples={"users": examples.ORDER}),
        answers={
            HTTPStatus.OK: Answer(
                description="What is to be expected.", schema="Estimate", examples={"users": examples.ESTIMATE_SHOWN}
            )
        },
        errors=(Invalid({name: [required(name)] for name in ("title", "report_type")}), NotEstimated()),
    ),
    Operation(
        route="GET /api/v1/reports",
        id="listReports",
        tag="Reports",
        summary="List reports",
        description="Newest first: everybody's for `reports.view`, the caller's own for `reports.view.own`. "
        "A filter that is empty was not sent.",
        permission=VIEW,
        parameters=LISTING,
        answers={
            HTTPStatus.OK: Answer(description="One page.", schema="ReportPage", examples={"first page": PAGE}),
        },
        errors=(Invalid({"cursor": [selected_invalid("cursor")]}),),
    ),
    Operation(
        route="GET /api/v1/reports/{uuid}",
        id="getReport",
        tag="Reports",
        summary="Follow a report",
        description="While it is unfinished, `Retry-After` says when to look again.",
        permission=VIEW,
        parameters=(UUID,),
        answers={
            HTTPStatus.OK: Answer(
                description="The report, and how it goes.",
                schema="ReportDetail",
                examples={
                    report.status.value: laravel.as_detail(report, examples.CALLER)
                    for report in (examples.PENDING, examples.PROCESSING, examples.COMPLETED, examples.FAILED)
                },
                headers=("Retry-After",),
            )
        },
        errors=(NotFound(),),
    ),
    Operation(
        route="GET /api/v1/reports/{uuid}/download",
        id="downloadReport",
        tag="Reports",
        summary="Fetch the document",
        description="The address is signed at this moment and works for 5 minutes. Do not send the token there: with "
        "`Accept: application/json` the address is in the body, for clients whose redirects take the token along.",
        permission=EXPORT,
        parameters=(UUID,),
        answers={
            HTTPStatus.OK: Answer(
                description="Where the document is; only with `Accept: application/json`.",
                schema="DownloadLink",
                examples={"link": {"url": examples.DOCUMENT_LINK, "expires_at": iso(examples.LINK_EXPIRES_AT)}},
            ),
            HTTPStatus.FOUND: Answer(description="On to the document.", headers=("Location",)),
        },
        errors=NO_DOCUMENT,
    ),
    Operation(
        route="GET /api/v1/reports/{uuid}/manifest",
        id="getManifest",
        tag="Reports",
        summary="Say what the document is",
        description="Written beside the document, and signed where a key is set up: keep it with the document, as "
        "evidence. `rapor verify` compares the two.",
        permission=EXPORT,
        parameters=(UUID,),
        answers={
            HTTPStatus.OK: Answer(
                description="The manifest.", schema="Manifest", examples={"not signed": examples.MANIFEST}
            )
        },
        errors=NO_DOCUMENT,
    ),
)
CATALOGUE: Sequence[Operation] = (
    Operation(
        route="GET /api/v1/report-types",
        id="listReportTypes",
        tag="Catalogue",
        summary="List what can be ordered",
        description="Titles and labels are in one language, the one a report would be ordered in.",
        parameters=(ACCEPT_LANGUAGE,),
        answers={
            HTTPStatus.OK: Answer(
                description="Every report type.",
                schema="ReportTypeList",
                examples={
                    locale: {"data": [report_types.as_resource(examples.REPORT_TYPE, examples.CALLER, locale)]}
                    for locale in LOCALES
                },
                headers=("Content-Language",),
            )
        },
    ),
    Operation(
        route="GET /api/v1/report-types/{name}",
        id="getReportType",
        tag="Catalogue",
        summary="Read one report type",
        parameters=(TYPE_NAME, ACCEPT_LANGUAGE),
        answers={
            HTTPStatus.OK: Answer(
                description="The report type.",
                schema="ReportTypeDetail",
                examples={
                    locale: {"data": report_types.as_resource(examples.REPORT_TYPE, examples.CALLER, locale)}
                    for locale in LOCALES
                },
                headers=("Content-Language",),
            )
        },
        errors=(NotFound(),),
    ),
)
DOCUMENTATION: Sequence[Operation] = (
    Operation(
        route="GET /openapi.json",
        id="getOpenApi",
        tag="Documentation",
        summary="Read this description",
        is_public=True,
        answers={
            HTTPStatus.OK: Answer(description="OpenAPI 3.1.", schema="OpenApi", examples={"this": {"openapi": "3.1.0"}})
        },
    ),
    Operation(
        route="GET /docs",
        id="getDocs",
        tag="Documentation",
        summary="Read and try this description in a browser",
        is_public=True,
        answers={HTTPStatus.OK: Answer(description="A page.", files=(static.CONTENT_TYPES["docs.html"],))},
    ),
    Operation(
        route="GET /docs/{file}",
        id="getDocsFile",
        tag="Documentation",
        summary="Fetch what that page needs",
        is_public=True,
        parameters=(FILE,),
        answers={HTTPStatus.OK: Answer(description="The file.", files=tuple(dict.fromkeys(static.ASSETS.values())))},
        errors=(NotFound(),),
    ),
)

OPERATIONS: Sequence[Operation] = (*REPORTS, *CHANGES, *SCHEDULES, *SCORES, *CATALOGUE, *DOCUMENTATION, *CONSOLE)
