"""
EventBridge Scheduler: what calls create_report at a run's time; derived from the rows, which are the truth.

One entry a schedule, by its uuid in the stack's own group, and one more for a run that we start ourselves. Every call
can be made again: what is there is written over, what is not there is not missed. The target's input holds ids only.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from rapor.errors import NotScheduled, StoreUnavailable
from rapor.schedule import Schedule, text_of
from rapor.store.faults import transient_as_unavailable

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"  # EventBridge replaces it
RETRIES = {"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": 3600}  # then the sweep starts the run
A_MOMENT = timedelta(seconds=30)  # a run at the very end is one; the next whole minute is none
AT_ONCE = timedelta(minutes=1)  # the Scheduler's own precision


class Scheduler:
    """The group of a stack, and the role by which it calls one function."""

    def __init__(self, client: BaseClient, group: str, target: str, role: str) -> None:
        self._client: Any = client
        self._group, self._target, self._role = group, target, role

    def put(self, schedule: Schedule, first: datetime | None) -> None:
        """
        Have it call at every run, from *first* on if that is named; it takes none that is past.

        Raises:
            NotScheduled: It does not take the schedule.
        """
        entry = self._entry(schedule, str(schedule.uuid), schedule.expression, schedule.timezone, SCHEDULED_TIME)
        if first:
            entry["StartDate"] = first
        if schedule.end:
            entry["EndDate"] = schedule.end + A_MOMENT
        self._put(entry)

    def start_run(self, schedule: Schedule, run: datetime, now: datetime) -> None:
        """Have it call once, now, for a run whose time has come."""
        soon = (now + AT_ONCE).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        name = f"{schedule.uuid}-{run:%Y%m%dT%H%M}"
        self._put(self._entry(schedule, name, f"at({soon})", "UTC", text_of(run)))

    def remove(self, schedule: Schedule) -> None:
        """Have it call no more; one that is not there is as wanted."""
        try:
            with transient_as_unavailable():
                self._client.delete_schedule(GroupName=self._group, Name=str(schedule.uuid))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise

    def _entry(
        self, schedule: Schedule, name: str, expression: str, timezone: str, scheduled_for: str
    ) -> dict[str, Any]:
        ids = {"schedule_id": str(schedule.uuid), "scheduled_for": scheduled_for}
        return {
            "GroupName": self._group,
            "Name": name,
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": timezone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED",
            "ActionAfterCompletion": "DELETE",
            "Target": {"Arn": self._target, "RoleArn": self._role, "Input": json.dumps(ids), "RetryPolicy": RETRIES},
        }

    def _put(self, entry: dict[str, Any]) -> None:
        try:
            with transient_as_unavailable():
                self._client.create_schedule(**entry)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConflictException":  # it is there, from before or from a lost answer
                self._update(entry)
            else:
                raise _named(error) from error

    def _update(self, entry: dict[str, Any]) -> None:
        try:
            with transient_as_unavailable():
                self._client.update_schedule(**entry)
        except ClientError as error:
            raise _named(error) from error


def _named(error: ClientError) -> Exception:
    if error.response["Error"]["Code"] == "ValidationException":
        return NotScheduled(error)
    # It ended by itself a moment ago, and can be made anew.
    return StoreUnavailable(error) if error.response["Error"]["Code"] == "ResourceNotFoundException" else error
