"""The simulator of capacity, against cases small enough to work out by hand; and the pages that cite it."""

from pathlib import Path

import pytest

from benchmarks.capacity import (
    PAGES,
    Lane,
    Order,
    Queue,
    accepted,
    burst,
    filled,
    fixed,
    greedy,
    metrics,
    parts,
    promise,
    shards,
    simulate,
)
from local.cloudformation import Template

PARTS = parts()


def at_once(count: int, seconds: float) -> list[Order]:
    return [Order(0.0, seconds)] * count


def test_one_worker_renders_one_after_another() -> None:
    result = simulate(at_once(3, 2.0), Lane(shards=1, concurrency=1))

    assert result.waits_s["all"] == [0, 2, 4]
    assert result.ends_s["all"] == 6


def test_nobody_waits_when_each_comes_after_the_last() -> None:
    result = simulate([Order(0.0, 1.0), Order(1.0, 1.0), Order(5.0, 2.0)], Lane(shards=1, concurrency=1))

    assert result.waits_s["all"] == [0, 0, 0]
    assert (result.ends_s["all"], result.busy_s) == (7, 4)


def test_workers_of_a_queue_share_the_work_evenly() -> None:
    assert simulate(at_once(10, 3.0), Queue(workers=5)).ends_s["all"] == 6
    assert simulate(at_once(11, 3.0), Queue(workers=5)).ends_s["all"] == 9
    assert simulate(at_once(3, 3.0), Queue(workers=5)).wait_s(1) == 0


def test_reports_of_one_slot_wait_for_each_other_though_others_are_idle() -> None:
    waits = simulate(at_once(10, 1.0), Lane(shards=1)).waits_s["all"]

    assert len(set(waits)) > 1  # ten reports in ten slots, one each, would be a chance of 1 in 2,755
    assert sorted(set(waits)) == list(range(len(set(waits))))


def test_a_lane_ends_ten_reports_a_shard_and_duration() -> None:
    result = simulate(burst(1000, 60, 2.0), Lane(shards(40_000)))

    assert Lane(shards(40_000)).slots == 400
    assert result.busy_s == 120_000
    assert 300 <= result.ends_s["all"] <= 300 * 1.4  # 60,000 x 2 s in 400 slots, and the unluckiest slot


def test_concurrency_holds_slots_back() -> None:
    assert Lane(shards=4, concurrency=5).workers == 5
    assert Lane(shards=4, concurrency=500).workers == 40
    assert 24 <= simulate(at_once(60, 2.0), Lane(shards=4, concurrency=5)).ends_s["all"] <= 30


def test_a_cap_keeps_the_greedy_from_the_others() -> None:
    others = [Order(0.5, 1.0, "others")]

    capped = greedy(100, 1.0, others, Queue(workers=2), cap=2)
    uncapped = greedy(100, 1.0, others, Queue(workers=2), cap=100)

    assert capped.waits_s["others"] == [0.5]
    assert uncapped.waits_s["others"] == [49.5]
    assert len(capped.waits_s["greedy"]) == len(uncapped.waits_s["greedy"]) == 100


def test_a_fresh_table_takes_four_thousand_orders_a_second_or_a_thousand_with_keys() -> None:
    assert shards(4000) == 4
    assert (accepted(4000, keyed=False), accepted(4000, keyed=True)) == (4000, 1000)


STACK = {
    "Key": {"Type": "AWS::KMS::Key"},
    "Plain": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}},
    "Ratio": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {"Metrics": [{"Expression": "a / b"}, {"MetricStat": {}}, {"MetricStat": {}}]},
    },
}


def test_what_is_fixed_is_counted_in_the_template_and_the_code() -> None:
    costs = fixed(Template({"Resources": STACK}, {}, "s"))

    assert {what: round(dollars, 2) for what, dollars in list(costs.items())[:-1]} == {
        "the key": 1.00,
        "alarms on 3 metrics": 0.30,
        f"{len(metrics())} metrics of the service": round(len(metrics()) * 0.30, 2),
    }
    assert {"completed", "failed", "waiting_seconds", "orphans"} <= metrics()
    assert 0.5 < costs["43,800 sweeps"] < 1.5


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.name)
def test_pages_say_what_the_simulator_says(page: Path) -> None:
    text = page.read_text("utf-8")

    assert promise() in text
    assert filled(text, PARTS) == text, "make capacity"
