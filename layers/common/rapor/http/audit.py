"""
Who did what to which report, when and from where: one log entry a request, refused ones too.

docs/audit.md describes an entry. It holds ids, never what a report is called or holds, nor any part of a token.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rapor.http.gateway import Response, claims_in

ACTIONS: Mapping[str, str] = {
    "POST /api/v1/reports": "report.create",
    "GET /api/v1/reports": "report.list",
    "GET /api/v1/reports/{uuid}": "report.read",
    "PUT /api/v1/reports/{uuid}": "report.update",
    "PATCH /api/v1/reports/{uuid}": "report.update",
    "DELETE /api/v1/reports/{uuid}": "report.delete",
    "POST /api/v1/reports/{uuid}/retry": "report.retry",
    "POST /api/v1/reports/{uuid}/cancel": "report.cancel",
    "POST /api/v1/reports/{uuid}/restore": "report.restore",
    "GET /api/v1/reports/{uuid}/download": "document.download",
    "GET /api/v1/reports/{uuid}/manifest": "manifest.read",
    "POST /api/v1/reports/estimate": "report.estimate",
    "POST /reports": "score.create",
    "GET /reports": "score.list",
    "GET /reports/count": "score.count",
    "GET /reports/{id}": "score.read",
    "POST /api/v1/schedules": "schedule.create",
    "GET /api/v1/schedules": "schedule.list",
    "GET /api/v1/schedules/{uuid}": "schedule.read",
    "PATCH /api/v1/schedules/{uuid}": "schedule.update",
    "DELETE /api/v1/schedules/{uuid}": "schedule.delete",
    "POST /api/v1/schedules/{uuid}/run": "schedule.order",
    "GET /api/v1/report-types": "type.list",
    "GET /api/v1/report-types/{name}": "type.read",
}
MOST_SUCCESSFUL = 399


def entry(event: Mapping[str, Any], response: Response) -> dict[str, Any] | None:
    """Tell of one request and its answer; None for a route that is nobody's secret."""
    action = ACTIONS.get(event["routeKey"])
    if action is None:
        return None
    context = event["requestContext"]
    body = response.body if isinstance(response.body, Mapping) else {}
    return {
        "action": action,
        "actor": (claims_in(context) or {}).get("sub"),
        **_names_in(event, body),
        "status": int(response.status),
        "code": body.get("reason", body.get("code")) if response.status > MOST_SUCCESSFUL else None,
        "request_id": context["requestId"],
        "source_ip": context.get("http", {}).get("sourceIp"),
    }


def system_entry(action: str, actor: str, report: UUID | None) -> dict[str, Any]:
    """Tell of what the service did to a report by itself, or on schedule; None if a run made no report."""
    return {
        "action": action,
        "actor": actor,
        "report": str(report) if report else None,
        "schedule": None,
        "status": None,
        "code": None,
        "request_id": None,
        "source_ip": None,
    }


def _names_in(event: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, str | None]:
    """Our uuids, which each door has elsewhere; what else a client wrote there is not repeated."""
    named = event.get("pathParameters", {}).get("uuid")
    if "/schedules" not in event["routeKey"]:
        return {"report": _first(body.get("id"), named, body.get("uuid")), "schedule": None}
    is_run = event["routeKey"].endswith("/run")  # its answer is a report
    return {"report": _first(body.get("uuid")) if is_run else None, "schedule": _first(named, body.get("uuid"))}


def _first(*names: object) -> str | None:
    return next(filter(None, map(_canonical, names)), None)


def _canonical(text: object) -> str | None:
    try:
        uuid = str(UUID(text)) if isinstance(text, str) else None
    except ValueError:
        return None
    return uuid if uuid == str(text).lower() else None
