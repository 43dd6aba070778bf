"""The rest of a report's life by plain HTTP: change, cancel, retry, delete, restore, and what others get to see of it."""

import csv
import io
from typing import Any
from uuid import uuid4

import pytest

from tests.builders import CYBERCERT
from tests.service import Service

pytestmark = pytest.mark.e2e
PATH = "/api/v1/reports"


def ordered(service: Service, token: str | None = None, **changes: object) -> str:
    answer = service.call("POST", PATH, {**CYBERCERT, **changes}, token=token)
    assert answer.status == 201, answer.body
    return f"{PATH}/{answer.json()['uuid']}"


def said(service: Service, method: str, path: str, body: Any = None, *, token: str | None = None) -> tuple[int, Any]:
    """The status and the body, without what is new in each answer."""
    answer = service.call(method, path, body, token=token)
    found = answer.json()
    found.pop("request_id", None)
    return answer.status, found


def test_a_whole_life(service: Service) -> None:
    path = ordered(service, is_active=False)
    uuid = path.rpartition("/")[2]

    _, pending = said(service, "GET", path)
    assert said(service, "PATCH", path, {"format": "csv", "parameters": {"status": "inactive"}})[0] == 200
    status, cancelled = said(service, "POST", f"{path}/cancel")
    assert (status, cancelled["status"], cancelled["error"]["code"]) == (200, "failed", "cancelled")
    status, retried = said(service, "POST", f"{path}/retry")
    assert (status, retried["status"], retried["error"], retried["finished_at"]) == (202, "pending", None, None)
    status, active = said(service, "PATCH", path, {"is_active": True})
    assert (status, active["is_active"]) == (200, True)
    completed = service.finished(uuid)
    rows = list(csv.DictReader(io.StringIO(service.document(uuid).decode(), newline="")))
    assert (completed["status"], {row["status"] for row in rows}) == ("completed", {"inactive"})

    assert said(service, "DELETE", path) == (200, {"message": "Report deleted"})
    assert said(service, "DELETE", path) == (404, {"message": "Not Found", "code": "not_found"})
    restored = {
        "message": "Report restored",
        "report": {"id": pending["id"], "uuid": uuid, "title": "Kullanıcı Raporu", "is_active": True, "deleted_at": None},
    }  # fmt: skip
    for _ in range(2):  # a client whose answer was lost asks again
        assert said(service, "POST", f"{path}/restore") == (200, restored)
    assert service.document(uuid)


def test_an_answer_may_be_sent_back_with_one_field_changed(service: Service) -> None:
    path = ordered(service, is_active=False, options={"locale": "en"})
    _, before = said(service, "GET", path)

    for method in ("PUT", "PATCH"):
        status, after = said(service, method, path, before | {"title": f"By {method}"})

        assert status == 200
        assert after == before | {"title": f"By {method}", "updated_at": after["updated_at"]}
        assert after["updated_at"] > before["updated_at"]


def test_an_update_that_queues_says_when_to_look(service: Service) -> None:
    path = ordered(service, is_active=False)

    answer = service.call("PATCH", path, {"is_active": True})

    assert answer.status == 200
    assert answer.headers["Retry-After"] == "1"


def test_a_finished_document_never_changes(service: Service) -> None:
    path = ordered(service, format="csv")
    uuid = path.rpartition("/")[2]
    service.finished(uuid)
    document = service.document(uuid)

    started = {
        "message": "Only the title and is_active can be changed once rendering has started.",
        "code": "rendering_started",
    }
    bodies: list[dict[str, Any]] = [{"format": "json"}, {"parameters": {}}, {"options": {"locale": "en"}}]
    for body in bodies:
        assert said(service, "PATCH", path, body) == (409, started)
    assert said(service, "PATCH", path, {"title": "Adı değişti"})[0] == 200
    assert service.document(uuid) == document
    for act, code in (("retry", "not_failed"), ("cancel", "already_finished")):
        status, answer = said(service, "POST", f"{path}/{act}")
        assert (status, answer["code"]) == (409, code)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_finished_report_takes_a_title_with_the_contracts_default_options(service: Service, method: str) -> None:
    path = ordered(service)
    before = service.finished(path.rpartition("/")[2])

    status, after = said(service, method, path, {**CYBERCERT, "status": "completed", "title": "q", "options": {}})
    refused, _ = said(service, "PATCH", path, {"options": {"allow_truncated": True}})

    assert (status, refused) == (200, 409)
    assert after == {**before, "title": "q", "updated_at": after["updated_at"]}


