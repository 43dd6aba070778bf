"""A report's life through the gateway: order, follow, list, download, and what others see of it."""

import csv
import io
import json
import re
import shutil
import subprocess
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import duckdb
import openpyxl
import pypdf
import pytest
from openpyxl.utils.escape import escape, unescape

from local.first_order import Answer, request
from tests.builders import CYBERCERT, a_catalogue
from tests.service import Service

pytestmark = pytest.mark.e2e
PATH = "/api/v1/reports"
GUARDED = ("=", "+", "-", "@", "\t", "\r", "\0")
ROLES = {"admin": "Yönetici", "editor": "Düzenleyen", "user": "Kullanıcı", "viewer": "Okuyan"}
STATUSES = {"active": "Etkin", "inactive": "Etkin değil", "suspended": "Askıda"}


def ordered(service: Service, token: str | None = None, **changes: object) -> dict[str, Any]:
    answer = service.call("POST", PATH, {**CYBERCERT, **changes}, token=token)
    assert answer.status == 201, answer.body
    report: dict[str, Any] = answer.json()
    return report


def completed(service: Service, token: str | None = None, **changes: object) -> dict[str, Any]:
    report = service.finished(ordered(service, token, **changes)["uuid"], token=token)
    assert report["status"] == "completed", report["error"]
    return report


@pytest.fixture(scope="module")
def source(service: Service) -> list[tuple[Any, ...]]:
    """What the type's own query gives, asked without any code of ours."""
    users = a_catalogue().get("users")
    assert users is not None
    with duckdb.connect() as con:
        con.execute(f"create view users as from '{service.home}/data/users/*.parquet'")
        return con.execute(users.query, CYBERCERT["parameters"]).fetchall()


def test_a_csv_equals_the_source_row_for_row(service: Service, source: list[tuple[Any, ...]]) -> None:
    report = completed(service, format="csv")

    [head, *rows] = csv.reader(io.StringIO(service.document(report["uuid"]).decode(), newline=""))

    assert head == [column["name"] for column in report["result"]["columns"]]
    assert rows == [[as_csv(cell) for cell in row] for row in source]


def test_an_end_is_a_line_on_the_terminal(service: Service) -> None:
    report = completed(service, format="json")
    waiting = ordered(service, is_active=False)
    assert service.call("POST", f"{PATH}/{waiting['uuid']}/cancel").status == 200

    service.wait_for(f"event report.completed {report['uuid']}")
    service.wait_for(f"event report.failed {waiting['uuid']}")


def as_csv(cell: object) -> str:
    match cell:
        case None:
            return ""
        case str() if cell.startswith(GUARDED):
            return f"'{cell}"
        case datetime():
            return cell.isoformat() + "Z"
    return str(cell)


def test_a_json_equals_the_source_row_for_row(service: Service, source: list[tuple[Any, ...]]) -> None:
    report = completed(service, format="json")

    document = json.loads(service.document(report["uuid"]), parse_float=Decimal)

    assert [tuple(row.values()) for row in document["rows"]] == [tuple(map(as_json, row)) for row in source]
    assert document["report"]["uuid"] == report["uuid"]


def as_json(cell: object) -> object:
    match cell:
        case datetime():
            return cell.isoformat() + "Z"
        case date():
            return cell.isoformat()
    return cell


def test_an_excel_equals_the_source_row_for_row(service: Service, source: list[tuple[Any, ...]]) -> None:
    report = completed(service, format="excel")

    sheet = openpyxl.load_workbook(io.BytesIO(service.document(report["uuid"])), read_only=True).worksheets[0]
    [head, *rows, totals] = sheet.iter_rows()

    assert [cell.value for cell in head][1:3] == ["Ad soyad", "E-posta"]
    assert totals[0].value == "Toplam"
    assert Decimal(str(totals[-1].value)) == sum(row[8] or 0 for row in source)
    assert len(rows) == len(source)
    assert not [cell for row in rows for cell in row if cell.data_type == "f"]
    for row, expected in zip(rows, source, strict=True):
        values = [cell.value for cell in row] + [None] * (len(expected) - len(row))
        role, status = ROLES[expected[3]], STATUSES[expected[5]]
        shown = [*expected[:3], role, expected[4], status, expected[6]]
        assert [as_python(value) for value in values[:7]] == [as_python(value) for value in shown]
        assert values[7] == expected[7]
        assert (values[8] is None) == (expected[8] is None)
        assert Decimal(str(values[8] or 0)) == (expected[8] or 0)


