"""
How long a report can take at most, worked out from the template's numbers and the protocol's.

docs/reliability.md has the formulas in words, and what they rest on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from msgspec.structs import fields

from local.template import Stack
from rapor.process import BACKOFF, LEASE_MARGIN, deadline_in
from rapor.report import Report
from rapor.store.keys import FIRST_DUE
from rapor.sweep import DISPATCH_BACKOFF, GIVE_UP_AFTER, GIVE_UP_DISPATCHES, LONGEST_BACKOFF
from rapor.timetable import read_timetable

LANES: Mapping[str, str] = {"fast": "ProcessFast", "heavy": "ProcessHeavy"}
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
PRECISION = timedelta(seconds=60)  # EventBridge Scheduler calls at any moment of the minute


@dataclass(frozen=True, slots=True)
class Bound:
    """
    The longest times of a lane.

    `processing` is one attempt's, `tried` all attempts' with nothing lost between them, `ended` from the order to the
    end whatever is lost.
    """

    processing: timedelta
    tried: timedelta
    ended: timedelta


def bounds(stack: Stack) -> dict[str, Bound]:
    """By lane."""
    noticed = _noticed(stack)
    return {lane: _bound(timedelta(seconds=stack.function(name).timeout_s), noticed) for lane, name in LANES.items()}


def _noticed(stack: Stack) -> timedelta:
    """From the moment a report is due until the sweep has seen to it: its interval, lateness and time limit."""
    sweep = next(it for it in stack.schedules if it.function == "SweepReports")
    runs = read_timetable(sweep.expression, sweep.timezone, anchor=EPOCH).after(EPOCH)
    first, second = (run.at for run in islice(runs, 2))
    return second - first + PRECISION + timedelta(seconds=stack.function(sweep.function).timeout_s)


def _bound(timeout: timedelta, noticed: timedelta) -> Bound:
    lease = deadline_in(timeout, now=EPOCH) + LEASE_MARGIN - EPOCH
    attempts = int(next(str(it.default) for it in fields(Report) if it.name == "max_attempts"))
    killed = lease + noticed
    given_back = [timeout + BACKOFF * 2 ** (number - 1) + noticed for number in range(1, attempts)]
    tried = sum((max(killed, it) for it in given_back), start=killed)
    dispatched = sum((wait + noticed for wait in _waits()), start=timedelta(0))
    waited = max(GIVE_UP_AFTER, dispatched) + LONGEST_BACKOFF + noticed
    return Bound(killed, tried, waited + tried)


def _waits() -> list[timedelta]:
    """Between the dispatches that must have been in vain before a report is given up."""
    later = [min(DISPATCH_BACKOFF * 2**number, LONGEST_BACKOFF) for number in range(GIVE_UP_DISPATCHES - 1)]
    return [FIRST_DUE, *later]
