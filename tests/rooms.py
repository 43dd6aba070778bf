"""A function's room, imported in this process with an environment of its own."""

import importlib.util
import logging
from types import ModuleType, SimpleNamespace

import pytest

from local.template import Function

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="id")


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
