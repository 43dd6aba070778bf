"""
What a stack can take: a simulator of shards, slots and lanes, and what it says of days one would fear.

`make capacity` writes the figures into `docs/capacity.md` and the README: the same each time, from a fixed seed.

A lane is a reader of the table's stream. Each shard has ten slots (ParallelizationFactor), a report's key picks one,
and a slot renders one report at a time, in order. So a lane renders `10 * shards / seconds` reports a second, if its
concurrency is enough, and an unlucky slot is later than the mean. A queue behind a lane has no slots: whoever is free
takes the next.
"""

import argparse
import heapq
import random
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from local.cloudformation import Template
from local.template import PARAMETERS, STACK_NAME, TEMPLATE
from rapor.process import Outcome
from rapor.store.keys import OPEN_SHARDS, SCHEDULE_SHARDS

PROJECT = Path(__file__).parents[1]
PAGES = (PROJECT / "docs/capacity.md", PROJECT / "README.md")
BENCHMARKS = PROJECT / "docs/benchmarks.md"
SEED = 20251125
DAY_S, HOUR_S = 86_400, 3600

FACTOR = 10  # ParallelizationFactor of both mappings
FRESH_UNITS, UNITS_A_SHARD = (
    4000,
    1000,
)  # writes a second of a new on-demand table, and of a partition, which is a shard
KEYED_UNITS = 4  # an order with Idempotency-Key is a transaction of two items, and a transaction costs double
SLOW = 2  # seconds in the function for one of CPU measured here: it also reads, uploads, and has a slower processor


class Order(NamedTuple):
    """A report: when it is ordered, how long it renders, and whose it is."""

    at_s: float
    render_s: float
    who: str = "all"


@dataclass(frozen=True)
class Lane:
    """One reader of the stream; `concurrency` is what is reserved or left, None is enough for every slot."""

    shards: int
    concurrency: int | None = None

    @property
    def slots(self) -> int:
        """How many reports may be under way at a time, if there is concurrency."""
        return self.shards * FACTOR

    @property
    def workers(self) -> int:
        """How many are."""
        return self.slots if self.concurrency is None else min(self.slots, self.concurrency)


@dataclass(frozen=True)
class Queue:
    """SQS behind a lane."""

    workers: int


@dataclass
class Result:
    """Seconds from order to start, and when the last one ended, by whose they are; how long all rendered."""

    waits_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ends_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    busy_s: float = 0.0

    def wait_s(self, share: float, who: str = "all") -> float:
        """The wait that this share of reports does not exceed."""
        ordered = sorted(self.waits_s[who])
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Simulation:
    """Slots with their reports in order, and workers that take the first of a slot that has been ready longest."""

    def __init__(self, lane: Lane | Queue) -> None:
        self._rng = random.Random(SEED)  # noqa: S311 - not for secrets
        self._slots = lane.slots if isinstance(lane, Lane) else 0
        self._waiting: dict[int, deque[Order]] = defaultdict(deque)
        self._ready: deque[int] = deque()
        self._ends: list[tuple[float, int, Order]] = []
        self._free = lane.workers
        self._orders = 0
        self._taken: set[int] = set()
        self.result = Result()

    def order(self, order: Order) -> None:
        """Take an order at its time."""
        self._orders += 1
        slot = self._rng.randrange(self._slots) if self._slots else self._orders
        self._waiting[slot].append(order)
        if slot not in self._taken:
            self._taken.add(slot)
            self._ready.append(slot)
        self._start(order.at_s)

    def ended(self, until: float) -> Iterator[tuple[float, Order]]:
        """End what ends by then, one after another."""
        while self._ends and self._ends[0][0] <= until:
            now, slot, order = heapq.heappop(self._ends)
            self._free += 1
            self.result.ends_s[order.who] = now
            if self._waiting[slot]:
                self._ready.append(slot)
            else:
                self._taken.discard(slot)
            self._start(now)
            yield now, order

    def _start(self, now: float) -> None:
        while self._free and self._ready:
            slot = self._ready.popleft()
            order = self._waiting[slot].popleft()
            self._free -= 1
            self.result.waits_s[order.who].append(now - order.at_s)
            self.result.busy_s += order.render_s
            heapq.heappush(self._ends, (now + order.render_s, slot, order))


