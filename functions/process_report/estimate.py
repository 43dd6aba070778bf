"""POST an order to door B only to hear what it would come to; here, for it needs the engine and the writers."""

from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from rapor.caller import GENERATE
from rapor.catalogue import Catalogue
from rapor.create import report_from
from rapor.data.disk import room_mb
from rapor.data.engine import DuckDBEngine
from rapor.documents.render import render
from rapor.estimate import Bench, estimate_report
from rapor.http import laravel
from rapor.http.gateway import Request, Response
from rapor.http.orders import order_from
from rapor.http.problems import answer
from rapor.settings import EstimateReportSettings

SPILL_FOLDER = "/tmp"  # noqa: S108 - Lambda's only writable folder  # nosec B108
PATIENCE = timedelta(seconds=20)  # API Gateway gives up after 30

logger = Logger()
settings = EstimateReportSettings.from_environ()


def clock() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


bench = Bench(
    catalogue=Catalogue.open(settings.catalogue_path),
    engine=DuckDBEngine(
        settings.data_location,
        memory_limit_mb=settings.aws_lambda_function_memory_size * 6 // 10,
        temp_directory=SPILL_FOLDER,
        temp_limit_mb=room_mb(SPILL_FOLDER, is_ours=settings.owns_disk),
    ),
    render=render,
    clock=clock,
    stopwatch=perf_counter,
)


def post_estimate(request: Request) -> Response:
    """Door B: `POST /api/v1/reports/estimate`."""
    caller, now = request.caller, clock()
    caller.require(GENERATE)  # before the body: who may not order learns nothing about orders
    order, _ = order_from(request, bench.catalogue)
    report = report_from(order, caller=caller, catalogue=bench.catalogue, now=now)
    return laravel.estimated(estimate_report(report, deadline=now + PATIENCE, bench=bench))


ROUTES = {"POST /api/v1/reports/estimate": post_estimate}


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take an API Gateway request."""
    return answer(event, ROUTES, logger)
