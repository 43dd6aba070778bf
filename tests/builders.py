"""One valid example of each thing, changed per test."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from rapor.caller import Caller
from rapor.catalogue import Catalogue
from rapor.report import Format, Lane, Report, Result, Scope, Status

ROOT = Path(__file__).parents[1]
NOW = datetime(2025, 11, 20, 12, tzinfo=UTC)
GENERAL = ("reports.generate", "reports.view", "reports.export", "reports.delete", "reports.restore")
CYBERCERT = {
    "title": "Kullanıcı Raporu",
    "report_type": "users",
    "parameters": {"date_from": "2025-01-01", "date_to": "2025-12-31", "status": "active"},
    "format": "pdf",
    "status": "pending",
    "is_active": True,
}

MINIMAL_TYPE = """
name = "things"
version = 1
formats = ["csv"]
query = "select id from things"
title = { en = "Things" }
description = { en = "All of them." }

[sources.things]
own = "all"

[[columns]]
name = "id"
type = "integer"
label = { en = "Id" }
"""


def a_catalogue() -> Catalogue:
    return Catalogue.load(ROOT / "layers/catalogue/report_types")


def a_type_file(folder: Path, *changes: tuple[str, str], more: str = "", name: str = "things") -> Path:
    """Write the smallest type as *name*, with texts of it replaced, and *more* behind it."""
    text = MINIMAL_TYPE.replace('name = "things"', f'name = "{name}"')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / f"{name}.toml"
    file.write_text(text + more)
    return file


def a_report(**changes: Any) -> Report:
    report = Report(
        id=114307178496000,
        uuid=UUID("550e8400-e29b-41d4-a716-446655440000"),
        title="Kullanıcı Raporu",
        report_type="users",
        type_version=1,
        parameters={"date_from": "2025-01-01", "date_to": "2025-12-31", "status": "active"},
        format=Format.PDF,
        status=Status.PENDING,
        is_active=True,
        user_id="1",
        scope=Scope.ALL,
        lane=Lane.FAST,
        locale="tr",
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(report, **changes)


def a_result(**changes: Any) -> Result:
    result = Result(
        row_count=3,
        rows_total=3,
        truncated=False,
        columns=(("full_name", "text"), ("balance", "decimal")),
        size_bytes=20,
        sha256="ab" * 32,
        content_type="application/pdf",
        as_of=NOW,
        expires_at=NOW + timedelta(days=90),
        missing_glyphs=0,
        key="reports/x.pdf",
    )
    return replace(result, **changes)


def a_caller(user_id: str = "1", *permissions: str) -> Caller:
    return Caller(user_id, frozenset(permissions or GENERAL), "ayse@example.com")


def load_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / name).read_text())
    return event


def a_post(body: object, headers: Mapping[str, str] | None = None, claims: Mapping[str, Any] | None = None) -> Any:
    """A create request; text goes as it is, anything else as JSON."""
    event = copy.deepcopy(load_event("create_report/post_api_v1_reports.json"))
    event["body"] = body if isinstance(body, str) else json.dumps(body)
    event["headers"] |= headers or {}
    if claims is not None:
        event["requestContext"]["authorizer"]["jwt"]["claims"] = dict(claims)
    return event
