"""`python -m tests.soak`: thousands of reports in bad weather, a few hundred at a time, and what came of them."""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.soak.weather import ORDERS, Diary, in_a_world


def main() -> int:
    """Run, print a report, and fail where anything was found."""
    parsed = arguments()
    started = time.monotonic()
    diary = Diary()
    worlds = [f"{parsed.seed}/{number}" for number in range(parsed.start, parsed.reports // ORDERS)]
    with ProcessPoolExecutor(parsed.jobs, mp_context=get_context("spawn")) as processes:
        for done, other in enumerate(processes.map(in_a_world, worlds), start=1):
            diary.add(other)
            print(f"\r{done} of {len(worlds)} worlds", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(told(parsed.seed, diary, time.monotonic() - started))
    return int(bool(diary.violations))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--seed", type=int, required=True, help="repeats a history")
    parser.add_argument("--reports", type=int, default=10_000)
    parser.add_argument("--start", type=int, default=0, help="the world to begin with, for a run in pieces")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    return parser.parse_args()


def told(seed: int, diary: Diary, seconds: float) -> str:
    """Print what happened, a line a kind."""
    reports = diary.counts["reports"]
    lines = [
        f"seed {seed}: {reports:,} reports, {diary.faults.total():,} faults, {len(diary.violations)} violations, {seconds:.0f} s",
        *(f"  {count:>7,}  {name}" for name, count in sorted(diary.counts.items())),
        f"  {diary.attempts:>7}  attempts at most",
        f"  {diary.longest.total_seconds() / 60:>7.1f}  minutes from order to end at most",
        "faults, by call and way:",
        *(f"  {count:>7,}  {name}" for name, count in sorted(diary.faults.items())),
        *(f"VIOLATION {it}" for it in diary.violations),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