def simulate(
    orders: Iterable[Order],
    lane: Lane | Queue,
    *,
    again: Callable[[float, Order], Order | None] = lambda _now, _order: None,
) -> Result:
    """Render *orders*, given by time, as they come; the end of one may be the time of another."""
    simulation = Simulation(lane)
    for order in chain(orders, [None]):
        for now, done in simulation.ended(order.at_s if order else float("inf")):
            if following := again(now, done):
                simulation.order(following)
        if order:
            simulation.order(order)
    return simulation.result


# -- What is asked of it ------------------------------------------------------


def burst(rate: int, seconds: int, render_s: float) -> Iterator[Order]:
    """So many a second, evenly."""
    return (Order(number / rate, render_s) for number in range(rate * seconds))


def poisson(rate: float, seconds: float, render_s: float, *, who: str = "all") -> Iterator[Order]:
    """Orders of many who do not know of each other."""
    rng, now = random.Random(SEED), 0.0  # noqa: S311 - not for secrets
    while (now := now + rng.expovariate(rate)) < seconds:
        yield Order(now, render_s, who)


def greedy(count: int, render_s: float, others: Iterable[Order], lane: Lane | Queue, *, cap: int) -> Result:
    """One caller wants *count* reports and has at most *cap* unfinished; whatever ends, the next is ordered."""
    left = count - min(count, cap)

    def again(now: float, order: Order) -> Order | None:
        nonlocal left
        if order.who != "greedy" or not left:
            return None
        left -= 1
        return Order(now, render_s, "greedy")

    first = [Order(0.0, render_s, "greedy")] * min(count, cap)
    return simulate(chain(first, others), lane, again=again)


