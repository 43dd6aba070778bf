"""Carries requests to the stand-in without a socket, in half the time; real sockets are for workers that are killed."""

import io
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from tests.faults.injector import Raw

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Direct:
    """Calls the stand-in's own application, with everything that guards it."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            said.append((status, headers))

        content = b"".join(self._app(_environ(request), start_response))
        status, sent = said[-1]
        headers = HTTPHeaders()
        for name, value in sent:
            headers[name] = value
        return AWSResponse(request.url, int(status.split()[0]), headers, Raw(content))


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    """PEP 3333's, as werkzeug's server makes it."""
    url = urlsplit(request.url)
    body = request.body or b""
    content = body.read() if hasattr(body, "read") else body
    content = content.encode() if isinstance(content, str) else bytes(content)
    environ = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote(url.path, "latin-1"),
        "QUERY_STRING": url.query,
        "RAW_URI": f"{url.path}?{url.query}" if url.query else url.path,
        "REQUEST_URI": f"{url.path}?{url.query}" if url.query else url.path,
        "SCRIPT_NAME": "",
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode() if isinstance(value, bytes) else str(value)
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = text
    return environ | {"CONTENT_LENGTH": str(len(content))}
