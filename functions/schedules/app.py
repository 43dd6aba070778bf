"""Users' schedules: what to order again and again, and when."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from rapor import scheduling
from rapor.catalogue import Catalogue
from rapor.create import create_report
from rapor.http import laravel, schedules
from rapor.http.gateway import Request, Response
from rapor.http.orders import due_order
from rapor.http.problems import answer
from rapor.run_schedule import make_report
from rapor.scheduling import Office
from rapor.settings import SchedulesSettings
from rapor.store.clients import IMPATIENT, client
from rapor.store.lists import ReportLists
from rapor.store.scheduler import Scheduler
from rapor.store.schedules import ScheduleTable
from rapor.store.table import ReportTable

logger = Logger()
settings = SchedulesSettings.from_environ()
catalogue = Catalogue.open(settings.catalogue_path)
dynamodb = client("dynamodb")
reports, lists = ReportTable(dynamodb, settings.table_name), ReportLists(dynamodb, settings.table_name)
table = ScheduleTable(dynamodb, settings.table_name)
cap = settings.max_unfinished
recorded = partial(create_report, catalogue=catalogue, reports=reports, lists=lists, max_unfinished=cap)
scheduler_client = client("scheduler", IMPATIENT)
scheduler = Scheduler(scheduler_client, settings.schedule_group, settings.schedule_target, settings.schedule_role)


def post_schedule(request: Request) -> Response:
    """Door B: `POST /api/v1/schedules`."""
    office = _office(request)  # before the body: who may not order learns nothing about orders
    draft, key = schedules.draft_from(request, catalogue, office.now)
    schedule, replayed = scheduling.create_schedule(draft, key, office=office)
    return schedules.created(schedule, replayed=replayed)


def get_schedules(request: Request) -> Response:
    """Door B: `GET /api/v1/schedules`."""
    office = _office(request)
    at, per_page = schedules.page_in(request, office.caller)
    found = scheduling.list_schedules(at, per_page + 1, office=office)
    return schedules.page(request, found, per_page, office.caller, office.now)


def get_schedule(request: Request) -> Response:
    """Door B: `GET /api/v1/schedules/{uuid}`."""
    office = _office(request)
    return schedules.shown(scheduling.read_schedule(laravel.uuid_in(request), office=office), office.now)


def patch_schedule(request: Request) -> Response:
    """Door B: `PATCH /api/v1/schedules/{uuid}`."""
    office = _office(request)
    revised = schedules.revision_in(request, catalogue, office.now)
    return schedules.shown(scheduling.update_schedule(laravel.uuid_in(request), revised, office=office), office.now)


def delete_schedule(request: Request) -> Response:
    """Door B: `DELETE /api/v1/schedules/{uuid}`."""
    scheduling.delete_schedule(laravel.uuid_in(request), office=_office(request))
    return schedules.deleted()


def post_run(request: Request) -> Response:
    """Door B: `POST /api/v1/schedules/{uuid}/run`: its report at once, beside its runs."""
    office, uuid = _office(request), laravel.uuid_in(request)
    key, schedule = schedules.run_key_in(request, uuid), scheduling.read_schedule(uuid, office=office)
    order, record = partial(due_order, catalogue=catalogue), partial(recorded, now=office.now)
    # To the microsecond: no two runs share schedule and time. And none is reused, for no schedule may ask for that.
    report, origin = make_report(schedule, office.now, order=order, record=record, key=key)
    return laravel.created(report, replayed=origin.is_replayed)


def _office(request: Request) -> Office:
    office = Office(request.caller, datetime.now(UTC), table, scheduler, catalogue, settings.max_schedules)
    return scheduling.admitted(office)


ROUTES = {
    "POST /api/v1/schedules": post_schedule,
    "GET /api/v1/schedules": get_schedules,
    "GET /api/v1/schedules/{uuid}": get_schedule,
    "PATCH /api/v1/schedules/{uuid}": patch_schedule,
    "DELETE /api/v1/schedules/{uuid}": delete_schedule,
    "POST /api/v1/schedules/{uuid}/run": post_run,
}


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take an API Gateway request."""
    return answer(event, ROUTES, logger)
