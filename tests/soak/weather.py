"""
Some hundred reports in bad weather: one seed is one history, down to the last fault.

Orders come over ten minutes of fake time. Records are lost, come twice and out of order; any AWS call may break; every
clock is off; workers are overtaken while they render; clients cancel, delete, restore, hide and show. The sweep comes
each minute, and breaks too. When all has ended, what a client may retry is retried, in fine weather.
"""

import gc
import heapq
import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from rapor.report import Report, Status
from tests.soak.service import Service, Stage

LOST, TWICE, FAULTS, OVERTAKEN, MEDDLED, POISON, AWAY, KEYED = 0.02, 0.05, 0.03, 0.01, 0.05, 0.02, 0.01, 0.3
SKEW_S = 10.0
ORDERS, ORDERS_S = 250, 600  # of a world: moto looks through all there is for every query
RETRIES = 5  # of the event source mapping
LONGEST = timedelta(days=3)
MINUTE = timedelta(minutes=1)
until_the_process_ends = ExitStack()
MEDDLING = ("cancel", "delete", "hide")
AFTERWARDS = {"delete": "restore", "hide": "show"}


@dataclass
class Diary:
    """What happened; diaries of several worlds can be added up. `longest` is a report's time from order to end."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    longest: timedelta = timedelta(0)
    attempts: int = 0

    def add(self, other: "Diary") -> None:
        """Take in another world's."""
        self.counts += other.counts
        self.faults += other.faults
        self.violations += other.violations
        self.longest = max(self.longest, other.longest)
        self.attempts = max(self.attempts, other.attempts)


def in_a_world(seed: str) -> Diary:
    """Go through one history, in a process that keeps its stage for the next."""
    gc.collect()
    gc.disable()  # between worlds is often enough, and a tenth quicker
    return Weather(_stage(), seed).pass_over()


@cache
def _stage() -> Stage:
    return until_the_process_ends.enter_context(Stage.set_up())


