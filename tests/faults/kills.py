"""Real workers, killed at every moment of a report's life."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from signal import SIGKILL
from typing import NamedTuple

from rapor.report import Report
from tests.faults.oracle import Expected
from tests.faults.scenarios import PROCESS, always, vouched_for
from tests.faults.victim import Moment, Victim
from tests.faults.world import PART_BYTES, World


class Kill(NamedTuple):
    """A scenario, the number of the call, and when at that call."""

    scenario: str
    at: int
    moment: Moment


LIVES = {scenario.name: scenario for scenario in PROCESS if scenario.name in {"a document", "a document in parts"}}
KILLS = [
    Kill(name, at, moment)
    for name, scenario in LIVES.items()
    for at, moment in product(range(1, len(scenario.calls) + 1), Moment)
]
AT_ANY_TIME_S = [0.005 * step for step in range(1, 13)]


@contextmanager
def a_victim(world: World) -> Iterator[Victim]:
    """A worker that reads what this world's functions read."""
    with Victim(world.stack.function("ProcessFast"), world.aws.environment, PART_BYTES) as victim:
        yield victim


def killed_at(world: World, victim: Victim, kill: Kill) -> list[str]:
    """What is wrong after a worker was killed at this call, and all is settled."""
    world.reset()
    report: Report = LIVES[kill.scenario].prepare(world)
    event = {"Records": [world.records(report)[-1]]}
    number = victim.run(event, world.now(), at=kill.at, moment=kill.moment)
    unkilled = [] if number == SIGKILL else [f"{kill} ended by {number}"]
    return [*unkilled, *what_is_wrong(world, report)]


def killed_after(world: World, victim: Victim, seconds: float) -> list[str]:
    """The same, at whatever it was doing by then."""
    world.reset()
    report: Report = LIVES["a document in parts"].prepare(world)
    victim.run({"Records": [world.records(report)[-1]]}, world.now(), after_s=seconds)
    return what_is_wrong(world, report)


def what_is_wrong(world: World, report: Report) -> list[str]:
    """After the sweeps; objects and parts that nobody names are the killed worker's and of an earlier attempt."""
    world.settle()
    found = world.found(report)
    own = f"{report.folder}{found.attempt}-"
    left = [key for key in world.oracle.orphans() + world.oracle.uploads() if key.startswith(own)]
    return [
        *(
            str(violation)
            for violation in world.oracle.violations(expected=Expected(always, ended=True, told=world.told()))
        ),
        *vouched_for(world, report),
        *world.complaints,
        *([f"the attempt that made the document left {left}"] if left else []),
    ]
