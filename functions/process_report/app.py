"""Stream records of pending reports: claim, render, publish, finalise, announce."""

from datetime import UTC, datetime, timedelta
from shutil import disk_usage
from traceback import format_tb
from typing import Any
from uuid import UUID

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from rapor.announce import Announcer
from rapor.catalogue import Catalogue
from rapor.data.engine import DuckDBEngine
from rapor.documents.render import render
from rapor.errors import RenderError, StoreUnavailable
from rapor.process import Workshop, process_report
from rapor.settings import ProcessReportSettings
from rapor.store.changes import ReportChanges
from rapor.store.documents import DocumentBucket
from rapor.store.events import EventBus
from rapor.store.signatures import KmsSigner

SPILL_FOLDER = "/tmp"  # noqa: S108 - Lambda's only writable folder
MB_A_PROCESSOR = 1769  # Lambda gives processors by memory, and shows more than it gives
STOP_BEFORE = timedelta(seconds=20)  # long enough to say `timed_out` before Lambda ends us

logger = Logger()
settings = ProcessReportSettings.from_environ()
reports = ReportChanges(boto3.client("dynamodb"), settings.table_name)


def clock() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


workshop = Workshop(
    reports=reports,
    catalogue=Catalogue.load(settings.catalogue_path),
    engine=DuckDBEngine(
        settings.data_location,
        memory_limit_mb=settings.aws_lambda_function_memory_size * 6 // 10,  # the rest is Python's and the writer's
        temp_directory=SPILL_FOLDER,
        temp_limit_mb=disk_usage(SPILL_FOLDER).free * 8 // 10 // 2**20,
        threads=max(1, round(settings.aws_lambda_function_memory_size / MB_A_PROCESSOR)),
    ),
    render=render,
    documents=DocumentBucket(boto3.client("s3"), settings.documents_bucket),
    announcer=Announcer(reports, EventBus(boto3.client, settings.event_bus), logger),
    clock=clock,
    retention=timedelta(days=settings.retention_days),
    signer=KmsSigner(boto3.client("kms"), settings.signing_key) if settings.signing_key else None,
)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take a batch of stream records; only what the table itself refused comes again."""
    remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
    deadline = clock() + remaining - min(STOP_BEFORE, remaining / 6)
    failures = [record for record in event["Records"] if not _is_dealt_with(record, deadline)]
    return {"batchItemFailures": [{"itemIdentifier": r["dynamodb"]["SequenceNumber"]} for r in failures]}


def _is_dealt_with(record: dict[str, Any], deadline: datetime) -> bool:
    image = record["dynamodb"].get("NewImage", {})
    if "uuid" not in image:
        return True  # a deleted row, or one that is no report
    uuid = UUID(image["uuid"]["S"])
    try:
        outcome, reason = process_report(uuid, deadline=deadline, workshop=workshop)
    except StoreUnavailable:
        logger.exception("the table is unavailable", uuid=str(uuid))
        return False
    logger.info("report processed", uuid=str(uuid), outcome=outcome)
    if reason:
        logger.warning("no document", uuid=str(uuid), code=reason.code, reason=str(reason), cause=_cause(reason))
    return True


def _cause(reason: RenderError) -> list[str]:
    """Say what went wrong and where, without its message, which may hold data."""
    cause = reason.__cause__ or reason
    return [type(cause).__qualname__, *format_tb(cause.__traceback__)]
