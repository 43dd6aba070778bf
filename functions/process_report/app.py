"""Stream records of pending reports: claim, render, publish, finalise, announce."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from rapor.announce import Announcer
from rapor.catalogue import Catalogue
from rapor.data.disk import room_mb
from rapor.data.engine import DuckDBEngine
from rapor.deliveries import name_of, report_in
from rapor.documents.render import render
from rapor.errors import StoreUnavailable
from rapor.process import Outcome, Workshop, deadline_in, process_report
from rapor.settings import ProcessReportSettings
from rapor.store.changes import ReportChanges
from rapor.store.clients import PATIENT, client
from rapor.store.documents import DocumentBucket
from rapor.store.events import EventBus
from rapor.store.signatures import KmsSigner

SPILL_FOLDER = "/tmp"  # noqa: S108 - Lambda's only writable folder  # nosec B108
MB_A_PROCESSOR = 1769  # Lambda gives processors by memory, and shows more than it gives

logger = Logger()
metrics = Metrics()
settings = ProcessReportSettings.from_environ()
reports = ReportChanges(client("dynamodb"), settings.table_name)


def clock() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


workshop = Workshop(
    reports=reports,
    catalogue=Catalogue.open(settings.catalogue_path),
    engine=DuckDBEngine(
        settings.data_location,
        memory_limit_mb=settings.aws_lambda_function_memory_size * 6 // 10,  # the rest is Python's and the writer's
        temp_directory=SPILL_FOLDER,
        temp_limit_mb=room_mb(SPILL_FOLDER, is_ours=settings.owns_disk),
        threads=max(1, round(settings.aws_lambda_function_memory_size / MB_A_PROCESSOR)),
    ),
    render=render,
    documents=DocumentBucket(client("s3", PATIENT), settings.documents_bucket),
    announcer=Announcer(reports, EventBus(client, settings.event_bus), logger),
    clock=clock,
    retention=timedelta(days=settings.retention_days),
    signer=KmsSigner(client("kms"), settings.signing_key) if settings.signing_key else None,
)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take a batch of stream records, or of a queue's; what the table refused, or no time is left for, comes again."""
    now, remaining = clock(), timedelta(milliseconds=context.get_remaining_time_in_millis())
    deadline = deadline_in(remaining, now=now)
    last_start = now + (deadline - now) / 2  # a report begun later might fail only for those before it in the batch
    failures = [record for record in event["Records"] if not _is_dealt_with(record, deadline, last_start)]
    if metrics.metric_set:  # at a hundred of a kind it flushes by itself, and complains if nothing is left for us
        metrics.flush_metrics()
    return {"batchItemFailures": [{"itemIdentifier": name_of(record)} for record in failures]}


def _is_dealt_with(record: dict[str, Any], deadline: datetime, last_start: datetime) -> bool:
    uuid = report_in(record)
    if uuid is None:
        logger.warning("not about a report", record=name_of(record))
        _count(Outcome.SKIPPED)
        return True
    if clock() >= last_start:
        logger.warning("no time left", uuid=str(uuid))
        _count("put_off")
        return False
    try:
        ending = process_report(uuid, deadline=deadline, workshop=workshop)
    except StoreUnavailable:
        logger.exception("the table is unavailable", uuid=str(uuid))
        _count("unavailable")
        return False
    _count(ending.outcome)
    logger.info("report processed", uuid=str(uuid), outcome=ending.outcome)
    if ending.reason:
        logger.warning("no document", uuid=str(uuid), **ending.explained)
    return True


def _count(ending: str) -> None:
    """Alarms and dashboard know the endings by these names."""
    metrics.add_metric(ending, MetricUnit.Count, 1)
