"""What must be true of one report when everything has been told."""

from rapor.report import Report
from tests.faults.oracle import Expected
from tests.faults.rules import Rule
from tests.faults.scenarios import vouched_for
from tests.faults.world import World


def check(world: World, report: Report) -> None:
    """Its history breaks no rule, its end was told, and its document is there, whole and vouched for."""
    check_announced(world, report)
    assert list(vouched_for(world, report)) == []
    assert world.oracle.violations([report.uuid], Expected(ended=True, told=world.told())) == []


def check_announced(world: World, report: Report) -> None:
    """Each end the report ever had was told, once or more often, by one id of its own; and nothing else was."""
    found = world.reports.get(report.uuid)
    if found and found.unannounced:
        world.announce_left()
    violations = world.oracle.violations([report.uuid], Expected(told=world.told()))
    assert [it for it in violations if it.rule in {Rule.UNTOLD, Rule.TOLD_TWICE}] == []
    last = world.oracle.history(report.uuid)[-1]
    assert last is not None
    assert not str(last.get("open_pk", "")).startswith("OUTBOX")
