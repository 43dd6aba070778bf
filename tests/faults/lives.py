"""A life: one scenario from its beginning to where nothing is under way any more, with some of its AWS calls broken."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from tests.faults.injector import MENDED_BY_THE_SDK, Call, Plan
from tests.faults.oracle import Expected
from tests.faults.rules import Row
from tests.faults.world import World


@dataclass(frozen=True)
class Life:
    """What happened, and what was wrong with it; the first `own` of the calls are the scenario's, the rest AWS's."""

    plan: Plan
    calls: Sequence[Call]
    own: int
    fired: AbstractSet[int]
    answer: Any
    wrong: Sequence[str] = ()

    @property
    def unfired(self) -> AbstractSet[int]:
        """Calls that were to be broken and never came."""
        return self.plan.keys() - self.fired

    @property
    def is_mended(self) -> bool:
        """Whether the SDK alone makes up for every fault."""
        return set(self.plan.values()) <= MENDED_BY_THE_SDK


def whatever(_world: World) -> None:
    """Nothing has to be there."""


def nothing_more(_world: World, _subject: Any, _life: Life) -> Iterator[str]:
    """The oracle says it all."""
    yield from ()


@dataclass(frozen=True)
class Scenario:
    """
    One call of a function, as its client, the stream or a schedule makes it, again where they would do it again.

    `calls` are all AWS calls of a call in which nothing breaks. `prepare` makes what it needs, undisturbed. `holds`
    says what is wrong at the end, beyond what the oracle sees. `given` are faults it begins with.
    """

    function: str
    name: str
    calls: Sequence[str]
    run: Callable[[World, Any], Any]
    prepare: Callable[[World], Any] = whatever
    holds: Callable[[World, Any, Life], Iterator[str]] = nothing_more
    can_be_made: Callable[[Row], bool | None] = field(default=lambda _: None)
    given: Plan = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.function}: {self.name}"


def live(world: World, scenario: Scenario, plan: Plan) -> Life:
    """Live it from an empty table on."""
    world.reset()
    subject = scenario.prepare(world)
    plan = {**scenario.given, **plan}
    with world.injector.following(plan):
        answer = scenario.run(world, subject)
        own = len(world.injector.made)
        world.settle()
    life = Life(plan, tuple(world.injector.made), own, world.injector.fired, answer)
    expected = Expected(scenario.can_be_made, ended=True, told=world.told())
    wrong = [
        *(str(violation) for violation in world.oracle.violations(expected=expected)),
        *world.complaints,
        *scenario.holds(world, subject, life),
    ]
    return Life(life.plan, life.calls, own, life.fired, answer, wrong)