class Weather:
    """One world and its history."""

    def __init__(self, stage: Stage, seed: str, orders: int = ORDERS) -> None:
        self._random = Random(seed)
        self._service = Service(stage)
        self._service.skew = self._a_skew
        self._service.while_rendering = self._while_rendering
        stage.injector.random, stage.injector.chance = self._random, FAULTS
        stage.injector.broken.clear()
        self._orders = orders
        self._begin = self._next_sweep = self._service.time
        self._agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self._number = count()
        self._open: set[UUID] = set()
        self._records: dict[UUID, dict[str, Any]] = {}  # the last one of each
        self._meddled: set[str] = set()
        self._is_calm = False
        self.diary = Diary()

    def pass_over(self) -> Diary:
        """Let it all happen, and say what came of it."""
        for number in range(self._orders):
            self._later(self._random.uniform(0, ORDERS_S), lambda number=number: self._order(number))  # type: ignore[misc]
        self._until_the_end()
        self._note_ends()
        self._fine_weather()
        self._judge()
        return self.diary

    # -- time -----------------------------------------------------------------

    def _later(self, seconds: float, act: Callable[[], object]) -> None:
        at = self._service.time + timedelta(seconds=seconds)
        heapq.heappush(self._agenda, (at, next(self._number), act))

    def _until_the_end(self) -> None:
        while (self._agenda or self._open) and self._service.time < self._begin + LONGEST:
            if self._agenda and self._agenda[0][0] <= self._next_sweep:
                at, _, act = heapq.heappop(self._agenda)
                self._service.time = max(self._service.time, at)
                act()
            else:
                self._service.time = max(self._service.time, self._next_sweep)
                self._next_sweep = self._service.time + MINUTE
                self._service.sweep()
            self._read()

    def _a_skew(self) -> timedelta:
        return timedelta(seconds=0 if self._is_calm else self._random.uniform(-SKEW_S, SKEW_S))

    # -- what happens ---------------------------------------------------------

    def _order(self, number: int) -> None:
        dice = self._random.random()
        data = "wrong" if dice < POISON else "away" if dice < POISON + AWAY else "there"
        key = f"key {number}" if self._random.random() < KEYED else None
        report = self._service.create(str(number % 50), data=data, key=key)
        self.diary.counts["ordered"] += 1
        self.diary.counts["not answered"] += report is None
        if report and self._random.random() < MEDDLED:
            self._later(self._random.uniform(0, 120), lambda: self._meddle(report.uuid, self._random.choice(MEDDLING)))

    def _meddle(self, uuid: UUID, act: str) -> None:
        self._meddled.add(str(uuid))
        self.diary.counts[act] += 1
        self._service.act(act, uuid)
        if act in AFTERWARDS:
            self._later(self._random.uniform(0, 600), lambda: self._meddle(uuid, AFTERWARDS[act]))

    def _read(self) -> None:
        """See what the stream brings: it is lost, or comes soon, and some of it again."""
        for record in self._service.news():
            image = record["dynamodb"].get("NewImage", {})
            uuid = UUID(image["uuid"]["S"])
            self._records[uuid] = record
            waits = image.get("open_pk", {}).get("S", "").startswith(("OPEN#", "OUTBOX#"))
            (self._open.add if waits else self._open.discard)(uuid)
            if image["status"]["S"] != "pending" or "lane" not in image:
                continue
            if self._random.random() < LOST and not self._is_calm:
                self.diary.counts["records lost"] += 1
                continue
            self._later(self._random.expovariate(1), lambda record=record: self._deliver(record))  # type: ignore[misc]
            if self._random.random() < TWICE:
                self.diary.counts["records twice"] += 1
                self._later(self._random.uniform(0, 600), lambda record=record: self._deliver(record))  # type: ignore[misc]

    def _deliver(self, record: Mapping[str, Any], tries: int = 0) -> None:
        self.diary.counts["deliveries"] += 1
        self._service.time += timedelta(seconds=self._random.uniform(0, 0.5))
        if not self._service.deliver(record) and tries < RETRIES:
            self._later(self._random.uniform(1, 30), lambda: self._deliver(record, tries + 1))

    def _while_rendering(self, report: Report) -> None:
        """Sometimes a worker is so slow that another one overtakes it, or a client changes its mind."""
        dice = self._random.random()
        if self._is_calm or dice > OVERTAKEN + MEDDLED / 5:
            return
        self._is_calm = True
        injector = self._service.injector
        armed, at, calls, tries = injector._armed, injector.at, list(injector.calls), injector._tries
        if dice < OVERTAKEN:
            self.diary.counts["overtaken"] += 1
            self._service.time += timedelta(minutes=3)
            self._calmly(self._service.sweep)
            self._read()
            self._calmly(lambda: self._service.deliver(self._records[report.uuid]))
        else:
            self._calmly(lambda: self._meddle(report.uuid, self._random.choice(MEDDLING)))
        injector._armed, injector.at, injector.calls, injector._tries = armed, at, calls, tries
        self._is_calm = False

    def _calmly(self, act: Callable[[], object]) -> None:
        injector = self._service.injector
        chance, injector.chance = injector.chance, 0.0
        try:
            act()
        finally:
            injector.chance = chance

    # -- what came of it ------------------------------------------------------

    def _note_ends(self) -> None:
        for uuid in self._records:
            report = self._service.got(uuid)
            if report.finished_at:
                self.diary.longest = max(self.diary.longest, report.finished_at - report.created_at)

    def _fine_weather(self) -> None:
        """Whatever failed for a passing reason is tried again, as the service advises."""
        self._is_calm = True
        self._service.injector.chance = 0.0
        for uuid in self._records:
            report = self._service.got(uuid)
            passing = report.error is not None and report.error.retryable
            if passing and report.parameters["data"] == "there" and not report.deleted_at:
                self.diary.counts["retried by its client"] += 1
                self._service.act("retry", uuid)
        self._read()
        self._until_the_end()

    def _judge(self) -> None:
        counts = self.diary.counts
        for uuid in self._records:
            report = self._service.got(uuid)
            kind = "meddled" if str(uuid) in self._meddled else report.parameters["data"]
            counts[f"{kind}, {report.status}"] += 1
            self.diary.attempts = max(self.diary.attempts, report.attempt)
            if kind == "there" and report.status is not Status.COMPLETED:
                self.diary.violations.append(f"{uuid} is good and {report.status}: {report.error}")
        self.diary.faults.update({f"{call} {fault}": n for (call, fault), n in self._service.injector.broken.items()})
        counts["reports"] += len(self._records)
        self.diary.violations += self._service.violations(self._can_be_made, ended=True)
        self._judge_orphans()

    def _can_be_made(self, row: Mapping[str, Any]) -> bool | None:
        if str(row["uuid"]) in self._meddled:
            return None
        return {"there": True, "wrong": False, "away": None}[json.loads(row["parameters"])["data"]]

    def _judge_orphans(self) -> None:
        """What the bucket holds beside the named must be what went over the wire, and go; nothing else may."""
        expected, found = self._service.expected_orphans(), set(self._service.oracle.orphans())
        self.diary.counts["orphans expected"] += len(expected)
        self.diary.counts["orphans found"] += len(found)
        if expected != found:
            self.diary.violations.append(f"orphans: {sorted(expected ^ found)}")
        self._service.sweep_orphans()
        left, named = self._service.stored(), self._service.stage.wire.stored - expected
        self.diary.counts["orphans removed"] += len(found - left)
        if left != named:
            self.diary.violations.append(f"not cleared as wanted: {sorted(left ^ named)}")
