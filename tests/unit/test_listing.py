"""What a client may ask of a list, and what it is told when it may not."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from rapor.errors import Invalid
from rapor.http.cursor import cursor_to, position_in
from rapor.http.gateway import Request
from rapor.http.listing import listing_from
from rapor.listing import Filters, Listing, Position
from rapor.report import Format, Status
from tests.builders import NOW, a_caller, a_report, load_event

EVENT = load_event("read_report/get_api_v1_reports.json")
POSITION = Position(NOW, UUID("550e8400-e29b-41d4-a716-446655440000"))
PLACE = "2025-11-20T12:00:00.000000Z#550e8400-e29b-41d4-a716-446655440000"


def listing(**query: str) -> Listing:
    return listing_from(Request.from_event({**EVENT, "queryStringParameters": query}), a_caller())


def wrong(**query: str) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as raised:
        listing(**query)
    return raised.value.errors


def cursor(position: Position = POSITION, *, caller_id: str = "1", **filters: Any) -> str:
    return cursor_to(position, a_caller(caller_id), Filters(**filters)) or ""


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_a_bare_list_is_the_first_fifteen_of_all() -> None:
    assert listing() == Listing(Filters(), None, 15)


def test_every_filter_is_read() -> None:
    found = listing(
        search=" Mayıs ",
        report_type="users",
        status="failed",
        format="excel",
        is_active="0",
        with_trashed="true",
        created_from="2025-11-01",
        created_to="2025-11-30",
        per_page="100",
        page="1",
    )

    assert found == Listing(
        Filters(
            search="Mayıs",
            report_type="users",
            status=Status.FAILED,
            format=Format.EXCEL,
            is_active=False,
            since=datetime(2025, 11, 1, tzinfo=UTC),
            before=datetime(2025, 12, 1, tzinfo=UTC),
            with_trashed=True,
        ),
        None,
        100,
    )


def test_what_is_unknown_is_ignored_and_what_is_empty_was_not_sent() -> None:
    names = ("search", "report_type", "status", "format", "is_active", "with_trashed", "created_from", "created_to")

    assert listing(sort="title", user_id="2", Status="x") == listing()
    assert listing(**dict.fromkeys((*names, "per_page", "page", "cursor"), " ")) == listing()


@pytest.mark.parametrize(
    ("name", "texts", "sentence"),
    [
        ("search", ["a" * 256], "The search field must not be greater than 255 characters."),
        ("report_type", ["Users", "a b", "1", "a" * 64, "users\n.", "a,b"], "The selected report type is invalid."),
        ("status", ["done", "PENDING", "pending,failed", "null"], "The selected status is invalid."),
        ("format", ["xlsx", "Format.PDF"], "The selected format is invalid."),
        ("is_active", ["yes", "2", "null", "true,false"], "The is active field must be true or false."),
        ("with_trashed", ["only"], "The with trashed field must be true or false."),
        ("per_page", ["0", "101", "-1", "x", "1.5", "٣", "1e1", "+5", "9" * 5000], "The per page field must be between 1 and 100."),
        ("page", ["2", "0", "x"], "The page field must be 1: the way to other pages is meta.next_cursor, sent as cursor."),
        (
            "created_from",
            [
                "yesterday", "2025-13-01", "2025-02-30", "2025-1-1", "20250101", "2025-W01-1", "01.02.2025", "1763640000",
                "2025-01-01T", "2025-01-01T25:00", "2025-01-01T12", "2025-01-01T12:00:00+99:00", "٢٠٢٥-٠١-٠١", "0000-01-01",
            ],
            "The created from field must be a valid date.",
        ),
        ("created_to", ["x", "2025-01-01\n2025-01-02"], "The created to field must be a valid date."),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_in_laravels_words(name: str, texts: list[str], sentence: str) -> None:
    for text in texts:
        assert wrong(**{name: text}) == {name: [sentence]}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    errors = wrong(status="x", format="x", is_active="x", per_page="x", page="x", created_to="x", cursor="x")

    assert list(errors) == ["status", "format", "is_active", "created_to", "per_page", "page"]


def test_a_list_ends_no_earlier_than_it_begins() -> None:
    sentence = "The created to field must be a date after or equal to created from."

    assert listing(created_from="2025-01-02", created_to="2025-01-02").filters.since
    assert listing(created_from="2025-01-02T00:00:00.5Z", created_to="2025-01-02T00:00:00.5Z").filters.since
    assert wrong(created_from="2025-01-02", created_to="2025-01-01") == {"created_to": [sentence]}
    assert wrong(created_from="2025-01-02T00:00+03:00", created_to="2025-01-01T20:59Z") == {"created_to": [sentence]}


@pytest.mark.parametrize(
    ("text", "since", "before"),
    [
        ("2025-12-31", "2025-12-31T00:00:00+00:00", "2026-01-01T00:00:00+00:00"),
        ("2025-12-31T23:59", "2025-12-31T23:59:00+00:00", "2026-01-01T00:00:00+00:00"),
        ("2025-12-31 23:59:59", "2025-12-31T23:59:59+00:00", "2026-01-01T00:00:00+00:00"),
        ("2025-12-31T12:00:00Z", "2025-12-31T12:00:00+00:00", "2025-12-31T12:00:01+00:00"),
        ("2025-12-31T12:00:00.123Z", "2025-12-31T12:00:00.123000+00:00", "2025-12-31T12:00:00.124000+00:00"),
        ("2025-12-31T12:00:00.123456Z", "2025-12-31T12:00:00.123456+00:00", "2025-12-31T12:00:00.123457+00:00"),
        ("2025-12-31T12:00:00+03:00", "2025-12-31T09:00:00+00:00", "2025-12-31T09:00:01+00:00"),
        ("2025-12-31T12:00:00 03:00", "2025-12-31T09:00:00+00:00", "2025-12-31T09:00:01+00:00"),
        ("0001-01-01T00:00:00+03:00", "1970-01-01T00:00:00+00:00", "1970-01-01T00:00:01+00:00"),
        ("9999-12-31", "9999-01-01T00:00:00+00:00", "9999-01-02T00:00:00+00:00"),
    ],
)
def test_a_time_includes_all_that_its_last_digit_leaves_open(text: str, since: str, before: str) -> None:
    filters = [listing(created_from=text).filters, listing(created_to=text).filters]

    assert filters == [Filters(since=datetime.fromisoformat(since)), Filters(before=datetime.fromisoformat(before))]


@pytest.mark.parametrize(
    ("search", "title"),
    [
        ("istanbul", "İSTANBUL SATIŞ"),
        ("İSTANBUL", "istanbul"),
        ("ISTANBUL", "Istanbul"),
        ("ıstanbul", "İstanbul"),
        ("KULLANICI", "Kullanıcı Raporu"),
        ("kullanıcı", "KULLANICI RAPORU"),
        ("kullanici", "Kullanıcı"),
        ("ŞEHİR", "şehir"),
        ("s\u0327ehi\u0307r", "ŞEHİR"),
        ("strasse", "STRAẞE"),
        ("%", "50 % indirim"),
        ("報", "月報"),
    ],
)
def test_a_search_finds_a_part_of_the_title_whatever_its_case(search: str, title: str) -> None:
    assert Filters(search=search).match(a_report(title=title))


@pytest.mark.parametrize(
    ("search", "title"), [("sehir", "Şehir"), (".", "Rapor"), ("a  b", "a b"), ("550e8400", "Rapor")]
)
def test_a_search_finds_nothing_else(search: str, title: str) -> None:
    assert not Filters(search=search).match(a_report(title=title))


@pytest.mark.parametrize(
    ("filters", "others"),
    [
        ({"report_type": "users"}, {"report_type": "sales"}),
        ({"status": Status.FAILED}, {"status": Status.PENDING}),
        ({"format": Format.CSV}, {"format": Format.PDF}),
        ({"is_active": False}, {"is_active": True}),
        ({"is_active": True}, {"is_active": False}),
    ],
)
def test_a_filter_lets_through_only_what_it_names(filters: dict[str, Any], others: dict[str, Any]) -> None:
    assert Filters(**filters).match(a_report(**filters))
    assert not Filters(**filters).match(a_report(**others))
    assert Filters().match(a_report(**others))


def test_deleted_reports_are_only_there_with_the_trash() -> None:
    assert not Filters().match(a_report(deleted_at=NOW))
    assert Filters(with_trashed=True).match(a_report(deleted_at=NOW))
    assert Filters(with_trashed=True).match(a_report())


@pytest.mark.parametrize("backwards", [False, True])
def test_a_cursor_leads_back_to_its_position(backwards: bool) -> None:  # noqa: FBT001 - a case
    position = Position(NOW, POSITION.uuid, backwards=backwards)

    assert listing(cursor=cursor(position)).at == position
    assert listing(cursor=cursor(position, is_active=True), is_active="1", per_page="3").at == position


def test_cursors_outlive_a_deployment() -> None:
    """Clients keep them: what is written here must be what the code of a year ago wrote."""
    kept = {False: cursor(), True: cursor(replace(POSITION, backwards=True))}

    assert kept == {False: encoded(f"{PLACE}#next#b1660d73a806c6bb"), True: encoded(f"{PLACE}#prev#a980402fd5e05e7a")}


def test_a_cursor_is_good_for_its_caller_and_filters_only() -> None:
    refused = {"cursor": ["The selected cursor is invalid."]}

    assert wrong(cursor=cursor(caller_id="2")) == refused
    assert wrong(cursor=cursor(status=Status.FAILED)) == refused
    assert wrong(cursor=cursor(), status="failed") == refused
    assert wrong(cursor=cursor(), created_from="2025-01-01") == refused
    assert wrong(cursor=cursor(), with_trashed="1") == refused


def test_no_character_of_a_cursor_can_be_changed() -> None:
    good = cursor()

    for at in range(len(good)):
        for changed in (good[:at] + good[at + 1 :], good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]):
            assert wrong(cursor=changed) == {"cursor": ["The selected cursor is invalid."]}


@pytest.mark.parametrize(
    "broken",
    [
        "x", "ü", "e30", "\ud800", "=", "A" * 9_999, cursor() + "=", cursor() + "!", cursor() + ".", f"a{cursor()}",
        encoded(PLACE), encoded(f"{PLACE}#next#"), encoded(f"{PLACE}#next#{'0' * 16}"), encoded(f"{PLACE}##"),
        encoded("#" * 3), encoded("now#550e8400-e29b-41d4-a716-446655440000#next#x"), encoded("2025-11-20#x#next#x"),
        encoded("0001-01-01T00:00:00+23:00#550e8400-e29b-41d4-a716-446655440000#next#x"),
        base64.urlsafe_b64encode(b"\xff\xfe#\xff#\xff#\xff").decode(), encoded(json.dumps([1, 2, 3])),
    ],
)  # fmt: skip
def test_a_broken_cursor_is_refused(broken: str) -> None:
    with pytest.raises(Invalid) as raised:
        position_in(broken, a_caller(), Filters())

    assert raised.value.errors == {"cursor": ["The selected cursor is invalid."]}
