import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from rapor.errors import Invalid
from rapor.http.gateway import Request
from rapor.http.orders import fingerprint_of
from rapor.http.strapi_orders import score_order
from rapor.report import Format, IdempotencyKey, Order, Status
from tests.builders import a_caller, a_catalogue, load_event

EVENT = load_event("create_report/post_reports.json")
EXAMPLE: dict[str, Any] = json.loads(EVENT["body"])
OWN = "reports.generate.own"


def ordered(body: dict[str, Any], *permissions: str) -> tuple[Order, IdempotencyKey | None]:
    return score_order(Request.from_event({**EVENT, "body": json.dumps(body)}), a_caller("1", *permissions))


def refused(**changes: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as raised:
        ordered({**EXAMPLE, **changes})
    return raised.value.errors


def test_a_reference_is_ordered_as_a_report() -> None:
    order, key = ordered({"referenceId": "müşteri 7"})

    assert key is None
    assert order == Order(
        title="Score müşteri 7",
        report_type="reference",
        parameters={"referenceId": "müşteri 7"},
        format=Format.JSON,
        status=Status.PENDING,
        is_active=True,
        options=None,
        locale="tr",
    )


def test_an_order_fits_its_type() -> None:
    report_type = a_catalogue().get("reference")
    assert report_type is not None

    for reference in ("x", "ş" * 128):
        order, _ = ordered({"referenceId": reference})

        assert report_type.parameters_validator.is_valid(order.parameters)
        assert order.format in report_type.formats


def test_a_general_caller_may_record_what_was_scored_elsewhere() -> None:
    order, _ = ordered({**EXAMPLE, "score": 612.5, "scoreProbability": 0.1, "scoreConfidence": None})

    assert order.status is Status.COMPLETED
    assert order.published_at == datetime(2019, 8, 24, 14, 15, 22, tzinfo=UTC)
    assert order.record == {
        "score": Decimal("612.5"),
        "scoreProbability": Decimal("0.1"),
        "scoreConfidence": None,
        "scoreVersion": "string",
    }


def test_only_a_record_needs_no_reference() -> None:
    nameless = {name: value for name, value in EXAMPLE.items() if name != "referenceId"}

    assert ordered(nameless)[0].title == "Score"
    for body, permissions in ((nameless, (OWN,)), ({**nameless, "processed": False}, ()), ({}, ())):
        with pytest.raises(Invalid) as raised:
            ordered(body, *permissions)
        assert raised.value.errors == {"referenceId": ["The referenceId field is required."]}


@pytest.mark.parametrize(
    ("changes", "permissions"),
    [({}, (OWN,)), ({"processed": False}, ()), ({"processed": None}, ()), ({"score": None}, ())],
)
def test_results_of_a_client_are_ignored(changes: dict[str, Any], permissions: tuple[str, ...]) -> None:
    order, _ = ordered({**EXAMPLE, **changes}, *permissions)

    assert (order.status, order.record, order.published_at) == (Status.PENDING, None, None)


def test_the_clients_uuid_is_a_key_for_ever() -> None:
    order, key = ordered(EXAMPLE)

    assert order.client_uuid == "string"
    assert key == IdempotencyKey("A", "1", "string", fingerprint_of(EXAMPLE), lifetime=None)


def test_what_never_counts_may_be_anything() -> None:
    order, _ = ordered({"referenceId": "1", "users_permissions_user": {"password": "x"}, "created_by": 7, "colour": []})

    assert order.parameters == {"referenceId": "1"}


WRONG: list[tuple[str, Any]] = [
    ("uuid", ""),
    ("uuid", "a" * 65),
    ("uuid", "a b"),
    ("uuid", "a/b"),
    ("uuid", "."),
    ("uuid", "ş"),
    ("uuid", "count"),
    ("uuid", "a\n"),
    ("uuid", 7),
    ("referenceId", ""),
    ("referenceId", "x" * 129),
    ("referenceId", "a\u0000b"),
    ("referenceId", "\u202etxt"),
    ("referenceId", 92442),
    ("type", "vector"),
    ("type", "users"),
    ("type", []),
    ("processed", "true"),
    ("processed", 1),
    ("score", "600"),
    ("score", True),
    ("score", 10**15),
    ("score", 1e300),
    ("scoreProbability", 1e-300),
    ("scoreConfidence", {}),
    ("scoreVersion", 1),
    ("scoreVersion", "v" * 256),
    ("published_at", "yesterday"),
    ("published_at", "2019-08-24"),
    ("published_at", "2019-08-24T14:15:22"),
    ("published_at", "0001-01-01T00:00:00+05:00"),
    ("published_at", "1969-12-31T23:59:59Z"),
    ("published_at", 1566656122),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    errors = refused(**{field: value})

    assert list(errors) == [field]
    assert errors[field][0].startswith(f"The {field.replace('_', ' ')} field must be ")


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_of_who_may_record_nothing_what_is_said_of_results_is_not_looked_at(field: str, value: object) -> None:
    if field in {"uuid", "referenceId", "type"}:
        with pytest.raises(Invalid) as raised:
            ordered({**EXAMPLE, field: value}, OWN)
        assert list(raised.value.errors) == [field]
    else:
        assert ordered({**EXAMPLE, field: value}, OWN)[0] == ordered(EXAMPLE, OWN)[0]


def test_all_wrong_fields_are_named_at_once() -> None:
    assert refused(type="vector", score="x", processed=False, referenceId=None) == {
        "type": ['The type field must be "reference".'],
        "score": ["The score field must be a number of at most 15 digits before the point and 100 after."],
        "referenceId": ["The referenceId field is required."],
    }
    assert set(refused(score="x", referenceId=None)) == {"score"}


@pytest.mark.parametrize("number", [0, -0.0, 0.1, 595, 999999999999999, 1e-99, 0.12345678901234567])
def test_a_score_is_recorded_as_it_stands(number: float) -> None:
    record = ordered({**EXAMPLE, "score": number})[0].record

    assert record is not None
    assert float(record["score"]) == number


def test_a_moment_is_recorded_in_utc() -> None:
    order, _ = ordered({**EXAMPLE, "published_at": "2019-08-24T17:15:22.5+03:00"})

    assert order.published_at == datetime(2019, 8, 24, 14, 15, 22, 500_000, tzinfo=UTC)
