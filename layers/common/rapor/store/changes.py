"""
The table's writes for those who change a report from outside the pipeline: its clients, and the purge.

One way for all: who changes a report says what it was and what it shall be, and the difference is written on
condition that its status, attempt and revision are still the same. Workers and the sweep move the first two, every
change here makes a new revision; so nothing that a decision rested on can have moved.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from botocore.exceptions import ClientError

from rapor.errors import Fenced
from rapor.report import IdempotencyKey, Report, is_known
from rapor.store.faults import refused_item, transient_as_unavailable
from rapor.store.items import from_item, to_plain, typed, update_to
from rapor.store.keys import QUEUES, idempotency_key, queue_keys, report_key
from rapor.store.table import ReportTable, endless

UNCHANGED = "#status = :found_status AND attempt = :found_attempt AND "
SAME_REVISION = "revision = :found_revision"
NO_REVISION = "attribute_not_exists(revision)"


class ReportChanges(ReportTable):
    """The same table, also for those who change reports."""

    def change(self, found: Report, changed: Report) -> Report:
        """
        Make *found* what *changed* says, with the queues that follow from it; returns the row as it is then.

        Raises:
            Fenced: It is not any more what was found, or in a state of which only a newer version knows what to do.
        """
        if not is_known(found.status):
            raise Fenced
        revision = uuid4().hex
        update, names, values = update_to(
            _attributes(changed) | {"revision": revision}, _attributes(found), removing=QUEUES
        )
        condition, seen = _as_found(found)
        try:
            with transient_as_unavailable():
                answer = self._client.update_item(
                    TableName=self._name,
                    Key=report_key(found.uuid),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=names | {"#status": "status"},
                    ExpressionAttributeValues=typed(values | seen),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            row = refused_item(error)
            if row and row.get("revision", {}).get("S") == revision:  # was it me?
                return from_item(row)
            raise Fenced from error
        return from_item(answer["Attributes"])

    def deleted_before(self, moment: datetime, *, limit: int, is_over: Callable[[], bool] = endless) -> Iterator[UUID]:
        """Reports in the trash since before *moment*: as `due`."""
        return self._due_in("TRASH", moment, limit, is_over)

    def forget(self, key: IdempotencyKey, report: Report) -> None:
        """Forget what the key made, if that was this report."""
        try:
            with transient_as_unavailable():
                self._client.delete_item(
                    TableName=self._name,
                    Key=idempotency_key(key),
                    ConditionExpression="#first.#uuid = :uuid",
                    ExpressionAttributeNames={"#first": "first", "#uuid": "uuid"},
                    ExpressionAttributeValues=typed({":uuid": str(report.uuid)}),
                )
        except ClientError as error:
            refused_item(error)  # forgotten already, or another's

    def remove(self, found: Report) -> None:
        """
        Remove the row for good.

        Raises:
            Fenced: It is not any more what was found.
        """
        condition, seen = _as_found(found)
        try:
            with transient_as_unavailable():
                self._client.delete_item(
                    TableName=self._name,
                    Key=report_key(found.uuid),
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues=typed(seen),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if refused_item(error):  # no row: gone, by this very request or one like it
                raise Fenced from error


def _attributes(report: Report) -> dict[str, Any]:
    return {**to_plain(report), **queue_keys(report)}


def _as_found(found: Report) -> tuple[str, dict[str, Any]]:
    """Make the condition that nobody changed or moved the report, and the values in it."""
    seen = {":found_status": found.status.value, ":found_attempt": found.attempt, ":found_revision": found.revision}
    return UNCHANGED + (SAME_REVISION if found.revision else NO_REVISION), seen
