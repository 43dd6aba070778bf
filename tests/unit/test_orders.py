from typing import Any

import pytest

from rapor.errors import Invalid
from rapor.http import orders
from rapor.http.gateway import Request
from rapor.http.orders import order_from, order_in, scheduled_order
from rapor.report import OPTIONS, Format, Status
from tests.builders import CYBERCERT, a_catalogue, a_post, load_event

CATALOGUE = a_catalogue()
REQUIRED = {"title": "A", "report_type": "users"}

SENTENCES: list[tuple[str, dict[str, Any], dict[str, list[str]]]] = [
    (
        "nothing",
        {},
        {"title": ["The title field is required."], "report_type": ["The report type field is required."]},
    ),
    ("blank title", {"title": " \u00a0 "}, {"title": ["The title field is required."]}),
    ("invisible title", {"title": "\ufeff \u200b\u200e"}, {"title": ["The title field is required."]}),
    ("null title", {"title": None}, {"title": ["The title field is required."]}),
    ("number as title", {"title": 7}, {"title": ["The title field must be a string."]}),
    ("long title", {"title": "ğ" * 256}, {"title": ["The title field must not be greater than 255 characters."]}),
    ("control in title", {"title": "a\x07b"}, {"title": ["The title field format is invalid."]}),
    ("newline in title", {"title": "a\nb"}, {"title": ["The title field format is invalid."]}),
    ("bidi control in title", {"title": "a\u202eb"}, {"title": ["The title field format is invalid."]}),
    ("unknown type", {"report_type": "sales2"}, {"report_type": ["The selected report type is invalid."]}),
    ("list as type", {"report_type": []}, {"report_type": ["The report type field must be a string."]}),
    ("list as parameters", {"parameters": []}, {"parameters": ["The parameters field must be an object."]}),
    (
        "wrong date",
        {"parameters": {"date_from": "2025-02-30"}},
        {"parameters.date_from": ["The parameters.date from field must be a valid date."]},
    ),
    (
        "number as date",
        {"parameters": {"date_from": 20250101}},
        {"parameters.date_from": ["The parameters.date from field must be a string."]},
    ),
    (
        "dates the wrong way round",
        {"parameters": {"date_from": "2025-02-01", "date_to": "2025-01-01"}},
        {"parameters.date_to": ["The parameters.date to field must be a date after or equal to parameters.date from."]},
    ),
    (
        "unknown status parameter",
        {"parameters": {"status": "asleep"}},
        {"parameters.status": ["The selected parameters.status is invalid."]},
    ),
    (
        "unknown parameter",
        {"parameters": {"colour": "red"}},
        {"parameters.colour": ["The parameters.colour field is prohibited."]},
    ),
    (
        "empty unknown parameter",
        {"parameters": {"colour": None}},
        {"parameters.colour": ["The parameters.colour field is prohibited."]},
    ),
    (
        "large parameters",
        {"parameters": {"status": "x" * 40_000}},
        {"parameters": ["The parameters field must not be greater than 32 kilobytes."]},
    ),
    ("unknown format", {"format": "word"}, {"format": ["The selected format is invalid."]}),
    ("number as format", {"format": 1}, {"format": ["The format field must be a string."]}),
    ("unknown status", {"status": "generating"}, {"status": ["The selected status is invalid."]}),
    ("text as is_active", {"is_active": "yes"}, {"is_active": ["The is active field must be true or false."]}),
    ("number as is_active", {"is_active": 1}, {"is_active": ["The is active field must be true or false."]}),
    ("list as options", {"options": []}, {"options": ["The options field must be an object."]}),
    ("unknown locale", {"options": {"locale": "de"}}, {"options.locale": ["The selected options.locale is invalid."]}),
    ("unknown option", {"options": {"x": 1}}, {"options.x": ["The options.x field is prohibited."]}),
    (
        "reuse of anything",
        {"options": {"reuse": "any"}},
        {"options.reuse": ["The selected options.reuse is invalid."]},
    ),
    (
        "reuse of no age",
        {"options": {"reuse": {}}},
        {"options.reuse": ["The selected options.reuse is invalid."]},
    ),
    (
        "reuse of a wrong age",
        {"options": {"reuse": {"max_age": 0, "min_age": 1}}},
        {
            "options.reuse.max_age": ["The options.reuse.max age field must be between 1 and 31622400."],
            "options.reuse.min_age": ["The options.reuse.min age field is prohibited."],
        },
    ),
    (
        "reuse of an age that is no number",
        {"options": {"reuse": {"max_age": True}}},
        {"options.reuse.max_age": ["The options.reuse.max age field must be an integer."]},
    ),
    (
        "wrong csv options",
        {"options": {"csv": {"bom": 1, "delimiter": "ab", "quote": "'"}}},
        {
            "options.csv.bom": ["The options.csv.bom field must be true or false."],
            "options.csv.delimiter": ["The selected options.csv.delimiter is invalid."],
            "options.csv.quote": ["The options.csv.quote field is prohibited."],
        },
    ),
    ("unhashable option", {"options": {"locale": []}}, {"options.locale": ["The selected options.locale is invalid."]}),
    ("empty unknown field", {"user_id": None}, {"user_id": ["The user id field is prohibited."]}),
    ("unknown field", {"user_id": 2}, {"user_id": ["The user id field is prohibited."]}),
    (
        "server's field",
        {"uuid": "x", "attempt": 9},
        {
            "uuid": ["The uuid field is prohibited."],
            "attempt": ["The attempt field is prohibited."],
        },
    ),
]


