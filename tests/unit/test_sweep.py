from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace

from rapor.report import Failure, Report, Status
from rapor.sweep import Repair, sweep_reports
from tests.builders import NOW, a_report
from tests.unit.fakes import FakeLog, FakeOpenIndex, a_turn

LATER = NOW + timedelta(minutes=3)


def swept(report: Report, *, now: datetime = NOW, fenced: bool = False) -> tuple[Repair, Report]:
    index = FakeOpenIndex(report, fenced=fenced)
    sweep = sweep_reports(now=now, reports=index, turn=a_turn())
    [repair] = [repair for repair, count in sweep.repairs.items() if count]
    return repair, index.rows[report.uuid]


def due(**changes: object) -> Report:
    return a_report(**{"due_at": NOW, "created_at": NOW - timedelta(minutes=2), **changes})


def test_a_report_the_stream_lost_is_dispatched_again() -> None:
    repair, report = swept(due())

    assert repair is Repair.DISPATCHED
    assert report.status is Status.PENDING
    assert report.due_at == NOW + timedelta(minutes=2)


def test_dispatches_back_off_to_an_hour() -> None:
    waits = [swept(due(dispatches=n))[1].due_at for n in (0, 1, 2, 5, 30)]

    assert waits == [NOW + timedelta(minutes=m) for m in (2, 4, 8, 60, 60)]


def test_a_report_whose_worker_died_is_pending_again() -> None:
    repair, report = swept(due(status=Status.PROCESSING, attempt=1, owner="dead"), now=LATER)

    assert repair is Repair.RECLAIMED
    assert (report.status, report.due_at, report.updated_at) == (Status.PENDING, LATER + timedelta(minutes=2), LATER)


def test_a_report_out_of_attempts_fails_with_a_code() -> None:
    repair, report = swept(due(status=Status.PROCESSING, attempt=3, owner="dead"), now=LATER)

    sentence = "The report was tried as often as allowed and no attempt came to an end."
    assert repair is Repair.EXHAUSTED
    assert report.error == Failure("attempts_exhausted", sentence, retryable=True, attempt=3)
    assert report.finished_at == LATER


def test_a_long_outage_of_the_sweep_fails_nobody() -> None:
    waiting = replace(due(), created_at=NOW - timedelta(days=3))

    assert swept(waiting)[0] is Repair.DISPATCHED


def test_a_report_nobody_ever_takes_ends_at_last() -> None:
    waiting = replace(due(dispatches=24), created_at=NOW - timedelta(days=3))

    assert swept(waiting)[0] is Repair.EXHAUSTED
    assert swept(replace(waiting, created_at=NOW - timedelta(days=1)))[0] is Repair.DISPATCHED


def test_a_stale_index_entry_is_left() -> None:
    for stale in (
        due(status=Status.COMPLETED),
        due(imported=True),
        due(is_active=False, imported=True),
        due(deleted_at=NOW),
        a_report(due_at=NOW + timedelta(seconds=1)),
        a_report(due_at=None),
    ):
        repair, report = swept(stale)

        assert repair is Repair.LEFT
        assert report == stale


def test_a_report_made_inactive_while_it_ran_leaves_the_queues_when_it_comes_back() -> None:
    came_back = swept(due(is_active=False, attempt=1))
    still_runs = swept(due(is_active=False, attempt=1, status=Status.PROCESSING, owner="dead"))

    assert came_back == (Repair.DEQUEUED, due(is_active=False, attempt=1, due_at=None))
    assert still_runs[0] is Repair.RECLAIMED


def test_a_report_somebody_moved_meanwhile_is_left() -> None:
    assert swept(due(), fenced=True)[0] is Repair.LEFT


def test_what_still_waits_and_what_was_given_up_is_told() -> None:
    lost, dead = due(uuid=uuid4()), due(uuid=uuid4(), status=Status.PROCESSING, attempt=1)
    hopeless = due(uuid=uuid4(), attempt=3)

    sweep = sweep_reports(now=NOW, reports=FakeOpenIndex(lost, dead, hopeless), turn=a_turn())

    assert (sweep.waiting, sweep.exhausted) == ([lost], [hopeless.uuid])


def test_one_that_cannot_be_read_does_not_stop_the_others() -> None:
    class Unreadable(FakeOpenIndex):
        def get(self, uuid: UUID) -> Report | None:
            if uuid == odd.uuid:
                raise KeyError("title")
            return super().get(uuid)

    odd, log = due(uuid=uuid4()), FakeLog()
    turn = a_turn(log)

    sweep = sweep_reports(now=NOW, reports=Unreadable(odd, due()), turn=turn)

    assert sweep.repairs[Repair.DISPATCHED] == 1
    assert [entry["uuid"] for entry in log.entries] == [str(odd.uuid)]
    assert [type(error) for error in turn.errors] == [KeyError]


def test_no_more_is_repaired_than_asked_for() -> None:
    index = FakeOpenIndex(*(due(uuid=uuid4()) for _ in range(3)))

    sweep = sweep_reports(now=LATER, reports=index, turn=a_turn(), limit=2)

    assert index.asked == [(LATER, 2)]
    assert sum(sweep.repairs.values()) == 2


def test_every_repair_is_counted() -> None:
    lost = [due(uuid=uuid4()) for _ in range(3)]
    dead = [due(uuid=uuid4(), status=Status.PROCESSING, attempt=1) for _ in range(2)]
    index = FakeOpenIndex(*lost, *dead)
    index.gone.append(uuid4())

    assert sweep_reports(now=NOW, reports=index, turn=a_turn()).repairs == {
        Repair.DISPATCHED: 3,
        Repair.RECLAIMED: 2,
        Repair.EXHAUSTED: 0,
        Repair.DEQUEUED: 0,
        Repair.LEFT: 1,
    }
