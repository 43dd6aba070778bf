"""
Breaks chosen AWS calls of whatever runs inside it.

A crash is a BaseException, so that no `except Exception` can hide it. Faults of one HTTP try happen below the SDK's
own retries, as they do in life: the SDK sees them, and tries again.

Where a stand-in listens to `before-send` itself, the injector has to carry the requests there: botocore calls every
handler and takes the first answer, so a faked one would not stop the other from applying the write.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

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
    """
    Attached to clients; while it is armed, it counts their calls and breaks those it is told to.

    With *carry* it takes the requests to AWS itself, without it botocore does.
    """

    carry: Carrier | None = None
    function: str = ""
    at: int = 0
    fault: Fault = Fault.CRASH_BEFORE
    calls: list[str] = field(default_factory=list)
    fired: set[int] = field(default_factory=set)  # numbers of calls that were broken
    _callers: list[str] = field(default_factory=list)
    _plan: Plan = field(default_factory=dict)
    _tries: int = 0
    _armed: bool = False

    def attach(self, client: Any) -> None:
        events = client.meta.events
        events.register_first("before-call.*.*", self._before_call)
        events.register_last("after-call.*.*", self._after_call)
        events.register_first("before-send.*.*", self._before_send)

    @contextmanager
    def following(self, plan: Plan) -> Iterator[None]:
        """Count from here on, and break what the plan says."""
        self.arm(0, self.fault)
        self._plan = plan
        try:
            yield
        finally:
            self.disarm()

    def arm(self, at: int, fault: Fault) -> None:
        """Count from here on, and break one call; until `disarm`."""
        self.at, self.fault, self._plan, self._armed = at, fault, {}, True
        self.calls, self._callers, self.fired = [], [], set()

    def disarm(self) -> None:
        self._armed = False

    @property
    def made(self) -> list[Call]:
        """The calls, and who made them."""
        return list(map(Call, self._callers, self.calls))

    @property
    def _turn(self) -> Fault | Refusal | None:
        """What the call of now is to meet."""
        if not self._armed:
            return None
        number = len(self.calls)
        return self.fault if number == self.at else self._plan.get(number)

    def _before_call(self, model: Any, **_: Any) -> None:
        if self._armed:
            self.calls.append(model.name)
            self._callers.append(self.function)
            self._tries = 0
        if self._turn is Fault.CRASH_BEFORE:
            self._crash()

    def _after_call(self, **_: Any) -> None:
        if self._turn is Fault.CRASH_AFTER:
            self._crash()

    def _crash(self) -> None:
        self.fired.add(len(self.calls))
        raise Crash

    def _before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        self._tries += 1
        turn = self._turn
        is_over = self._tries > 1 and turn is not Fault.THROTTLED_FOR_EVER and not isinstance(turn, Refusal)
        act = None if turn is None or is_over else self._act_of(turn)
        if act is None:
            return self.carry(request) if self.carry else None
        self.fired.add(len(self.calls))
        return act(request)

    def _act_of(self, turn: Fault | Refusal) -> Carrier | None:
        if isinstance(turn, Refusal):
            return partial(answer, status=turn.status, code=turn.code)
        acts: dict[Fault, Carrier] = {
            Fault.THROTTLED_ONCE: _throttle,
            Fault.THROTTLED_FOR_EVER: _throttle,
            Fault.ERROR_WITHOUT_EFFECT: _break,
            Fault.ERROR_WITH_EFFECT: self._apply_and_break,
            Fault.ANSWER_LOST: self._apply_and_lose,
            Fault.NEVER_CONNECTED: _do_not_connect,
        }
        return acts.get(turn)

    def _apply(self, request: AWSPreparedRequest) -> None:
        (self.carry or URLLib3Session().send)(request)

    def _apply_and_break(self, request: AWSPreparedRequest) -> AWSResponse:
        self._apply(request)
        return _break(request)

    def _apply_and_lose(self, request: AWSPreparedRequest) -> AWSResponse:
        self._apply(request)
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
