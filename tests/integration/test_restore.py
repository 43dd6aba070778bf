"""docs/deploy.md's way back for lost rows, on a real DynamoDB API; moto restores a table as it is, to no moment."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from local.aws import LocalAws
from local.template import Stack
from rapor.report import Report, new_identity
from rapor.store.table import ReportTable
from tests.builders import NOW, ROOT, a_report
from tests.prose import Page

pytestmark = pytest.mark.integration
PUT_BACK = next(it.text for it in Page(ROOT / "docs/deploy.md").blocks if it.language == "python")
RESTORED = "rapor-restored"


def added(reports: ReportTable, title: str) -> Report:
    identity = new_identity(NOW)
    return reports.add(a_report(id=identity.id, uuid=identity.uuid, title=title), None)[0]


def title(reports: ReportTable, uuid: UUID) -> str:
    report = reports.get(uuid)
    assert report
    return report.title


def test_what_was_lost_is_put_back_and_what_is_newer_stays(stack: tuple[Stack, LocalAws]) -> None:
    loaded, aws = stack
    table, dynamodb = loaded.name("Reports"), aws.client("dynamodb")
    reports = ReportTable(dynamodb, table)
    lost, kept = added(reports, "lost"), added(reports, "old")
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=RESTORED, RestoreDateTime=datetime.now(UTC)
    )
    there = {UUID(row["uuid"]["S"]): row for row in rows(dynamodb, table)}
    key = {name: there[lost.uuid][name] for name in ("pk", "sk")}
    dynamodb.delete_item(TableName=table, Key=key)
    dynamodb.put_item(TableName=table, Item=there[kept.uuid] | {"title": {"S": "new"}})

    done = subprocess.run(
        [sys.executable, "-c", PUT_BACK],
        env=os.environ | aws.environment | {"TABLE": table, "RESTORED": RESTORED},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert (done.stdout, done.stderr) == ("1 rows put back\n", "")
    assert (title(reports, lost.uuid), title(reports, kept.uuid)) == ("lost", "new")


def rows(dynamodb: Any, table: str) -> list[dict[str, Any]]:
    return [row for row in dynamodb.scan(TableName=table)["Items"] if "uuid" in row]
