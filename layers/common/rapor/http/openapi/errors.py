"""Answers that are errors: ours, each with its code and as it is really answered, and the gateway's own."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from msgspec import Struct

from rapor.errors import Invalid, RequestError, StoreUnavailable
from rapor.http import strapi
from rapor.http.gateway import Response
from rapor.http.openapi.examples import REQUEST_ID
from rapor.http.openapi.kinds import Schema, ref
from rapor.http.openapi.operation import JSON, Operation
from rapor.http.openapi.parts import header_refs, named
from rapor.http.problems import problem, unavailable

GATEWAY = "gateway"
MESSAGES: Mapping[HTTPStatus, str] = {  # API Gateway's own words
    HTTPStatus.UNAUTHORIZED: "Unauthorized",
    HTTPStatus.TOO_MANY_REQUESTS: "Too Many Requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Internal Server Error",
    HTTPStatus.SERVICE_UNAVAILABLE: "Service Unavailable",
}


class Door(Struct, frozen=True):
    """How a door answers errors: by what function, in which components, with the stable code under which key."""

    answer: Callable[[int, Mapping[str, Any], Mapping[str, str]], Response]
    problem: str
    invalid: str
    code: str


LARAVEL = Door(Response, "Problem", "ValidationProblem", "code")
STRAPI = Door(strapi.refused, "Refusal", "ValidationRefusal", "reason")


class Fault(Struct, frozen=True):
    """One way to fail: its code, or `gateway`, in words and as it is answered in the shape of a component."""

    name: str
    words: str
    shape: str
    response: Response


def error_objects(operation: Operation) -> dict[str, Any]:
    """Every error of an operation, by status."""
    door = STRAPI if strapi.is_route(operation.route) else LARAVEL
    faults = [*faults_of(operation.all_errors, door), *surroundings(operation, door)]
    statuses = sorted({it.response.status for it in faults})
    return {
        str(int(status)): error_object([it for it in faults if it.response.status == status], door)
        for status in statuses
    }


def faults_of(errors: Iterable[RequestError], door: Door) -> Iterator[Fault]:
    """Our own errors, as the door answers them."""
    for error in errors:
        shape = door.invalid if isinstance(error, Invalid) else door.problem
        yield Fault(error.code, words_of(error), shape, door.answer(*problem(error, REQUEST_ID)))


def surroundings(operation: Operation, door: Door) -> Iterator[Fault]:
    """What no operation can help: the table out of reach, and what API Gateway answers by itself."""
    if not operation.is_public:
        response = door.answer(*unavailable(REQUEST_ID))
        yield Fault("store_unavailable", words_of(StoreUnavailable()), door.problem, response)
    for status, message in MESSAGES.items():
        if status != HTTPStatus.UNAUTHORIZED or not operation.is_public:
            response = Response(status, {"message": message})
            yield Fault(GATEWAY, "The gateway's own answer.", "GatewayMessage", response)


def words_of(error: Exception) -> str:
    """What the class says of itself."""
    return inspect.getdoc(error) or ""


def error_object(faults: Sequence[Fault], door: Door) -> dict[str, Any]:
    """All errors of one status."""
    shapes = dict.fromkeys(it.shape for it in faults)
    schemas = [coded([it.name for it in faults if it.shape == shape], shape, door) for shape in shapes]
    headers = ["X-Request-Id"] if any(it.name != GATEWAY for it in faults) else []
    headers += dict.fromkeys(name for it in faults for name in it.response.headers)
    media = {
        "schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas},
        "examples": named({it.name: it.response.body for it in faults}),
    }
    described = {"description": "\n".join(f"- `{it.name}`: {it.words}" for it in faults), "content": {JSON: media}}
    return {**described, "headers": header_refs(headers)} if headers else described


def coded(names: Sequence[str], shape: str, door: Door) -> Schema:
    """The shape, with these codes and no others."""
    if shape == "GatewayMessage":
        return ref(shape)
    return {"allOf": [ref(shape), {"properties": {door.code: {"enum": list(names)}}}]}
