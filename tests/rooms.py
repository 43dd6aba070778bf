"""A function's room, imported in this process with an environment of its own."""

import importlib.util
import json
import logging
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from local.template import Function

CONTEXT = SimpleNamespace(
    function_name="f",
    memory_limit_in_mb=512,
    invoked_function_arn="arn",
    aws_request_id="id",
    get_remaining_time_in_millis=lambda: 50_000,
)


def a_room(function: Function, patch: pytest.MonkeyPatch, **environment: str) -> ModuleType:
    """Import the room anew; *environment* goes over the template's."""
    for name, value in {**function.environment, **environment}.items():
        patch.setenv(name, value)
    spec = importlib.util.spec_from_file_location(
        f"room_{function.name}", function.code / f"{function.handler.partition('.')[0]}.py"
    )
    # Powertools would go on with a logger of that name as it is, level and all.
    logging.root.manager.loggerDict.pop(function.environment["POWERTOOLS_SERVICE_NAME"], None)
    assert spec is not None
    assert spec.loader is not None
    room = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(room)
    return room


def counted(printed: str) -> Iterator[tuple[str, str, float]]:
    """Namespace, name and value of every metric of the service's own, in Embedded Metric Format."""
    for line in printed.splitlines():
        entry: dict[str, Any] = json.loads(line) if line.startswith('{"_aws"') else {}
        for group in entry.get("_aws", {}).get("CloudWatchMetrics", []):
            assert group["Dimensions"] == [["service"]]
            assert entry["service"] == "rapor"
            for metric in group["Metrics"]:
                yield group["Namespace"], metric["Name"], sum(entry[metric["Name"]])
