"""Cross-origin requests, as an HTTP API's `CorsConfiguration` has them; what a function says of it does not count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from local.events import HttpAnswer, HttpRequest

PREFIX = "access-control-"


@dataclass(frozen=True)
class Cors:
    """Which pages may call the API, and what their browsers are told."""

    origins: Sequence[str]
    methods: Sequence[str]
    headers: Sequence[str]
    exposed: Sequence[str]
    max_age: int

    @classmethod
    def from_template(cls, configuration: Mapping[str, Any]) -> Self:
        """Read the template's; without one every browser refuses."""
        return cls(
            configuration.get("AllowOrigins", ()),
            configuration.get("AllowMethods", ()),
            configuration.get("AllowHeaders", ()),
            configuration.get("ExposeHeaders", ()),
            configuration.get("MaxAge", 0),
        )

    def preflight(self, request: HttpRequest) -> HttpAnswer | None:
        """Answer what a browser asks before the request itself, whatever the routes; None if it is no such question."""
        if request.method != "OPTIONS" or not request.header(f"{PREFIX}request-method"):
            return None
        told = {
            f"{PREFIX}allow-methods": ",".join(self.methods),
            f"{PREFIX}allow-headers": ",".join(self.headers),
            f"{PREFIX}max-age": str(self.max_age),
        }
        allowed = self._allowed(request)
        return HttpAnswer(204, b"", (*allowed, *told.items()) if allowed else ())

    def added(self, request: HttpRequest, answer: HttpAnswer) -> HttpAnswer:
        """Let the page read the answer, if it is one of those allowed."""
        own = tuple((name, value) for name, value in answer.headers if not name.lower().startswith(PREFIX))
        allowed = self._allowed(request)
        exposed = ((f"{PREFIX}expose-headers", ",".join(self.exposed)),) if allowed else ()
        return HttpAnswer(answer.status, answer.body, (*own, *allowed, *exposed))

    def _allowed(self, request: HttpRequest) -> tuple[tuple[str, str], ...]:
        origin = request.header("origin")
        return ((f"{PREFIX}allow-origin", origin),) if origin in self.origins else ()
