from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from rapor.errors import Forbidden, InvalidQuery, NotFound
from rapor.http.gateway import Request
from rapor.http.strapi_queries import score_query
from rapor.listing import Span
from rapor.read_score import count_scores, list_scores, read_score
from rapor.report import Format, IdempotencyKey, Report, Status
from rapor.score import MOST_ROWS, Condition, Query, key_of
from tests.builders import NOW, a_caller, a_report, load_event
from tests.unit.fakes import FakeReports

EVENT = load_event("read_report/get_reports.json")
ALL = Query([], 0, 100, oldest_first=False)


class FakeLists:
    """Goes through its reports as they are given, and remembers what it was asked."""

    def __init__(self, *reports: Report) -> None:
        self.reports = reports
        self.asked: list[tuple[Span, bool]] = []
        self.looked_at = 0

    def skim(self, span: Span, *, oldest_first: bool) -> Iterator[Report]:
        self.asked.append((span, oldest_first))
        for report in self.reports:
            self.looked_at += 1
            yield report


class NamedReports(FakeReports):
    def named(self, key: IdempotencyKey) -> UUID | None:
        return next((report.uuid for known, report in self.keys.items() if replace(known, fingerprint="") == key), None)


def a_score(**changes: Any) -> Report:
    score = {"uuid": uuid4(), "report_type": "reference", "format": Format.JSON, "parameters": {"referenceId": "92442"}}
    return a_report(**{**score, **changes})


def a_query(raw: str) -> Query:
    return score_query(Request.from_event({**EVENT, "rawQueryString": raw}))


def test_a_score_is_found_by_either_name() -> None:
    score = a_score(client_uuid="maia-1")
    reports = NamedReports(score)
    reports.keys[key_of("1", "maia-1", "f")] = score

    for name in (str(score.uuid), str(score.uuid).upper(), "maia-1"):
        assert read_score(name, caller=a_caller(), reports=reports) == score
    for name in (score.uuid.hex, f"{{{score.uuid}}}", "maia-2", ""):
        with pytest.raises(NotFound):
            read_score(name, caller=a_caller(), reports=reports)


def test_a_name_that_is_somebody_elses_uuid_is_still_ones_own() -> None:
    theirs, mine = a_score(user_id="2"), a_score()
    reports = NamedReports(theirs, mine)
    reports.keys[key_of("1", str(theirs.uuid), "f")] = mine

    for permission in ("reports.view.own", "reports.view"):
        assert read_score(str(theirs.uuid), caller=a_caller("1", permission), reports=reports) == mine
    assert read_score(str(theirs.uuid), caller=a_caller("3", "reports.view"), reports=reports) == theirs


def test_a_name_is_good_for_its_giver_only() -> None:
    score = a_score(client_uuid="maia-1")
    reports = NamedReports(score)
    reports.keys[key_of("1", "maia-1", "f")] = score

    with pytest.raises(NotFound):
        read_score("maia-1", caller=a_caller("2", "reports.view"), reports=reports)


@pytest.mark.parametrize("hidden", [a_report(), a_score(is_active=False)])
def test_what_is_no_score_or_hidden_is_not_there(hidden: Report) -> None:
    viewer = a_caller("2", "reports.view")

    with pytest.raises(NotFound):
        read_score(str(hidden.uuid), caller=viewer, reports=NamedReports(hidden))
    assert count_scores(ALL, caller=viewer, lists=FakeLists(hidden)) == 0


def test_a_deleted_score_is_not_there_even_for_who_may_restore_it() -> None:
    deleted = a_score(deleted_at=NOW)

    with pytest.raises(NotFound):
        read_score(str(deleted.uuid), caller=a_caller(), reports=NamedReports(deleted))
    assert count_scores(ALL, caller=a_caller(), lists=FakeLists(deleted)) == 0


def test_somebody_elses_score_is_not_there() -> None:
    theirs = a_score(user_id="2")

    with pytest.raises(NotFound):
        read_score(str(theirs.uuid), caller=a_caller("1", "reports.view.own"), reports=NamedReports(theirs))


def test_who_may_view_nothing_reads_nothing() -> None:
    caller, lists = a_caller("1", "reports.generate"), FakeLists()

    with pytest.raises(Forbidden):
        read_score("x", caller=caller, reports=NamedReports())
    with pytest.raises(Forbidden):
        list_scores(ALL, caller=caller, lists=lists)
    with pytest.raises(Forbidden):
        count_scores(ALL, caller=caller, lists=lists)


