"""
Whatever breaks at one AWS call of any function, the report ends as it should, once, and its client can find out.

The functions are the real ones: their rooms, DuckDB, the writers. Only time is ours.
"""

from collections import defaultdict

import pytest

from tests.faults.calls import BROKEN_ELSEWHERE, CALLS
from tests.faults.injector import Plan
from tests.faults.lives import Scenario, live
from tests.faults.points import quick_singles
from tests.faults.scenarios import SCENARIOS
from tests.faults.world import World

pytestmark = pytest.mark.faults
POINTS = [(scenario, plan) for scenario in SCENARIOS for plan in quick_singles(scenario)]


def named(value: object) -> str:
    """A scenario, or one fault as `3-crash before`."""
    return "-".join(f"{at}-{fault}" for at, fault in value.items()) if isinstance(value, dict) else str(value)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_a_call_takes_just_these_calls_of_aws(world: World, scenario: Scenario) -> None:
    life = live(world, scenario, {})

    assert [call.operation for call in life.calls[: life.own]] == list(scenario.calls)
    assert life.wrong == []


@pytest.mark.parametrize(("scenario", "plan"), POINTS, ids=named)
def test_any_call_may_break(world: World, scenario: Scenario, plan: Plan) -> None:
    life = live(world, scenario, plan)

    assert life.unfired == set()
    assert life.wrong == []
    assert {call for call in life.calls if call.operation not in CALLS[call.function]} == set()


def test_no_function_makes_calls_that_nobody_breaks() -> None:
    broken: dict[str, set[str]] = defaultdict(set)
    for scenario in SCENARIOS:
        broken[scenario.function] |= set(scenario.calls)

    assert {name: set(CALLS[name]) for name in broken} == broken


def test_every_function_is_in_the_table_or_broken_elsewhere(world: World) -> None:
    assert {scenario.function for scenario in SCENARIOS} == set(world.rooms)
    assert {function.name for function in world.stack.functions} == CALLS.keys() | BROKEN_ELSEWHERE.keys()


def test_there_are_enough_points() -> None:
    assert len(POINTS) >= 300
