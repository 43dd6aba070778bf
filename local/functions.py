"""
The real functions, called the way Lambda calls them, in this process.

Each logical function is a module of its own, imported with its own environment, and takes one event at a time. What
Lambda does and this cannot: stop a call at its time limit. A call over the limit is announced, runs on, and then
counts as failed, as its caller would have seen; what it wrote meanwhile stays.
"""

import importlib.util
import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from local.cloudformation import REGION
from local.errors import BrokenFunction
from local.template import Function
from local.terminal import Say

PAYLOAD_BYTES = 6 * 1024 * 1024  # Lambda's limit for a synchronous call, each way
OUR_FRAMES = (__file__, "<frozen importlib._bootstrap_external>", "<frozen importlib._bootstrap>")
Handler = Callable[[Any, "Context"], Any]


class FunctionError(Exception):
    """The call failed: the code raised, ran too long, or answered with what is not JSON."""


class PayloadTooLarge(Exception):
    """The event is larger than Lambda takes."""


@dataclass(frozen=True)
class Context:
    """What Lambda passes beside the event."""

    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: int
    timeout_s: int
    started: float = field(default_factory=time.monotonic)
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))
    function_version: str = "$LATEST"
    log_group_name: str = "/aws/lambda/local"
    log_stream_name: str = "local"
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Until the time limit."""
        return max(0, int((self.timeout_s - (time.monotonic() - self.started)) * 1000))


class LoadedFunction:
    """One function: its handler, and the lock that makes it one environment."""

    def __init__(self, function: Function, handler: Handler, *, say: Say) -> None:
        self._function = function
        self._handler = handler
        self._say = say
        self._one_at_a_time = threading.Lock()

    def invoke(self, event: Any) -> Any:
        """
        Call with a copy of the event that went through JSON, as the answer does.

        Raises:
            FunctionError: What Lambda would report as a function error.
            PayloadTooLarge: The event.
        """
        payload = json.dumps(event)
        if len(payload) > PAYLOAD_BYTES:
            raise PayloadTooLarge
        with self._one_at_a_time, self._watched():
            return self._call(json.loads(payload))

    def _call(self, event: Any) -> Any:
        it = self._function
        context = Context(it.name, it.arn, it.memory_mb, it.timeout_s)
        try:
            answer = json.dumps(self._handler(event, context))
        except (Exception, SystemExit) as error:
            self._say(f"{it.name} failed, request {context.aws_request_id}:\n{_readable(error)}")
            raise FunctionError(f"{it.name}: {type(error).__name__}") from error
        if not context.get_remaining_time_in_millis():
            raise FunctionError(f"{it.name}: ran longer than {it.timeout_s} s")
        if len(answer) > PAYLOAD_BYTES:
            raise FunctionError(f"{it.name}: answered more than {PAYLOAD_BYTES} bytes")
        return json.loads(answer)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        it = self._function
        warning = f"{it.name} runs past its {it.timeout_s} s: Lambda would have stopped it, here it goes on"
        timer = threading.Timer(it.timeout_s, self._say, [warning])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class Functions:
    """All functions by logical id."""

    def __init__(self, functions: Iterable[Function], *, say: Say) -> None:
        """
        Import the code of each.

        Raises:
            BrokenFunction: One cannot be imported.
        """
        self._functions, self._say = tuple(functions), say
        self.load()

    def load(self) -> None:
        """
        Import everything anew, as a deployment would; a call under way ends as it began.

        Raises:
            BrokenFunction: One cannot be imported; all stay as they were.
        """
        self._loaded = {it.name: LoadedFunction(it, _loaded(it), say=self._say) for it in self._functions}

    def invoke(self, name: str, event: Any) -> Any:
        """Call one; see `LoadedFunction.invoke`."""
        return self._loaded[name].invoke(event)


def _loaded(function: Function) -> Handler:
    try:
        return load_handler(function)
    except (Exception, SystemExit) as error:
        raise BrokenFunction(f"{function.name} cannot be imported:\n{_readable(error)}") from error


def load_handler(function: Function) -> Handler:
    """Import the function's module under a name of its own, in the environment Lambda would give it."""
    module_name, _, attribute = function.handler.rpartition(".")
    path = function.code / f"{module_name}.py"
    spec = importlib.util.spec_from_file_location(f"lambda_{function.name}", path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with _environment(function):
        spec.loader.exec_module(module)
    # The next function's Powertools logger has the same name; it shall not be this one, and carry its fields.
    logging.root.manager.loggerDict.pop(function.environment.get("POWERTOOLS_SERVICE_NAME", ""), None)
    handler: Handler = getattr(module, attribute)
    return handler


@contextmanager
def _environment(function: Function) -> Iterator[None]:
    """Functions read their settings at import, so only then do theirs have to be there."""
    before = dict(os.environ)
    given = dict(function.environment) | {
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_REGION": REGION,
    }
    os.environ.update(given)
    try:
        yield
    finally:  # never empty in between: other functions may be at work
        os.environ.update(before)
        for name in given.keys() - before.keys():
            del os.environ[name]


def _readable(error: BaseException) -> str:
    """The error with its trace, without our own frames."""
    trace = error.__traceback__
    while trace and trace.tb_next and trace.tb_frame.f_code.co_filename in OUR_FRAMES:
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace)).rstrip()
