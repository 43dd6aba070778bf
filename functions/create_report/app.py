"""POST on the doors, and schedules: know the caller, record the request."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from rapor.caller import GENERATE, Caller
from rapor.catalogue import Catalogue
from rapor.create import create_report
from rapor.http import laravel, strapi
from rapor.http.audit import system_entry
from rapor.http.gateway import Request, Response
from rapor.http.languages import LOCALES
from rapor.http.orders import due_order, order_from, run_in, scheduled_order
from rapor.http.problems import answer
from rapor.http.strapi_orders import score_order
from rapor.order_score import order_score
from rapor.report import IdempotencyKey, Order, Origin, Report
from rapor.run_schedule import run_schedule
from rapor.settings import CreateReportSettings
from rapor.store.clients import client
from rapor.store.lists import ReportLists
from rapor.store.schedules import ScheduleTable
from rapor.store.table import ReportTable

logger = Logger()
settings = CreateReportSettings.from_environ()
catalogue = Catalogue.open(settings.catalogue_path)
dynamodb = client("dynamodb")
reports, lists = ReportTable(dynamodb, settings.table_name), ReportLists(dynamodb, settings.table_name)
schedules = ScheduleTable(dynamodb, settings.table_name)
cap = settings.max_unfinished
recorded = partial(create_report, catalogue=catalogue, reports=reports, lists=lists, max_unfinished=cap)
Made = tuple[Report, Origin]


def post_report(request: Request) -> Response:
    """Door B: `POST /api/v1/reports`."""
    caller = request.caller
    caller.require(GENERATE)  # before the body: who may not order learns nothing about orders
    order, key = order_from(request, catalogue)
    report, origin = record(order, key=key, caller=caller)
    logger.info("report created", uuid=str(report.uuid), report_type=report.report_type, origin=origin)
    answered = laravel.reused if origin.is_reused else laravel.created
    return answered(report, replayed=origin.is_replayed)


def post_score(request: Request) -> Response:
    """Door A: `POST /reports`."""
    caller = request.caller
    caller.require(GENERATE)
    order, key = score_order(request, caller)
    report, origin = order_score(order, key, caller=caller, reports=reports, record=record)
    logger.info("score ordered", uuid=str(report.uuid), imported=report.imported, origin=origin)
    return strapi.created(report, request)


def on_schedule(event: dict[str, Any]) -> dict[str, str | None]:
    """One run of a schedule, an operator's or a user's: the pair of schedule and scheduled time makes one report."""
    if "report" in event:
        order, key = scheduled_order(event, catalogue, LOCALES[0])
        made: Made | None = record(order, key=key, caller=Caller(key.caller_id, frozenset({GENERATE})))
    else:
        uuid, moment = run_in(event)
        order_at, now = partial(due_order, catalogue=catalogue), datetime.now(UTC)
        made = run_schedule(uuid, moment, now=now, schedules=schedules, reports=reports, order=order_at, record=record)
    actor = f"schedule/{event['schedule_id']}"
    logger.info("audit", audit=system_entry("schedule.run", actor, made and made[0].uuid), origin=made and made[1])
    return {"uuid": str(made[0].uuid) if made else None}


def record(order: Order, *, key: IdempotencyKey | None, caller: Caller) -> Made:
    """Record it now."""
    return recorded(order, key=key, caller=caller, now=datetime.now(UTC))


ROUTES = {"POST /api/v1/reports": post_report, "POST /reports": post_score}


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take an API Gateway request or a schedule's event."""
    return on_schedule(event) if "schedule_id" in event else answer(event, ROUTES, logger)
