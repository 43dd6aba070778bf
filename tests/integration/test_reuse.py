"""Orders that may share a report, on a real DynamoDB API."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from local.aws import LocalAws
from local.template import Stack
from rapor.create import create_report
from rapor.http.orders import order_in
from rapor.report import Origin, Report
from rapor.store.lists import ReportLists
from rapor.store.table import ReportTable
from tests.builders import CYBERCERT, NOW, a_caller, a_catalogue

pytestmark = pytest.mark.integration
CATALOGUE = a_catalogue()


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[Any, str]]:
    stack = Stack.load()
    with LocalAws(stack) as running:
        yield running.client("dynamodb"), stack.name("Reports")


def ordered(aws: tuple[Any, str], caller_id: str, **changes: Any) -> tuple[Report, Origin]:
    body = CYBERCERT | {"options": {"reuse": "running"}} | changes
    return create_report(
        order_in(body, CATALOGUE, "tr"),
        caller=a_caller(caller_id),
        now=NOW,
        catalogue=CATALOGUE,
        reports=ReportTable(*aws),
        lists=ReportLists(*aws),
        max_unfinished=100,
    )


def test_orders_at_once_share_one_report(aws: tuple[Any, str]) -> None:
    caller = str(uuid4())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ordered(aws, caller), range(8)))

    assert len({report.uuid for report, _ in answers}) == 1
    assert sorted(origin for _, origin in answers) == [Origin.CREATED] + [Origin.REUSED] * 7


def test_options_are_the_same_before_and_after_the_table(aws: tuple[Any, str]) -> None:
    caller = str(uuid4())
    nested = {"options": {"reuse": "running", "csv": {"bom": True, "delimiter": ";"}}, "format": "csv"}

    first, _ = ordered(aws, caller, **nested)
    second, origin = ordered(aws, caller, **nested)

    assert (second.uuid, origin) == (first.uuid, Origin.REUSED)


def test_another_caller_shares_nothing(aws: tuple[Any, str]) -> None:
    one, other = (ordered(aws, str(uuid4())) for _ in range(2))

    assert one[0].uuid != other[0].uuid
    assert other[1] is Origin.CREATED
