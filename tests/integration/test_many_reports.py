"""Ten thousand reports of three users, listed through the room: each once, nobody's others, and never much read."""

import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

from local.aws import LocalAws
from local.cloudformation import ACCOUNT, REGION
from local.template import Stack
from rapor.report import Format, Report, Status, iso
from rapor.store.items import typed
from rapor.store.keys import report_row
from tests.builders import NOW, a_report, load_event
from tests.rooms import CONTEXT, a_room

pytestmark = pytest.mark.integration
COUNT = 10_000
FEW = 100
EVENT = load_event("read_report/get_api_v1_reports.json")
OWN = "reports.view.own reports.generate.own reports.delete.own"
GENERAL = "reports.view reports.generate reports.delete"
Query = dict[str, str]


def owner_of(number: int) -> str:
    """Of ten reports six are of one user, three of another, one is of the third."""
    return {0: "small", 1: "middle", 2: "middle", 3: "middle"}.get(number % 10, "large")


def a_mixed_report(number: int, numbers: random.Random) -> Report:
    return a_report(
        id=number,
        uuid=UUID(int=numbers.getrandbits(128), version=4),
        user_id=owner_of(number),
        created_at=NOW + number * timedelta(minutes=1),
        title=numbers.choice(["Kullanıcı Raporu", "İSTANBUL satışları", "Aylık Özet"]),
        report_type=numbers.choice(["users", "sales"]),
        status=numbers.choice(list(Status)),
        format=numbers.choice(list(Format)),
        is_active=numbers.random() < 0.8,
        deleted_at=NOW if numbers.random() < 0.1 else None,
    )


