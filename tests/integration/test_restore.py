"""`rapor restore`, as docs/deploy.md tells it, on a real DynamoDB API; moto restores a table as it is, to no moment."""

import json
import re
import shlex
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from local.aws import LocalAws
from local.cli import main
from local.template import Stack
from rapor.report import IdempotencyKey, Report, Status
from rapor.schedule import Schedule
from rapor.score import key_of
from rapor.store.keys import idempotency_key, report_key, schedule_key
from rapor.store.schedules import ScheduleTable
from rapor.store.table import ReportTable
from tests.builders import NOW, ROOT, a_report
from tests.prose import Page
from tests.schedules import a_schedule

pytestmark = pytest.mark.integration
PAGE = Page(ROOT / "docs/deploy.md")
LOGS = ("UPDATES", "SCHEDULES", "SWEEPS")


class World:
    """A table that runs, one restored beside it, and the functions' logs."""

    def __init__(self, stack: Stack, aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
        self.table, self.restored, self._capsys = stack.name("Reports"), f"restored-{uuid4()}", capsys
        self.dynamodb, self.logs = aws.client("dynamodb"), aws.client("logs")
        self.reports, self.schedules = ReportTable(self.dynamodb, self.table), ScheduleTable(self.dynamodb, self.table)
        self.groups = {name: f"{name.lower()}-{uuid4()}" for name in LOGS}
        for group in self.groups.values():
            self.logs.create_log_group(logGroupName=group)
            self.logs.create_log_stream(logGroupName=group, logStreamName="s")

    def report(self, key: IdempotencyKey | None = None, **changes: Any) -> Report:
        added, _ = self.reports.add(a_report(**{"uuid": uuid4(), **changes}), key)
        found = self.reports.get(added.uuid)
        assert found
        return found

    def titles(self, *reports: Report) -> list[str]:
        return [found.title for it in reports if (found := self.reports.get(it.uuid))]

    def schedule(self) -> Schedule:
        return self.schedules.add(a_schedule(uuid=uuid4(), next_run=NOW, due_at=NOW))

    def restore(self) -> None:
        """As the table is now."""
        self.dynamodb.restore_table_to_point_in_time(
            SourceTableName=self.table, TargetTableName=self.restored, RestoreDateTime=datetime.now(UTC)
        )

    def lose(self, *keys: dict[str, Any]) -> None:
        for key in keys:
            self.dynamodb.delete_item(TableName=self.table, Key=key)

    def rename(self, report: Report, **values: Any) -> None:
        """What happened since."""
        row = self.dynamodb.get_item(TableName=self.table, Key=report_key(report.uuid))["Item"]
        self.dynamodb.put_item(TableName=self.table, Item=row | {name: {"S": it} for name, it in values.items()})

    def tell(self, log: str, action: str, uuid: UUID, status: int | None = 200) -> None:
        """What the functions write, one moment after another."""
        of = "schedule" if action.startswith("schedule") else "report"
        lines = (
            "START",
            json.dumps({"message": "audit", "audit": {"action": action, "status": status, of: str(uuid)}}),
        )
        moment = int(time.time() * 1000) + 1
        events = [{"timestamp": moment, "message": line} for line in lines]
        self.logs.put_log_events(logGroupName=self.groups[log], logStreamName="s", logEvents=events)
        time.sleep(0.002)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Its exit status, and what it said."""
        with pytest.raises(SystemExit) as end:
            main(["restore", "--table", self.table, "--from", self.restored, *arguments])
        said = self._capsys.readouterr()
        return int(end.value.code or 0), said.out or said.err

    def told(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        code, said = self.run("--json", "--log", *self.groups.values(), *arguments)
        return code, json.loads(said)

    def there(self, key: dict[str, Any]) -> bool:
        return "Item" in self.dynamodb.get_item(TableName=self.table, Key=key)

    def as_on_the_page(self, heading: str) -> Iterator[tuple[int, str]]:
        """Run every call of the page below a heading, with our names for its."""
        names = {"$TABLE": self.table, "rapor-restored": self.restored, **{f"${k}": v for k, v in self.groups.items()}}
        for block in (it.text for it in PAGE.blocks if it.heading == heading):
            for command in re.findall(r"^\.venv/bin/rapor restore (.*)$", block, re.MULTILINE):
                given = [names.get(word, word) for word in shlex.split(command)]
                assert given[:4] == ["--table", self.table, "--from", self.restored]
                yield self.run(*given[4:])


@pytest.fixture
def world(stack: tuple[Stack, LocalAws], capsys: pytest.CaptureFixture[str]) -> World:
    return World(*stack, capsys)


def test_what_was_lost_is_put_back_as_the_page_says(world: World) -> None:
    name, purged_name = key_of("1", str(uuid4())), key_of("1", str(uuid4()))
    day = IdempotencyKey("B", "1", str(uuid4()), "f")
    lost, scored, keyed, kept = world.report(), world.report(name), world.report(day), world.report(title="old")
    purged, deleted, returned, refused = world.report(purged_name), world.report(), world.report(), world.report()
    run_on, stopped = world.schedule(), world.schedule()
    world.restore()
    world.rename(kept, title="new")
    world.lose(*(report_key(it.uuid) for it in (lost, scored, keyed, purged, deleted, returned, refused)))
    world.lose(*map(idempotency_key, (name, purged_name, day)), *(schedule_key(it.uuid) for it in (run_on, stopped)))
    world.tell("SWEEPS", "report.purge", purged.uuid, None)
    world.tell("UPDATES", "report.delete", deleted.uuid)
    world.tell("UPDATES", "report.delete", returned.uuid)
    world.tell("UPDATES", "report.restore", returned.uuid)
    world.tell("UPDATES", "report.delete", refused.uuid, 403)
    world.tell("SCHEDULES", "schedule.delete", stopped.uuid, 204)

    (looked, shown), (done, said) = world.as_on_the_page("Rows")

    assert (looked, done) == (0, 0)
    assert "7  missing: goes back" in shown
    assert "4  deleted or purged since: stays away" in shown
    assert shown.endswith("Nothing was changed. Say --yes to do it.\n")
    assert shown.splitlines()[:-1] == said.splitlines()
    back = (lost, scored, keyed, returned, refused)
    assert [world.reports.get(it.uuid) for it in back] == [*back]
    assert [world.reports.get(it.uuid) for it in (purged, deleted)] == [None, None]
    assert (world.there(idempotency_key(name)), world.there(idempotency_key(purged_name))) == (True, False)
    assert not world.there(idempotency_key(day))
    assert world.titles(kept) == ["new"]
    assert world.schedules.get(stopped.uuid) is None


def test_a_schedule_that_is_put_back_runs_from_now_on_and_the_scheduler_is_told(world: World) -> None:
    lost = world.schedule()
    world.restore()
    world.lose(schedule_key(lost.uuid))

    world.told("--yes")

    now = datetime.now(UTC)
    back = world.schedules.get(lost.uuid)
    assert back
    assert back.next_run
    assert back.next_run > now
    assert lost.uuid in set(world.schedules.due(now, limit=100))
    assert back.settling_until


def test_what_was_overwritten_is_replaced_if_it_is_named_and_nobody_has_it_in_hand(world: World) -> None:
    broken, other, busy = (world.report(title="old") for _ in range(3))
    daily = world.schedule()
    world.restore()
    for report in (broken, other, busy):
        world.rename(report, title="new")
    world.rename(busy, status="processing", owner="w")
    world.schedules.change(daily, a_schedule(uuid=daily.uuid, name="new", timezone="UTC"))

    code, told = world.told("--instead", *(str(it.uuid) for it in (broken, busy, daily)), "--yes")

    assert (code, told["instead"], told["changed"], told["back"], told["there"]) == (1, 2, 1, 0, 0)
    assert world.titles(broken, other, busy) == ["old", "new", "new"]
    replaced = world.schedules.get(daily.uuid)
    assert replaced
    assert (replaced.name, replaced.timezone) == (daily.name, daily.timezone)


def test_only_what_is_named_is_put_back(world: World) -> None:
    one, another = world.report(), world.report()
    world.restore()
    world.lose(report_key(one.uuid), report_key(another.uuid))

    _, told = world.told("--only", str(one.uuid), "--yes")

    assert told["rows"] == [{"kind": "report", "uuid": str(one.uuid), "fate": "back"}]
    assert world.reports.get(another.uuid) is None


def test_a_new_stack_is_filled_as_the_page_says(world: World) -> None:
    reports = [world.report(status=status) for status in (Status.PENDING, Status.COMPLETED)]
    world.restore()
    world.lose(*(report_key(it.uuid) for it in reports))

    [(code, _)] = world.as_on_the_page("A new stack over old data")

    assert code == 0
    assert [world.reports.get(it.uuid) for it in reports] == reports


def forgetful(world: World) -> list[str]:
    group = world.groups["SWEEPS"]
    world.logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    return ["--log", group]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (lambda _: [], "nothing says what was removed since"),
        (lambda _: ["--log", "nowhere"], "there is no log group nowhere"),
        (forgetful, "goes back 1 days, and the restored table further"),
    ],
)
def test_without_the_trail_it_does_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, arguments: Callable[[World], list[str]], sentence: str
) -> None:
    lost = world.report()
    world.restore()
    world.lose(report_key(lost.uuid))
    monkeypatch.setattr("local.commands.restore._now", lambda: datetime.now(UTC) + timedelta(days=2))

    code, said = world.run(*arguments(world), "--yes")

    assert code == 2
    assert sentence in said
    assert world.reports.get(lost.uuid) is None
