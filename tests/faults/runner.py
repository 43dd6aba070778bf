"""
Everything that can break, broken, in several worlds at a time.

The last line of its output counts what was broken, and what was wrong afterwards. It ends with 1 if anything was.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from typing import NamedTuple

from local.datasets import ensure_datasets
from tests.faults.bugs import BUGS, caught, sound
from tests.faults.injector import Plan
from tests.faults.kills import AT_ANY_TIME_S, KILLS, a_victim, killed_after, killed_at
from tests.faults.lives import Scenario, live
from tests.faults.points import NAMED, PAIRED, first_faults, pairs_after, singles
from tests.faults.victim import Victim
from tests.faults.world import World, a_world

KINDS = ("single", "pairs", "kills", "bugs caught")
_world: World
_victim: Victim
_kept = ExitStack()


class Task(NamedTuple):
    """Something to break, by names that another process understands."""

    kind: str
    what: str
    at: int = 0


class Found(NamedTuple):
    """How many things were broken, how many of them as they should, and what was wrong with the others."""

    task: Task
    broken: int
    wrong: Sequence[str]


def main() -> int:
    """Break everything, a part of it with `--only`."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1)
    parser.add_argument("--only", choices=KINDS, action="append")
    arguments = parser.parse_args()
    tasks = [task for task in all_tasks() if not arguments.only or task.kind in arguments.only]
    counts, wrong, started = Counter[str](), list[str](), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        ensure_datasets(Path(folder))
        with get_context("spawn").Pool(arguments.jobs, _begin, [folder]) as pool:
            for found in pool.imap_unordered(_work, tasks):
                counts[found.task.kind] += found.broken
                wrong += [f"{found.task.what}: {it}" for it in found.wrong]
                _show(found, time.monotonic() - started)
            pool.close()
            pool.join()
    print(summary(counts, len(wrong), sum(task.kind == "bugs caught" for task in tasks)))
    return 1 if wrong else 0


def summary(counts: Counter[str], violations: int, bugs: int) -> str:
    """The line that everything comes to."""
    single, pairs, kills, bugs_caught = (counts[kind] for kind in KINDS)
    return f"single {single}, pairs {pairs}, kills {kills}, bugs caught {bugs_caught}/{bugs}, violations {violations}"


def all_tasks() -> Iterator[Task]:
    """All that is broken; the long ones first."""
    for scenario in PAIRED:
        yield from (Task("pairs", str(scenario), number) for number, _ in enumerate(first_faults(scenario)))
    yield from (Task("single", name) for name in NAMED)
    yield from (Task("kills", "call", number) for number, _ in enumerate(KILLS))
    yield from (Task("kills", "time", number) for number, _ in enumerate(AT_ANY_TIME_S))
    yield from (Task("bugs caught", bug.name) for bug in BUGS)


def _begin(folder: str) -> None:
    """Make this process's world; it lasts as long as the process."""
    global _world, _victim  # noqa: PLW0603 - one a process
    _world = _kept.enter_context(a_world(Path(folder)))
    _victim = _kept.enter_context(a_victim(_world))


def _work(task: Task) -> Found:
    match task:
        case Task("single", name):
            return _lived(task, NAMED[name], singles(NAMED[name]))
        case Task("pairs", name, at):
            scenario = NAMED[name]
            first = list(first_faults(scenario))[at]
            return _lived(task, scenario, pairs_after(first, lambda plan: live(_world, scenario, plan)))
        case Task("kills", "call", at):
            return Found(task, 1, killed_at(_world, _victim, KILLS[at]))
        case Task("kills", _, at):
            return Found(task, 1, killed_after(_world, _victim, AT_ANY_TIME_S[at]))
        case _:
            bug = next(bug for bug in BUGS if bug.name == task.what)
            wrong = [f"{bug.check} on the sound design: {it}" for it in sound(_world, bug.check)]
            missed = [] if caught(_world, bug) else [f"{bug.check} did not notice it"]
            return Found(task, 0 if wrong or missed else 1, [*wrong, *missed])


def _lived(task: Task, scenario: Scenario, plans: Iterable[Plan]) -> Found:
    broken, wrong = 0, list[str]()
    for plan in plans:
        life = live(_world, scenario, plan)
        unfired = [f"call {number} never came" for number in life.unfired]
        wrong += [f"{dict(plan)}: {it}" for it in [*life.wrong, *unfired]]
        broken += 1
    return Found(task, broken, wrong)


def _show(found: Found, seconds: float) -> None:
    print(f"{seconds:5.0f} s  {found.task.kind} {found.broken}  {found.task.what} {found.task.at or ''}", flush=True)
    for it in found.wrong:
        print(f"         {it}", flush=True)
