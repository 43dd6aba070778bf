"""Every minute: find what lost its hint, announce ends nobody announced, and purge what was deleted long ago."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from rapor.announce import Announcer
from rapor.http.audit import system_entry
from rapor.purge import purge_reports
from rapor.settings import SweepReportsSettings
from rapor.store.changes import ReportChanges
from rapor.store.documents import DocumentBucket
from rapor.store.events import EventBus
from rapor.sweep import sweep_reports

logger = Logger()
metrics = Metrics()
settings = SweepReportsSettings.from_environ()
reports = ReportChanges(boto3.client("dynamodb"), settings.table_name)
announcer = Announcer(reports, EventBus(boto3.client, settings.event_bus), logger)
documents = DocumentBucket(boto3.client("s3"), settings.documents_bucket)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Repair what is due, say how long the oldest waited; announce; then purge, which nobody waits for."""
    now = datetime.now(UTC)
    sweep = sweep_reports(now=now, reports=reports)
    metrics.add_metric("oldest_due_seconds", MetricUnit.Seconds, sweep.oldest.total_seconds())
    metrics.add_metric("due", MetricUnit.Count, sum(sweep.repairs.values()))
    announced = announcer.announce_left(now=now)
    metrics.add_metric("announced_late", MetricUnit.Count, announced)
    purged = purge_reports(now=now, keep=timedelta(days=settings.purge_days), reports=reports, documents=documents)
    for uuid in purged:
        logger.info("audit", audit=system_entry("report.purge", "sweep", uuid))
    metrics.add_metric("purged", MetricUnit.Count, len(purged))
    done = {"announced": announced, "purged": len(purged)}
    return {repair.value: count for repair, count in sweep.repairs.items()} | done
