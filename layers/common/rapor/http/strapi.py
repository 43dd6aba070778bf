"""Door A, `/reports`, in Strapi v3's shapes: a score is a report of type `reference`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rapor.http.gateway import Request, Response
from rapor.report import Report
from rapor.score import (
    FIGURES,
    NOT_SCORED,
    REPORT_TYPE,
    figure_of,
    is_processed,
    published_at,
    reference_of,
    uuid_of,
)

PATH = "/reports"
RETRY_AFTER_SECONDS = "1"


def is_route(route_key: str) -> bool:
    """Whether a route, such as `GET /reports/{id}`, is this door's."""
    path = route_key.partition(" ")[2]
    return path == PATH or path.startswith(f"{PATH}/")


def created(report: Report, request: Request) -> Response:
    """`200`, as Strapi v3 answers a create."""
    return Response(200, as_score(report, request))


def detail(report: Report, request: Request) -> Response:
    """The score; one that is not there yet says when to look again."""
    headers = {} if report.is_finished or report.imported else {"Retry-After": RETRY_AFTER_SECONDS}
    return Response(200, as_score(report, request), headers)


def listed(reports: Sequence[Report], request: Request) -> Response:
    """A bare array."""
    return Response(200, [as_score(report, request) for report in reports])


def counted(count: int) -> Response:
    """How many there are."""
    return Response(200, {"count": count})


def name_in(request: Request) -> str:
    """How the path names the score."""
    return request.path_parameters.get("id", "")


def refused(status: int, told: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """Say what door B says in the original's shape: `code` is the HTTP status, so the stable code is `reason`."""
    body = {
        "code": int(status),
        "message": told["message"],
        "reason": told["code"],
        "request_id": told["request_id"],
    }
    return Response(status, body | ({"errors": told["errors"]} if "errors" in told else {}), headers)


def as_score(report: Report, request: Request) -> dict[str, Any]:
    """
    What the original answers, key by key, without the secrets its documentation shows.

    The four scores are there together or not at all. A score that failed, or was never made, says why, which the
    original cannot.
    """
    score = {
        "id": str(report.uuid),
        "uuid": uuid_of(report),
        "referenceId": reference_of(report),
        "type": REPORT_TYPE,
        "processed": is_processed(report),
        "users_permissions_user": _user(report, request),
        **{name: _plain(figure_of(report, name)) for name in FIGURES},
        "published_at": moment(published_at(report)),
    }
    error = _error_of(report)
    return score | ({"error": error} if error else {})


def moment(value: datetime) -> str:
    """ISO 8601 in UTC with Z; fractions of a second only where there are any."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _user(report: Report, request: Request) -> dict[str, Any]:
    """The owner, from the caller's own token; of somebody else we know no more than the id."""
    claims = request.claims or {}
    if claims.get("sub") != report.user_id:
        claims = {}
    email = claims.get("email") or None
    names = (claims.get(name) for name in ("preferred_username", "username", "cognito:username"))
    return {
        "id": report.user_id,
        "username": next(filter(None, names), None) or (email or "").partition("@")[0] or report.user_id,
        "email": email,
        "provider": "jwt",
        "confirmed": str(claims.get("email_verified", True)).lower() == "true",
        "blocked": False,  # whoever is, gets no token
        "role": claims.get("role") or "authenticated",
        "reports": [],
        "created_by": report.user_id,
        "updated_by": report.user_id,
    }


def _plain(value: Any) -> Any:
    """A JSON number from a decimal."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def _error_of(report: Report) -> dict[str, str] | None:
    if report.error:
        return {"code": report.error.code, "message": report.error.message}
    if report.imported and not is_processed(report):
        return {"code": NOT_SCORED, "message": "It was recorded as made elsewhere, without a score."}
    return None
