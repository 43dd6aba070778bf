"""`rapor redrive`: queue failed reports again, by code and time."""

import argparse
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.arguments import count
from local.aws import SECRET
from local.cloudformation import REGION
from local.errors import CommandStopped
from local.report_types import TYPES
from local.settings import home_from
from local.template import DEFAULT_BUS, Stack
from local.terminal import aligned, answer, complain, progress_on, screen
from rapor.announce import Announcer
from rapor.caller import GENERATE, Caller
from rapor.catalogue import Catalogue
from rapor.errors import CatalogueError, RenderError, StoreUnavailable
from rapor.redrive import Redriven, Selection, failed_reports, redrive
from rapor.report import iso
from rapor.store.changes import ReportChanges
from rapor.store.events import EventBus
from rapor.store.lists import ReportLists
from rapor.update import Desk

ALL_RIGHT, SOME_REFUSED = 0, 1
AGO = re.compile(r"(\d{1,6})([mhd])")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
SHOWN = 50
OPERATOR = Caller("operator", frozenset({GENERATE}))


class NotReached(Exception):
    """There is no table to work on; the sentence says why."""


class ToScreen:
    """Where an announcer's warnings go."""

    def warning(self, msg: str, **_: Any) -> None:
        """Say it."""
        complain(f"rapor redrive: {msg}")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Show which failed reports would be queued again, and with --yes do it (docs/redrive.md)."
    parser.epilog = "Exits with 0 if there was nothing to refuse, 1 if some were refused, 2 if it could not be done."
    codes = sorted(error.code for error in RenderError.__subclasses__())
    parser.add_argument("--code", required=True, choices=codes, metavar="CODE", help="what they failed with")
    parser.add_argument(
        "--since",
        required=True,
        type=_moment,
        metavar="WHEN",
        help="ordered from then on: ISO 8601, or 90m, 2h, 3d ago",
    )
    parser.add_argument("--until", type=_moment, metavar="WHEN", help="ordered before then; else until now")
    parser.add_argument("--type", metavar="TYPE", help="of this report type only")
    parser.add_argument(
        "--table", metavar="NAME", help="of a deployed stack, reached as the AWS CLI would; else the local run's"
    )
    parser.add_argument("--types", type=Path, metavar="FOLDER", default=TYPES, help="report types, as deployed there")
    parser.add_argument(
        "--max-unfinished", type=count, default=100, metavar="N", help="of one owner, as the stack's MaxUnfinished"
    )
    parser.add_argument("--event-bus", default=DEFAULT_BUS, metavar="NAME", help="the stack's EventBusName")
    parser.add_argument("--most", type=count, default=1000, metavar="N", help="at most so many reports")
    parser.add_argument("--rate", type=count, default=10, metavar="N", help="at most so many reports a second")
    parser.add_argument("--yes", action="store_true", help="do it")
    parser.add_argument("--json", action="store_true", help="answer in JSON")  # fmt: skip


def run(parsed: argparse.Namespace) -> int:
    """Find them, queue them if that was asked for, and tell of each."""
    selection = Selection(code=parsed.code, since=parsed.since, before=parsed.until or _now(), report_type=parsed.type)
    try:
        connect, table = _reached(parsed.table)
        found = failed_reports(selection, lists=ReportLists(connect("dynamodb"), table))
        chosen = [Redriven(report) for report in islice(found, parsed.most)]
        is_all = next(found, None) is None
        done = chosen
        if parsed.yes:
            queued = redrive((it.report for it in chosen), selection, desk=_desk(parsed, connect, table), clock=_now)
            done = list(_paced(queued, parsed.rate, len(chosen)))
    except (NotReached, CatalogueError, StoreUnavailable, BotoCoreError, ClientError) as error:
        reason = str(error) or "the table or the event bus could not be reached"
        raise CommandStopped(f"rapor redrive: {reason}") from error
    if parsed.json:
        answer(_told(done, parsed, is_all=is_all))
    else:
        _show(done, parsed, is_all=is_all)
    return SOME_REFUSED if any(it.refused for it in done) else ALL_RIGHT


def _reached(table: str | None) -> tuple[Callable[..., Any], str]:
    """What makes clients, and a table's name: the operator's own, or the local run's."""
    if table:
        return boto3.client, table
    address = home_from(os.environ).address
    if not address.exists():
        raise NotReached("there is no local run in RAPOR_HOME; start one with `make run`, or name a stack's --table")
    session = boto3.Session("test", SECRET, region_name=REGION)
    return partial(session.client, endpoint_url=address.read_text()), Stack.load().name("Reports")


def _desk(parsed: argparse.Namespace, connect: Callable[..., Any], table: str) -> Desk:
    reports = ReportChanges(connect("dynamodb"), table)
    return Desk(
        caller=OPERATOR,
        now=_now(),
        reports=reports,
        catalogue=Catalogue.load(parsed.types),
        announcer=Announcer(reports, EventBus(connect, parsed.event_bus), ToScreen()),
        max_unfinished=parsed.max_unfinished,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _paced(done: Iterable[Redriven], rate: int, total: int) -> Iterator[Redriven]:
    """So slowly that whoever works on the same table notices little."""
    with progress_on("queued") as tell:
        for number, it in enumerate(done, start=1):
            yield it
            tell(number, total)
            if number < total:
                time.sleep(1 / rate)


def _show(done: Sequence[Redriven], parsed: argparse.Namespace, *, is_all: bool) -> None:
    console = screen()
    rows = [_row(it, parsed) for it in done[:SHOWN]]
    for line in aligned(rows):
        console.print(line)
    if len(done) > SHOWN:
        console.print(f"… and {len(done) - SHOWN:,} more")
    console.print(_summary(done, parsed, is_all=is_all))


def _row(it: Redriven, parsed: argparse.Namespace) -> tuple[str, ...]:
    report = it.report
    return str(report.uuid), report.report_type, report.user_id, iso(report.created_at)[:16], _fate(it, parsed)


def _fate(it: Redriven, parsed: argparse.Namespace) -> str:
    if it.refused:
        return f"refused: {it.refused}"
    return "queued" if parsed.yes else "failed"


def _summary(done: Sequence[Redriven], parsed: argparse.Namespace, *, is_all: bool) -> str:
    refused = sum(1 for it in done if it.refused)
    more = "" if is_all else f" There are more than {parsed.most:,}; run it again for the rest."
    if not parsed.yes:
        return f"{len(done):,} would be queued again; nothing was changed. Say --yes to do it.{more}"
    return f"{len(done) - refused:,} queued again, {refused:,} refused.{more}"


def _told(done: Sequence[Redriven], parsed: argparse.Namespace, *, is_all: bool) -> dict[str, Any]:
    return {
        "dry_run": not parsed.yes,
        "queued": sum(1 for it in done if parsed.yes and not it.refused),
        "refused": sum(1 for it in done if it.refused),
        "complete": is_all,
        "reports": [
            {
                "uuid": str(it.report.uuid),
                "report_type": it.report.report_type,
                "user_id": it.report.user_id,
                "created_at": iso(it.report.created_at),
                "attempt": it.report.attempt,
                "outcome": it.refused or ("queued" if parsed.yes else "found"),
            }
            for it in done
        ],
    }


def _moment(text: str) -> datetime:
    ago = AGO.fullmatch(text)
    if ago:
        return _now() - int(ago[1]) * UNITS[ago[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a time in ISO 8601, or so long ago: 90m, 2h, 3d") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
