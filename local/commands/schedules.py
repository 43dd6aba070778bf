"""`rapor schedules next`: when an expression runs."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from local.errors import WrongSchedule
from rapor.timetable import Run, WrongExpression, check_expression, is_zone, read_timetable


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Say when an expression runs next, in local time and in UTC, without the service."
    parser.epilog = "Exits with 0, or with 2 if the expression or the time zone is wrong."
    parser.add_argument("verb", choices=["next"], metavar="next", help="there is one thing to ask")
    parser.add_argument("expression", help='such as "cron(0 9 ? * MON-FRI *)", as docs/schedules.md has it')
    parser.add_argument("--timezone", metavar="ZONE", default="UTC", help="of the IANA database, else UTC")
    parser.add_argument("--count", type=int, default=5, metavar="N", help="how many runs, else five")
    parser.add_argument("--after", type=datetime.fromisoformat, metavar="MOMENT", help="from then on, else from now")


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
    for line in lines(islice(timetable.after(moment), parsed.count), zone):
        print(line)
    return 0


def lines(runs: Iterator[Run], zone: ZoneInfo) -> Iterator[str]:
    """Say each, and where the clock jumps over it."""
    for run in runs:
        note = "  the clock jumps over its time: it runs right after" if run.is_skipped else ""
        yield f"{run.at.astimezone(zone):%a %Y-%m-%d %H:%M %z}  {run.at:%Y-%m-%dT%H:%M:%SZ}{note}"
