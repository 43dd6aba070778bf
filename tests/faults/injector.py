"""
Breaks chosen AWS calls of whatever runs inside it.

A crash is a BaseException, so that no `except Exception` can hide it. Faults of one HTTP try happen below the SDK's
own retries, as they do in life: the SDK sees them, and tries again.

The injector itself carries requests to AWS. botocore calls every handler of `before-send` and takes the first answer,
so a faked answer beside a stand-in's own handler would not stop that one from applying the write.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

Carrier = Callable[[AWSPreparedRequest], AWSResponse]


class Crash(BaseException):
    """The process dies here."""


class Fault(StrEnum):
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    THROTTLED_ONCE = "throttled once"
    THROTTLED_FOR_EVER = "throttled for ever"
    ERROR_WITHOUT_EFFECT = "500 without effect"
    ERROR_WITH_EFFECT = "500 with effect"
    ANSWER_LOST = "answer lost"
    NEVER_CONNECTED = "never connected"


class Refusal(NamedTuple):
    """What a service answers to every try of a call, without doing anything."""

    status: int
    code: str


MENDED_BY_THE_SDK = frozenset(Fault) - {Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.THROTTLED_FOR_EVER}
Plan = Mapping[int, Fault | Refusal]  # by the number of the call, from 1


class Call(NamedTuple):
    """An AWS call, and the function that made it."""

    function: str
    operation: str


@dataclass
class Injector:
    """Attached to clients; while a plan is followed, it counts their calls and breaks those of the plan."""

    carry: Carrier
    function: str = ""
    made: list[Call] = field(default_factory=list)
    fired: set[int] = field(default_factory=set)  # numbers of calls that were broken
    _plan: Plan = field(default_factory=dict)
    _tries: int = 0
    _listens: bool = False

    def attach(self, client: Any) -> None:
        events = client.meta.events
        events.register_first("before-call.*.*", self._before_call)
        events.register_last("after-call.*.*", self._after_call)
        events.register_first("before-send.*.*", self._before_send)

    @contextmanager
    def following(self, plan: Plan) -> Iterator[None]:
        """Count from here on, and break what the plan says."""
        self._plan, self.made, self.fired, self._listens = plan, [], set(), True
        try:
            yield
        finally:
            self._listens = False

    def arm(self, at: int, fault: Fault) -> None:
        """Break one call; until `disarm`, or a crash."""
        self._plan, self.made, self.fired, self._listens = {at: fault}, [], set(), True

    def disarm(self) -> None:
        self._listens = False

    @property
    def calls(self) -> list[str]:
        return [call.operation for call in self.made]

    @property
    def _fault(self) -> Fault | Refusal | None:
        return self._plan.get(len(self.made)) if self._listens else None

    def _before_call(self, model: Any, **_: Any) -> None:
        if self._listens:
            self.made.append(Call(self.function, model.name))
            self._tries = 0
        if self._fault is Fault.CRASH_BEFORE:
            self._crash()

    def _after_call(self, **_: Any) -> None:
        if self._fault is Fault.CRASH_AFTER:
            self._crash()

    def _crash(self) -> None:
        self.fired.add(len(self.made))
        raise Crash

    def _before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        self._tries += 1
        fault = self._fault
        if isinstance(fault, Refusal):
            self.fired.add(len(self.made))
            return answer(request, *fault)
        if self._tries > 1 and fault is not Fault.THROTTLED_FOR_EVER:
            return self.carry(request)
        act = {
            Fault.THROTTLED_ONCE: _throttle,
            Fault.THROTTLED_FOR_EVER: _throttle,
            Fault.ERROR_WITHOUT_EFFECT: _break,
            Fault.ERROR_WITH_EFFECT: self._apply_and_break,
            Fault.ANSWER_LOST: self._apply_and_lose,
            Fault.NEVER_CONNECTED: _do_not_connect,
        }.get(fault) if fault else None  # fmt: skip
        if act is None:
            return self.carry(request)
        self.fired.add(len(self.made))
        return act(request)

    def _apply_and_break(self, request: AWSPreparedRequest) -> AWSResponse:
        self.carry(request)
        return _break(request)

    def _apply_and_lose(self, request: AWSPreparedRequest) -> AWSResponse:
        self.carry(request)
        raise ReadTimeoutError(endpoint_url=request.url)


@dataclass
class Intruder:
    """Attached to clients; does something of its own just before the n-th call, once."""

    at: int
    act: Callable[[], object]
    calls: list[str] = field(default_factory=list)

    @contextmanager
    def among(self, *clients: Any) -> Iterator[None]:
        """Listen to the clients' calls inside this context."""
        for client in clients:
            client.meta.events.register_first("before-call.*.*", self._before_call)
        try:
            yield
        finally:
            for client in clients:
                client.meta.events.unregister("before-call.*.*", self._before_call)

    def _before_call(self, model: Any, **_: Any) -> None:
        self.calls.append(model.name)
        if len(self.calls) == self.at:
            self.act()


class Raw:
    """A body as urllib3 hands it to botocore."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()

    def read(self, *_: Any) -> bytes:
        content, self._content = self._content, b""
        return content


def answer(request: AWSPreparedRequest, status: int, code: str) -> AWSResponse:
    """An error as the service words it: JSON where there is a target, else S3's XML."""
    if "x-amz-target" in {name.lower() for name in request.headers}:
        body = f'{{"__type":"com.amazonaws#{code}","message":"injected"}}'
    else:
        body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>"
    return AWSResponse(request.url, status, {}, Raw(body.encode()))


def _throttle(request: AWSPreparedRequest) -> AWSResponse:
    target = next((value for name, value in request.headers.items() if name.lower() == "x-amz-target"), None)
    if target is None:
        return answer(request, 503, "SlowDown")
    is_table = b"DynamoDB" in target if isinstance(target, bytes) else "DynamoDB" in target
    return answer(request, 400, "ProvisionedThroughputExceededException" if is_table else "ThrottlingException")


def _break(request: AWSPreparedRequest) -> AWSResponse:
    is_s3 = "x-amz-target" not in {name.lower() for name in request.headers}
    return answer(request, 500, "InternalError" if is_s3 else "InternalServerError")


def _do_not_connect(request: AWSPreparedRequest) -> AWSResponse:
    raise ConnectTimeoutError(endpoint_url=request.url)