class Reader:
    """The room of read_report, and what it read from the table."""

    def __init__(self, room: ModuleType) -> None:
        self._room = room
        self.read: Counter[str] = Counter()
        room.dynamodb.meta.events.register("after-call.dynamodb", self._count)

    def _count(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        self.read[model.name] += 1
        self.read["keys"] += len(parsed.get("Items", []))
        self.read["rows"] += sum(map(len, parsed.get("Responses", {}).values()))

    def get(self, query: Query, *, sub: str, permissions: str = OWN) -> tuple[int, Any]:
        """One page, as *sub*."""
        event = copy.deepcopy(EVENT)
        event["requestContext"]["authorizer"]["jwt"]["claims"] |= {"sub": sub, "permissions": permissions}
        event["queryStringParameters"] = query
        self.read.clear()
        answer = self._room.lambda_handler(event, CONTEXT)
        return answer["statusCode"], json.loads(answer["body"])

    def follow(self, way: str, query: Query, *, sub: str, permissions: str = OWN) -> Iterator[Any]:
        """Every page from *query* on, by the links as they are given."""
        while True:
            status, page = self.get(query, sub=sub, permissions=permissions)
            assert status == 200, page
            yield page
            if page["links"][way] is None:
                return
            query = query_of(page["links"][way])


def query_of(link: str) -> Query:
    return dict(parse_qsl(urlsplit(link).query, strict_parsing=True))


def ids(page: Any) -> list[int]:
    return [report["id"] for report in page["data"]]


PAGES: dict[str, tuple[str, Query]] = {
    "own": (OWN, {"with_trashed": "1"}),
    "own, 100": (OWN, {"with_trashed": "1", "per_page": "100"}),
    "own, nothing found": (OWN, {"search": "nowhere"}),
    "own, 100, nothing found": (OWN, {"search": "nowhere", "per_page": "100"}),
    "everybody": (GENERAL, {"with_trashed": "1"}),
    "everybody, nothing found": (GENERAL, {"search": "nowhere"}),
}


def costs(reader: Reader) -> dict[str, Counter[str]]:
    """What one page of each kind reads."""
    found = {}
    for name, (permissions, query) in PAGES.items():
        assert reader.get(query, sub="large", permissions=permissions)[0] == 200
        found[name] = Counter(reader.read)
    return found


@dataclass(frozen=True)
class Many:
    """A reader of many reports, all of them, and what a page cost when they were few."""

    reader: Reader
    reports: Sequence[Report]
    costs_of_few: dict[str, Counter[str]]

    def expected(self, sub: str, wanted: Callable[[Report], bool]) -> list[int]:
        """Newest first."""
        return [report.id for report in reversed(self.reports) if report.user_id == sub and wanted(report)]


def hurry(patch: pytest.MonkeyPatch) -> None:
    """Spare moto the sorting and weighing of the whole table at every query, which changes nothing in its answers."""
    patch.setattr(Table, "all_items", lambda table: [item for it in table.items.values() for item in it.values()])
    patch.setattr(
        Table, "sorted_items", lambda *args: sorted(args[-1], key=lambda item: item.attrs["created_sk"].value)
    )
    patch.setattr(Item, "size", lambda _: 1_000)


@pytest.fixture(scope="module")
def many() -> Iterator[Many]:
    stack = Stack.load()
    numbers = random.Random(20251120)  # noqa: S311 - made-up data
    reports = [a_mixed_report(number, numbers) for number in range(COUNT)]
    with LocalAws(stack), pytest.MonkeyPatch.context() as patch:
        hurry(patch)
        reader = Reader(a_room(stack.function("ReadReport"), patch))
        write(stack.name("Reports"), reports[:FEW])
        costs_of_few = costs(reader)
        write(stack.name("Reports"), reports[FEW:])
        yield Many(reader, reports, costs_of_few)


def row_of(report: Report) -> dict[str, Any]:
    """A new report's row, with what it says later when it was deleted."""
    return report_row(report) | typed({"deleted_at": iso(report.deleted_at) if report.deleted_at else None})


def write(table: str, reports: Sequence[Report]) -> None:
    """Past HTTP, which would take twice as long."""
    for report in reports:
        dynamodb_backends[ACCOUNT][REGION].put_item(table, row_of(report))


def test_pages_cost_the_same_among_100_reports_and_among_10_000(many: Many) -> None:
    found = costs(many.reader)

    assert {name: (it["Query"], it["keys"], it["BatchGetItem"], it["rows"]) for name, it in found.items()} == {
        "own": (1, 16, 1, 16),
        "own, 100": (1, 101, 2, 101),
        "own, nothing found": (4, 212, 4, 212),
        "own, 100, nothing found": (5, 501, 6, 501),
        "everybody": (8, 128, 1, 16),
        "everybody, nothing found": (16, 384, 4, 212),
    }
    for name, few in many.costs_of_few.items():
        assert few <= found[name]


@pytest.mark.parametrize("sub", ["small", "middle", "large"])
def test_each_of_a_users_reports_is_on_one_page_in_either_direction(many: Many, sub: str) -> None:
    query = {"per_page": "100", "with_trashed": "true"}

    forwards = list(many.reader.follow("next", query, sub=sub))
    backwards = list(many.reader.follow("prev", query_of(forwards[-1]["links"]["prev"]), sub=sub))

    assert [it for page in forwards for it in ids(page)] == many.expected(sub, lambda _: True)
    assert list(map(ids, backwards)) == list(map(ids, forwards[-2::-1]))
    assert {report["user_id"] for page in forwards for report in page["data"]} == {sub}


FILTERS: list[tuple[Query, Callable[[Report], bool]]] = [
    ({}, lambda report: True),
    ({"search": "ıSTANBUL"}, lambda report: "STANBUL" in report.title),
    ({"report_type": "sales"}, lambda report: report.report_type == "sales"),
    ({"status": "failed"}, lambda report: report.status is Status.FAILED),
    ({"format": "csv"}, lambda report: report.format is Format.CSV),
    ({"is_active": "0"}, lambda report: not report.is_active),
    (
        {"created_from": "2025-11-22", "created_to": "2025-11-23T12:00"},
        lambda report: "2025-11-22" <= report.created_at.isoformat() < "2025-11-23T12:01",
    ),
    (
        {"search": "özet", "report_type": "users", "status": "pending", "format": "pdf", "is_active": "1"},
        lambda report: (
            (report.title, report.report_type, report.status, report.format, report.is_active)
            == ("Aylık Özet", "users", Status.PENDING, Format.PDF, True)
        ),
    ),
]


@pytest.mark.parametrize(("query", "wanted"), FILTERS, ids=[" ".join(query) or "none" for query, _ in FILTERS])
def test_a_filter_finds_each_report_it_means_in_either_direction(
    many: Many, query: Query, wanted: Callable[[Report], bool]
) -> None:
    expected = many.expected("small", lambda report: wanted(report) and report.deleted_at is None)

    forwards = list(many.reader.follow("next", {**query, "per_page": "100"}, sub="small"))
    backwards = list(many.reader.follow("prev", query_of(forwards[-1]["links"]["prev"]), sub="small"))

    assert [it for page in forwards for it in ids(page)] == expected
    assert [it for page in [forwards[-1], *backwards] for it in reversed(ids(page))] == expected[::-1]


def test_everybodys_reports_are_listed_in_one_order(many: Many) -> None:
    query = {
        "created_from": "2025-11-21T10:00",
        "created_to": "2025-11-21T12:59",
        "with_trashed": "1",
        "per_page": "50",
    }
    newest_first = [
        it.id for it in reversed(many.reports) if "2025-11-21T10" <= it.created_at.isoformat() < "2025-11-21T13"
    ]

    forwards = list(many.reader.follow("next", query, sub="small", permissions=GENERAL))
    last = query_of(forwards[-1]["links"]["prev"])
    backwards = list(many.reader.follow("prev", last, sub="small", permissions=GENERAL))

    assert [it for page in forwards for it in ids(page)] == newest_first
    assert list(map(ids, backwards)) == list(map(ids, forwards[-2::-1]))


def test_a_cursor_of_somebody_else_or_for_other_filters_is_refused(many: Many) -> None:
    _, page = many.reader.get({"status": "failed"}, sub="large")
    cursor = page["meta"]["next_cursor"]

    for query, sub in (
        ({"status": "failed", "cursor": cursor}, "middle"),
        ({"cursor": cursor}, "large"),
        ({"status": "completed", "cursor": cursor}, "large"),
        ({"status": "failed", "cursor": cursor[:-1]}, "large"),
    ):
        status, answer = many.reader.get(query, sub=sub)

        assert status == 422
        assert answer["errors"] == {"cursor": ["The selected cursor is invalid."]}
        assert not many.reader.read