def shards(units: int) -> int:
    """Shards of a table warmed for so many writes a second."""
    return max(1, units // UNITS_A_SHARD)


def accepted(units: int, *, keyed: bool) -> int:
    """Orders a second that the table takes, of items up to 1 KB; what processing writes meanwhile is not counted."""
    return units // (KEYED_UNITS if keyed else 1)


# -- The page -----------------------------------------------------------------

RENDER_S, HEAVY_S = 2.0, 60.0
BURST, BURST_S, CAP, WANTED = 1000, 60, 100, 10_000
WARMED = (FRESH_UNITS, 10_000, 40_000, 100_000)
# US dollars, eu-central-1, from memory of the public lists of 2025-11; check them before you budget.
GB_S, CALL, REQUEST, WRITE, READ = 0.0000166667, 0.20e-6, 1.20e-6, 0.7625e-6, 0.1525e-6
PUT, GET, GB_MONTH, LOG_GB = 5.4e-6, 0.43e-6, 0.0245, 0.63
REQUESTS = 7  # the order, five looks, the download
WRITES = 13  # the order in the table and four indexes, claim, progress, end
API_S, AWS_S = 0.020, 0.3  # a request's time in its function; what a report waits for table and bucket: assumed
LOGGED_GB = 10e-6
# A month, each; the first three dashboards are free, and so is what asks a stream for records.
KEY, ALARMED, METRIC = 1.00, 0.10, 0.30  # an alarm costs by the metrics it looks at
TRACE, SCHEDULED = 5e-6, 1.00e-6  # X-Ray takes the first request of a second, so each sweep
SWEEPS = 365 * DAY_S / 12 / 60
SWEEP_S = 0.8  # billed, of an idle one: 0.15 s of CPU here, of 0.29 vCPU there, and its reads one after another
SWEEP_READS = (3 * OPEN_SHARDS + SCHEDULE_SHARDS) / 2 + 2  # a query that finds nothing is half a unit; and two notes
SWEEP_LOGGED_GB = 1.5e-6


def minutes(seconds: float) -> str:
    """In minutes, or hours when there are many."""
    return f"{seconds / 60:.0f} min" if seconds < 2 * HOUR_S else f"{seconds / HOUR_S:.1f} h"


def rendered(units: int) -> Result:
    """The burst, by a table warmed so far and enough concurrency."""
    return simulate(burst(BURST, BURST_S, RENDER_S), Lane(shards(units)))


def promise() -> str:
    """Say it in one sentence, for the README."""
    steady = simulate(poisson(1e6 / DAY_S, HOUR_S, RENDER_S), Lane(shards(FRESH_UNITS)))
    fresh, warm = (minutes(rendered(units).ends_s["all"]) for units in (FRESH_UNITS, 40_000))
    return (
        f"A million reports of {RENDER_S:.0f} s a day start within {steady.wait_s(0.99):.0f} s (99 %) on a fresh stack."
        f" With `RequestsPerSecond` raised to {BURST:,}, as many orders a second are accepted for a minute,"
        f" and rendered in {fresh}; in {warm}, if the table is warmed for 40,000 writes."
    )


def measured(rows: str) -> tuple[float, float]:
    """CPU seconds and megabytes of our PDF, from the benchmarks' page."""
    found = re.search(
        rf"^\| pdf \| {rows} \| rapor \| ([\d.]+) \| \d+ \| ([\d.]+)", BENCHMARKS.read_text("utf-8"), re.MULTILINE
    )
    if found is None:
        raise LookupError(rows)
    return float(found[1]), float(found[2])


def cost(rows: str, memory_mb: int) -> dict[str, float]:
    """US dollars for a thousand PDFs, by what is paid for."""
    cpu_s, size_mb = measured(rows)
    return {
        "rendering": 1000 * (CALL + (cpu_s * SLOW + AWS_S) * memory_mb / 1024 * GB_S),
        "requests": 1000 * REQUESTS * (REQUEST + CALL + API_S * 0.5 * GB_S),
        "table": 1000 * (WRITES * WRITE + REQUESTS * READ),
        "documents": 1000 * (2 * PUT + GET + size_mb / 1024 * GB_MONTH * 3),  # three months of RetentionDays' 90
        "logs": 1000 * LOGGED_GB * LOG_GB,
    }


def metrics() -> set[str]:
    """Names of the metrics that functions write; what nothing happened for is not paid."""
    rooms = "".join(it.read_text("utf-8") for it in PROJECT.glob("functions/*/app.py"))
    return {*re.findall(r'(?:add_metric|_count)\("(\w+)"', rooms), *(outcome.value for outcome in Outcome)}


def alarmed(template: Template) -> int:
    """How many metrics alarms look at, each as often as one does."""
    alarms = template.resources("AWS::CloudWatch::Alarm").values()
    return sum(sum("MetricStat" in it for it in alarm.get("Metrics", [])) or 1 for alarm in alarms)


def fixed(template: Template) -> dict[str, float]:
    """US dollars a month, by what is paid for though nobody orders anything."""
    sweep = CALL + SCHEDULED + TRACE + SWEEP_S * 0.5 * GB_S + SWEEP_READS * READ + SWEEP_LOGGED_GB * LOG_GB
    return {
        "the key": len(template.resources("AWS::KMS::Key")) * KEY,
        f"alarms on {alarmed(template)} metrics": alarmed(template) * ALARMED,
        f"{len(metrics())} metrics of the service": len(metrics()) * METRIC,
        f"{SWEEPS:,.0f} sweeps": SWEEPS * sweep,
    }


def fixed_sentence() -> str:
    """Say it in figures."""
    costs = fixed(Template.read(TEMPLATE, PARAMETERS, stack_name=STACK_NAME))
    return f"{sum(costs.values()):.2f} a month: " + ", ".join(
        f"{what} {dollars:.2f}" for what, dollars in costs.items()
    )


def steady_rows() -> Iterator[str]:
    """The days, in a table."""
    yield "| orders | `WarmWriteUnits` | slots | used | wait, half | wait, 99 % | longest |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for what, rate, seconds in (
        ("a million a day, evenly", 1e6 / DAY_S, HOUR_S),
        ("four times that, for 20 min", 4e6 / DAY_S, 1200),
    ):
        for units in WARMED[:2]:
            lane = Lane(shards(units))
            result = simulate(poisson(rate, seconds, RENDER_S), lane)
            used = result.busy_s / max(result.ends_s["all"], seconds) / lane.slots
            waits = " | ".join(f"{result.wait_s(share):.1f} s" for share in (0.5, 0.99, 1))
            yield f"| {what} | {units:,} | {lane.slots} | {used:.0%} | {waits} |"