def test_an_own_viewer_asks_for_their_own() -> None:
    lists = FakeLists()

    list_scores(ALL, caller=a_caller("1", "reports.view.own"), lists=lists)
    list_scores(replace(ALL, oldest_first=True), caller=a_caller("1", "reports.view"), lists=lists)

    assert lists.asked == [(Span("1"), False), (Span(None), True)]


def test_a_list_reads_no_further_than_it_shows() -> None:
    scores = [a_score() for _ in range(30)]
    lists = FakeLists(*scores)

    found = list_scores(replace(ALL, start=5, limit=10), caller=a_caller(), lists=lists)

    assert found == scores[5:15]
    assert lists.looked_at == 15


def test_a_count_counts_all_whatever_is_shown() -> None:
    lists = FakeLists(*(a_score() for _ in range(30)), a_report())

    assert count_scores(replace(ALL, start=5, limit=10), caller=a_caller(), lists=lists) == 30


def test_too_many_rows_to_look_through_are_said_not_guessed() -> None:
    just, more = FakeLists(*[a_score()] * MOST_ROWS), FakeLists(*[a_score()] * (MOST_ROWS + 1))
    none = replace(ALL, conditions=[Condition("score", "gt", [Decimal(0)])])

    assert count_scores(ALL, caller=a_caller(), lists=just) == MOST_ROWS
    with pytest.raises(InvalidQuery, match=r"Narrow created_at\."):
        count_scores(ALL, caller=a_caller(), lists=more)
    with pytest.raises(InvalidQuery):
        list_scores(none, caller=a_caller(), lists=more)
    assert len(list_scores(ALL, caller=a_caller(), lists=more)) == 100


@pytest.mark.parametrize(
    ("raw", "since", "before"),
    [
        ("", None, None),
        ("published_at_gte=2025-11-20", None, None),
        ("created_at_gte=2025-11-20", datetime(2025, 11, 20, tzinfo=UTC), None),
        ("created_at_gt=2025-11-20&created_at_gte=2025-11-21", datetime(2025, 11, 21, tzinfo=UTC), None),
        ("created_at_gt=2025-11-20&created_at_gt=2025-11-21", datetime(2025, 11, 20, tzinfo=UTC), None),
        ("created_at_lt=2025-11-20", None, datetime(2025, 11, 20, 0, 0, 0, 1, tzinfo=UTC)),
        ("created_at_lte=2025-11-20&createdAt_lt=2025-11-19", None, datetime(2025, 11, 19, 0, 0, 0, 1, tzinfo=UTC)),
        (
            "created_at=2025-11-20T03:00:00%2B03:00",
            datetime(2025, 11, 20, tzinfo=UTC),
            datetime(2025, 11, 20, 0, 0, 0, 1, tzinfo=UTC),
        ),
        ("created_at=2025-11-20T03:00:00+03:00&created_at_ne=2025-11-21", datetime(2025, 11, 20, tzinfo=UTC), datetime(2025, 11, 20, 0, 0, 0, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_bounds_on_creation_spare_the_way(raw: str, since: datetime | None, before: datetime | None) -> None:
    query = a_query(raw)

    assert (query.since, query.before) == (since, before)


def test_bounds_leave_out_nothing_that_matches() -> None:
    moments = [NOW + timedelta(microseconds=step) for step in (-1, 0, 1)]
    text = NOW.isoformat().replace("+", "%2B")

    for operator in ("", "_gt", "_gte", "_lt", "_lte", "_ne"):
        query = a_query(f"created_at{operator}={text}")
        for moment in moments:
            if query.conditions[0].holds(a_score(created_at=moment)):
                assert (query.since or moment) <= moment < (query.before or moment + timedelta(1))


def test_a_comma_is_part_of_a_value() -> None:
    condition = a_query("referenceId_in=a%2Cb&referenceId_in=c").conditions[0]

    assert [condition.holds(a_score(parameters={"referenceId": name})) for name in ("a,b", "c", "a")] == [
        True,
        True,
        False,
    ]


def test_nothing_can_be_said_of_what_is_empty() -> None:
    waiting, import_ = a_score(), a_score(status=Status.COMPLETED, parameters={}, record={"score": Decimal(1)})

    for raw in ("score=1", "score_ne=1", "score_lt=9", "score_nin=1"):
        assert not a_query(raw).conditions[0].holds(waiting)
    for raw in ("referenceId=a", "referenceId_ncontains=a", "scoreVersion_ne=a"):
        assert not a_query(raw).conditions[0].holds(import_)
