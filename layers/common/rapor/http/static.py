"""Files that are the same for everyone, so no token guards them: the API's description, and a page to read it."""

import gzip
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from rapor.errors import NotFound
from rapor.http.gateway import Request, Response

DESCRIPTION = "openapi.json"
FILE_OF_ROUTE: Mapping[str, str] = {"GET /openapi.json": DESCRIPTION, "GET /docs": "docs.html"}
PUBLIC_ROUTES = (*FILE_OF_ROUTE, "GET /docs/{file}")
ASSETS: Mapping[str, str] = {  # what `GET /docs/{file}` serves
    "docs.js": "text/javascript; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
CONTENT_TYPES: Mapping[str, str] = {
    DESCRIPTION: "application/json",
    "docs.html": "text/html; charset=utf-8",
    **ASSETS,
}
# Nothing of one caller's is in them, so caches may share them; an hour, because a deployment changes them.
CACHED: Mapping[str, str] = {"Cache-Control": "public, max-age=3600"}
HEADERS: Mapping[str, str] = {
    **CACHED,
    "Vary": "Accept-Encoding",
    # Nothing inline and nothing from elsewhere; the style sheet holds its pictures as data.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


def routes(folder: Path, types: Path) -> dict[str, Callable[[Request], Response]]:
    """What answers at each public route, from the files in *folder*; see `static_file`."""
    return dict.fromkeys(PUBLIC_ROUTES, partial(static_file, folder=folder, types=types))


def static_file(request: Request, folder: Path, types: Path) -> Response:
    """
    Answer with the file that the route stands for, or that its path names.

    A file kept as `<name>.gz` goes out as it is to whom takes that, else unpacked. A description beside the report
    *types* goes before the one in *folder*, which only knows those of the project: `make run` writes one for its own.

    Raises:
        NotFound: We serve none of that name.
    """
    name = FILE_OF_ROUTE.get(request.route) or request.path_parameters["file"]
    if name not in CONTENT_TYPES:
        raise NotFound
    headers = {"Content-Type": CONTENT_TYPES[name], **HEADERS}
    if name == DESCRIPTION and (types / name).exists():
        folder = types
    packed = folder / f"{name}.gz"
    if not packed.exists():
        return Response(200, (folder / name).read_bytes(), headers)
    if takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(200, packed.read_bytes(), {**headers, "Content-Encoding": "gzip"})
    return Response(200, gzip.decompress(packed.read_bytes()), headers)


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header (RFC 9110 §12.5.3) names gzip, and not to refuse it."""
    for coding in accepted.lower().replace(" ", "").split(","):
        name, _, weight = coding.partition(";q=")
        if name == "gzip":
            return weight.strip("0.") != "" or not weight
    return False
