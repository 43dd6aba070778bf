"""The catalogue and the description, through the gateway."""

import json

import pytest

from local.first_order import request
from tests.builders import ROOT
from tests.service import Service

pytestmark = pytest.mark.e2e


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
