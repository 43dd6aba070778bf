"""The files that are for everyone."""

import gzip
import re
from pathlib import Path

import pytest

from rapor.errors import NotFound
from rapor.http.gateway import Request, Response
from rapor.http.static import ASSETS, CONTENT_TYPES, static_file, takes_gzip
from tests.builders import ROOT, load_event

FOLDER = ROOT / "functions/read_report/static"


def answered(
    route: str, *, file: str | None = None, folder: Path = FOLDER, types: Path = FOLDER, accepted: str = "gzip, br"
) -> Response:
    event = load_event("read_report/get_docs_file.json")
    event["headers"]["accept-encoding"] = accepted
    request = Request.from_event({**event, "routeKey": route, "pathParameters": {"file": file}})
    return static_file(request, folder, types)


def test_a_description_beside_the_types_goes_before_the_projects(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text("{}")
    (tmp_path / "docs.html").write_text("no")

    assert answered("GET /openapi.json", types=tmp_path).body == b"{}"
    assert answered("GET /docs", types=tmp_path).body == (FOLDER / "docs.html").read_bytes()


def test_every_file_is_there() -> None:
    for name in ASSETS:
        assert answered("GET /docs/{file}", file=name).body
    assert answered("GET /openapi.json").body == (ROOT / "docs/openapi.json").read_bytes()
    assert answered("GET /docs").body == (FOLDER / "docs.html").read_bytes()


@pytest.mark.parametrize(
    "name", ["", "README.md", "app.py", "../app.py", "openapi.json.gz", "swagger-ui.css.gz", "DOCS.JS"]
)
def test_no_other_file_is_served(name: str) -> None:
    with pytest.raises(NotFound):
        answered("GET /docs/{file}", file=name)


def test_a_packed_file_is_unpacked_for_whom_needs_it() -> None:
    packed = answered("GET /docs/{file}", file="swagger-ui.css")
    plain = answered("GET /docs/{file}", file="swagger-ui.css", accepted="br")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert isinstance(packed.body, bytes)
    assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip; q=1.0", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("xgzip", False),
    ],
)
def test_gzip_goes_to_whom_takes_it(accepted: str, takes: bool) -> None:  # noqa: FBT001
    assert takes_gzip(accepted) is takes


def test_an_answer_may_be_shared_and_runs_nothing_inline() -> None:
    for name in CONTENT_TYPES:
        route = {"openapi.json": "GET /openapi.json", "docs.html": "GET /docs"}.get(name, "GET /docs/{file}")
        headers = answered(route, file=name).to_event("r")["headers"]

        assert headers["Cache-Control"] == "public, max-age=3600"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Type"] == CONTENT_TYPES[name]
        assert "default-src 'none'; script-src 'self';" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]


def test_the_page_asks_for_nothing_but_our_files() -> None:
    page = (FOLDER / "docs.html").read_text()

    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)

    assert set(addresses) == {"openapi.json", *(f"docs/{name}" for name in ASSETS)}
    assert re.findall(r"<script[^>]*>[^<]+|<style|\son\w+=|style=", page) == []
    assert "http" not in (FOLDER / "docs.js").read_text()


def test_an_answer_of_bytes_goes_out_as_base64() -> None:
    event = answered("GET /docs/{file}", file="favicon-32x32.png").to_event("r")

    assert event["isBase64Encoded"] is True
    assert event["body"].startswith("iVBORw0KGgo")
