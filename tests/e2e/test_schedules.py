"""Schedules over plain HTTP: what their reports hold, whoever ordered them."""

import csv
import io
from typing import Any

import pytest

from local.first_order import Answer, request
from tests.service import Service

pytestmark = pytest.mark.e2e
PATH = "/api/v1/schedules"
USERS = {
    "name": "Everybody",
    "report": {"title": "Users", "report_type": "users", "parameters": {}, "format": "csv"},
    "expression": "cron(0 3 1 1 ? *)",
    "timezone": "Europe/Istanbul",
}


def document_of_a_run(service: Service, uuid: str, token: str) -> list[list[str]]:
    answer = service.call("POST", f"{PATH}/{uuid}/run", token=token)
    assert answer.status == 201, answer.body
    report = service.finished(answer.json()["uuid"])
    assert (report["status"], report["schedule_id"]) == ("completed", uuid), report
    return list(csv.reader(io.StringIO(service.document(report["uuid"]).decode())))


def scheduled(service: Service, token: str, **changes: Any) -> str:
    answer = service.call("POST", PATH, {**USERS, **changes}, token=token)
    assert answer.status == 201, answer.body
    assert answer.headers["Location"] == f"{PATH}/{answer.json()['uuid']}"
    return str(answer.json()["uuid"])


def test_a_key_gets_its_first_answer_whatever_became_of_the_schedule(service: Service) -> None:
    token, other = service.token("24", ["reports.generate.own"]), service.token("25", ["reports.generate.own"])

    def create(token: str, **changes: Any) -> Answer:
        headers = {"Idempotency-Key": "weekly-1"}
        return request("POST", service.url + PATH, token=token, body={**USERS, **changes}, headers=headers)

    first = create(token)
    at = f"{PATH}/{first.json()['uuid']}"
    service.call("PATCH", at, {"name": "B"}, token=token)
    patched = create(token)
    service.call("DELETE", at, token=token)
    deleted, refused, theirs = create(token), create(token, name="C"), create(other)

    assert (first.status, first.headers["Idempotency-Replayed"]) == (201, None)
    for again in (patched, deleted):
        assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert (again.json(), again.headers["Location"]) == (first.json(), at)
    assert (refused.status, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert (theirs.status, theirs.headers["Idempotency-Replayed"]) == (201, None)
    assert service.call("GET", PATH, token=token).json()["data"] == []


def run_now(service: Service, uuid: str, token: str, key: str | None = None) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return request("POST", f"{service.url}{PATH}/{uuid}/run", token=token, headers=headers)


def test_a_run_by_hand_under_one_key_is_one_report(service: Service) -> None:
    token, helper = service.token("21", ["reports.generate.own"]), service.token("22", ["reports.generate"])
    uuid, another = scheduled(service, token), scheduled(service, token)

    first, again = (run_now(service, uuid, token, "run-1") for _ in range(2))
    others = [
        run_now(service, uuid, token),
        run_now(service, uuid, token, "run-2"),
        run_now(service, uuid, helper, "run-1"),
    ]

    assert (first.status, first.headers["Idempotency-Replayed"]) == (201, None)
    assert (again.status, again.json(), again.headers["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert again.headers["Location"] == first.headers["Location"]
    assert [it.status for it in others] == [201] * 3
    made = [service.finished(it.json()["uuid"], token=service.token()) for it in (first, *others)]
    assert len({(it["schedule_id"], it["scheduled_for"]) for it in made}) == 4
    assert {it["user_id"] for it in made} == {21}
    refused = [run_now(service, another, token, "run-1"), run_now(service, uuid, token, "no key")]
    assert [(it.status, it.json()["code"]) for it in refused] == [
        (422, "idempotency_key_reused"),
        (422, "validation_failed"),
    ]


def test_a_known_run_by_hand_is_answered_whatever_became_of_its_schedules_order(service: Service) -> None:
    token = service.token("23", ["reports.generate.own"])
    uuid = scheduled(service, token)
    first = run_now(service, uuid, token, "run-1")

    changed = service.call("PATCH", f"{PATH}/{uuid}", {"report": {"title": "B"}, "is_active": False}, token=token)
    again = run_now(service, uuid, token, "run-1")

    assert changed.status == 200
    assert again.json() == first.json()


def test_who_may_order_only_their_own_gets_only_their_own_rows(service: Service) -> None:
    token = service.token("17", ["reports.generate.own"])

    head, *rows = document_of_a_run(service, scheduled(service, token), token)

    assert {row[0] for row in rows} == {"17"}
    assert len(head) > 1


def test_a_general_holder_who_comes_back_with_less_gets_less_and_never_more_again(service: Service) -> None:
    general, own = service.token("18", ["reports.generate"]), service.token("18", ["reports.generate.own"])
    uuid = scheduled(service, general)

    everybody = document_of_a_run(service, uuid, general)
    narrowed = document_of_a_run(service, uuid, own)
    again = document_of_a_run(service, uuid, general)

    assert len(everybody) > 100
    assert narrowed == again
    assert {row[0] for row in narrowed[1:]} == {"18"}


def test_without_the_permission_it_pauses(service: Service) -> None:
    general, viewer = service.token("19", ["reports.generate"]), service.token("19", ["reports.view"])
    uuid = scheduled(service, general)

    refused = service.call("GET", f"{PATH}/{uuid}", token=viewer)
    shown = service.call("GET", f"{PATH}/{uuid}", token=general).json()

    assert refused.status == 403
    assert (shown["is_active"], shown["next_runs"], shown["pause"]["code"]) == (False, [], "permission_lost")
    resumed = service.call("PATCH", f"{PATH}/{uuid}", {"is_active": True}, token=general).json()
    assert (resumed["is_active"], resumed["pause"], len(resumed["next_runs"])) == (True, None, 5)


def test_a_list_leads_on_page_by_page(service: Service) -> None:
    token = service.token("20", ["reports.generate.own"])
    made = [scheduled(service, token, name=f"N{number}") for number in range(5)]
    found, path = [], f"{PATH}?per_page=2"

    while path:
        page = service.call("GET", path, token=token).json()
        found += [it["uuid"] for it in page["data"]]
        path = (page["links"]["next"] or "").removeprefix(service.url)

    assert found == made[::-1]
    assert [
        len(service.call("GET", f"{PATH}?{it}", token=token).json()["data"]) for it in ("per_page=", "cursor=")
    ] == [5, 5]
    assert service.call("GET", f"{PATH}?cursor={page['meta']['next_cursor'] or 'x'}", token=token).status == 422
