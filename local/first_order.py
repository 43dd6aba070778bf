"""Orders CyberCert's example report through the front door, as any client would."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

EXAMPLE = {
    "title": "Kullanıcı Raporu",
    "report_type": "users",
    "parameters": {"date_from": "2025-01-01", "date_to": "2025-12-31", "status": "active"},
    "format": "pdf",
}
REPORTS = "/api/v1/reports"
PATIENCE_S = 180
REQUEST_S = 60


class OrderFailed(Exception):
    """The report did not become a document; says at which step."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names as `Message` finds them, in any case."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class StayHere(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer: following it would send the token along."""

    def redirect_request(  # noqa: PLR0917 - urllib's
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Do not follow."""


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), StayHere)


def request(
    method: str,
    url: str,
    *,
    token: str | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    opener: urllib.request.OpenerDirector = OPENER,
) -> Answer:
    """Send one request; any status is an answer."""
    sent_headers = {"Content-Type": "application/json"} if body is not None else {}
    sent_headers |= headers or {}
    if token:
        sent_headers["Authorization"] = f"Bearer {token}"
    content = json.dumps(body).encode() if body is not None else None
    sent = urllib.request.Request(url, content, sent_headers, method=method)  # noqa: S310 - our own addresses
    try:
        with opener.open(sent, timeout=REQUEST_S) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def order_example(url: str, token: str, *, folder: Path, say: Callable[[str], None]) -> Path:
    """
    Order, wait, download.

    Raises:
        OrderFailed: At one of these.
    """
    say(f"ordering an example: {json.dumps(EXAMPLE, ensure_ascii=False)}")
    created = _expect(201, request("POST", url + REPORTS, token=token, body=EXAMPLE), "POST").json()
    say(_line(created))
    report = _wait(f"{url}{REPORTS}/{created['uuid']}", token, say)
    if report["status"] != "completed":
        raise OrderFailed(f"the report is {report['status']}: {json.dumps(report.get('error'), ensure_ascii=False)}")
    return _download(f"{url}{REPORTS}/{created['uuid']}/download", token, folder)


def _wait(address: str, token: str, say: Callable[[str], None]) -> Mapping[str, Any]:
    """Until the report has ended, saying what changed."""
    said = ""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        report: dict[str, Any] = _expect(200, request("GET", address, token=token), "GET").json()
        if (line := _line(report)) != said:
            say(line)
            said = line
        if report["status"] in {"completed", "failed"}:
            return report
        time.sleep(0.2)
    raise OrderFailed(f"no end after {PATIENCE_S} s")


def _line(report: Mapping[str, Any]) -> str:
    progress = report.get("progress") or {}
    details = [f"{progress['percent']} %"] if "percent" in progress else []
    if progress.get("stage") not in {None, report["status"]}:
        details.append(str(progress["stage"]))
    if progress.get("rows_done"):
        details.append(f"{progress['rows_done']:,} rows")
    return f"  {', '.join([report['status'], *details])}"


def _download(address: str, token: str, folder: Path) -> Path:
    link = _expect(302, request("GET", address, token=token), "GET …/download").headers["Location"]
    document = _expect(200, request("GET", link), "the signed link")  # without the token: S3 would refuse it
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _file_name(document.headers.get("Content-Disposition", ""))
    path.write_bytes(document.body)
    return path


def _file_name(disposition: str) -> str:
    """The name of RFC 6266's `filename*`, else `filename`, without any folder."""
    fields = dict(part.strip().partition("=")[::2] for part in disposition.split(";"))
    name = unquote(fields["filename*"].rpartition("'")[2]) if "filename*" in fields else fields.get("filename", "")
    return Path(name.strip('"').replace("\\", "/")).name or "report.pdf"


def _expect(status: int, answer: Answer, what: str) -> Answer:
    if answer.status != status:
        raise OrderFailed(f"{what} answered {answer.status}: {answer.body[:2000].decode(errors='replace')}")
    return answer
