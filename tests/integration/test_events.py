"""Events on a real EventBridge API, with a rule that keeps what came over the bus."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from local.aws import LocalAws
from local.bus import taken_events
from local.template import PARAMETERS, Stack
from rapor.announce import end_event
from rapor.errors import StoreUnavailable
from rapor.report import Status
from rapor.store.events import EventBus
from tests.builders import NOW, a_report
from tests.events import detail_of

pytestmark = pytest.mark.integration
EVENT = end_event(a_report(title="Satış", status=Status.COMPLETED, attempt=1, finished_at=NOW, user_id="ayşe"))


@pytest.mark.parametrize("name", ["default", "reports"])
def test_an_event_comes_over_the_stacks_bus_as_it_was_made(name: str) -> None:
    stack = Stack.load(parameters=PARAMETERS | {"EventBusName": name})
    assert stack.function("SweepReports").environment["EVENT_BUS"] == name
    with LocalAws(stack) as aws:
        bus, sqs = EventBus(boto3.client, name), aws.client("sqs")

        bus.send(EVENT)

        [event] = taken_events(sqs)
        assert detail_of(event) == EVENT
        assert event["time"].startswith("2025-11-20T12:00:00")
        assert list(taken_events(sqs)) == []


def a_bus(stack: tuple[Stack, LocalAws]) -> tuple[EventBus, Stubber]:
    bus = EventBus(lambda service, config: stack[1].client(service), "default")
    return bus, Stubber(bus._client)


def test_an_entry_that_was_refused_was_not_sent(stack: tuple[Stack, LocalAws]) -> None:
    bus, stub = a_bus(stack)
    refusal: dict[str, Any] = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
    stub.add_response("put_events", refusal)

    with stub, pytest.raises(StoreUnavailable, match="InternalFailure"):
        bus.send(EVENT)


@pytest.mark.parametrize(
    ("code", "status", "raised"),
    [
        ("ThrottlingException", 400, StoreUnavailable),
        ("InternalException", 500, StoreUnavailable),
        ("AccessDeniedException", 400, ClientError),
    ],
)
def test_what_may_pass_is_told_from_what_does_not(
    stack: tuple[Stack, LocalAws], code: str, status: int, raised: type[Exception]
) -> None:
    bus, stub = a_bus(stack)
    stub.add_client_error("put_events", code, http_status_code=status)

    with stub, pytest.raises(raised):
        bus.send(EVENT)


def test_nothing_is_connected_before_there_is_something_to_send() -> None:
    connected: list[str] = []

    EventBus(lambda service, **_: connected.append(service), "default")

    assert connected == []