def as_python(cell: object) -> object:
    """What openpyxl gives back for a cell: days as datetimes, control characters as they are escaped in XML."""
    match cell:
        case datetime():
            return cell.date()
        case str():
            return escape(unescape(cell)).replace("\r\n", "\n")
    return cell


def test_a_pdf_says_what_it_is_with_every_letter_right(service: Service, source: list[tuple[Any, ...]]) -> None:
    report = completed(service)

    pdf = pypdf.PdfReader(io.BytesIO(service.document(report["uuid"])))
    text = "\n".join(page.extract_text() for page in pdf.pages)

    assert pdf.metadata is not None
    assert pdf.metadata.title == "Kullanıcı Raporu"
    for words in ("Kullanıcı Raporu", "01.01.2025", "31.12.2025", "Etkin", "Ad soyad", "Şehir"):
        assert words in text
    assert f"{len(source):,}".replace(",", ".") in text
    turkish = [row for row in source if len(row[1]) < 30 and set(row[1]) < set(TURKISH)]
    assert len(turkish) > 1000
    assert [row[1] for row in turkish if row[1] not in text.replace("\n", " ")] == []


TURKISH = "abcçdefgğhıijklmnoöprsştuüvyzqwxABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZQWX "


def test_a_completed_report_says_what_its_document_is(service: Service, source: list[tuple[Any, ...]]) -> None:
    report = completed(service, format="csv")
    result = report["result"]

    assert list(report)[:11] == [
        "id", "uuid", "title", "report_type", "parameters", "format",
        "status", "is_active", "user_id", "created_at", "updated_at",
    ]  # fmt: skip
    assert result["row_count"] == result["rows_total"] == len(source)
    assert result["truncated"] is False
    assert result["size_bytes"] == len(service.document(report["uuid"]))
    assert result["content_type"] == "text/csv; charset=utf-8"
    assert "key" not in result
    assert report["progress"]["percent"] == 100
    assert report["error"] is None
    assert report["created_at"] <= report["started_at"] <= report["finished_at"]
    assert report["download_url"] == report["file_path"] == f"{PATH}/{report['uuid']}/download"


def test_an_own_caller_gets_only_their_own_rows(service: Service) -> None:
    token = service.token(sub="1", permissions=["reports.generate.own", "reports.view.own", "reports.export.own"])

    report = completed(service, token, format="csv", parameters={})
    rows = list(csv.DictReader(io.StringIO(service.document(report["uuid"], token=token).decode(), newline="")))

    assert rows
    assert {row["user_id"] for row in rows} == {"1"}


def test_a_download_may_be_a_redirect_or_json(service: Service) -> None:
    report = completed(service, format="csv")
    path = f"{PATH}/{report['uuid']}/download"

    redirect = service.call("GET", path)
    listed = accepting_json(service, path)

    assert redirect.status == 302
    assert redirect.body == b""
    assert listed.status == 200
    assert listed.json().keys() == {"url", "expires_at"}
    document = request("GET", listed.json()["url"])
    assert document.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert document.headers["Content-Disposition"] == (
        "attachment; filename=\"Kullan_c_ Raporu.csv\"; filename*=UTF-8''Kullan%C4%B1c%C4%B1%20Raporu.csv"
    )
    assert parse_qs(urlsplit(listed.json()["url"]).query)["X-Amz-Expires"] == ["300"]


def link_to_the_longest_title(service: Service, letter: str) -> tuple[str, str]:
    """The uuid of a document, and a link to it."""
    uuid = completed(service, format="csv", title=letter * 255)["uuid"]
    return uuid, service.call("GET", f"{PATH}/{uuid}/download").headers["Location"]


