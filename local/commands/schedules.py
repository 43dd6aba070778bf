"""`rapor schedules next`: when an expression runs."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from local.arguments import count
from local.errors import WrongSchedule
from local.terminal import answer
from rapor.timetable import Run, WrongExpression, check_expression, is_zone, read_timetable


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Work with schedules, without the service."
    parser.epilog = "Exits with 0, or 2 if the expression or the zone is wrong (docs/schedules.md)."
    verbs = parser.add_subparsers(required=True, metavar="verb")
    following = verbs.add_parser("next", help="say when an expression runs next")
    following.add_argument("expression", help="cron(0 9 ? * MON-FRI *), rate(6 hours) or at(2026-01-31T09:00:00)")
    following.add_argument("--timezone", default="UTC", metavar="ZONE", help="of the IANA database, else UTC")
    following.add_argument("--count", type=count, default=5, metavar="N", help="how many runs, else 5")
    following.add_argument("--json", action="store_true", help="answer in JSON")
    following.add_argument("--after", type=datetime.fromisoformat, metavar="MOMENT", help="from then on, else from now")


def run(parsed: argparse.Namespace) -> int:
    """
    Print one run a line: in local time with its offset, and in UTC.

    Raises:
        WrongSchedule: Nobody knows.
    """
    if not is_zone(parsed.timezone):
        raise WrongSchedule(f"{parsed.timezone} is no time zone of the IANA database")
    zone = ZoneInfo(parsed.timezone)
    after = parsed.after or datetime.now(UTC)
    moment = (after if after.tzinfo else after.replace(tzinfo=zone)).astimezone(UTC)
    try:
        check_expression(parsed.expression)
        timetable = read_timetable(parsed.expression, parsed.timezone, anchor=moment.replace(second=0, microsecond=0))
    except WrongExpression as error:
        raise WrongSchedule(f"the expression {error}") from error
    runs = islice(timetable.after(moment), parsed.count)
    if parsed.json:
        answer([_told(run, zone) for run in runs])
    else:
        print("\n".join(lines(runs, zone)))
    return 0


def _told(run: Run, zone: ZoneInfo) -> dict[str, object]:
    return {
        "at": f"{run.at:%Y-%m-%dT%H:%M:%SZ}",
        "local": run.at.astimezone(zone).isoformat(),
        "skipped": run.is_skipped,
    }


def lines(runs: Iterator[Run], zone: ZoneInfo) -> Iterator[str]:
    """Say each, and where the clock jumps over it."""
    for run in runs:
        note = "  the clock jumps over its time: it runs right after" if run.is_skipped else ""
        yield f"{run.at.astimezone(zone):%a %Y-%m-%d %H:%M %z}  {run.at:%Y-%m-%dT%H:%M:%SZ}{note}"
