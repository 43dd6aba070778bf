"""Which calls are broken, and how: one at a time, and every ordered pair of two."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from tests.faults.injector import Call, Fault, Plan
from tests.faults.lives import Life, Scenario


def worth_breaking(calls: Sequence[str | Call], after: int = 0) -> list[int]:
    """
    Numbers of the calls to break, from 1.

    Of a row of equal queries, as the sweep makes them over its shards, that is the first and the last: those between
    find nothing and are asked in the same loop.
    """
    operations = [call.operation if isinstance(call, Call) else call for call in calls]
    within = {
        number
        for number in range(2, len(operations))
        if operations[number - 2 : number + 1] == ["Query"] * 3
    }  # fmt: skip
    return [number for number in range(after + 1, len(operations) + 1) if number not in within]


def singles(scenario: Scenario) -> Iterator[Plan]:
    """Each call of the scenario, broken in each way."""
    for at, fault in product(worth_breaking(scenario.calls), Fault):
        yield {at: fault}


def pairs(scenario: Scenario, live: Callable[[Plan], Life]) -> Iterator[Life]:
    """
    Each call of the scenario broken in each way, and then each call that follows.

    What follows depends on the first fault: the client's next try, the redelivery, the sweeps after it.
    """
    for first in singles(scenario):
        life = live(first)
        yield life
        ((at, fault),) = first.items()
        for later, other in product(worth_breaking(life.calls, after=at), Fault):
            yield live({at: fault, later: other})
