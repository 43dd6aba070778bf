"""Every change to a report that exists: update, retry, cancel, delete, restore."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from rapor.announce import Announcer
from rapor.caller import GENERATE
from rapor.catalogue import Catalogue
from rapor.errors import NotFound
from rapor.http import laravel
from rapor.http.edits import revision_in
from rapor.http.gateway import Request, Response
from rapor.http.problems import answer
from rapor.settings import UpdateReportSettings
from rapor.store.changes import ReportChanges
from rapor.store.clients import client
from rapor.store.events import EventBus
from rapor.update import Desk, cancel_report, delete_report, restore_report, retry_report, update_report

logger = Logger()
settings = UpdateReportSettings.from_environ()
catalogue = Catalogue.open(settings.catalogue_path)
reports = ReportChanges(client("dynamodb"), settings.table_name)
announcer = Announcer(reports, EventBus(client, settings.event_bus), logger)


def put_report(request: Request) -> Response:
    """Door B: `PUT` and `PATCH /api/v1/reports/{uuid}`."""
    desk = _desk(request)
    desk.caller.require(GENERATE)  # before the body: who may not update learns nothing about updates
    report = update_report(laravel.uuid_in(request), revision_in(request, catalogue), desk=desk)
    return laravel.detail(report, desk.caller)


def post_retry(request: Request) -> Response:
    """Door B: `POST /api/v1/reports/{uuid}/retry`."""
    desk = _desk(request)
    report = retry_report(laravel.uuid_in(request), desk=desk)
    return laravel.retried(report, desk.caller)


def post_cancel(request: Request) -> Response:
    """Door B: `POST /api/v1/reports/{uuid}/cancel`."""
    desk = _desk(request)
    return laravel.detail(cancel_report(laravel.uuid_in(request), desk=desk), desk.caller)


def delete(request: Request) -> Response:
    """Door B: `DELETE /api/v1/reports/{uuid}`."""
    delete_report(laravel.uuid_in(request), desk=_desk(request))
    return laravel.deleted()


def post_restore(request: Request) -> Response:
    """Door B: `POST /api/v1/reports/{uuid}/restore`."""
    try:
        report = restore_report(laravel.uuid_in(request), desk=_desk(request))
    except NotFound:
        raise NotFound("Report not found") from None  # the original's words, here alone
    return laravel.restored(report)


def _desk(request: Request) -> Desk:
    return Desk(
        caller=request.caller,
        now=datetime.now(UTC),
        reports=reports,
        catalogue=catalogue,
        announcer=announcer,
        max_unfinished=settings.max_unfinished,
    )


ROUTES = {
    "PUT /api/v1/reports/{uuid}": put_report,
    "PATCH /api/v1/reports/{uuid}": put_report,
    "POST /api/v1/reports/{uuid}/retry": post_retry,
    "POST /api/v1/reports/{uuid}/cancel": post_cancel,
    "DELETE /api/v1/reports/{uuid}": delete,
    "POST /api/v1/reports/{uuid}/restore": post_restore,
}


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take an API Gateway request."""
    return answer(event, ROUTES, logger)