@pytest.mark.parametrize("letter", ["x", "ş", "💙"])
def test_the_longest_title_makes_a_name_that_a_disk_takes(service: Service, tmp_path: Path, letter: str) -> None:
    _, link = link_to_the_longest_title(service, letter)

    told = request("GET", link).headers["Content-Disposition"]

    utf8 = unquote(told.partition("filename*=UTF-8''")[2], errors="strict")
    assert re.fullmatch(f"{letter}+\\.csv", utf8)
    (tmp_path / utf8).touch()
    assert len(utf8.encode()) > 230  # no shorter than it must be


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("letter", ["x", "ş", "💙"])
def test_curl_saves_a_document_of_the_longest_title(service: Service, tmp_path: Path, letter: str) -> None:
    uuid, link = link_to_the_longest_title(service, letter)

    subprocess.run(["curl", "-sSfOJ", link], cwd=tmp_path, check=True, timeout=60)

    [saved] = tmp_path.iterdir()
    assert saved.read_bytes() == service.document(uuid)


def accepting_json(service: Service, path: str) -> Answer:
    return request("GET", service.url + path, token=service.token(), headers={"Accept": "application/json"})


def test_a_link_that_was_changed_opens_nothing(service: Service) -> None:
    report = completed(service, format="csv")
    link = service.call("GET", f"{PATH}/{report['uuid']}/download").headers["Location"]

    assert request("GET", link.replace("X-Amz-Expires=300", "X-Amz-Expires=3000")).status == 403
    assert request("GET", link.split("?")[0]).status == 403


def test_there_is_no_document_before_there_is_one(service: Service) -> None:
    report = ordered(service, is_active=False)

    answer = service.call("GET", f"{PATH}/{report['uuid']}/download")

    assert answer.status == 409
    assert answer.json()["code"] == "not_completed"


def test_foreign_and_absent_reports_answer_alike(service: Service) -> None:
    report = ordered(service, is_active=False)
    stranger = service.token(sub="2", permissions=["reports.view.own", "reports.export.own"])
    absent = "123e4567-e89b-42d3-a456-426614174000"

    for suffix in ("", "/download"):
        answers = [
            service.call("GET", f"{PATH}/{uuid}{suffix}", token=stranger) for uuid in (report["uuid"], absent, "x")
        ]

        assert [answer.status for answer in answers] == [404] * 3
        assert len({json.dumps({**answer.json(), "request_id": ""}) for answer in answers}) == 1
        assert {len(answer.headers) for answer in answers} == {len(answers[0].headers)}


def test_an_unfinished_report_says_when_to_look_again(service: Service) -> None:
    report = ordered(service, is_active=False)

    answer = service.call("GET", f"{PATH}/{report['uuid']}")

    assert answer.status == 200
    assert answer.headers["Retry-After"] == "1"


def test_pages_lead_through_all_of_a_callers_reports(service: Service) -> None:
    token = service.token(sub="lister", permissions=["reports.generate.own", "reports.view.own"])
    made = [ordered(service, token, is_active=False, title=f"Rapor {n}")["uuid"] for n in range(7)]

    found, path = [], f"{PATH}?per_page=3"
    while path:
        page = service.call("GET", path, token=token).json()
        found += [report["uuid"] for report in page["data"]]
        path = (page["links"]["next"] or "").removeprefix(service.url)

    assert found == made[::-1]


def test_a_cursor_of_somebody_else_is_refused(service: Service) -> None:
    token = service.token(sub="lister2")
    for _ in range(2):
        ordered(service, token, is_active=False)
    page = service.call("GET", f"{PATH}?per_page=1", token=token).json()

    answer = service.call("GET", f"{PATH}?cursor={page['meta']['next_cursor']}", token=service.token(sub="other"))

    assert answer.status == 422
    assert answer.json()["errors"] == {"cursor": ["The selected cursor is invalid."]}


