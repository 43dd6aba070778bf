"""`rapor redrive` against a table as of a deployed stack, reached by the credentials of whoever calls it."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest

from local.aws import LocalAws
from local.cli import main
from local.template import Stack
from rapor.report import Failure, Report, Status
from rapor.store.changes import ReportChanges
from tests.builders import NOW, ROOT, a_report
from tests.prose import Page
from tests.template.iam import Right, needed, with_the_key

pytestmark = pytest.mark.integration
DAY = timedelta(days=1)
WINDOW = ("--since", "2025-11-20T11:00:00Z", "--until", "2025-11-20T13:00:00+00:00")


@pytest.fixture(scope="module")
def table(stack: tuple[Stack, LocalAws]) -> ReportChanges:
    loaded, aws = stack
    return ReportChanges(aws.client("dynamodb"), loaded.name("Reports"))


@pytest.fixture
def failed(table: ReportChanges) -> Iterator[list[Report]]:
    """Three of one reason, one of another, one of the day before, and one made elsewhere."""
    made = [
        *(added(table, created_at=NOW + timedelta(minutes=minute)) for minute in range(3)),
        added(table, code="timed_out"),
        added(table, created_at=NOW - DAY),
        added(table, imported=True),
    ]
    yield made
    for report in made:
        found = table.get(report.uuid)
        if found:
            table.remove(found)


def added(table: ReportChanges, code: str = "internal", **changes: Any) -> Report:
    failure = Failure(code, "It could not be made.", retryable=True, attempt=3)
    report = a_report(**{"uuid": uuid4(), "status": Status.FAILED, "attempt": 3, "error": failure, **changes})
    return table.add(report, None)[0]


def redrive(table: ReportChanges, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Its exit status, and what it said."""
    given = ("redrive", "--table", table._name, "--rate", "1000", *arguments)
    with pytest.raises(SystemExit) as exit_:
        main(given)
    said = capsys.readouterr()
    return int(exit_.value.code or 0), said.out or said.err


def statuses(table: ReportChanges, reports: list[Report]) -> list[Status]:
    return [found.status for found in map(table.get, (report.uuid for report in reports)) if found]


def test_a_dry_run_shows_and_changes_nothing(
    table: ReportChanges, failed: list[Report], capsys: pytest.CaptureFixture[str]
) -> None:
    before = [table.get(report.uuid) for report in failed]

    status, said = redrive(table, capsys, "--code", "internal", *WINDOW)

    lines = said.splitlines()
    assert status == 0
    assert [line.split()[0] for line in lines[:-1]] == [str(report.uuid) for report in failed[:3]]
    assert lines[0].split()[1:] == ["users", "1", "2025-11-20T12:00", "failed"]
    assert lines[-1] == "3 would be queued again; nothing was changed. Say --yes to do it."
    assert [table.get(report.uuid) for report in failed] == before


def test_with_yes_they_are_queued_again(
    table: ReportChanges, failed: list[Report], capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = redrive(table, capsys, "--code", "internal", *WINDOW, "--yes")

    assert (status, said.splitlines()[-1]) == (0, "3 queued again, 0 refused.")
    assert statuses(table, failed) == [Status.PENDING] * 3 + [Status.FAILED] * 3
    queued = table.get(failed[0].uuid)
    assert queued is not None
    assert (queued.attempt, queued.max_attempts, queued.error) == (3, 6, None)
    assert set(table.due(queued.updated_at + timedelta(hours=1), limit=500)) == {it.uuid for it in failed[:3]}


def test_what_is_refused_is_told_and_so_is_what_is_left(
    table: ReportChanges, failed: list[Report], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--code", "internal", *WINDOW, "--yes", "--most", "2", "--max-unfinished", "1", "--json")

    status, said = redrive(table, capsys, *options)

    told = json.loads(said)
    assert status == 1
    assert {key: told[key] for key in ("dry_run", "queued", "refused", "complete")} == {
        "dry_run": False, "queued": 1, "refused": 1, "complete": False,
    }  # fmt: skip
    assert [it["outcome"] for it in told["reports"]] == ["queued", "too_many_unfinished"]


def test_a_type_and_so_long_ago(table: ReportChanges, failed: list[Report], capsys: pytest.CaptureFixture[str]) -> None:
    new = added(table, created_at=datetime.now(UTC) - timedelta(minutes=5), user_id="2")

    for options, found in (((), 1), (("--type", "users"), 1), (("--type", "sales"), 0)):
        status, said = redrive(table, capsys, "--code", "internal", "--since", "2h", *options)

        assert status == 0
        assert said.splitlines()[-1].startswith(f"{found} would be queued again")
    row = table.get(new.uuid)
    assert row is not None
    table.remove(row)


def test_it_asks_for_the_rights_of_its_page_and_no_others(
    table: ReportChanges, failed: list[Report], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    untold = added(table, code="source_invalid", unannounced=True, finished_at=NOW)
    session, used = boto3.Session(), set[Right]()
    session.events.register(
        "before-parameter-build",
        lambda params, model, **_: used.update(needed(model.service_model.service_name, model.name, params)),
    )
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)

    for code in ("internal", "source_invalid"):
        assert redrive(table, capsys, "--code", code, *WINDOW, "--yes")[0] == 0

    table.remove(table.get(untold.uuid) or untold)
    rows = Page(ROOT / "docs/redrive.md").rows("What it does, and does not")
    assert {it.action for it in with_the_key(used, "key")} == set(
        re.findall(r"`(\w+:\w+)`", str([it[0] for it in rows]))
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--code", "nonsense", "--since", "2h"), "invalid choice: 'nonsense'"),
        (("--code", "internal", "--since", "yesterday"), "must be a time in ISO 8601"),
        (("--code", "internal", "--since", "2h", "--table", "no-such-table"), "rapor redrive: An error occurred"),
    ],
)
def test_what_cannot_be_done_is_said(
    table: ReportChanges, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], sentence: str
) -> None:
    status, said = redrive(table, capsys, *options)

    assert status == 2
    assert sentence in said
