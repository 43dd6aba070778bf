"""Errors as door B answers them: the seed's keys, a stable code and the request's id; door A says the same its way."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

from rapor.errors import (
    BodyTooLarge,
    Conflict,
    DocumentExpired,
    Forbidden,
    Invalid,
    InvalidQuery,
    MalformedBody,
    NotCompleted,
    NotEstimated,
    NotFound,
    RequestError,
    StoreUnavailable,
    TooManyUnfinished,
    Unauthenticated,
    UnsupportedMediaType,
    UuidTaken,
    causes_of,
)
from rapor.http import audit, strapi
from rapor.http.gateway import Request, Response

STATUS_OF: Mapping[type[RequestError], HTTPStatus] = {
    MalformedBody: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    NotCompleted: HTTPStatus.CONFLICT,
    Conflict: HTTPStatus.CONFLICT,
    DocumentExpired: HTTPStatus.GONE,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidQuery: HTTPStatus.BAD_REQUEST,
    UuidTaken: HTTPStatus.CONFLICT,
    TooManyUnfinished: HTTPStatus.TOO_MANY_REQUESTS,
    NotEstimated: HTTPStatus.SERVICE_UNAVAILABLE,
}
RETRY_AFTER_SECONDS: Mapping[type[RequestError], int] = {TooManyUnfinished: 30, NotEstimated: 30}

Route = Callable[[Request], Response]


class Problem(NamedTuple):
    """An error as an answer, in door B's words."""

    status: HTTPStatus
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class Log(Protocol):
    """Takes audit entries, and what explains an answer that was our fault."""

    def info(self, msg: str, **kwargs: Any) -> None: ...
    def warning(self, msg: str, **kwargs: Any) -> None: ...


def answer(event: Mapping[str, Any], routes: Mapping[str, Route], log: Log) -> dict[str, Any]:
    """
    Find the route, run it, and turn what it returns or raises into API Gateway's answer; leave an audit entry.

    What is answered 5xx, and what is not answered at all, is explained in the log under the request's id.
    """
    try:
        response = _answered(event, routes, log)
    except Exception as error:
        log.warning("no answer", **_explained(error, event))
        raise
    if entry := audit.entry(event, response):
        log.info("audit", audit=entry)
    return response.to_event(event["requestContext"]["requestId"])


def _answered(event: Mapping[str, Any], routes: Mapping[str, Route], log: Log) -> Response:
    request_id = event["requestContext"]["requestId"]
    shape = strapi.refused if strapi.is_route(event["routeKey"]) else Response
    try:
        request = Request.from_event(event)
        route = routes.get(request.route)
        if route is None:
            raise NotFound
        return route(request)
    except (RequestError, StoreUnavailable) as error:
        found = problem(error, request_id) if isinstance(error, RequestError) else unavailable(request_id)
        if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("answered 5xx", status=found.status, **_explained(error, event))
        return shape(*found)


def _explained(error: Exception, event: Mapping[str, Any]) -> dict[str, Any]:
    request_id = event["requestContext"]["requestId"]
    return {"request_id": request_id, "route": event["routeKey"], "causes": causes_of(error)}


def unavailable(request_id: str) -> Problem:
    """Say that the same request may succeed soon."""
    body = {"message": "Service Unavailable", "code": "store_unavailable", "request_id": request_id}
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, body, {"Retry-After": "1"})


def problem(error: RequestError, request_id: str) -> Problem:
    """Say what is wrong: never a stack, an echo of the input or a class name."""
    kind = next(kind for kind in type(error).__mro__ if kind in STATUS_OF)
    body: dict[str, Any] = {"message": str(error)}
    if isinstance(error, Invalid):
        body["errors"] = error.errors
    body |= {"code": error.code, "request_id": request_id}
    wait = RETRY_AFTER_SECONDS.get(kind)
    return Problem(STATUS_OF[kind], body, {"Retry-After": str(wait)} if wait else {})
