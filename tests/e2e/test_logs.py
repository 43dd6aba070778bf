"""What the functions log holds ids, and nothing of what was sent, found or signed."""

import json
import re
from typing import Any

import pytest

from local.first_order import Answer, request
from tests.service import Service

pytestmark = pytest.mark.e2e
REPORTS = "/api/v1/reports"
CANARY = "kanarya"  # in everything that is sent here


def sent(service: Service, token: str) -> list[Answer]:
    """Requests to both doors that are done, refused or fail, each with a canary wherever there is room for one."""

    def send(method: str, path: str, body: Any = None, **more: str) -> Answer:
        headers = {"Idempotency-Key": f"{CANARY}-key-{len(answers)}", "User-Agent": f"{CANARY}-agent", **more}
        headers |= {"Cookie": f"a={CANARY}", "Referer": f"https://{CANARY}.example/", "X-Forwarded-For": CANARY}
        answers.append(request(method, service.url + path, token=token, body=body, headers=headers))
        return answers[-1]

    answers: list[Answer] = []
    order = {"title": f"{CANARY}-title", "report_type": "reference", "parameters": {"referenceId": "92442"}}
    made = f"{REPORTS}/{send('POST', REPORTS, order).json()['uuid']}"
    service.finished(made.rpartition("/")[2])
    lost = send("POST", REPORTS, order | {"parameters": {"referenceId": f"{CANARY}-parameter"}}).json()
    score = send("POST", "/reports", {"uuid": f"{CANARY}-uuid", "referenceId": f"{CANARY}-reference"}).json()
    assert {service.finished(uuid)["error"]["code"] for uuid in (lost["uuid"], score["id"])} == {"reference_not_found"}

    send("POST", REPORTS, order | {f"{CANARY}_field": f"{CANARY}-value", "parameters": {CANARY: CANARY}})
    send("POST", REPORTS, [f"{CANARY}-list"])
    send("POST", f"{REPORTS}/estimate", order | {"parameters": {"referenceId": f"{CANARY}-estimate"}})
    send("PATCH", made, {"title": f"{CANARY}-new-title"})
    send("PATCH", made, {"parameters": {"referenceId": f"{CANARY}-too-late"}})
    send("GET", f"{REPORTS}?search={CANARY}&cursor={CANARY}")
    send("GET", f"{REPORTS}?search={CANARY}")
    send("GET", f"{REPORTS}/{CANARY}-path")
    send("GET", f"{made}/download")
    send("GET", f"{made}/download", Accept="application/json")
    send("GET", f"{made}/manifest")
    send("PUT", made, order | {"title": f"{CANARY}-put"})
    send("PUT", made, {"title": f"{CANARY}-put", "status": f"{CANARY}-status"})
    send("POST", f"{REPORTS}/{lost['uuid']}/retry")
    assert service.finished(lost["uuid"])["error"]["code"] == "reference_not_found"
    send("POST", f"{REPORTS}/{lost['uuid']}/cancel")
    waiting = send("POST", REPORTS, order | {"is_active": False}).json()
    send("POST", f"{REPORTS}/{waiting['uuid']}/cancel")
    send("GET", f"{REPORTS}/{waiting['uuid']}/download")
    send("GET", f"/api/v1/report-types/{CANARY}")
    send("GET", f"/docs/{CANARY}")
    send("POST", REPORTS, order | {"format": f"{CANARY}-format", "options": {"locale": f"{CANARY}-locale"}})
    send("POST", REPORTS, order, **{"Idempotency-Key": f"{CANARY}-" * 50})
    send("POST", REPORTS, order, **{"Content-Type": f"text/{CANARY}"})
    send("DELETE", made)
    send("POST", f"{made}/restore")
    send("POST", "/reports", {"referenceId": f"{CANARY}\n", "type": CANARY})
    send("GET", f"/reports?referenceId={CANARY}&{CANARY}=1")
    send("GET", f"/reports/count?referenceId={CANARY}")
    send("GET", f"/reports/{CANARY}-uuid")
    send("POST", "/reports", {"uuid": f"{CANARY}-uuid", "referenceId": f"{CANARY}-another-body"})
    send("POST", "/reports", {"referenceId": "1", "processed": True, "score": 1, "scoreVersion": f"{CANARY}-version"})
    return answers


def turned_away(service: Service) -> list[Answer]:
    """Requests that the gateway answers by itself, tokens that it refuses among them."""
    expired = service.token(f"{CANARY}-sub", exp=1, email=f"{CANARY}@example.com")
    tokens = (f"{CANARY}.{CANARY}.{CANARY}", expired, expired[:-4], f"{CANARY} {CANARY}")
    refused = [service.call("GET", f"{REPORTS}?search={CANARY}", token=token) for token in tokens]
    return [*refused, service.call("GET", f"/{CANARY}?{CANARY}={CANARY}"), service.call("PATCH", f"/reports/{CANARY}")]


def test_logs_hold_nothing_of_what_was_sent(service: Service) -> None:
    token = service.token(
        "logs-1",
        ["reports.generate", "reports.view", "reports.export", "reports.delete", "reports.restore"],
        email=f"{CANARY}@example.com",
        preferred_username=f"{CANARY}-name",
        role=f"{CANARY}-role",
    )
    forbidden = service.token("logs-2", [f"{CANARY}.permission"], email=f"{CANARY}@example.com")

    answers = [*sent(service, token), service.call("GET", REPORTS, token=forbidden)]
    assert {answer.status for answer in turned_away(service)} == {401, 404}
    log = (service.home / "log" / "functions.jsonl").read_text("utf-8")
    told = log + "\n".join(service.lines)

    assert {answer.status for answer in answers} >= {200, 201, 202, 302, 400, 403, 404, 409, 415, 422}
    entries = [json.loads(line) for line in log.splitlines()]
    audited = {entry["audit"]["request_id"] for entry in entries if "audit" in entry}
    public = {answer.headers["X-Request-Id"] for answer in answers} - audited
    assert len(public) == 1  # of /docs, which is nobody's secret
    assert [line for line in told.splitlines() if CANARY in line.lower()] == []
    assert [part for jwt in (token, forbidden) for part in jwt.split(".")[1:] if part in told] == []
    assert not re.search("X-Amz-(Signature|Credential)", told)
