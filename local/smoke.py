"""Whether a service keeps its word, wherever it runs: everything through its front door, and nothing left behind."""

import hashlib
import json
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from local.first_order import REPORTS, Answer, StayHere, request
from local.parameters import read_parameters

TITLE = "Smoke"
LOOK_EVERY_S = 0.5
ENDED = frozenset({"completed", "failed"})
PROXIED = urllib.request.build_opener(StayHere)  # a stack may be behind the proxy that the environment names


class NotAsPromised(Exception):
    """The service did something else; says at which step."""


@dataclass(frozen=True)
class Door:
    """The service's address and a token that opens it."""

    url: str
    token: str

    def expect(self, status: int, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """
        Send a request that must be answered so.

        Raises:
            NotAsPromised: It was not, or not at all.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = _sent(method, self.url + path, token=self.token, body=body, headers=sent)
        return _expected(status, answer, f"{method} {path}")


@dataclass(frozen=True)
class Wish:
    """What is ordered: a report type, its parameters as they are typed, and formats, or all that the type has."""

    report_type: str
    parameters: Iterable[tuple[str, str]]
    formats: Iterable[str]


@dataclass(frozen=True)
class Kept:
    """A format that was ordered, followed, held to its SHA-256 and deleted."""

    format: str
    row_count: int
    size_bytes: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.format:<6} {self.row_count:,} rows, {self.size_bytes:,} bytes, {self.seconds:.1f} s: as promised"


def smoke(door: Door, wish: Wish, *, patience_s: float, say: Callable[[str], None]) -> list[Kept]:
    """
    See that strangers stay out; then order each format, follow it, hold the document to its SHA-256, and delete it.

    *say* hears of each as it is done.

    Raises:
        NotAsPromised: At one of these.
    """
    stranger = Door(door.url, "")
    stranger.expect(200, "GET", "/openapi.json")
    for who in (stranger, Door(door.url, "not.a.token")):
        who.expect(401, "GET", REPORTS)
    say("strangers stay out")
    report_type = door.expect(200, "GET", f"/api/v1/report-types/{wish.report_type}").json()["data"]
    schemas = report_type["parameters_schema"].get("properties", {})
    order = {
        "title": TITLE,
        "report_type": wish.report_type,
        "parameters": read_parameters(wish.parameters, schemas),
        "options": {"allow_truncated": True},
    }
    kept = []
    for wanted in tuple(wish.formats) or report_type["formats"]:
        kept.append(_one(door, order | {"format": wanted}, patience_s))
        say(str(kept[-1]))
    return kept


def _one(door: Door, order: Mapping[str, Any], patience_s: float) -> Kept:
    started, key = time.monotonic(), str(uuid4())
    uuid = door.expect(201, "POST", REPORTS, order, Idempotency_Key=key).json()["uuid"]
    path = f"{REPORTS}/{uuid}"
    try:
        again = door.expect(201, "POST", REPORTS, order, Idempotency_Key=key).json()["uuid"]
        _must(again == uuid, f"the same order twice is {uuid} and {again}")
        result = _ended(door, path, patience_s)["result"]
        seconds = time.monotonic() - started
        document = _document(door, path)
        found = hashlib.sha256(document).hexdigest()
        _must((found, len(document)) == (result["sha256"], result["size_bytes"]), f"{path} is not what its row says")
    finally:
        _sent("POST", f"{door.url}{path}/cancel", token=door.token)  # what has ended stays as it is
        deleted = _sent("DELETE", door.url + path, token=door.token)
    _expected(200, deleted, f"DELETE {path}")
    return Kept(order["format"], result["row_count"], len(document), seconds)


def _ended(door: Door, path: str, patience_s: float) -> dict[str, Any]:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        report: dict[str, Any] = door.expect(200, "GET", path).json()
        if report["status"] in ENDED:
            _must(report["status"] == "completed", f"{path} failed: {json.dumps(report['error'], ensure_ascii=False)}")
            return report
        time.sleep(LOOK_EVERY_S)
    raise NotAsPromised(f"{path} is {report['status']} after {patience_s:.0f} s")


def _document(door: Door, path: str) -> bytes:
    """Without the token, which S3 would refuse; the link alone opens it."""
    link = door.expect(302, "GET", f"{path}/download").headers["Location"]
    return _expected(200, _sent("GET", link), f"{path}'s signed link").body


def _sent(method: str, url: str, **more: Any) -> Answer:
    try:
        return request(method, url, opener=PROXIED, **more)
    except OSError as error:  # the link is no part of it: it opens the document
        reason = getattr(error, "reason", error)  # urllib wraps it
        raise NotAsPromised(f"{method} {url.partition('?')[0]}: no answer ({reason})") from error


def _expected(status: int, answer: Answer, what: str) -> Answer:
    said = answer.body[:500].decode(errors="replace")
    _must(answer.status == status, f"{what} answered {answer.status} instead of {status}: {said}")
    return answer


def _must(be_true: bool, sentence: str) -> None:  # noqa: FBT001 - an assertion
    if not be_true:
        raise NotAsPromised(sentence)
