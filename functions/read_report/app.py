"""GET on the doors: list, detail, download, manifest, catalogue; the console, and the API's description."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from rapor.caller import VIEW
from rapor.catalogue import Catalogue
from rapor.http import console, laravel, report_types, static, strapi
from rapor.http.gateway import Request, Response
from rapor.http.listing import listing_from
from rapor.http.problems import Route, answer
from rapor.http.strapi_queries import score_query
from rapor.read import Shelf, link_to_document, list_reports, read_manifest, read_report
from rapor.read_score import count_scores, list_scores, read_score
from rapor.settings import ReadReportSettings
from rapor.store.clients import client
from rapor.store.documents import DocumentBucket
from rapor.store.lists import ReportLists
from rapor.store.table import ReportTable

logger = Logger()
settings = ReadReportSettings.from_environ()
catalogue = Catalogue.open(settings.catalogue_path)
dynamodb = client("dynamodb")
reports = ReportTable(dynamodb, settings.table_name)
lists = ReportLists(dynamodb, settings.table_name)
# Version 4 signatures and the region's own host: links of older kinds fail in newer regions.
documents = DocumentBucket(client("s3", config=Config(signature_version="s3v4")), settings.documents_bucket)
shelf = Shelf(reports, documents, retention=timedelta(days=settings.retention_days))


def get_reports(request: Request) -> Response:
    """Door B: `GET /api/v1/reports`."""
    caller = request.caller
    caller.require(VIEW)  # before the query: who may not look learns nothing about lists
    listing = listing_from(request, caller)
    return laravel.page(request, listing, list_reports(listing, caller=caller, lists=lists), caller)


def get_report(request: Request) -> Response:
    """Door B: `GET /api/v1/reports/{uuid}`."""
    return laravel.detail(read_report(laravel.uuid_in(request), caller=request.caller, reports=reports), request.caller)


def get_download(request: Request) -> Response:
    """Door B: `GET /api/v1/reports/{uuid}/download`."""
    uuid = laravel.uuid_in(request)
    link, expires_at = link_to_document(uuid, caller=request.caller, now=datetime.now(UTC), shelf=shelf)
    return laravel.download(link, expires_at, request)


def get_manifest(request: Request) -> Response:
    """Door B: `GET /api/v1/reports/{uuid}/manifest`."""
    uuid = laravel.uuid_in(request)
    content = read_manifest(uuid, caller=request.caller, now=datetime.now(UTC), shelf=shelf)
    return laravel.manifest(content)


def get_scores(request: Request) -> Response:
    """Door A: `GET /reports`."""
    caller = request.caller
    caller.require(VIEW)
    return strapi.listed(list_scores(score_query(request), caller=caller, lists=lists), request)


def get_count(request: Request) -> Response:
    """Door A: `GET /reports/count`."""
    caller = request.caller
    caller.require(VIEW)
    return strapi.counted(count_scores(score_query(request), caller=caller, lists=lists))


def get_score(request: Request) -> Response:
    """Door A: `GET /reports/{id}`."""
    return strapi.detail(read_score(strapi.name_in(request), caller=request.caller, reports=reports), request)


ROUTES: dict[str, Route] = {
    "GET /api/v1/reports": get_reports,
    "GET /api/v1/reports/{uuid}": get_report,
    "GET /api/v1/reports/{uuid}/download": get_download,
    "GET /api/v1/reports/{uuid}/manifest": get_manifest,
    "GET /reports": get_scores,
    "GET /reports/count": get_count,
    "GET /reports/{id}": get_score,
    "GET /api/v1/report-types": partial(report_types.type_list, catalogue=catalogue),
    "GET /api/v1/report-types/{name}": partial(report_types.type_detail, catalogue=catalogue),
    **static.routes(Path(__file__).parent / "static", settings.catalogue_path),
    **console.routes(Path(__file__).parent / "static/console", documents.origin),
}


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take an API Gateway request."""
    return answer(event, ROUTES, logger)
