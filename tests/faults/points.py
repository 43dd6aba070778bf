"""Which calls are broken, and how: one at a time, and every ordered pair of two."""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import product

from tests.faults.injector import Call, Fault, Plan
from tests.faults.lives import Life, Scenario
from tests.faults.scenarios import SCENARIOS

# One of each kind of end: dead before and after the effect, an error without it, and the effect without its answer.
# The others differ from these, and from nothing having happened, only in what the SDK does about them.
DIFFERENT = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.THROTTLED_FOR_EVER, Fault.ANSWER_LOST)
NAMED = {str(scenario): scenario for scenario in SCENARIOS}
DOCUMENT = NAMED["ProcessFast: a document"]
IN_FULL = [DOCUMENT, NAMED["CreateReport: an order with a key"], NAMED["SweepReports: a worker that died"]]
PAIRED = [*IN_FULL, NAMED["CreateReport: an order"], NAMED["UpdateReport: a retry"], NAMED["UpdateReport: a delete"]]
EVERY_SO_MANY = 7


def worth_breaking(calls: Sequence[str | Call], after: int = 0) -> list[int]:
    """
    Numbers of the calls to break, from 1.

    Of a row of equal queries, as the sweep makes them over its shards, that is the first and the last: those between
    find nothing and are asked in the same loop.
    """
    operations = [call.operation if isinstance(call, Call) else call for call in calls]
    within = {number for number in range(2, len(calls)) if operations[number - 2 : number + 1] == ["Query"] * 3}
    return [number for number in range(after + 1, len(operations) + 1) if number not in within]


def singles(scenario: Scenario, faults: Collection[Fault] = tuple(Fault)) -> Iterator[Plan]:
    """Each call of the scenario, broken in each way; those it begins with broken are that already."""
    for at, fault in product(worth_breaking(scenario.calls), faults):
        if at not in scenario.given:
            yield {at: fault}


def quick_singles(scenario: Scenario) -> Iterator[Plan]:
    """Those of every change: each call in each way that differs, and in some scenarios in every way."""
    return singles(scenario, tuple(Fault) if scenario in IN_FULL else DIFFERENT)


def pairs_after(first: Plan, live: Callable[[Plan], Life]) -> Iterator[Plan]:
    """
    One broken call, and then each call that follows broken in each way that differs.

    What follows depends on the first fault: the client's next try, the redelivery, the sweeps after it.
    """
    ((at, fault),) = first.items()
    for later, other in product(worth_breaking(live(first).calls, after=at), DIFFERENT):
        yield {at: fault, later: other}


def first_faults(scenario: Scenario) -> Iterator[Plan]:
    """What pairs of a scenario begin with: a document's every fault, of the others those that differ."""
    return singles(scenario, tuple(Fault) if scenario is DOCUMENT else DIFFERENT)
