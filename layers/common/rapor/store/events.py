"""An EventBridge bus."""

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from rapor.errors import StoreUnavailable
from rapor.store.clients import IMPATIENT
from rapor.store.faults import transient_as_unavailable


class EventBus:
    """A bus by its name; *connect* makes a client, called when there is something to send and not before."""

    def __init__(self, connect: Callable[..., Any], name: str) -> None:
        self._connect = connect
        self._name = name

    @cached_property
    def _client(self) -> Any:
        return self._connect("events", config=IMPATIENT)

    def send(self, event: Mapping[str, Any]) -> None:
        """
        Send a CloudEvent as the detail of an event of its source and type.

        Raises:
            StoreUnavailable: The bus did not take it.
        """
        entry = {
            "EventBusName": self._name,
            "Source": event["source"],
            "DetailType": event["type"],
            "Time": event["time"],
            "Detail": json.dumps(event, ensure_ascii=False),
        }
        with transient_as_unavailable():
            answer = self._client.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:  # a refusal of this one entry is not an error to the SDK
            raise StoreUnavailable(answer["Entries"][0].get("ErrorCode"))