def burst_rows() -> Iterator[str]:
    """The burst, in a table."""
    yield "| `WarmWriteUnits` | slots | half have started after | all have ended after |"
    yield "|---:|---:|---:|---:|"
    for units in WARMED:
        result, lane = rendered(units), Lane(shards(units))
        yield f"| {units:,} | {lane.slots} | {minutes(result.wait_s(0.5))} | {minutes(result.ends_s['all'])} |"


def greedy_rows() -> Iterator[str]:
    """The greedy caller, in a table."""
    yield "| heavy lane | others wait, half | others wait, longest | all 10,000 ended after |"
    yield "|---|---:|---:|---:|"
    stream, queue = Lane(shards(FRESH_UNITS)), Queue(200)
    for where, lane, cap in (
        ("stream, 40 slots, no cap", stream, WANTED),
        (f"stream, 40 slots, `MaxUnfinished` {CAP}", stream, CAP),
        (f"queue, 200 workers, `MaxUnfinished` {CAP}", queue, CAP),
        ("queue, 200 workers, no cap", queue, WANTED),
    ):
        result = greedy(WANTED, HEAVY_S, poisson(1 / 60, 2 * HOUR_S, HEAVY_S, who="others"), lane, cap=cap)
        others = " | ".join(minutes(result.wait_s(share, "others")) for share in (0.5, 1))
        yield f"| {where} | {others} | {minutes(result.ends_s['greedy'])} |"


def cost_rows() -> Iterator[str]:
    """A thousand reports, in a table."""
    yield "| rows | rendering | requests | table | documents | logs | all |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    for rows, memory_mb in (("1,000", 1769), ("10,000", 1769), ("100,000", 1769), ("1,000,000", 3008)):
        parts = cost(rows, memory_mb)
        yield f"| {rows} | " + " | ".join(f"{it:.3f}" for it in [*parts.values(), sum(parts.values())]) + " |"


def parts() -> dict[str, str]:
    """What pages say between `<!-- name -->` and `<!-- /name -->`."""
    return {
        "promise": lines([promise()]),
        "steady": lines(steady_rows()),
        "accepted": f"{accepted(FRESH_UNITS, keyed=False):,} a second, or {accepted(FRESH_UNITS, keyed=True):,}",
        "burst": lines(burst_rows()),
        "greedy": lines(greedy_rows()),
        "cost": lines(cost_rows()),
        "fixed": fixed_sentence(),
    }


def lines(rows: Iterable[str]) -> str:
    """Lines of their own: a mark that begins a line makes all of it HTML."""
    return "\n" + "\n".join(rows) + "\n"


def filled(text: str, found: Mapping[str, str]) -> str:
    """A page with its parts as they are now."""
    for name, part in found.items():
        text = re.sub(
            rf"(<!-- {name} -->).*?(<!-- /{name} -->)",
            lambda mark, part=part: mark[1] + part + mark[2],
            text,
            flags=re.DOTALL,
        )
    return text


def main() -> None:
    """Say it, or write it into the pages."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--save", action="store_true", help=f"write {' and '.join(it.name for it in PAGES)}")
    found = parts()
    for page in PAGES if parser.parse_args().save else ():
        page.write_text(filled(page.read_text("utf-8"), found), "utf-8")
    print(*(f"{name}: {part}" for name, part in found.items()), sep="\n")


if __name__ == "__main__":
    main()
