"""`rapor restore`: put lost rows back, out of a table that was restored to a moment."""

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from local.errors import CommandStopped
from local.lost_rows import Fate, PuttingBack, Row, Wanted, removed_by, rows, trail
from local.terminal import aligned, answer, screen
from rapor.errors import StoreUnavailable

ALL_RIGHT, SOME_CHANGED = 0, 1
SHOWN = 50
WORDS = {
    Fate.BACK: "missing: goes back",
    Fate.INSTEAD: "goes in the place of what is there",
    Fate.THERE: "there: stays as it is",
    Fate.REMOVED: "deleted or purged since: stays away",
    Fate.CHANGED: "changed meanwhile: stays as it is",
}


class Restored(Struct, frozen=True):
    """How many rows met which fate, and which they are, but for those that are there anyway."""

    counts: Counter[Fate]
    rows: Sequence[tuple[str, str, Fate]]

    @classmethod
    def of(cls, done: Iterable[tuple[Row, Fate]]) -> "Restored":
        """Go through all of them, however many, and keep none."""
        counts, rows = Counter[Fate](), []
        for row, fate in done:
            counts[fate] += 1
            if fate is not Fate.THERE:
                rows.append((row.kind, row.uuid, fate))
        return cls(counts, rows)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Show which rows would be put back, and with --yes do it (docs/deploy.md)."
    parser.epilog = "Exits with 0 if all went back that should, 1 if some changed meanwhile, 2 if it cannot be done."
    parser.add_argument("--table", required=True, metavar="NAME", help="the table that runs, as the stack's TableName")
    parser.add_argument("--from", required=True, dest="restored", metavar="NAME", help="the table to take rows from")
    parser.add_argument(
        "--log", nargs="+", default=[], metavar="GROUP",
        help="log groups of update_report, schedules and sweep_reports, which know what was removed since",
    )  # fmt: skip
    parser.add_argument(
        "--stood-still", action="store_true", help="nothing was removed since, for the service stood still"
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="UUID", help="only these reports and schedules")
    parser.add_argument(
        "--instead", nargs="+", default=[], metavar="UUID", help="these alone, and also where there is a row"
    )
    parser.add_argument("--yes", action="store_true", help="do it")
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def run(parsed: argparse.Namespace) -> int:
    """Look at every row that was restored, put back what is lost, and tell of it."""
    try:
        dynamodb = boto3.client("dynamodb")
        wanted = Wanted(
            removed=_removed(dynamodb, parsed), only=frozenset(parsed.only), instead=frozenset(parsed.instead)
        )
        found = rows(dynamodb, parsed.restored, parsed.table, wanted)
        putting = PuttingBack(dynamodb, parsed.table, _now()) if parsed.yes else None
        done = Restored.of((row, putting.put(row) if putting else row.fate) for row in found)
    except (StoreUnavailable, BotoCoreError, ClientError) as error:
        raise CommandStopped(f"rapor restore: {error or 'the table could not be reached'}") from error
    if parsed.json:
        answer(_told(done, parsed))
    else:
        _show(done, parsed)
    return SOME_CHANGED if done.counts[Fate.CHANGED] else ALL_RIGHT


def _removed(dynamodb: Any, parsed: argparse.Namespace) -> frozenset[str]:
    """What was removed since the moment of the restore; a table that was restored to none has nothing after it."""
    table = dynamodb.describe_table(TableName=parsed.restored)["Table"]
    moment = table.get("RestoreSummary", {}).get("RestoreDateTime")
    if moment is None or parsed.stood_still:
        return frozenset()
    if not parsed.log:
        raise CommandStopped(
            f"rapor restore: nothing says what was removed since {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC.",
            "hint: name the log groups of update_report, schedules and sweep_reports: --log GROUP GROUP GROUP",
        )
    logs = boto3.client("logs")
    for group in parsed.log:
        _require_all_since(logs, group, moment)
    return removed_by(trail(logs, parsed.log, moment))


def _require_all_since(logs: Any, group: str, moment: datetime) -> None:
    described = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    days = {it["logGroupName"]: it.get("retentionInDays") for it in described}
    if group not in days:
        raise CommandStopped(f"rapor restore: there is no log group {group}")
    if days[group] and _now() - moment > timedelta(days=days[group]):
        raise CommandStopped(
            f"rapor restore: {group} goes back {days[group]} days, and the restored table further.",
            "hint: restore to a later moment; older removals nobody remembers.",
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _show(done: Restored, parsed: argparse.Namespace) -> None:
    console = screen()
    moved = [it for it in done.rows if it[2] is not Fate.REMOVED]
    for line in aligned(moved[:SHOWN]):
        console.print(line)
    if len(moved) > SHOWN:
        console.print(f"… and {len(moved) - SHOWN:,} more")
    for line in aligned([(f"{done.counts[fate]:,}", words) for fate, words in WORDS.items() if done.counts[fate]]):
        console.print(line)
    if not parsed.yes:
        console.print("Nothing was changed. Say --yes to do it.")


def _told(done: Restored, parsed: argparse.Namespace) -> dict[str, Any]:
    return {
        "dry_run": not parsed.yes,
        **{fate.value: done.counts[fate] for fate in Fate},
        "rows": [{"kind": kind, "uuid": uuid, "fate": fate.value} for kind, uuid, fate in done.rows],
    }
