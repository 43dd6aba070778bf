"""Every step has its turn, every row its chance, and there is an end to all of it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from rapor.errors import StoreUnavailable
from rapor.turns import MARGIN_S, MOST_IN_A_ROW, Shift, Turn
from tests.unit.fakes import FakeLog, a_turn

LIMIT_S = 50


class World:
    """A sweep in fake time."""

    def __init__(self) -> None:
        self.time, self.log = 0.0, FakeLog()
        self.shift = Shift.of(LIMIT_S * 1000, lambda: self.time, self.log)

    def takes_all(self, turn: Turn) -> dict[str, int]:
        """A step that never has enough."""
        begun = self.time
        while not turn.is_over():
            self.time += 0.1
        return {"seconds": round(self.time - begun)}


def rows(count: int) -> list[UUID]:
    return [UUID(int=number) for number in range(count)]


def refuse(*_: Any) -> Any:
    raise StoreUnavailable


def test_a_step_may_take_half_of_what_is_left() -> None:
    world = World()

    taken = [world.shift.take("greedy", world.takes_all)["seconds"] for _ in range(5)]

    assert taken == [18, 9, 4, 2, 1]
    assert world.time < LIMIT_S - MARGIN_S


def test_what_one_step_leaves_is_the_others() -> None:
    world = World()

    world.shift.take("modest", lambda _: {})

    assert world.shift.take("greedy", world.takes_all) == {"seconds": 18}


def test_a_step_that_fails_costs_no_other_its_turn_and_is_raised_in_the_end() -> None:
    world, broken = World(), ZeroDivisionError()

    def breaks(_: Turn) -> dict[str, int]:
        raise broken

    done = [world.shift.take("breaks", breaks), world.shift.take("works", lambda _: {"rows": 1})]

    assert done == [{}, {"rows": 1}]
    assert [(entry["message"], entry["step"]) for entry in world.log.entries] == [
        ("a step of the sweep failed", "breaks")
    ]
    with pytest.raises(ZeroDivisionError):
        world.shift.end()


def test_a_step_for_which_no_time_is_left_has_failed() -> None:
    world = World()

    def hangs(_: Turn) -> dict[str, int]:
        world.time += LIMIT_S - MARGIN_S
        return {}

    world.shift.take("hangs", hangs)
    done = world.shift.take("starves", lambda _: {"rows": 1})

    assert done == {}
    with pytest.raises(TimeoutError, match="starves"):
        world.shift.end()


def test_a_sweep_that_met_nothing_ends_well() -> None:
    world = World()

    world.shift.take("works", lambda _: {"rows": 1})

    world.shift.end()


def test_a_process_that_dies_takes_no_further_step() -> None:
    class Died(BaseException):
        pass

    def dies(_: object) -> dict[str, int]:
        raise Died

    with pytest.raises(Died):
        World().shift.take("dies", dies)
    with pytest.raises(Died):
        a_turn().tend(rows(1), dies)


def test_rows_that_fail_stop_no_other() -> None:
    turn, seen = a_turn(), list[UUID]()

    def odd_ones_fail(uuid: UUID) -> None:
        if uuid.int % 2:
            raise ValueError
        seen.append(uuid)

    turn.tend(rows(100), odd_ones_fail)

    assert (len(seen), len(turn.errors)) == (50, 50)


def test_when_row_after_row_fails_it_is_not_the_rows() -> None:
    log = FakeLog()
    turn = a_turn(log)

    turn.tend(rows(100), refuse)

    assert len(turn.errors) == len(log.entries) == MOST_IN_A_ROW


def test_rows_for_which_no_time_is_left_are_the_next_sweeps() -> None:
    world, seen = World(), list[UUID]()

    def takes_a_second(uuid: UUID) -> None:
        world.time += 1
        seen.append(uuid)

    def step(turn: Turn) -> dict[str, int]:
        turn.tend(rows(100), takes_a_second)
        return {}

    world.shift.take("rows", step)

    assert len(seen) == 18
    world.shift.end()


def test_a_queue_that_cannot_be_read_further_ends_the_step_and_is_kept() -> None:
    def breaks_off() -> Iterator[UUID]:
        yield from rows(2)
        raise StoreUnavailable

    turn, seen = a_turn(), list[UUID]()

    turn.tend(breaks_off(), seen.append)

    assert seen == rows(2)
    assert [type(error) for error in turn.errors] == [StoreUnavailable]
