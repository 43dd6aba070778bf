"""The life of a report as a Laravel application lives it, with nothing but Laravel's own HTTP client."""

import csv
import hashlib
import io
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from local.first_order import Answer, request
from tests.builders import CYBERCERT
from tests.service import PATIENCE_S, Service

pytestmark = pytest.mark.e2e
REPORTS = "/api/v1/reports"
CSV = CYBERCERT | {"format": "csv", "parameters": {}}


class RequestException(Exception):
    """What `->throw()` throws; an application shows `message`, and `errors` beside its fields."""

    def __init__(self, answer: Answer) -> None:
        self.status: int = answer.status
        self.message: str = answer.json()["message"]
        self.errors: dict[str, list[str]] = answer.json().get("errors", {})
        super().__init__(f"HTTP request returned status code {self.status}: {self.message}")


@dataclass(frozen=True)
class Http:
    """`Http::baseUrl(…)->withToken(…)->acceptJson()->throw()`, and what it sends."""

    base_url: str
    token: str

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """PHP's `http_build_query` makes `1` and `0` of booleans."""
        plain = {name: int(value) if isinstance(value, bool) else value for name, value in (query or {}).items()}
        return self.send("GET", f"{path}?{urlencode(plain)}" if plain else path)

    def post(self, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """No data are PHP's empty array, which is `[]` in JSON."""
        return self.send("POST", path, data or [])

    def put(self, path: str, data: Mapping[str, Any]) -> Any:
        return self.send("PUT", path, data)

    def patch(self, path: str, data: Mapping[str, Any]) -> Any:
        return self.send("PATCH", path, data)

    def delete(self, path: str) -> Any:
        return self.send("DELETE", path)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Accept": "application/json", "User-Agent": "GuzzleHttp/7"}
        url = path if path.startswith("http") else self.base_url + path
        answer = request(method, url, token=self.token, body=body, headers=headers)
        if answer.status >= 400:
            raise RequestException(answer)
        return answer.json()

    def sink(self, path: str) -> Answer:
        """Without `acceptJson`: Guzzle goes after a redirect, and leaves the token behind at another host."""
        redirect = request("GET", self.base_url + path, token=self.token, headers={"Accept": "*/*"})
        assert redirect.status == 302
        return request("GET", redirect.headers["Location"])

    def paginated(self, query: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
        """Page after page, as `links.next` leads."""
        page = self.get(REPORTS, query)
        yield page["data"]
        while url := page["links"]["next"]:
            page = self.get(url)
            yield page["data"]

    def finished(self, uuid: str) -> dict[str, Any]:
        """Ask until it has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            report: dict[str, Any] = self.get(f"{REPORTS}/{uuid}")
            if report["status"] in {"completed", "failed"}:
                return report
            time.sleep(0.05)
        raise AssertionError(f"{uuid} has not ended: {report}")


def a_client(service: Service, sub: str) -> Http:
    own = [f"reports.{it}.own" for it in ("generate", "view", "export", "delete", "restore")]
    return Http(service.url, service.token(sub, own, email="ayse@example.com"))


def test_a_reports_life(service: Service) -> None:
    http = a_client(service, "21")

    created = http.post(REPORTS, CSV | {"title": "Taslak", "is_active": False})
    path = f"{REPORTS}/{created['uuid']}"
    shown = http.get(path)
    assert (shown["status"], shown["user"]) == ("pending", {"id": 21, "email": "ayse@example.com"})
    assert {name: shown[name] for name in created} == created

    shown["title"] = "Kullanıcı Raporu"
    updated = http.put(path, shown)
    assert updated == shown | {"updated_at": updated["updated_at"]}

    cancelled = http.post(f"{path}/cancel")
    assert (cancelled["status"], cancelled["error"]["code"]) == ("failed", "cancelled")
    assert (http.post(f"{path}/retry")["status"], http.get(path)["error"]) == ("pending", None)

    http.patch(path, {"is_active": True})
    completed = http.finished(created["uuid"])
    assert (completed["status"], completed["progress"]["percent"]) == ("completed", 100)

    link = http.get(completed["download_url"])
    document = request("GET", link["url"])  # Http::get(…), without the token
    assert link.keys() == {"url", "expires_at"}
    assert hashlib.sha256(document.body).hexdigest() == completed["result"]["sha256"]
    assert http.sink(completed["file_path"]).body == document.body
    rows = list(csv.DictReader(io.StringIO(document.body.decode(), newline="")))
    assert len(rows) == completed["result"]["row_count"] == completed["result"]["rows_total"]
    assert {row["user_id"] for row in rows} == {"21"}
    assert http.get(f"{path}/manifest")["manifest"]["document"]["sha256"] == completed["result"]["sha256"]

    assert http.delete(path) == {"message": "Report deleted"}
    with pytest.raises(RequestException, match=r"404: Not Found"):
        http.delete(path)
    assert http.get(REPORTS)["data"] == []
    assert [it["uuid"] for it in http.get(REPORTS, {"with_trashed": True})["data"]] == [created["uuid"]]

    restored = http.post(f"{path}/restore")
    assert restored["message"] == "Report restored"
    assert restored["report"].keys() == {"id", "uuid", "title", "is_active", "deleted_at"}
    assert http.get(path) == completed | {"updated_at": http.get(path)["updated_at"]}


def test_what_failed_is_retried_and_tells_of_its_new_attempt(service: Service) -> None:
    http = a_client(service, "22")
    nobody = {"title": "Skor", "report_type": "reference", "parameters": {"referenceId": "nobody"}}

    uuid = http.post(REPORTS, nobody)["uuid"]
    first = http.finished(uuid)
    again = http.post(f"{REPORTS}/{uuid}/retry")
    second = http.finished(uuid)

    assert (first["status"], first["error"]["code"]) == ("failed", "reference_not_found")
    assert (again["status"], again["error"], again["finished_at"]) == ("pending", None, None)
    assert (second["error"]["code"], second["error"]["attempt"]) == ("reference_not_found", 2)
    assert first["error"]["attempt"] == 1


@pytest.fixture(scope="module")
def listed(service: Service) -> tuple[Http, list[str]]:
    """Five reports that wait and one that was cancelled, oldest first."""
    http = a_client(service, "23")
    made = [
        http.post(REPORTS, CYBERCERT | {"title": f"Rapor {number}", "is_active": False, "format": form})["uuid"]
        for number, form in enumerate(("pdf", "csv", "pdf", "excel", "json", "csv"))
    ]
    http.post(f"{REPORTS}/{made[0]}/cancel")
    return http, made


def test_pages_are_followed_to_the_last(listed: tuple[Http, list[str]]) -> None:
    http, made = listed

    pages = [[report["uuid"] for report in page] for page in http.paginated({"per_page": 4})]

    assert pages == [made[:1:-1], made[1::-1]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"search": "rapor 3"}, [3]),
        ({"report_type": "users", "format": "csv"}, [5, 1]),
        ({"report_type": "reference"}, []),
        ({"status": "failed"}, [0]),
        ({"is_active": True}, []),
        ({"is_active": False, "status": "pending"}, [5, 4, 3, 2, 1]),
        ({"created_from": "2025-01-01", "format": "json", "page": 1}, [4]),
        ({"created_to": "2025-01-01"}, []),
    ],
)
def test_a_list_is_narrowed(listed: tuple[Http, list[str]], query: dict[str, Any], expected: list[int]) -> None:
    http, made = listed

    found = http.get(REPORTS, query)

    assert [report["uuid"] for report in found["data"]] == [made[number] for number in expected]


def test_errors_are_ready_to_be_shown(listed: tuple[Http, list[str]]) -> None:
    http, made = listed

    with pytest.raises(RequestException) as refused:
        http.post(REPORTS, {"parameters": {"status": "asleep"}})
    with pytest.raises(RequestException) as unfinished:
        http.get(f"{REPORTS}/{made[1]}/download")

    assert (refused.value.status, refused.value.message) == (422, "Validation failed")
    assert refused.value.errors == {
        "title": ["The title field is required."],
        "report_type": ["The report type field is required."],
    }
    assert (unfinished.value.status, unfinished.value.errors) == (409, {})
    assert unfinished.value.message == "The report has no document: it is not completed."
