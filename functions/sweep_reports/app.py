"""Every minute: find what lost its hint."""

from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from rapor.settings import SweepReportsSettings
from rapor.store.table import ReportTable
from rapor.sweep import sweep_reports

logger = Logger()
metrics = Metrics()
settings = SweepReportsSettings.from_environ()
reports = ReportTable(boto3.client("dynamodb"), settings.table_name)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Repair what is due, and say how long the oldest waited."""
    sweep = sweep_reports(now=datetime.now(UTC), reports=reports)
    metrics.add_metric("oldest_due_seconds", MetricUnit.Seconds, sweep.oldest.total_seconds())
    metrics.add_metric("due", MetricUnit.Count, sum(sweep.repairs.values()))
    return {repair.value: count for repair, count in sweep.repairs.items()}
