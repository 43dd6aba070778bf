"""The HTTP API: from a request, by the template's routes and its authorizer, to a function and back."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from local.authorizer import JwtAuthorizer, Unauthorized
from local.cors import Cors
from local.events import BadAnswer, Call, HttpAnswer, HttpRequest, answer_of, event_of
from local.functions import FunctionError, PayloadTooLarge
from local.template import Route

BODY_BYTES = 10 * 1024 * 1024  # API Gateway's limit, not ours to choose
THREADS = 32
VARIABLE = re.compile(r"\{(\w+)(\+?)\}")
Invoke = Callable[[str, Any], Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Gateway:
    """Answers requests; an ASGI application."""

    def __init__(
        self,
        routes: Iterable[Route],
        authorizer: JwtAuthorizer,
        invoke: Invoke,
        *,
        cors: Cors,
        say: Callable[[str], None] = print,
    ) -> None:
        self._routes = sorted(((_pattern(it.path), it) for it in routes), key=lambda it: _rank(it[1]))
        self._authorizer = authorizer
        self._invoke = invoke
        self._cors = cors
        self._say = say
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gateway")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI asks."""
        if scope["type"] != "http":
            return
        body = await _read(receive)
        if body is None:
            answer = HttpAnswer.message(413, "Request Entity Too Large", {"connection": "close"})
        else:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, self.answer, _request(scope, body))
        await _write(answer, send)

    def close(self) -> None:
        """Take no more requests."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """One request's answer, the gateway's own or a function's."""
        answer = self._cors.preflight(request) or self._cors.added(request, self._route(request))
        return HttpAnswer(answer.status, answer.body, (*answer.headers, ("apigw-requestid", request.request_id)))

    def _route(self, request: HttpRequest) -> HttpAnswer:
        found = self._find(request)
        if found is None:
            return HttpAnswer.message(404, "Not Found")
        route, variables = found
        try:
            claims = self._authorizer.claims(request.header("authorization")) if route.authorizer else None
        except Unauthorized:
            return HttpAnswer.message(401, "Unauthorized", {"www-authenticate": "Bearer"})
        return self._call(Call(request, route, variables, claims))

    def _find(self, request: HttpRequest) -> tuple[Route, Mapping[str, str]] | None:
        for pattern, route in self._routes:
            match = pattern.fullmatch(request.path)
            if match and route.method in {request.method, "ANY"}:
                return route, match.groupdict()
        return None

    def _call(self, call: Call) -> HttpAnswer:
        try:
            return answer_of(self._invoke(call.route.function, event_of(call)))
        except PayloadTooLarge:
            return HttpAnswer.message(413, "Request Entity Too Large")
        except FunctionError:
            pass  # who loaded the function has said so
        except BadAnswer as error:
            self._say(f"{call.route.function} gave an answer API Gateway cannot use: {error}")
        return HttpAnswer.message(500, "Internal Server Error")


def _pattern(path: str) -> re.Pattern[str]:
    if path == "$default":
        return re.compile(".*")
    return re.compile(
        "".join(
            rf"(?P<{name}>{'.+' if greedy else '[^/]+'})" if name else re.escape(literal)
            for literal, name, greedy in _parts(path)
        )
    )


def _parts(path: str) -> Iterable[tuple[str, str, str]]:
    end = 0
    for match in VARIABLE.finditer(path):
        yield path[end : match.start()], "", ""
        yield "", match[1], match[2]
        end = match.end()
    yield path[end:], "", ""


def _rank(route: Route) -> tuple[bool, bool, bool, int]:
    """Full matches before greedy ones before `$default`; among equals a named method and fewer variables first."""
    return (
        route.path == "$default",
        "+}" in route.path,
        route.method == "ANY",
        route.path.count("{"),
    )


async def _read(receive: Receive) -> bytes | None:
    """The body; None once it is too large."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > BODY_BYTES:
            return None
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def _request(scope: Message, body: bytes) -> HttpRequest:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return HttpRequest(
        method=scope["method"],
        path=raw_path.decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in scope["headers"]),
        body=body,
        source_ip=(scope.get("client") or ("127.0.0.1", 0))[0],
        request_id=uuid4().hex,
    )


async def _write(answer: HttpAnswer, send: Send) -> None:
    headers = [(key.encode("latin-1"), _latin(value)) for key, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _latin(value: str) -> bytes:
    """A header value; what Latin-1 lacks goes out as UTF-8 bytes."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()
