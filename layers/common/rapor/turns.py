"""
How a sweep shares out its minute: each step has its turn, whatever became of those before it.

A step may take half of the time that is left, so however much one has to do, or waits for, the others are not left
out. Within it, a row that cannot be seen to stops nobody: that is logged, and kept for the end.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct, field

MARGIN_S = 15  # for the calls that are under way when the time is over
MOST_IN_A_ROW = 10  # then it is not the rows


class Log(Protocol):
    """Takes what went wrong."""

    def warning(self, msg: str, *, exc_info: bool, **kwargs: Any) -> None: ...


class Turn(Struct, frozen=True, kw_only=True):
    """One step's: until when, by a clock of seconds, and what failed in it."""

    step: str
    clock: Callable[[], float]
    ends_at: float
    log: Log
    errors: list[Exception] = field(default_factory=list)

    def is_over(self) -> bool:
        """Whether nothing more is to be begun."""
        return self.clock() >= self.ends_at

    @contextmanager
    def trying(self, message: str = "a step of the sweep failed", **what: str) -> Iterator[None]:
        """Keep what goes wrong from the rest: it is logged, and kept for the end."""
        try:
            yield
        except Exception as error:  # whatever it was
            self.errors.append(error)
            self.log.warning(message, exc_info=True, step=self.step, **what)

    def tend(
        self,
        uuids: Iterable[UUID],
        see_to: Callable[[UUID], object],
        *,
        message: str = "a row was left",
        patience: int = MOST_IN_A_ROW,
    ) -> None:
        """See to each, until the time is over or *patience* of them failed in a row; nothing is raised."""
        in_a_row = 0
        with self.trying():
            for uuid in uuids:
                if self.is_over() or in_a_row == patience:
                    break
                failed = len(self.errors)
                with self.trying(message, uuid=str(uuid)):
                    see_to(uuid)
                in_a_row = in_a_row + 1 if len(self.errors) > failed else 0


class Shift(Struct, frozen=True, kw_only=True):
    """All turns of one sweep."""

    clock: Callable[[], float]
    ends_at: float
    log: Log
    errors: list[Exception] = field(default_factory=list)

    @classmethod
    def of(cls, milliseconds: float, clock: Callable[[], float], log: Log) -> "Shift":
        """Begin one that is stopped in so many milliseconds, some time after it stops by itself."""
        return cls(clock=clock, ends_at=clock() + milliseconds / 1000 - MARGIN_S, log=log)

    def take(self, step: str, work: Callable[[Turn], Mapping[str, int]]) -> Mapping[str, int]:
        """Give a step its turn; returns what it did, nothing if it failed or no time was left for it."""
        now = self.clock()
        turn = Turn(step=step, clock=self.clock, ends_at=(now + self.ends_at) / 2, log=self.log, errors=self.errors)
        with turn.trying():
            if now >= self.ends_at:
                raise TimeoutError(f"no time was left for {step}")
            return work(turn)
        return {}

    def end(self) -> None:
        """Raise the first of what went wrong, so that the sweep counts as failed."""
        if self.errors:
            raise self.errors[0]
