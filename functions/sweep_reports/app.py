"""Every minute: find what lost its hint, announce, look after schedules, purge what was deleted, clear away orphans."""

from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec.structs import asdict

from rapor.announce import Announcer
from rapor.errors import AttemptsExhausted
from rapor.http.audit import system_entry
from rapor.orphans import sweep_orphans
from rapor.purge import purge_reports
from rapor.settings import SweepReportsSettings
from rapor.store.changes import ReportChanges
from rapor.store.clients import IMPATIENT, SWEEPING, client
from rapor.store.documents import DocumentBucket
from rapor.store.events import EventBus
from rapor.store.lists import ReportLists
from rapor.store.notes import Notes
from rapor.store.scheduler import Scheduler
from rapor.store.schedules import ScheduleTable
from rapor.sweep import sweep_reports
from rapor.sweep_schedules import Keeper, sweep_schedules
from rapor.turns import Shift, Turn
from rapor.waiting import longest_wait

logger = Logger()
metrics = Metrics()
settings = SweepReportsSettings.from_environ()
dynamodb = client("dynamodb")
reports, lists = ReportChanges(dynamodb, settings.table_name), ReportLists(dynamodb, settings.table_name)
schedules, notes = ScheduleTable(dynamodb, settings.table_name), Notes(dynamodb, settings.table_name)
bus = EventBus(client, settings.event_bus)
announcer = Announcer(reports, bus, logger)
documents = DocumentBucket(client("s3", SWEEPING), settings.documents_bucket)
scheduler_client = client("scheduler", IMPATIENT)
scheduler = Scheduler(scheduler_client, settings.schedule_group, settings.schedule_target, settings.schedule_role)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Give every step its turn and tell its metrics, whatever became of the others; what went wrong is raised last."""
    now, shift = datetime.now(UTC), Shift.of(context.get_remaining_time_in_millis(), monotonic, logger)
    done: dict[str, int] = {}
    for step in (_repair, _announce, _keep_schedules, _purge, _clear):
        done |= shift.take(step.__name__, partial(step, now))
        if metrics.metric_set:  # now, for what comes may be cut off
            metrics.flush_metrics()
    _count("swept", 1)
    metrics.flush_metrics()
    shift.end()
    return done


def _repair(now: datetime, turn: Turn) -> dict[str, int]:
    sweep = sweep_reports(now=now, reports=reports, turn=turn)
    for uuid in sweep.exhausted:
        logger.warning("no document", uuid=str(uuid), outcome="failed", code=AttemptsExhausted.code)
    _count("due", sum(sweep.repairs.values()))
    _count("failed", len(sweep.exhausted))
    wait = longest_wait(sweep.waiting, now=now, rows=lists, notes=notes)
    metrics.add_metric("waiting_seconds", MetricUnit.Seconds, wait.total_seconds())
    return {repair.value: count for repair, count in sweep.repairs.items()}


def _announce(now: datetime, turn: Turn) -> dict[str, int]:
    return _count("announced_late", announcer.announce_left(now=now, turn=turn))


def _keep_schedules(now: datetime, turn: Turn) -> dict[str, int]:
    care = sweep_schedules(Keeper(now=now, schedules=schedules, scheduler=scheduler, reports=reports, events=bus), turn)
    _count("runs_missed", care.missed)
    return asdict(care)


def _purge(now: datetime, turn: Turn) -> dict[str, int]:
    keep = timedelta(days=settings.purge_days)
    purged = purge_reports(now=now, keep=keep, reports=reports, documents=documents, turn=turn)
    for uuid in purged:
        logger.info("audit", audit=system_entry("report.purge", "sweep", uuid))
    return _count("purged", len(purged))


def _clear(now: datetime, turn: Turn) -> dict[str, int]:
    cleared = sweep_orphans(now=now, rows=lists, documents=documents, notes=notes, turn=turn)
    for uuid in cleared.removed:
        logger.info("audit", audit=system_entry("orphan.remove", "sweep", uuid))
    return _count("orphans", sum(cleared.removed.values())) | _count("unclaimed", cleared.unclaimed)


def _count(what: str, count: int) -> dict[str, int]:
    metrics.add_metric(what, MetricUnit.Count, count)
    return {what: count}
