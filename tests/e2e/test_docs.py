"""The catalogue and the description, through the gateway."""

import json
from urllib.parse import urlsplit

import pytest

from local.first_order import request
from tests.builders import ROOT
from tests.service import Service

pytestmark = pytest.mark.e2e
ORDER = {"title": "Users", "report_type": "users", "format": "json"}


def test_the_description_is_for_everyone(service: Service) -> None:
    answer = request("GET", f"{service.url}/openapi.json")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.body == (ROOT / "docs/openapi.json").read_bytes()


def test_the_page_has_all_it_asks_for(service: Service) -> None:
    page = request("GET", f"{service.url}/docs")
    bundle = request("GET", f"{service.url}/docs/swagger-ui-bundle.js", headers={"Accept-Encoding": "gzip"})
    other = request("GET", f"{service.url}/docs/app.py")

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"docs/swagger-ui-bundle.js" in page.body
    assert (bundle.status, bundle.headers["Content-Encoding"]) == (200, "gzip")
    assert other.status == 404
    assert other.json()["code"] == "not_found"


def test_the_catalogue_says_what_can_be_ordered(service: Service) -> None:
    listed = service.call("GET", "/api/v1/report-types")
    one = service.call("GET", "/api/v1/report-types/users", token=service.token(permissions=["reports.view"]))
    absent = service.call("GET", "/api/v1/report-types/nothing")

    [users] = [it for it in listed.json()["data"] if it["name"] == "users"]
    assert users["can_order"]
    assert one.json() == {"data": {**users, "can_order": False}}
    assert absent.status == 404
    assert json.loads(absent.body)["message"] == "Not Found"


def test_without_a_token_there_is_no_catalogue(service: Service) -> None:
    for path in ("/api/v1/report-types", "/api/v1/report-types/users"):
        answer = request("GET", service.url + path)

        assert (answer.status, answer.json()) == (401, {"message": "Unauthorized"})


def test_the_console_is_for_everyone_and_may_fetch_from_where_links_point(service: Service) -> None:
    page = request("GET", f"{service.url}/")
    script = request("GET", f"{service.url}/console/app.js")
    other = request("GET", f"{service.url}/console/README.md")
    report = service.finished(service.call("POST", "/api/v1/reports", ORDER).json()["uuid"])
    link = service.call("GET", f"/api/v1/reports/{report['uuid']}/download").headers["Location"]

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"connect-src 'self' http://{urlsplit(link).netloc};" in page.headers["Content-Security-Policy"]
    assert (script.status, script.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert other.status == 404
