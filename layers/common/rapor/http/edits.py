"""Door B's update body: read against the report that it changes, to the order that shall stand in its place."""

from collections.abc import Callable, Mapping
from typing import Any

from rapor.catalogue import Catalogue
from rapor.errors import Invalid
from rapor.http.body import read_json
from rapor.http.gateway import Request
from rapor.http.orders import READERS, Errors, order_in
from rapor.http.sentences import prohibited, required
from rapor.report import Order, Report, Status

NEVER_EMPTY = ("title", "report_type")
LASTING = ("title", "status", "is_active")  # the rest is what the document is made of
# What our answers hold besides. A client that sends back what it got has not asked to change these.
SERVER_OWNED = {
    "id",
    "uuid",
    "user_id",
    "user",
    "created_at",
    "updated_at",
    "started_at",
    "finished_at",
    "deleted_at",
    "progress",
    "result",
    "error",
    "download_url",
    "file_path",
    "schedule_id",
    "scheduled_for",
}


def revision_in(request: Request, catalogue: Catalogue) -> Callable[[Report], Order]:
    """
    Read `PUT` or `PATCH /api/v1/reports/{uuid}`: what it makes of a report, see `revised`.

    Raises:
        RequestError: The body is no JSON object.
    """
    body = read_json(request.headers, request.body)
    must_have = NEVER_EMPTY if request.route.startswith("PUT ") else ()
    return lambda report: revised(body, report, catalogue, must_have=must_have)


def revised(body: Mapping[str, Any], report: Report, catalogue: Catalogue, *, must_have: tuple[str, ...] = ()) -> Order:
    """
    Lay the body over the report; what is not sent, or null, stays.

    The catalogue is asked only when what it speaks of changes, so a report whose type has changed or gone
    can still be renamed and hidden.

    Raises:
        Invalid: Fields are wrong: all of them are named at once.
    """
    stored = _as_body(report)
    errors: Errors = {name: [prohibited(name)] for name in body.keys() - stored.keys() - SERVER_OWNED}
    errors |= {name: [required(name)] for name in must_have if name not in body}
    sent = {name: body[name] for name in stored if body.get(name) is not None or (name in NEVER_EMPTY and name in body)}
    whole = stored | sent
    if whole["options"] == {} and not stored["options"]:  # the default of an order that sent none
        whole["options"] = stored["options"]
    if any(whole[name] != stored[name] for name in stored.keys() - LASTING):
        return order_in(whole, catalogue, report.locale, errors)
    read = {name: READERS[name](name, whole[name], errors) for name in LASTING}
    if errors:
        raise Invalid(errors)
    return Order(
        title=read["title"],
        report_type=report.report_type,
        parameters=report.parameters,
        format=report.format,
        status=Status(read["status"]),
        is_active=read["is_active"],
        options=report.options,
        locale=report.locale,
    )


def _as_body(report: Report) -> dict[str, Any]:
    """What a client would have sent to order it as it is."""
    return {
        "title": report.title,
        "report_type": report.report_type,
        "parameters": report.parameters,
        "format": report.format.value,
        "status": report.status.value,
        "is_active": report.is_active,
        "options": report.options,
    }
