"""Each fault of design that is put in on purpose is noticed by the check that is there for it, and by its name."""

import pytest

from tests.faults.bugs import BUGS, CHECKS, Bug, caught, sound
from tests.faults.world import World

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_sees_nothing_in_the_design_as_it_is(world: World, check: str) -> None:
    assert sound(world, check) == []


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_is_noticed(world: World, bug: Bug) -> None:
    assert caught(world, bug) is not None


def test_there_are_enough_bugs() -> None:
    assert len(BUGS) >= 12
