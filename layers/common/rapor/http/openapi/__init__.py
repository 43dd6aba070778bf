"""
The API's description, OpenAPI 3.1, put together from what the code says of itself by `make openapi`.

    operations              the table: one entry a route; those of changes, schedules and scores are beside it
    parameters              of paths, queries and headers
    operation               what an entry says
    answers, requests       schemas, derived from where answers are made and requests are checked
    errors                  every code an operation may answer
    parts                   what several of these use
    kinds                   Python's types as JSON Schema
    examples                reports to show
"""

from collections.abc import Iterable
from typing import Any

from rapor.caller import DELETE, EXPORT, GENERATE, RESTORE, VIEW
from rapor.catalogue import Catalogue
from rapor.http.openapi.answers import answer_schemas
from rapor.http.openapi.errors import error_objects
from rapor.http.openapi.kinds import ref
from rapor.http.openapi.operation import JSON, Answer, Operation, Parameter
from rapor.http.openapi.operations import OPERATIONS
from rapor.http.openapi.parts import HEADERS, header_refs, named
from rapor.http.openapi.requests import request_schemas
from rapor.http.openapi.schedules import schedule_schemas

PERMISSIONS = ", ".join(f"`{name}`" for name in (GENERATE, VIEW, EXPORT, DELETE, RESTORE))
DESCRIPTION = f"""\
Reports as a service: order a report, follow it, fetch its document.

Every call but those for this description and the console needs a token, whose permissions say what the caller may do: \
{PERMISSIONS}; each for everybody's reports, or with `.own` for the caller's own. Without the permission the answer is \
`403`. Somebody else's report is answered as one that does not exist: `404`.

Every error has a `message` for people, a stable `code` for programs and a `request_id`. An error without `code` is \
the gateway's own."""
TAGS = {
    "Reports": "Order, follow and fetch reports.",
    "Schedules": "Order reports again and again.",
    "Scores": "The same reports seen as scores of references, in the shapes of Strapi v3. Errors say the HTTP status "
    "as `code`, and the stable code as `reason`.",
    "Catalogue": "What can be ordered.",
    "Documentation": "This description.",
    "Console": "A page for people, which uses nothing but this API.",
}
TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "Of the issuer the service trusts. The names beside it are permissions, of which one is needed; "
    "they are read from claim `permissions`, else `scope`, else `scp`.",
}


def document(catalogue: Catalogue, version: str) -> dict[str, Any]:
    """Put the whole description together; its server is wherever it was read from."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rapor",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
        "paths": paths(OPERATIONS),
        "components": {
            "schemas": {**request_schemas(catalogue), **answer_schemas(), **schedule_schemas(catalogue)},
            "headers": {name: {"description": words, "schema": schema} for name, (words, schema) in HEADERS.items()},
            "securitySchemes": {"token": TOKEN},
        },
    }


def paths(operations: Iterable[Operation]) -> dict[str, Any]:
    """Operations by path and method."""
    found: dict[str, Any] = {}
    for operation in operations:
        found.setdefault(operation.path, {})[operation.method] = operation_object(operation)
    return found


def operation_object(operation: Operation) -> dict[str, Any]:
    """One operation."""
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": "\n\n".join(filter(None, [operation.description, need(operation)])),
        "security": operation.security,
        "parameters": [parameter_object(it) for it in operation.parameters],
        "responses": responses(operation),
    }
    if operation.body:
        content = {JSON: {"schema": ref(operation.body.schema), "examples": named(operation.body.examples)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def need(operation: Operation) -> str:
    """Say which permission a caller needs: few readers show it."""
    if operation.is_public:
        return "For everyone."
    if operation.permission is None:
        return "Needs a token, whatever its permissions."
    return f"Needs `{operation.permission}` or `{operation.permission}.own`."


def parameter_object(parameter: Parameter) -> dict[str, Any]:
    """One parameter."""
    described = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": parameter.schema,
    }
    if parameter.schema.get("type") == "object":
        described |= {"style": "form", "explode": True}
    return described if parameter.example is None else {**described, "example": parameter.example}


def responses(operation: Operation) -> dict[str, Any]:
    """All that may be answered, by status."""
    answers = {str(status.value): answer_object(answer) for status, answer in operation.answers.items()}
    return answers | error_objects(operation)


def answer_object(answer: Answer) -> dict[str, Any]:
    """One answer that is no error."""
    described: dict[str, Any] = {
        "description": answer.description,
        "headers": header_refs(["X-Request-Id", *answer.headers]),
    }
    if answer.schema:
        described["content"] = {JSON: {"schema": ref(answer.schema), "examples": named(answer.examples)}}
    elif answer.files:
        described["content"] = {content_type: {} for content_type in answer.files}
    if answer.leads_on:
        described["links"] = links_to(answer.leads_on)
    return described


def links_to(path: str) -> dict[str, Any]:
    """Lead to every operation at *path* and below; its variable is a key of the answer."""
    name = path[path.index("{") + 1 : -1]
    following = [it.id for it in OPERATIONS if it.path.startswith(path)]
    return {it: {"operationId": it, "parameters": {name: f"$response.body#/{name}"}} for it in following}
