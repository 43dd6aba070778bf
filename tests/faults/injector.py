"""
Breaks the n-th AWS call of whatever runs inside it.

A crash is a BaseException, so that no `except Exception` can hide it. Faults of one HTTP try happen below the SDK's
own retries, as they do in life: the SDK sees them, and tries again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session


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


@dataclass
class Injector:
    """Attached to clients; armed for one call."""

    at: int = 0
    fault: Fault = Fault.CRASH_BEFORE
    calls: list[str] = field(default_factory=list)
    fired: int = 0
    _tries: int = 0
    _armed: bool = False

    def attach(self, client: Any) -> None:
        events = client.meta.events
        events.register_first("before-call.*.*", self._before_call)
        events.register_last("after-call.*.*", self._after_call)
        events.register_first("before-send.*.*", self._before_send)

    def arm(self, at: int, fault: Fault) -> None:
        self.at, self.fault, self.calls, self.fired, self._armed = at, fault, [], 0, True

    def disarm(self) -> None:
        self._armed = False

    @property
    def _is_its_turn(self) -> bool:
        return self._armed and len(self.calls) == self.at

    def _before_call(self, model: Any, **_: Any) -> None:
        if self._armed:
            self.calls.append(model.name)
            self._tries = 0
        if self._is_its_turn and self.fault is Fault.CRASH_BEFORE:
            self._crash()

    def _after_call(self, **_: Any) -> None:
        if self._is_its_turn and self.fault is Fault.CRASH_AFTER:
            self._crash()

    def _crash(self) -> None:
        self.fired += 1
        self._armed = False
        raise Crash

    def _before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        if not self._is_its_turn:
            return None
        self._tries += 1
        act = {
            Fault.THROTTLED_ONCE: self._throttle,
            Fault.THROTTLED_FOR_EVER: self._throttle,
            Fault.ERROR_WITHOUT_EFFECT: self._break,
            Fault.ERROR_WITH_EFFECT: self._apply_and_break,
            Fault.ANSWER_LOST: self._apply_and_lose,
            Fault.NEVER_CONNECTED: self._do_not_connect,
        }.get(self.fault)
        if act is None or (self._tries > 1 and self.fault is not Fault.THROTTLED_FOR_EVER):
            return None
        self.fired += 1
        return act(request)

    @staticmethod
    def _throttle(request: AWSPreparedRequest) -> AWSResponse:
        return _answer(request, 400, "ProvisionedThroughputExceededException", 503, "SlowDown")

    @staticmethod
    def _break(request: AWSPreparedRequest) -> AWSResponse:
        return _answer(request, 500, "InternalServerError", 500, "InternalError")

    def _apply_and_break(self, request: AWSPreparedRequest) -> AWSResponse:
        URLLib3Session().send(request)
        return self._break(request)

    @staticmethod
    def _apply_and_lose(request: AWSPreparedRequest) -> AWSResponse:
        URLLib3Session().send(request)
        raise ReadTimeoutError(endpoint_url=request.url)

    @staticmethod
    def _do_not_connect(request: AWSPreparedRequest) -> AWSResponse:
        raise ConnectTimeoutError(endpoint_url=request.url)


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


class _Raw:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._content

    def read(self, *_: Any) -> bytes:
        content, self._content = self._content, b""
        return content


def _answer(request: AWSPreparedRequest, status: int, code: str, s3_status: int, s3_code: str) -> AWSResponse:
    if "x-amz-target" in {name.lower() for name in request.headers}:
        body = f'{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"injected"}}'
        return AWSResponse(request.url, status, {}, _Raw(body.encode()))
    body = f"<Error><Code>{s3_code}</Code><Message>injected</Message></Error>"
    return AWSResponse(request.url, s3_status, {}, _Raw(body.encode()))
