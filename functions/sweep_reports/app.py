"""Every minute: find what lost its hint, announce, look after schedules, purge what was deleted, clear away orphans."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec.structs import asdict

from rapor.announce import Announcer
from rapor.http.audit import system_entry
from rapor.orphans import sweep_orphans
from rapor.purge import purge_reports
from rapor.settings import SweepReportsSettings
from rapor.store.changes import ReportChanges
from rapor.store.clients import IMPATIENT, PATIENT, client
from rapor.store.documents import DocumentBucket
from rapor.store.events import EventBus
from rapor.store.lists import ReportLists
from rapor.store.notes import Notes
from rapor.store.scheduler import Scheduler
from rapor.store.schedules import ScheduleTable
from rapor.sweep import Repair, sweep_reports
from rapor.sweep_schedules import Keeper, sweep_schedules

logger = Logger()
metrics = Metrics()
settings = SweepReportsSettings.from_environ()
dynamodb = client("dynamodb")
reports, lists = ReportChanges(dynamodb, settings.table_name), ReportLists(dynamodb, settings.table_name)
schedules, notes = ScheduleTable(dynamodb, settings.table_name), Notes(dynamodb, settings.table_name)
bus = EventBus(client, settings.event_bus)
announcer = Announcer(reports, bus, logger)
documents = DocumentBucket(client("s3", PATIENT), settings.documents_bucket)
telling = client("scheduler", IMPATIENT)
scheduler = Scheduler(telling, settings.schedule_group, settings.schedule_target, settings.schedule_role)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Repair what is due, say how long the oldest waited; announce; see to schedules; then purge and clear away."""
    now = datetime.now(UTC)
    sweep = sweep_reports(now=now, reports=reports)
    metrics.add_metric("oldest_due_seconds", MetricUnit.Seconds, sweep.oldest.total_seconds())
    metrics.add_metric("due", MetricUnit.Count, sum(sweep.repairs.values()))
    metrics.add_metric("failed", MetricUnit.Count, sweep.repairs[Repair.EXHAUSTED])
    announced = announcer.announce_left(now=now)
    metrics.add_metric("announced_late", MetricUnit.Count, announced)
    keeper = Keeper(now=now, schedules=schedules, scheduler=scheduler, reports=reports, events=bus, log=logger)
    care = sweep_schedules(keeper)
    metrics.add_metric("runs_missed", MetricUnit.Count, care.missed)
    purged = purge_reports(now=now, keep=timedelta(days=settings.purge_days), reports=reports, documents=documents)
    for uuid in purged:
        logger.info("audit", audit=system_entry("report.purge", "sweep", uuid))
    metrics.add_metric("purged", MetricUnit.Count, len(purged))
    cleared = sweep_orphans(now=now, rows=lists, documents=documents, notes=notes)
    for uuid in cleared.removed:
        logger.info("audit", audit=system_entry("orphan.remove", "sweep", uuid))
    orphans = sum(cleared.removed.values())
    metrics.add_metric("orphans", MetricUnit.Count, orphans)
    metrics.add_metric("unclaimed", MetricUnit.Count, cleared.unclaimed)
    tidied = {"purged": len(purged), "orphans": orphans, "unclaimed": cleared.unclaimed}
    done = {"announced": announced, **asdict(care), **tidied}
    return {repair.value: count for repair, count in sweep.repairs.items()} | done
