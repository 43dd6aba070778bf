"""Door B, `/api/v1/reports`, in Laravel's shapes."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from rapor.caller import Caller
from rapor.errors import NotFound
from rapor.http.cursor import cursor_to, link_to
from rapor.http.gateway import Request, Response
from rapor.listing import Listing, Page
from rapor.report import Estimate, Failure, Progress, Report, Result, as_plain, iso

PATH = "/api/v1/reports"
RETRY_AFTER_SECONDS = "1"


def uuid_in(request: Request) -> UUID:
    """
    The report that the path names.

    Raises:
        NotFound: That cannot be a report.
    """
    text = request.path_parameters.get("uuid", "")
    try:
        uuid = UUID(text)
    except ValueError:
        raise NotFound from None
    if str(uuid) != text.lower():
        raise NotFound
    return uuid


def created(report: Report, *, replayed: bool) -> Response:
    """`201`, or the same `201` again."""
    headers = {"Location": f"{PATH}/{report.uuid}"}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(201, as_created(report), headers)


def reused(report: Report, *, replayed: bool) -> Response:
    """`200`, or the same `200` again: nothing was created, and here is what will do."""
    return replace(created(report, replayed=replayed), status=200)


def as_created(report: Report) -> dict[str, Any]:
    """What the original answers to a create, key by key."""
    answer: dict[str, Any] = {
        "id": report.id,
        "uuid": str(report.uuid),
        "title": report.title,
        "report_type": report.report_type,
        "parameters": report.parameters,
        "format": report.format.value,
        "status": report.status.value,
        "is_active": report.is_active,
        "user_id": user_id_of(report.user_id),
        "created_at": iso(report.created_at),
        "updated_at": iso(report.updated_at),
    }
    if report.options is not None:
        answer["options"] = report.options
    return answer


def estimated(estimate: Estimate) -> Response:
    """What the report would be; seconds to a tenth, for more would be a promise."""
    return Response(
        200,
        {
            "report_type": estimate.report_type,
            "format": estimate.format.value,
            "rows_total": estimate.rows_total,
            "limit": estimate.limit,
            "fits": estimate.fits,
            "formats": [it.value for it in estimate.formats],
            "size_bytes": estimate.size_bytes,
            "seconds": round(estimate.seconds + 0.05, 1),
        },
    )


def detail(report: Report, caller: Caller) -> Response:
    """The report and how it goes; an unfinished one says when to look again."""
    headers = {} if report.is_finished else {"Retry-After": RETRY_AFTER_SECONDS}
    return Response(200, as_detail(report, caller), headers)


def as_detail(report: Report, caller: Caller) -> dict[str, Any]:
    """What was created, and what became of it."""
    download = f"{PATH}/{report.uuid}/download" if report.result else None
    user: dict[str, Any] = {"id": user_id_of(report.user_id)}
    if caller.email and caller.id == report.user_id:
        user["email"] = caller.email
    answer = {
        **as_created(report),
        "started_at": _iso_or_none(report.started_at),
        "finished_at": _iso_or_none(report.finished_at),
        "progress": _part(report.progress),
        "result": _result(report.result),
        "error": _part(report.error),
        "download_url": download,
        "file_path": download,
        "user": user,
    }
    if report.schedule_id is not None:
        answer |= {"schedule_id": report.schedule_id, "scheduled_for": report.scheduled_for}
    if report.deleted_at is not None:
        answer["deleted_at"] = iso(report.deleted_at)
    return answer


def retried(report: Report, caller: Caller) -> Response:
    """`202`: it is queued again, and its answer says when to look."""
    return replace(detail(report, caller), status=202)


def deleted() -> Response:
    """What the original answers to a delete."""
    return Response(200, {"message": "Report deleted"})


def restored(report: Report) -> Response:
    """What the original answers to a restore."""
    shown = {
        "id": report.id,
        "uuid": str(report.uuid),
        "title": report.title,
        "is_active": report.is_active,
        "deleted_at": None,
    }
    return Response(200, {"message": "Report restored", "report": shown})


def page(request: Request, listing: Listing, found: Page, caller: Caller) -> Response:
    """Laravel's cursor page."""
    following = cursor_to(found.following, caller, listing.filters)
    preceding = cursor_to(found.preceding, caller, listing.filters)
    return Response(
        200,
        {
            "data": [as_detail(report, caller) for report in found.reports],
            "links": {
                "first": None,
                "last": None,
                "prev": link_to(request, preceding),
                "next": link_to(request, following),
            },
            "meta": {
                "path": f"{request.base_url}{request.path}",
                "per_page": listing.per_page,
                "next_cursor": following,
                "prev_cursor": preceding,
            },
        },
    )


def download(link: str, expires_at: datetime, request: Request) -> Response:
    """Send the client to the document, or tell it the way, for those that would take their token along."""
    if "application/json" in request.headers.get("accept", "").lower():
        return Response(200, {"url": link, "expires_at": iso(expires_at)})
    return Response(302, None, {"Location": link})


def manifest(content: bytes) -> Response:
    """The manifest with the very members it was stored with."""
    return Response(200, json.loads(content))


def user_id_of(subject: str) -> int | str:
    """A canonical decimal below 2^53 as an integer, as Laravel's ids are; anything else as it is."""
    is_canonical = subject.isascii() and subject.isdigit() and (subject == "0" or subject[0] != "0")
    return int(subject) if is_canonical and len(subject) <= 16 and int(subject) < 2**53 else subject  # noqa: PLR2004


def _part(part: Progress | Failure | None) -> dict[str, Any] | None:
    return as_plain(part) if part else None


def _result(result: Result | None) -> dict[str, Any] | None:
    """All but where the document lies."""
    if result is None:
        return None
    columns = [{"name": name, "type": kind} for name, kind in result.columns]
    return {name: value for name, value in (as_plain(result) | {"columns": columns}).items() if name != "key"}


def _iso_or_none(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