def test_a_search_goes_on_through_its_links(service: Service) -> None:
    token = service.token(sub="searcher")
    made = [
        ordered(service, token, is_active=False, title=title)["uuid"]
        for title in ("İstanbul & Ağrı +1%", "Ankara", "ISTANBUL & ağrı +1%", "istanbul & AĞRI +1%")
    ]

    first = service.call(
        "GET", f"{PATH}?per_page=2&search=%C4%B0STANBUL+%26+A%C4%9Fr%C4%B1%20%2B1%25", token=token
    ).json()
    second = service.call("GET", first["links"]["next"].removeprefix(service.url), token=token).json()
    back = service.call("GET", second["links"]["prev"].removeprefix(service.url), token=token).json()

    assert [report["uuid"] for report in first["data"]] == [made[3], made[2]]
    assert [report["uuid"] for report in second["data"]] == [made[0]]
    assert back["data"] == first["data"]


def test_a_wrong_filter_is_named(service: Service) -> None:
    answer = service.call("GET", f"{PATH}?status=done&per_page=0&created_from=2025-02-30&sort=title")

    assert answer.status == 422
    assert answer.json() == {
        "message": "Validation failed",
        "errors": {
            "status": ["The selected status is invalid."],
            "created_from": ["The created from field must be a valid date."],
            "per_page": ["The per page field must be between 1 and 100."],
        },
        "code": "validation_failed",
        "request_id": answer.headers["X-Request-Id"],
    }


def test_the_trash_is_for_those_who_may_delete(service: Service) -> None:
    owner = service.token(sub="emptier")
    viewer = service.token(sub="emptier", permissions=["reports.view.own", "reports.generate.own"])
    kept, gone = (ordered(service, owner, is_active=False)["uuid"] for _ in range(2))
    service.call("DELETE", f"{PATH}/{gone}", token=owner)

    def trash(query: str, permission: str) -> list[tuple[str, bool]]:
        token = service.token(sub="emptier", permissions=["reports.view.own", "reports.generate.own", permission])
        found = service.call("GET", f"{PATH}?{query}", token=token).json()["data"]
        return [(report["uuid"], "deleted_at" in report) for report in found]

    assert trash("with_trashed=1", "reports.delete.own") == [(gone, True), (kept, False)]
    assert trash("with_trashed=0", "reports.delete.own") == trash("", "reports.delete") == [(kept, False)]
    assert service.call("GET", f"{PATH}?with_trashed=1", token=viewer).status == 403


@pytest.mark.parametrize("form", ["", ".own"])
def test_who_may_delete_and_restore_sees_the_trash_without_updating_anything(service: Service, form: str) -> None:
    sub, held = f"keeper{form}", [f"reports.{it}{form}" for it in ("view", "delete", "restore")]
    keeper, at = service.token(sub=sub, permissions=held), f"{PATH}?with_trashed=true&search=keeper{form}"
    uuid = ordered(service, service.token(sub=sub), title=f"keeper{form}")["uuid"]

    assert service.call("DELETE", f"{PATH}/{uuid}", token=keeper).status == 200
    [found] = service.call("GET", at, token=keeper).json()["data"]
    detail = service.call("GET", f"{PATH}/{uuid}", token=keeper)
    assert service.call("POST", f"{PATH}/{uuid}/restore", token=keeper).status == 200
    [restored] = service.call("GET", at, token=keeper).json()["data"]

    assert (found["uuid"], "deleted_at" in found) == (uuid, True)
    assert detail.status == 404
    assert (restored["uuid"], "deleted_at" in restored) == (uuid, False)


def test_who_may_not_look_learns_nothing_about_lists(service: Service) -> None:
    answer = service.call("GET", f"{PATH}?status=done", token=service.token(permissions=["reports.generate"]))

    assert answer.status == 403


@pytest.mark.parametrize("query", ["cursor=%FF%FE", "cursor=%ED%A0%80", "cursor=a%00", "per_page=%D9%A3"])
def test_broken_text_in_a_query_is_refused(service: Service, query: str) -> None:
    assert service.call("GET", f"{PATH}?{query}").status == 422


@pytest.mark.parametrize("query", ["search=%FF%FE", "search=%ED%A0%80", "search=a%00b", "search=%", "%FF=1", "search"])
def test_broken_text_in_a_search_breaks_nothing(service: Service, query: str) -> None:
    answer = service.call("GET", f"{PATH}?per_page=1&{query}")

    assert answer.status == 200
    assert service.call("GET", (answer.json()["links"]["next"] or PATH).removeprefix(service.url)).status == 200
