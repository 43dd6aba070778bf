"""The console's page and its files, which ask for no token."""

from collections.abc import Sequence
from http import HTTPStatus

from rapor.errors import NotFound
from rapor.http.console import CONTENT_TYPES
from rapor.http.openapi.operation import Answer, Operation, Parameter

FILE = Parameter(
    name="file",
    place="path",
    schema={"type": "string", "minLength": 1},
    description="Of the page.",
    example="app.js",
)
CONSOLE: Sequence[Operation] = (
    Operation(
        route="GET /",
        id="getConsole",
        tag="Console",
        summary="Use the service in a browser",
        is_public=True,
        answers={HTTPStatus.OK: Answer(description="A page.", files=(CONTENT_TYPES[".html"],))},
    ),
    Operation(
        route="GET /console/{file}",
        id="getConsoleFile",
        tag="Console",
        summary="Fetch what that page needs",
        is_public=True,
        parameters=(FILE,),
        answers={HTTPStatus.OK: Answer(description="The file.", files=tuple(CONTENT_TYPES.values()))},
        errors=(NotFound(),),
    ),
)
