"""Two faults, one after the other, anywhere in a report's life; `make faults` has all pairs, here is every seventh."""

from functools import partial
from itertools import islice

import pytest

from tests.faults.injector import Plan
from tests.faults.lives import live
from tests.faults.points import DIFFERENT, DOCUMENT, EVERY_SO_MANY, pairs_after, singles
from tests.faults.world import World

pytestmark = pytest.mark.faults
FIRST = list(singles(DOCUMENT, DIFFERENT))


@pytest.mark.parametrize(("number", "first"), list(enumerate(FIRST)), ids=str)
def test_a_second_fault_changes_nothing_of_the_end(world: World, number: int, first: Plan) -> None:
    pairs = pairs_after(first, partial(live, world, DOCUMENT))

    lives = [live(world, DOCUMENT, pair) for pair in islice(pairs, number % EVERY_SO_MANY, None, EVERY_SO_MANY)]

    assert lives
    assert [life.unfired for life in lives if life.unfired] == []
    assert [(dict(life.plan), life.wrong) for life in lives if life.wrong] == []
