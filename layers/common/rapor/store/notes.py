"""What a function tells its next run."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.client import BaseClient

from rapor.store.faults import transient_as_unavailable
from rapor.store.items import typed
from rapor.store.keys import note_key


class Notes:
    """One note a name, kept beside the reports; each is the last one's place."""

    def __init__(self, client: BaseClient, table_name: str) -> None:
        self._client: Any = client
        self._table_name = table_name

    def read(self, name: str) -> dict[str, Any] | None:
        """
        Give the note back, as it was written.

        Raises:
            StoreUnavailable: The table did not give it.
        """
        with transient_as_unavailable():
            answer = self._client.get_item(TableName=self._table_name, Key=note_key(name), ConsistentRead=True)
        note: dict[str, Any] | None = json.loads(answer["Item"]["note"]["S"]) if "Item" in answer else None
        return note

    def write(self, name: str, note: Mapping[str, Any]) -> None:
        """
        Write what can be said in JSON.

        Raises:
            StoreUnavailable: The table did not take it.
        """
        with transient_as_unavailable():
            self._client.put_item(
                TableName=self._table_name, Item={**note_key(name), **typed({"note": json.dumps(note)})}
            )
