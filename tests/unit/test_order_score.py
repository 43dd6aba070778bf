from typing import Any
from uuid import UUID, uuid4

import pytest

from rapor.caller import Caller
from rapor.errors import Forbidden, UuidDeleted, UuidTaken
from rapor.order_score import order_score
from rapor.report import Format, IdempotencyKey, Order, Origin, Report, Status
from rapor.score import key_of
from tests.builders import NOW, a_caller, a_report
from tests.unit.fakes import FakeReports

NAME = "maia-1"


def a_score(**changes: Any) -> Report:
    score = {"report_type": "reference", "format": Format.JSON, "parameters": {"referenceId": "92442"}}
    return a_report(**{**score, **changes})


def an_order(name: str | None, reference: str = "92442") -> Order:
    return Order(
        title=f"Score {reference}",
        report_type="reference",
        parameters={"referenceId": reference},
        format=Format.JSON,
        status=Status.PENDING,
        is_active=True,
        options=None,
        locale="tr",
        client_uuid=name,
    )


def ordered(
    reports: FakeReports, name: str | None, *, caller: Caller | None = None, reference: str = "92442"
) -> tuple[Report, Origin]:
    def record(order: Order, *, caller: Caller, key: IdempotencyKey | None) -> tuple[Report, Origin]:
        return reports.add(a_score(uuid=uuid4(), client_uuid=order.client_uuid, user_id=caller.id), key)

    caller, key = caller or a_caller(), key_of("1", name, reference) if name else None
    return order_score(an_order(name, reference), key, caller=caller, reports=reports, record=record)


def test_a_name_given_again_is_answered_as_its_score_is_by_now() -> None:
    reports = FakeReports()
    first, origin = ordered(reports, NAME)
    done = reports.rows[first.uuid] = a_score(uuid=first.uuid, status=Status.COMPLETED, record={"score": 595})

    assert origin is Origin.CREATED
    assert ordered(reports, NAME) == (done, Origin.REPLAYED)


@pytest.mark.parametrize("by_id", [False, True], ids=["by its name", "by our id"])
def test_a_name_whose_score_was_deleted_is_neither_it_nor_free(by_id: bool) -> None:  # noqa: FBT001 - pytest's
    reports = FakeReports()
    first, _ = ordered(reports, None if by_id else NAME)
    reports.rows[first.uuid] = a_score(uuid=first.uuid, deleted_at=NOW)

    with pytest.raises(UuidDeleted):
        ordered(reports, str(first.uuid) if by_id else NAME)
    assert len(reports.rows) == 1


def test_a_name_that_is_looked_up_while_its_score_is_purged_has_none_any_more() -> None:
    reports = FakeReports()
    first, _ = ordered(reports, NAME)
    del reports.rows[first.uuid]  # the name goes first, but it was found before

    with pytest.raises(UuidDeleted):
        ordered(reports, NAME)


def test_once_purged_an_id_is_a_name_like_any() -> None:
    reports = FakeReports()
    gone = str(UUID(int=7))

    made, origin = ordered(reports, gone)

    assert (made.client_uuid, origin) == (gone, Origin.CREATED)


def test_an_id_of_ones_own_names_that_report_and_no_other() -> None:
    score, users = a_score(uuid=uuid4()), a_report()
    reports = FakeReports(score, users)

    assert ordered(reports, str(score.uuid)) == (score, Origin.REPLAYED)
    for uuid, reference in ((score.uuid, "90001"), (users.uuid, "92442")):
        with pytest.raises(UuidTaken):
            ordered(reports, str(uuid), reference=reference)
    assert len(reports.rows) == 2


def test_an_id_of_somebody_elses_is_a_name_like_any() -> None:
    theirs = a_score(user_id="2")
    reports = FakeReports(theirs)

    made, origin = ordered(reports, str(theirs.uuid))

    assert (made.user_id, made.client_uuid, origin) == ("1", str(theirs.uuid), Origin.CREATED)


def test_who_may_order_nothing_learns_nothing_of_names() -> None:
    mine = a_score()

    with pytest.raises(Forbidden):
        ordered(FakeReports(mine), str(mine.uuid), caller=a_caller("1", "reports.view"))
