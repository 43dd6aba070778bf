"""The reports, pages and types that the description shows, put into words by the same code as real ones."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from rapor import score
from rapor.caller import EXPORT, GENERATE, VIEW, Caller
from rapor.catalogue import Column, ColumnType, Limits, ReportType, Source
from rapor.errors import ReferenceNotFound, TimedOut
from rapor.http import laravel, strapi
from rapor.http.gateway import Request
from rapor.listing import Position
from rapor.report import (
    CONTENT_TYPES,
    Estimate,
    Failure,
    Format,
    Lane,
    Progress,
    Report,
    Result,
    Scope,
    Status,
)

REQUEST_ID = "JKJaXmPLvHcESHA="
CALLER = Caller("1", frozenset({GENERATE, VIEW, EXPORT}), "ayse@example.com")
ORDER: dict[str, Any] = {  # the original's own
    "title": "Kullanıcı Raporu",
    "report_type": "users",
    "parameters": {"date_from": "2025-01-01", "date_to": "2025-12-31", "status": "active"},
    "format": "pdf",
    "status": "pending",
    "is_active": True,
}
CREATED_AT = datetime(2025, 11, 20, 12, tzinfo=UTC)
STARTED_AT = CREATED_AT + timedelta(seconds=1)
FINISHED_AT = CREATED_AT + timedelta(seconds=3)

PENDING = Report(
    id=1,
    uuid=UUID("550e8400-e29b-41d4-a716-446655440000"),
    title=ORDER["title"],
    report_type=ORDER["report_type"],
    type_version=1,
    parameters=ORDER["parameters"],
    format=Format.PDF,
    status=Status.PENDING,
    is_active=True,
    user_id=CALLER.id,
    scope=Scope.ALL,
    lane=Lane.FAST,
    locale="tr",
    created_at=CREATED_AT,
    updated_at=CREATED_AT,
)
PROCESSING = replace(
    PENDING,
    status=Status.PROCESSING,
    started_at=STARTED_AT,
    updated_at=STARTED_AT,
    progress=Progress(percent=40, stage="rendering", rows_done=480, rows_total=1200, updated_at=STARTED_AT),
)
COMPLETED = replace(
    PENDING,
    status=Status.COMPLETED,
    started_at=STARTED_AT,
    finished_at=FINISHED_AT,
    updated_at=FINISHED_AT,
    progress=Progress(percent=100, stage="completed", rows_done=1200, rows_total=1200, updated_at=FINISHED_AT),
    result=Result(
        row_count=1200,
        rows_total=1200,
        truncated=False,
        columns=(("user_id", "text"), ("registered_on", "date"), ("balance", "decimal")),
        size_bytes=48213,
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        content_type=CONTENT_TYPES[Format.PDF],
        as_of=STARTED_AT,
        expires_at=FINISHED_AT + timedelta(days=90),
        missing_glyphs=0,
        key="reports/2025-11-20/550e8400-e29b-41d4-a716-446655440000/1-3f2a9c71.pdf",
    ),
)
FAILED = replace(
    PENDING,
    status=Status.FAILED,
    started_at=STARTED_AT,
    finished_at=FINISHED_AT,
    updated_at=FINISHED_AT,
    error=Failure(
        code=TimedOut.code,
        message="The time ran out before the document was written. Narrow the parameters.",
        retryable=False,
        attempt=1,
    ),
)
DOCUMENT_LINK = "https://documents.example.com/reports/2025-11-20/550e8400-e29b-41d4-a716-446655440000/1-3f2a9c71.pdf"
LINK_EXPIRES_AT = FINISHED_AT + timedelta(minutes=5)
LIST_REQUEST = Request(
    route="GET /api/v1/reports",
    path="/api/v1/reports",
    path_parameters={},
    query={"per_page": "1"},
    raw_query="per_page=1",
    headers={},
    body=b"",
    claims={"sub": CALLER.id, "email": CALLER.email, "preferred_username": "ayse"},
    request_id=REQUEST_ID,
    base_url="https://api.example.com",
)
MANIFEST: dict[str, Any] = {
    "jws": None,
    "manifest": {
        "manifest_version": 1,
        "report": {
            "uuid": str(COMPLETED.uuid),
            "title": COMPLETED.title,
            "report_type": COMPLETED.report_type,
            "type_version": COMPLETED.type_version,
            "parameters": COMPLETED.parameters,
            "format": COMPLETED.format.value,
            "locale": COMPLETED.locale,
            "options": {},
            "scope": COMPLETED.scope.value,
        },
        "document": {
            name: value
            for name, value in laravel.as_detail(COMPLETED, CALLER)["result"].items()
            if name != "expires_at"
        },
        "renderer": {"name": "rapor", "version": "0.1.0"},
    },
}
ESTIMATE = Estimate(
    report_type=PENDING.report_type,
    format=PENDING.format,
    rows_total=1200,
    limit=100_000,
    formats=tuple(Format),
    size_bytes=48_000,
    seconds=1.2,
)
ESTIMATE_SHOWN: dict[str, Any] = json.loads(laravel.estimated(ESTIMATE).to_event("")["body"])
OLDER = Position(PENDING.created_at, PENDING.uuid)
SCORING = replace(
    PENDING,
    title="Score 92442",
    report_type=score.REPORT_TYPE,
    parameters={"referenceId": "92442"},
    format=Format.JSON,
)
SCORED = replace(
    SCORING,
    status=Status.COMPLETED,
    finished_at=FINISHED_AT,
    record=dict(zip(score.FIGURES, (612, Decimal("0.0131"), Decimal("0.94"), "2026.1"), strict=True)),
)
UNSCORED = replace(
    SCORING,
    status=Status.FAILED,
    finished_at=FINISHED_AT,
    error=Failure(ReferenceNotFound.code, "There is nothing known of this reference.", retryable=False, attempt=1),
)
SCORE_SHOWN = strapi.as_score(SCORED, LIST_REQUEST)
REPORT_TYPE = ReportType(
    name="users",
    version=1,
    title={"tr": "Kullanıcı Raporu", "en": "User Report"},
    description={
        "tr": "Seçilen tarihler arasında kaydolan kullanıcılar.",
        "en": "Users who registered between two dates.",
    },
    formats=tuple(Format),
    limits=Limits(rows={Format.PDF: 100_000}),
    parameters={
        "additionalProperties": False,
        "properties": {
            "date_from": {
                "type": "string",
                "format": "date",
                "x-label": {"tr": "Kayıt başlangıcı", "en": "Registered from"},
            },
        },
    },
    sources={"users": Source(own="user_id")},
    query="select user_id, balance from users where registered_on >= $date_from::date",
    columns=(
        Column(name="user_id", type=ColumnType.TEXT, label={"tr": "Kullanıcı no", "en": "User"}),
        Column(name="balance", type=ColumnType.DECIMAL, label={"tr": "Bakiye", "en": "Balance"}),
    ),
)