@pytest.mark.parametrize(("change", "errors"), [case[1:] for case in SENTENCES], ids=[case[0] for case in SENTENCES])
def test_everything_wrong_is_named_in_laravels_words(change: dict[str, Any], errors: dict[str, list[str]]) -> None:
    body = {**REQUIRED, **change} if change else {}

    with pytest.raises(Invalid) as raised:
        order_in(body, CATALOGUE, "tr")

    assert raised.value.errors == errors


def test_the_originals_own_body_is_an_order() -> None:
    order, key = order_from(Request.from_event(a_post(CYBERCERT)), CATALOGUE)

    assert key is None
    assert order.title == "Kullanıcı Raporu"
    assert order.parameters == CYBERCERT["parameters"]
    assert (order.format, order.status, order.is_active) == (Format.PDF, Status.PENDING, True)


def test_what_is_not_sent_or_null_gets_its_default() -> None:
    order = order_in({**REQUIRED, "format": None, "parameters": None, "is_active": None}, CATALOGUE, "en")

    assert order.parameters == {}
    assert (order.format, order.status, order.is_active) == (Format.PDF, Status.PENDING, True)
    assert order.options is None
    assert order.locale == "en"


REFUSED_IN_TITLES = [
    *map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *"\u2028\u2029",
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    *"\u180e\u200b\u2060\u2061\u2062\u2063\u2064\ufeff",
]  # fmt: skip


@pytest.mark.parametrize("character", REFUSED_IN_TITLES, ids=lambda it: f"U+{ord(it):04X}")
def test_no_title_hides_or_turns_anything(character: str) -> None:
    with pytest.raises(Invalid) as raised:
        order_in({**REQUIRED, "title": f"a{character}b"}, CATALOGUE, "tr")

    assert raised.value.errors == {"title": ["The title field format is invalid."]}


@pytest.mark.parametrize(
    "title", ["Kullanıcı Raporu", "報告", "گزارش می\u200cشود", "👩\u200d💻 ışık", "a\u00a0b", "دلار\u200f"]
)
def test_a_title_may_be_in_any_script(title: str) -> None:
    assert order_in({**REQUIRED, "title": title}, CATALOGUE, "tr").title == title


def test_titles_are_trimmed() -> None:
    assert order_in({**REQUIRED, "title": "\ufeff\u200b  Rapor \u200e\n"}, CATALOGUE, "tr").title == "Rapor"


@pytest.mark.parametrize(
    ("accepted", "locale"),
    [("", "tr"), ("en-GB,en;q=0.9", "en"), ("de, en;q=0.5", "en"), ("tr-TR", "tr"), ("de", "tr")],
)
def test_the_clients_language_is_the_reports(accepted: str, locale: str) -> None:
    order, _ = order_from(Request.from_event(a_post(REQUIRED, {"accept-language": accepted})), CATALOGUE)

    assert order.locale == locale


def test_the_option_wins_over_the_clients_language() -> None:
    body = {**REQUIRED, "options": {"locale": "en"}}

    order, _ = order_from(Request.from_event(a_post(body, {"accept-language": "tr"})), CATALOGUE)

    assert order.locale == "en"


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256, "a\tb"])
def test_a_strange_key_is_refused(key: str) -> None:
    with pytest.raises(Invalid) as raised:
        order_from(Request.from_event(a_post(REQUIRED, {"idempotency-key": key})), CATALOGUE)

    assert raised.value.errors == {
        "Idempotency-Key": ["The Idempotency-Key header must be 1 to 255 visible ASCII characters."]
    }


def test_the_fingerprint_ignores_spacing_and_order() -> None:
    one = a_post('{"title":"A","report_type":"users"}', {"idempotency-key": "k"})
    other = a_post('{ "report_type": "users", "title": "A" }', {"idempotency-key": "k"})

    assert order_from(Request.from_event(one), CATALOGUE)[1] == order_from(Request.from_event(other), CATALOGUE)[1]


def test_a_schedules_key_is_schedule_and_scheduled_time() -> None:
    order, key = scheduled_order(load_event("create_report/schedule.json"), CATALOGUE, "tr")

    assert order.schedule_id == "weekly-users"
    assert (key.caller_id, key.value) == ("schedule/weekly-users", "2025-11-24T06:00:00Z")


def test_workers_know_every_option_that_an_order_may_have() -> None:
    assert orders.OPTIONS.keys() == OPTIONS
