"""A worker that is killed for good, in the middle of whatever it did, costs an attempt and nothing else."""

from collections.abc import Iterator

import pytest

from local.cloudformation import Template
from local.template import PARAMETERS, TEMPLATE
from tests.faults.kills import AT_ANY_TIME_S, KILLS, Kill, a_victim, killed_after, killed_at
from tests.faults.victim import Moment, Victim
from tests.faults.world import World

pytestmark = pytest.mark.faults
SOME = [kill for kill in KILLS if kill.moment in {Moment.HALF_SENT, Moment.SENT} and kill.at in {1, 3, 4, 8}]


@pytest.fixture(scope="module")
def victim(world: World) -> Iterator[Victim]:
    with a_victim(world) as running:
        yield running


@pytest.mark.parametrize("kill", SOME, ids=lambda kill: f"{kill.scenario}, call {kill.at}, {kill.moment}")
def test_a_worker_may_be_killed_at_any_call(world: World, victim: Victim, kill: Kill) -> None:
    assert killed_at(world, victim, kill) == []


@pytest.mark.parametrize("seconds", AT_ANY_TIME_S[::4])
def test_a_worker_may_be_killed_at_any_time(world: World, victim: Victim, seconds: float) -> None:
    assert killed_after(world, victim, seconds) == []


def test_there_are_enough_kills() -> None:
    assert len(KILLS) >= 30
    assert {kill.scenario for kill in SOME} == {kill.scenario for kill in KILLS}


def test_s3_itself_ends_the_uploads_that_were_left() -> None:
    """Moto runs no lifecycle rules, so that they are there is all that can be seen here."""
    template = Template.read(TEMPLATE, PARAMETERS, stack_name="rapor")

    rules = template.resources("AWS::S3::Bucket")["Documents"]["LifecycleConfiguration"]["Rules"]

    ending = [rule for rule in rules if rule.get("AbortIncompleteMultipartUpload") == {"DaysAfterInitiation": 1}]
    assert [rule["Status"] for rule in ending if not rule.keys() & {"Prefix", "TagFilters"}] == ["Enabled"]