def test_wrong_updates_are_named_in_laravels_words(service: Service) -> None:
    path = ordered(service, is_active=False)

    wrong: list[tuple[str, dict[str, Any], dict[str, list[str]]]] = [
        ("PUT", {}, {
            "title": ["The title field is required."],
            "report_type": ["The report type field is required."],
        }),
        ("PATCH", {"status": "completed"}, {"status": ["The status field must be pending."]}),
        ("PATCH", {"attempt": 0}, {"attempt": ["The attempt field is prohibited."]}),
        ("PATCH", {"parameters": {"date_from": "x"}}, {
            "parameters.date_from": ["The parameters.date from field must be a valid date."],
        }),
    ]  # fmt: skip
    for method, body, errors in wrong:
        expected = {"message": "Validation failed", "errors": errors, "code": "validation_failed"}
        assert said(service, method, path, body) == (422, expected)
    assert said(service, "PATCH", path, [])[0] == 400


CHANGES = [("PUT", ""), ("PATCH", ""), ("POST", "/retry"), ("POST", "/cancel"), ("DELETE", ""), ("POST", "/restore")]
BODY = {"title": "B", "report_type": "users"}


@pytest.mark.parametrize(("method", "suffix"), CHANGES)
def test_foreign_and_absent_reports_answer_alike_and_nothing_answers_the_unpermitted(
    service: Service, method: str, suffix: str
) -> None:
    path = ordered(service, is_active=False)
    own = [f"reports.{it}.own" for it in ("generate", "view", "export", "delete", "restore")]
    stranger, nobody = service.token(sub="2", permissions=own), service.token(sub="1", permissions=["reports.view"])

    answers = [
        said(service, method, f"{it}{suffix}", BODY, token=stranger) for it in (path, f"{PATH}/{uuid4()}", f"{PATH}/x")
    ]
    message = "Report not found" if suffix == "/restore" else "Not Found"

    assert answers == [(404, {"message": message, "code": "not_found"})] * 3
    assert said(service, method, f"{path}{suffix}", BODY, token=nobody) == (
        403,
        {"message": "Forbidden", "code": "forbidden"},
    )
    assert said(service, "GET", path)[1]["title"] == CYBERCERT["title"]


def test_deleting_stops_what_waits(service: Service) -> None:
    path = ordered(service, is_active=False)

    assert said(service, "DELETE", path)[0] == 200
    for method, suffix in CHANGES[:-1]:
        assert said(service, method, f"{path}{suffix}", BODY)[0] == 404
    assert said(service, "POST", f"{path}/restore")[1]["report"]["is_active"] is False
    status, report = said(service, "GET", path)
    assert (status, report["status"], report["error"]["code"]) == (200, "failed", "cancelled")


def test_history_made_elsewhere_may_be_corrected_but_not_run(service: Service) -> None:
    path = ordered(service, status="processing")
    own = service.token(permissions=["reports.generate.own"])

    assert said(service, "PATCH", path, {"status": "failed"}, token=own)[0] == 422
    assert said(service, "PATCH", path, {"status": "pending"})[0] == 422
    assert said(service, "PATCH", path, {"status": "failed"})[1]["status"] == "failed"
    assert said(service, "POST", f"{path}/retry")[1]["code"] == "not_failed"


@pytest.mark.parametrize("status", ["processing", "completed", "failed"])
def test_history_is_refused_in_words_that_are_true_of_it(service: Service, status: str) -> None:
    path, elsewhere = ordered(service, status=status), "made elsewhere"
    changed = elsewhere + ": it cannot be changed but for its title, status and is_active."

    answers = [
        said(service, "GET", f"{path}/download"),
        said(service, "GET", f"{path}/manifest"),
        said(service, "POST", f"{path}/retry"),
        said(service, "POST", f"{path}/cancel"),
        said(service, "PATCH", path, {"format": "json"}),
    ]

    assert answers == [
        (409, {"message": f"The report has no document: it was {elsewhere}.", "code": "not_completed"}),
        (409, {"message": f"The report has no document: it was {elsewhere}.", "code": "not_completed"}),
        (409, {"message": f"The report was {elsewhere}: it cannot be retried.", "code": "not_failed"}),
        (409, {"message": f"The report was {elsewhere}: it cannot be cancelled.", "code": "already_finished"}),
        (409, {"message": f"The report was {changed}", "code": "rendering_started"}),
    ]
