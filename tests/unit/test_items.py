"""How values lie in the table, held against boto3's own reading of DynamoDB's types."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from rapor.report import Status
from rapor.store.items import plain, typed

VALUES: list[Any] = [
    "Ş",
    "",
    0,
    -7,
    10**37,
    True,
    False,
    Decimal("0.10"),
    Decimal("-1E+100"),
    Decimal("1.2345678901234567890123456789012345678E-100"),
    [],
    ["a", None, [1, {"b": False}]],
    {},
    {"a": {"b": None, "c": [Decimal("1.5")]}},
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_value_is_kept_as_boto3_keeps_it(value: Any) -> None:
    assert typed({"it": value}) == {"it": TypeSerializer().serialize(value)}


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_value_is_read_as_boto3_reads_it(value: Any) -> None:
    kept = TypeSerializer().serialize(value)

    assert plain({"it": kept}, Decimal) == {"it": TypeDeserializer().deserialize(kept)}


def test_whole_numbers_are_integers() -> None:
    assert repr(plain({"it": {"M": {"n": {"L": [{"N": "12"}]}}}})) == "{'it': {'n': [12]}}"


def test_none_is_left_out() -> None:
    assert typed({"a": None, "b": Status.PENDING}) == {"b": {"S": "pending"}}


@pytest.mark.parametrize(
    "value",
    [10**38 + 1, Decimal("1.23456789012345678901234567890123456789"), Decimal("1E+127"), Decimal("NaN"), 1.5, b"a", object()],
    ids=str,
)  # fmt: skip
def test_what_the_table_would_not_give_back_is_refused(value: Any) -> None:
    with pytest.raises((ArithmeticError, TypeError)):
        typed({"it": value})
