"""
Anything that may happen to reports, in any order that hypothesis thinks of, and nothing is lost, doubled or left.

Most steps go for reports that are open, and one brings half of all faults to all calls of the pipeline: a run whose
faults never met the calls that matter would prove nothing, so the last test counts them.
"""

import json
import os
from collections import Counter
from datetime import timedelta
from itertools import product
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from rapor.report import Report
from tests.faults.injector import Fault
from tests.soak.service import NONE, Service, Stage

pytestmark = pytest.mark.faults
EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=EXAMPLES or 12,
    stateful_step_count=40 if EXAMPLES else 15,
    derandomize=not EXAMPLES,  # the same on every machine, unless somebody wants to find more
    print_blob=bool(EXAMPLES),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
CALLS = 8  # of the process function, from the claim to the mark that the end was told
CELLS = list(product(range(1, CALLS + 1), Fault))
FAULTS = st.just(NONE) | st.tuples(st.integers(1, CALLS), st.sampled_from(Fault))
DATA = st.sampled_from(["there"] * 6 + ["wrong", "away"])
ROUNDS = 60


class Life(RuleBasedStateMachine):
    """A service, and the records that have been written and not delivered."""

    stage: ClassVar[Stage]
    met: ClassVar[Counter[tuple[int, Fault]]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.service = Service(self.stage)
        self.stage.injector.chance = 0.0
        self.waiting: list[dict[str, Any]] = []
        self.delivered: list[dict[str, Any]] = []
        self.reports: list[Report] = []
        self.meddled: set[str] = set()
        self.has_met_half = False

    # -- what clients do ------------------------------------------------------

    @rule(data=DATA, fault=FAULTS, key=st.none() | st.integers(0, 3))
    def create(self, data: str, fault: tuple[int, Fault], key: int | None) -> None:
        self.service.next_fault = fault
        made = self.service.create(data=data, key=None if key is None else f"{key}, {data}")
        self.reports += [made] if made else []
        self._read()

    @precondition(lambda self: self.reports)
    @rule(data=st.data(), act=st.sampled_from(["cancel", "delete", "restore", "retry", "hide", "show"]), fault=FAULTS)
    def meddle(self, data: st.DataObject, act: str, fault: tuple[int, Fault]) -> None:
        report = data.draw(st.sampled_from(self.reports))
        self.meddled.add(str(report.uuid))
        self.service.next_fault = fault
        self.service.act(act, report.uuid)
        self._read()

    @precondition(lambda self: self._failed())
    @rule(data=st.data(), fault=FAULTS)
    def retry(self, data: st.DataObject, fault: tuple[int, Fault]) -> None:
        self.service.next_fault = fault
        self.service.act("retry", data.draw(st.sampled_from(self._failed())).uuid)
        self._read()

    # -- what AWS does --------------------------------------------------------

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), fault=FAULTS)
    def deliver(self, data: st.DataObject, fault: tuple[int, Fault]) -> None:
        self._deliver(self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1))), fault)

    @precondition(lambda self: not self.has_met_half)
    @rule(half=st.integers(0, 1))
    def meet_half_of_all_faults(self, half: int) -> None:
        """Many good reports, to each its own fault at its own call."""
        self.has_met_half = True
        for at, fault in CELLS[half::2]:
            made = self.service.create()
            assert made is not None
            self.reports.append(made)
            self._read()
            self._deliver(self.waiting.pop(), (at, fault))
            self.met[at, fault] += bool(self.stage.injector.fired)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def overtake(self, data: st.DataObject) -> None:
        """A worker is so slow that the sweep and another one come before it."""
        record = self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))

        def be_overtaken(_: Report) -> None:
            self.service.while_rendering = lambda _: None
            self.service.time += timedelta(minutes=3)
            self.service.sweep()
            self.service.deliver(record)

        self.service.while_rendering = be_overtaken
        self._deliver(record, NONE)
        self.service.while_rendering = lambda _: None

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))

    @precondition(lambda self: self.delivered)
    @rule(data=st.data(), fault=FAULTS)
    def deliver_again(self, data: st.DataObject, fault: tuple[int, Fault]) -> None:
        self._deliver(data.draw(st.sampled_from(self.delivered)), fault)

    @rule(seconds=st.sampled_from([1, 20, 61, 125, 400, 3700]), fault=FAULTS)
    def sweep_after(self, seconds: int, fault: tuple[int, Fault]) -> None:
        self.service.time += timedelta(seconds=seconds)
        self.service.next_fault = fault
        self.service.sweep()
        self._read()

    @rule(seconds=st.integers(-10, 10))
    def shift_the_next_clock(self, seconds: int) -> None:
        self.service.skew = lambda: timedelta(seconds=seconds)

    # -- the end --------------------------------------------------------------

    def teardown(self) -> None:
        """Fine weather until nothing is open; then everything must be as promised."""
        self.service.skew = lambda: timedelta(0)
        for _ in range(ROUNDS):
            while self.waiting:
                self._deliver(self.waiting.pop(), NONE)
            if not any(it.is_queued or it.unannounced for it in map(self.service.got, self._uuids())):
                break
            self.service.time += timedelta(minutes=10)
            self.service.sweep()
            self._read()
        assert self.service.violations(self._can_be_made, ended=True) == []
        orphans = self.service.expected_orphans()
        assert set(self.service.oracle.orphans()) == orphans
        self.service.sweep_orphans()
        assert self.service.stored() == self.stage.wire.stored - orphans

    def _can_be_made(self, row: Any) -> bool | None:
        if str(row["uuid"]) in self.meddled:
            return None
        return {"there": True, "wrong": False}.get(json.loads(row["parameters"])["data"])

    def _deliver(self, record: dict[str, Any], fault: tuple[int, Fault]) -> None:
        self.service.next_fault = fault
        self.service.deliver(record)
        self.delivered.append(record)
        self._read()

    def _read(self) -> None:
        for record in self.service.news():
            image = record["dynamodb"]["NewImage"]
            if image["status"]["S"] == "pending" and "lane" in image:
                self.waiting.append(record)

    def _uuids(self) -> list[UUID]:
        """Of every report, also of those that no client was told of."""
        return [UUID(uuid) for uuid in self.service.oracle.reports()]

    def _failed(self) -> list[Report]:
        reports = (self.service.got(report.uuid) for report in self.reports)
        return [report for report in reports if report.error and not report.deleted_at]


@pytest.fixture(scope="module")
def met(stage: Stage) -> Counter[tuple[int, Fault]]:
    """Run it all, and count which faults met which calls."""
    Life.stage = stage
    Life.met.clear()
    run_state_machine_as_test(Life, settings=SETTINGS)
    return Life.met


def test_whatever_happens_in_whatever_order_every_report_ends_as_promised(met: Counter[tuple[int, Fault]]) -> None:
    assert met.total()


def test_every_call_of_the_pipeline_met_every_fault(met: Counter[tuple[int, Fault]]) -> None:
    assert {cell for cell, count in met.items() if count} == set(CELLS)
