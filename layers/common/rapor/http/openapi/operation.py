"""What is written down of one operation; all that can be derived is left to `document`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from msgspec import Struct, field

from rapor.errors import BodyTooLarge, Forbidden, MalformedBody, RequestError, Unauthenticated, UnsupportedMediaType
from rapor.http.openapi.kinds import Schema

JSON = "application/json"


class Parameter(Struct, frozen=True, kw_only=True):
    """Of the path, the query or a header; those of the path are required. An object is sent name by name."""

    name: str
    place: Literal["path", "query", "header"]
    schema: Schema
    description: str
    example: object = None


class Body(Struct, frozen=True, kw_only=True):
    """A JSON body: a component's name, and examples by name."""

    schema: str
    examples: Mapping[str, object]


class Answer(Struct, frozen=True, kw_only=True):
    """
    An answer that is no error: a component's name and examples by name, or the media types of files.

    `headers` are names of `components.headers`. `leads_on` is a path
    whose variable is in the answer: so it opens the operations there.
    """

    description: str
    schema: str | None = None
    examples: Mapping[str, object] = field(default_factory=dict)
    headers: Sequence[str] = ()
    files: Sequence[str] = ()
    leads_on: str | None = None


class Operation(Struct, frozen=True, kw_only=True):
    """
    A route and all it may answer, but for what the gateway answers by itself.

    `permission` also comes as `.own`; None asks only for a token, `is_public` not even for that. `errors` are
    examples as they would be raised; those of every body, token and permission are added.
    """

    route: str
    id: str
    tag: str
    summary: str
    answers: Mapping[HTTPStatus, Answer]
    description: str = ""
    permission: str | None = None
    is_public: bool = False
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    errors: Sequence[RequestError] = ()

    @property
    def method(self) -> str:
        """In lower case, as OpenAPI has it."""
        return self.route.split(" ")[0].lower()

    @property
    def path(self) -> str:
        """With its variables in braces."""
        return self.route.split(" ")[1]

    @property
    def security(self) -> list[dict[str, Any]]:
        """Alternatives of which a caller needs one; the roles are permissions."""
        if self.is_public:
            return []
        names = [[self.permission], [f"{self.permission}.own"]] if self.permission else [[]]
        return [{"token": name} for name in names]

    @property
    def all_errors(self) -> list[RequestError]:
        """Its own, and those that come with a body, a token and a permission."""
        of_body = [MalformedBody(), BodyTooLarge(), UnsupportedMediaType()] if self.body else []
        of_token = [] if self.is_public else [Unauthenticated()]
        of_permission = [Forbidden()] if self.permission else []
        return [*of_token, *of_permission, *of_body, *self.errors]
