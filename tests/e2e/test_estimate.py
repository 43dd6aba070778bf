"""`POST /api/v1/reports/estimate`, through the gateway."""

import pytest

from tests.service import Service

pytestmark = pytest.mark.e2e
PATH = "/api/v1/reports/estimate"
ORDER = {"title": "A", "report_type": "users", "format": "csv"}


def test_an_estimate_is_what_the_report_then_is(service: Service) -> None:
    estimate = service.call("POST", PATH, ORDER)
    created = service.call("POST", "/api/v1/reports", ORDER).json()
    result = service.finished(created["uuid"])["result"]

    assert estimate.status == 200
    assert estimate.json()["rows_total"] == result["row_count"]
    assert result["size_bytes"] / 2 < estimate.json()["size_bytes"] < result["size_bytes"] * 2
    assert estimate.json()["seconds"] > 0
    assert {name: estimate.json()[name] for name in ("report_type", "format", "limit", "fits", "formats")} == {
        "report_type": "users",
        "format": "csv",
        "limit": None,
        "fits": True,
        "formats": ["pdf", "excel", "csv", "json"],
    }


def test_an_estimate_records_nothing(service: Service) -> None:
    token = service.token("estimator")

    service.call("POST", PATH, ORDER, token=token)

    mine = service.token("estimator", ["reports.view.own"])
    assert service.call("GET", "/api/v1/reports", token=mine).json()["data"] == []


def test_an_own_caller_hears_of_their_rows(service: Service) -> None:
    own = service.call("POST", PATH, ORDER, token=service.token("7", ["reports.generate.own"]))

    assert 0 < own.json()["rows_total"] < 50


def test_an_estimate_is_refused_as_the_order_would_be(service: Service) -> None:
    wrong = service.call("POST", PATH, {"title": "A", "report_type": "nothing"})
    forbidden = service.call("POST", PATH, ORDER, token=service.token("1", ["reports.view"]))

    assert (wrong.status, wrong.json()["errors"]) == (422, {"report_type": ["The selected report type is invalid."]})
    assert (forbidden.status, forbidden.json()["code"]) == (403, "forbidden")
