"""
The console: a page at `/` and its files at `/console/{file}`.

They are the same for everyone and hold no data, so no token guards them: what the page shows comes from the API.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from rapor.errors import NotFound
from rapor.http.gateway import Request, Response
from rapor.http.static import CACHED

PAGE = "index.html"
PUBLIC_ROUTES = ("GET /", "GET /console/{file}")
CONTENT_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
HEADERS: Mapping[str, str] = {
    **CACHED,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Nothing inline and nothing from elsewhere, but for documents: they are fetched by signed link, and shown as blobs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self' {documents}; frame-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def routes(folder: Path, documents: Callable[[], str]) -> dict[str, Callable[[Request], Response]]:
    """What answers at each public route; see `Console`."""
    return dict.fromkeys(PUBLIC_ROUTES, Console(folder, documents))


class Console:
    """The files of one folder; *documents* tells the origin that signed links point at."""

    def __init__(self, folder: Path, documents: Callable[[], str]) -> None:
        self._files = {path.name: path for path in folder.iterdir() if path.suffix in CONTENT_TYPES}
        self._documents = documents

    def __call__(self, request: Request) -> Response:
        """
        Answer with the page, or the file that the path names.

        Raises:
            NotFound: We serve none of that name.
        """
        path = self._files.get(request.path_parameters.get("file", PAGE))
        if path is None:
            raise NotFound
        headers = {"Content-Type": CONTENT_TYPES[path.suffix], **HEADERS}
        if path.name == PAGE:  # asked for anew each time: it names the bucket, and a deployment may change that
            headers |= {
                "Cache-Control": "no-cache",
                "Content-Security-Policy": POLICY.format(documents=self._documents()),
            }
        return Response(200, path.read_bytes(), headers)
