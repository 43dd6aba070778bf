"""Lists and their pages, on a real DynamoDB API."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice, pairwise
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from local.aws import LocalAws
from local.template import Stack
from rapor.listing import Page, Position, Span
from rapor.report import Failure, Progress, Report, Status
from rapor.store.keys import report_key, report_row
from rapor.store.lists import ReportLists
from rapor.store.table import ReportTable
from tests.builders import NOW, a_report

pytestmark = pytest.mark.integration
SECOND = timedelta(seconds=1)
Matches = Callable[[Report], bool]


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[LocalAws, str]]:
    stack = Stack.load()
    with LocalAws(stack) as running:
        yield running, stack.name("Reports")


@pytest.fixture
def table(aws: tuple[LocalAws, str]) -> ReportTable:
    return ReportTable(aws[0].client("dynamodb"), aws[1])


@pytest.fixture
def lists(aws: tuple[LocalAws, str]) -> ReportLists:
    return ReportLists(aws[0].client("dynamodb"), aws[1])


def made(table: ReportTable, count: int, *, user_id: str, start: datetime = NOW) -> list[UUID]:
    """Reports a second apart, oldest first, every third of them a csv."""
    reports = [
        a_report(uuid=uuid4(), user_id=user_id, created_at=start + n * SECOND, title="third" if n % 3 == 0 else "other")
        for n in range(count)
    ]
    return [table.add(report, None)[0].uuid for report in reports]


def uuids(reports: Iterator[Report] | Page) -> list[UUID]:
    return [report.uuid for report in (reports.reports if isinstance(reports, Page) else reports)]


def everything(report: Report) -> bool:
    return True


def thirds(report: Report) -> bool:
    return report.title == "third"


def nothing(report: Report) -> bool:
    return False


def followed(
    lists: ReportLists, span: Span, at: Position | None, *, limit: int, matches: Matches = everything
) -> list[Page]:
    """Every page from *at* on, in the direction it has."""
    pages = [lists.page(span, at, limit=limit, matches=matches)]
    while at := pages[-1].preceding if at and at.backwards else pages[-1].following:
        pages.append(lists.page(span, at, limit=limit, matches=matches))
    return pages


def test_a_walk_goes_either_way(table: ReportTable, lists: ReportLists) -> None:
    reports = made(table, 7, user_id="walker")

    assert uuids(lists.walk(Span("walker"), step=2)) == reports[::-1]
    assert uuids(lists.walk(Span("walker"), step=2, oldest_first=True)) == reports
    assert uuids(lists.walk(Span("nobody"))) == []
    assert uuids(islice(lists.walk(Span("walker")), 2)) == [reports[6], reports[5]]


def test_who_skims_sees_the_same_without_progress_result_and_lease(
    table: ReportTable, lists: ReportLists, aws: tuple[LocalAws, str]
) -> None:
    plain = a_report(uuid=uuid4(), user_id="skimmer", created_at=NOW)
    full = a_report(
        uuid=uuid4(), user_id="skimmer", created_at=NOW + SECOND, status=Status.FAILED, imported=True, attempt=2,
        record={"score": Decimal("612.4")}, client_uuid="maia-1", published_at=NOW, deleted_at=NOW, finished_at=NOW,
        started_at=NOW, owner="w", lease_until=NOW, schedule_id="s", options={"locale": "tr"}, revision="r",
        progress=Progress(100, "done", 1, 1, NOW), error=Failure("internal", "Something failed.", True, 2),
    )  # fmt: skip
    for report in (plain, full):
        aws[0].client("dynamodb").put_item(TableName=aws[1], Item=report_row(report))

    skimmed = list(lists.skim(Span("skimmer"), oldest_first=True))

    assert skimmed == [
        replace(plain, due_at=None),
        replace(
            full, due_at=None, progress=None, finished_at=None, started_at=None, owner=None, lease_until=None,
            schedule_id=None, options=None, revision=None,
        ),
    ]  # fmt: skip
    assert list(lists.skim(Span("skimmer"), oldest_first=False)) == skimmed[::-1]


def test_who_skims_pays_half_and_who_walks_sees_what_is(table: ReportTable, aws: tuple[LocalAws, str]) -> None:
    made(table, 1, user_id="payer")
    client, asked = aws[0].client("dynamodb"), []
    client.meta.events.register(
        "before-parameter-build.dynamodb.BatchGetItem", lambda params, **_: asked.append(params["RequestItems"][aws[1]])
    )

    list(ReportLists(client, aws[1]).skim(Span("payer"), oldest_first=True))
    list(ReportLists(client, aws[1]).walk(Span("payer")))

    assert [it["ConsistentRead"] for it in asked] == [False, True]


def test_a_walk_is_of_one_user_only(table: ReportTable, lists: ReportLists) -> None:
    mine, theirs = made(table, 3, user_id="a"), made(table, 3, user_id="a#")

    assert uuids(lists.walk(Span("a"), oldest_first=True)) == mine
    assert uuids(lists.walk(Span("a#"), oldest_first=True)) == theirs


def test_a_position_is_a_cut_just_older_than_its_report(table: ReportTable, lists: ReportLists) -> None:
    reports = made(table, 5, user_id="cut")
    at = Position(NOW + 2 * SECOND, reports[2])

    assert uuids(lists.walk(Span("cut"), at)) == [reports[1], reports[0]]
    assert uuids(lists.walk(Span("cut"), at, oldest_first=True)) == reports[2:]


def test_reports_of_one_moment_are_kept_apart(table: ReportTable, lists: ReportLists) -> None:
    pairs = [table.add(a_report(uuid=uuid4(), user_id="same"), None)[0].uuid for _ in range(9)]
    order = sorted(pairs, key=str)

    pages = followed(lists, Span("same"), None, limit=2)

    assert [uuid for page in pages for uuid in uuids(page)] == order[::-1]
    for n, uuid in enumerate(order):
        assert uuids(lists.walk(Span("same"), Position(NOW, uuid))) == order[:n][::-1]
        assert uuids(lists.walk(Span("same"), Position(NOW, uuid), oldest_first=True)) == order[n:]


def test_a_span_begins_with_its_first_moment_and_ends_before_its_last(table: ReportTable, lists: ReportLists) -> None:
    reports = made(table, 6, user_id="span")

    def between(since: int, before: int) -> list[UUID]:
        return uuids(lists.walk(Span("span", NOW + since * SECOND, NOW + before * SECOND), oldest_first=True))

    assert between(1, 4) == reports[1:4]
    assert between(-9, 1) == reports[:1]
    assert between(5, 99) == reports[5:]
    assert between(3, 3) == between(4, 3) == []
    assert uuids(lists.walk(Span("span", since=NOW + 4 * SECOND))) == reports[:3:-1]
    assert uuids(lists.walk(Span("span", before=NOW + 2 * SECOND))) == reports[1::-1]
    assert uuids(lists.walk(Span("span", NOW, NOW + SECOND), Position(NOW, reports[0]))) == []


@pytest.mark.parametrize("user_id", ["pages", None])
def test_pages_hold_each_report_once_newest_first(table: ReportTable, lists: ReportLists, user_id: str | None) -> None:
    start = NOW + timedelta(days=1 if user_id else 2)
    reports = made(table, 25, user_id="pages", start=start)
    span = Span(user_id, start, start + timedelta(hours=1))

    pages = followed(lists, span, None, limit=7)
    back = followed(lists, span, pages[-1].preceding, limit=7)

    assert [uuids(page) for page in pages] == [reports[:-8:-1], reports[-8:-15:-1], reports[-15:-22:-1], reports[3::-1]]
    assert [uuids(page) for page in back] == [uuids(page) for page in pages[-2::-1]]
    assert pages[0].preceding is None
    assert back[-1].preceding is None


def test_the_way_back_is_the_way_there(table: ReportTable, lists: ReportLists) -> None:
    made(table, 20, user_id="back")
    span = Span("back")
    pages = followed(lists, span, None, limit=2, matches=thirds)

    for here, after in pairwise(pages):
        back = lists.page(span, after.preceding, limit=2, matches=thirds)

        assert uuids(back) == uuids(here)
        assert back.following == here.following


def test_a_page_that_found_too_little_leads_on(table: ReportTable, lists: ReportLists) -> None:
    reports = made(table, 45, user_id="sparse")
    span = Span("sparse")

    pages = followed(lists, span, None, limit=2, matches=lambda report: report.uuid in {reports[0], reports[1]})
    none = followed(lists, span, None, limit=2, matches=nothing)
    back = followed(lists, span, none[-1].preceding, limit=2, matches=lambda report: report.uuid == reports[44])

    assert [uuids(page) for page in pages] == [[], [], [reports[1], reports[0]]]
    assert [uuids(page) for page in none] == [[], [], []]
    assert [uuids(page) for page in back] == [[], [reports[44]]]


def test_a_report_that_went_leaves_no_gap(table: ReportTable, lists: ReportLists, aws: tuple[LocalAws, str]) -> None:
    reports = made(table, 6, user_id="gone")
    span = Span("gone")
    first = lists.page(span, None, limit=2, matches=everything)
    for uuid in (reports[4], *reports[:4]):  # the one the cursor names, and all after it
        aws[0].client("dynamodb").delete_item(TableName=aws[1], Key=report_key(uuid))

    second = lists.page(span, first.following, limit=2, matches=everything)

    assert (uuids(second), second.following) == ([], None)
    assert uuids(lists.page(span, second.preceding, limit=2, matches=everything)) == [reports[5]]


def test_new_reports_do_not_move_the_pages_after(table: ReportTable, lists: ReportLists) -> None:
    reports = made(table, 4, user_id="live")
    first = lists.page(Span("live"), None, limit=2, matches=everything)
    [newest] = made(table, 1, user_id="live", start=NOW + 60 * SECOND)

    second = lists.page(Span("live"), first.following, limit=2, matches=everything)
    back = followed(lists, Span("live"), second.preceding, limit=2)

    assert uuids(second) == [reports[1], reports[0]]
    assert [uuid for page in back for uuid in uuids(page)] == [reports[3], reports[2], newest]


def test_a_page_of_nobody_is_empty(lists: ReportLists) -> None:
    assert lists.page(Span(str(uuid4())), None, limit=5, matches=everything) == Page([], None, None)
