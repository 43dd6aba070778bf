"""POST on the doors, and schedules: know the caller, record the request."""

from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from rapor.caller import GENERATE, Caller
from rapor.catalogue import Catalogue
from rapor.create import Origin, create_report
from rapor.http import laravel
from rapor.http.gateway import Request, Response
from rapor.http.orders import LOCALES, order_from, scheduled_order
from rapor.http.problems import answer
from rapor.settings import CreateReportSettings
from rapor.store.lists import ReportLists
from rapor.store.table import ReportTable

logger = Logger()
settings = CreateReportSettings.from_environ()
catalogue = Catalogue.load(settings.catalogue_path)
dynamodb = boto3.client("dynamodb")
reports, lists = ReportTable(dynamodb, settings.table_name), ReportLists(dynamodb, settings.table_name)


def post_report(request: Request) -> Response:
    """Door B: `POST /api/v1/reports`."""
    caller = request.caller
    caller.require(GENERATE)  # before the body: who may not order learns nothing about orders
    order, key = order_from(request, catalogue)
    report, origin = create_report(
        order,
        key=key,
        caller=caller,
        now=datetime.now(UTC),
        catalogue=catalogue,
        reports=reports,
        lists=lists,
        max_unfinished=settings.max_unfinished,
    )
    logger.info("report created", uuid=str(report.uuid), report_type=report.report_type, origin=origin)
    if origin is Origin.REUSED:
        return laravel.reused(report)
    return laravel.created(report, replayed=origin is Origin.REPLAYED)


def on_schedule(event: dict[str, Any]) -> dict[str, str]:
    """One run of an operator's schedule: the pair of schedule and scheduled time makes one report."""
    order, key = scheduled_order(event, catalogue, LOCALES[0])
    report, origin = create_report(
        order,
        key=key,
        caller=Caller(key.caller_id, frozenset({GENERATE})),
        now=datetime.now(UTC),
        catalogue=catalogue,
        reports=reports,
        lists=lists,
        max_unfinished=settings.max_unfinished,
    )
    logger.info("report scheduled", uuid=str(report.uuid), schedule_id=order.schedule_id, origin=origin)
    return {"uuid": str(report.uuid)}


ROUTES = {"POST /api/v1/reports": post_report}


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take an API Gateway request or a schedule's event."""
    return on_schedule(event) if "schedule_id" in event else answer(event, ROUTES)
