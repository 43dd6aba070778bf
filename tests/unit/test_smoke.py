"""What `rapor smoke` calls a broken promise."""

import hashlib
import json
from email.message import Message
from typing import Any

import pytest

from local.first_order import Answer
from local.smoke import Door, NotAsPromised, Wish, smoke

DOCUMENT = b"a,b\n1,2\n"
UUID = "550e8400-e29b-41d4-a716-446655440000"
LINK = "https://bucket.example/x?signature=secret"


class FakeService:
    """A service that keeps its word, but for what a test takes away."""

    def __init__(self) -> None:
        self.report: dict[str, Any] = {
            "uuid": UUID,
            "status": "completed",
            "error": None,
            "result": {"row_count": 1, "size_bytes": len(DOCUMENT), "sha256": hashlib.sha256(DOCUMENT).hexdigest()},
        }
        self.document = DOCUMENT
        self.open_to_strangers = False
        self.deleted = False

    def request(self, method: str, url: str, *, token: str | None = None, **_: Any) -> Answer:
        path = url.removeprefix("https://rapor.example")
        if url == LINK:
            return self._answer(200, self.document)
        if path != "/openapi.json" and token != "good" and not self.open_to_strangers:
            return self._answer(401, {"code": "unauthenticated"})
        match method, path.removeprefix("/api/v1"):
            case "POST", "/reports":
                return self._answer(201, self.report)
            case "GET", "/report-types/users":
                return self._answer(200, {"data": {"formats": ["csv"], "parameters_schema": {}}})
            case "GET", tail if tail.endswith("/download"):
                return self._answer(302, b"", LINK)
            case "DELETE", _:
                self.deleted = True
        return self._answer(200, self.report)

    def _answer(self, status: int, body: Any, location: str = "") -> Answer:
        headers = Message()
        headers["Location"] = location
        return Answer(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> FakeService:
    fake = FakeService()
    monkeypatch.setattr("local.smoke.request", fake.request)
    return fake


def smoked() -> list[str]:
    said: list[str] = []
    smoke(Door("https://rapor.example", "good"), Wish("users", (), ()), patience_s=0.1, say=said.append)
    return said


def test_a_kept_word_is_said_by_format(service: FakeService) -> None:
    first, second = smoked()

    assert first == "strangers stay out"
    assert second.startswith("csv    1 rows, 8 bytes, ")
    assert service.deleted


def test_a_door_open_to_strangers_is_a_broken_promise(service: FakeService) -> None:
    service.open_to_strangers = True

    with pytest.raises(NotAsPromised, match="answered 200 instead of 401"):
        smoked()


def test_other_bytes_than_the_row_says_are_a_broken_promise_and_are_deleted(service: FakeService) -> None:
    service.document = DOCUMENT.replace(b"1", b"9")

    with pytest.raises(NotAsPromised, match="is not what its row says"):
        smoked()

    assert service.deleted


def test_a_failed_report_is_told_with_its_code(service: FakeService) -> None:
    service.report |= {"status": "failed", "error": {"code": "source_unavailable"}}

    with pytest.raises(NotAsPromised, match="source_unavailable"):
        smoked()

    assert service.deleted


def test_a_report_without_end_is_told_after_a_while(service: FakeService) -> None:
    service.report["status"] = "pending"

    with pytest.raises(NotAsPromised, match="is pending after 0 s"):
        smoked()


def test_no_answer_names_no_signature(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(method: str, url: str, **more: Any) -> Answer:
        if url == LINK:
            raise ConnectionRefusedError("refused")
        return service.request(method, url, **more)

    monkeypatch.setattr("local.smoke.request", broken)

    with pytest.raises(NotAsPromised, match="no answer") as raised:
        smoked()

    assert "secret" not in str(raised.value)
