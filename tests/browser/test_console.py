"""The console as people use it: real Chromium, real service, nothing in between."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.browser.people import PHONE, Person

Somebody = Callable[..., Person]
OWN = ("reports.generate.own", "reports.view.own", "reports.export.own")
SALES = {"title": "Every sale", "report_type": "sales", "format": "pdf"}
UNKNOWN = {
    "title": "Nobody",
    "report_type": "reference",
    "format": "json",
    "parameters": {"referenceId": "nobody"},
}


def test_a_report_is_ordered_followed_looked_into_and_downloaded(somebody: Somebody) -> None:
    ayse = somebody("a-life")
    page = ayse.page

    page.goto(ayse.service.url)
    page.get_by_label("Access token").fill(f"Bearer {ayse.token}")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="New report").first.click()
    page.get_by_role("radio", name=re.compile("^User Report")).check()
    page.get_by_label("Title").fill("Active in 2025")
    page.get_by_label("Registered from").fill("2025-01-01")
    page.get_by_label("Registered until").fill("2025-12-31")
    page.get_by_label("Status").select_option("Active")
    page.get_by_role("button", name="Order report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Active in 2025")
    expect(page.locator(".report-head .status")).to_have_text("Ready")
    expect(page.get_by_text("SHA-256 matches the result")).to_be_visible()

    report = ayse.report(page.url.rpartition("/")[2])
    assert report["parameters"] == {"date_from": "2025-01-01", "date_to": "2025-12-31", "status": "active"}
    assert (report["format"], report["options"]) == ("pdf", {"locale": "en"})
    assert page.locator("iframe").get_attribute("src").startswith("blob:")
    assert ayse.downloads(page.get_by_role("button", name="Download: Active in 2025")) == (
        "Active in 2025.pdf",
        report["result"]["sha256"],
    )


def test_a_bar_moves_while_a_report_is_made(somebody: Somebody) -> None:
    ayse = somebody("progress")
    page = ayse.sign_in()

    uuid = ayse.order(**SALES)
    page.reload()
    bar = page.get_by_role("progressbar", name="Progress of Every sale")
    expect(bar).to_be_visible()
    ayse.go(f"reports/{uuid}")
    seen = []
    while (value := page.evaluate("document.querySelector('progress')?.value ?? null")) is not None:
        seen.append(value)
        page.wait_for_timeout(100)

    assert seen == sorted(seen)
    assert len(set(seen)) > 1
    expect(page.get_by_text("Every sale is ready.")).to_be_visible()
    ayse.go("reports")
    expect(ayse.row("Every sale").get_by_role("button", name="Download: Every sale")).to_be_visible()


def test_the_address_keeps_no_token_and_signing_out_leaves_none(somebody: Somebody) -> None:
    ayse = somebody("signs-out")
    page = ayse.sign_in()

    assert page.url == f"{ayse.service.url}/#/reports"
    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_label("Access token")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_link_does_not_change_who_is_signed_in_unasked(somebody: Somebody) -> None:
    ayse, other = somebody("herself"), somebody("somebody-else")
    page = ayse.sign_in()
    asked: list[str] = []

    def say_no(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", say_no)
    page.evaluate("token => { location.hash = `token=${token}` }", other.token)

    expect(page.get_by_text("herself@example.com")).to_be_visible()
    page.wait_for_url(f"{ayse.service.url}/#/reports")
    assert ["somebody-else@example.com" in it for it in asked] == [True]


def test_a_token_that_is_not_accepted_leads_back_to_signing_in(somebody: Somebody) -> None:
    ayse = somebody("expired")
    page = ayse.page

    page.goto(f"{ayse.service.url}/#token={ayse.token[:-4]}AAAA")

    expect(page.get_by_text("Your token is not accepted, or has expired.")).to_be_visible()
    expect(page.get_by_label("Access token")).to_be_visible()


def test_an_error_stands_beside_its_field_and_the_first_has_focus(somebody: Somebody) -> None:
    ayse = somebody("mistaken", language="tr-TR")
    page = ayse.sign_in("order")
    page.get_by_role("radio", name=re.compile("^Kullanıcı Raporu")).check()

    page.get_by_label("Başlık").fill(" ")
    page.get_by_label("Kayıt başlangıcı").fill("2025-12-31")
    page.get_by_label("Kayıt bitişi").fill("2025-01-01")
    page.get_by_role("button", name="Raporu iste").click()

    title, until = page.get_by_label("Başlık"), page.get_by_label("Kayıt bitişi")
    expect(title).to_be_focused()
    expect(title).to_have_accessible_description(re.compile("Bu alan zorunlu."))
    expect(until).to_have_accessible_description("Bitiş tarihi başlangıçtan önce olamaz.")
    expect(until).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_have_text("2 alana bakmanız gerekiyor.")
    title.fill("Düzeltildi")
    until.fill("2025-12-31")
    page.get_by_role("button", name="Raporu iste").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Düzeltildi")


KINDS: Mapping[str, Mapping[str, Any]] = {
    "who": {"type": "string", "title": "Who", "description": "Name or number.", "minLength": 2},
    "day": {"type": "string", "format": "date", "title": "Day"},
    "since": {"type": "string", "format": "date-time", "title": "Since"},
    "rows": {"type": "integer", "title": "Rows", "minimum": 1, "maximum": 50, "default": 20},
    "share": {"type": ["number", "null"], "title": "Share"},
    "kind": {
        "type": "string",
        "enum": ["a", "b"],
        "oneOf": [{"const": "a"}, {"const": "b", "title": "Better"}],
        "title": "Kind",
    },
    "level": {"type": "integer", "enum": [1, 2], "title": "Level"},
    "all": {"type": "boolean", "title": "All of them"},
    "late": {"type": "boolean", "title": "Late ones", "default": True},
    "cities": {
        "type": "array",
        "items": {"enum": [53, "Ordu"], "oneOf": [{"const": 53, "title": "Rize"}, {"const": "Ordu"}]},
        "title": "Cities",
    },
    "numbers": {"type": "array", "items": {"type": "integer"}, "title": "Numbers"},
    "rest": {"type": "object", "title": "Rest"},
}


def test_every_kind_of_parameter_has_a_field(somebody: Somebody) -> None:
    ayse = somebody("form")
    page = ayse.page
    [users] = [it for it in ayse.service.call("GET", "/api/v1/report-types").json()["data"] if it["name"] == "users"]
    users["parameters_schema"] = {"properties": KINDS, "required": ["who"]}
    sent: list[dict[str, Any]] = []

    def refuse(route: Route) -> None:
        sent.append(route.request.post_data_json)
        errors = {f"parameters.{name}": ["No."] for name in ("who", "numbers.1")} | {"elsewhere": ["Not so."]}
        route.fulfill(status=422, json={"message": "Validation failed", "errors": errors})

    page.route("**/api/v1/report-types", lambda route: route.fulfill(json={"data": [users]}))
    ayse.sign_in("order")
    page.route("**/api/v1/reports", refuse)
    page.get_by_role("button", name="Order report").click()
    expect(page.locator(".summary")).to_contain_text("2 fields need your attention.")
    page.get_by_label("Who").fill("Ayşe")
    page.get_by_label("Day").fill("2025-02-28")
    page.get_by_label("Since").fill("2025-02-28T10:30")
    page.get_by_label("Share").fill("0,25")
    page.get_by_label("Kind").select_option("Better")
    page.get_by_label("Level").select_option("2")
    page.get_by_label("All of them").select_option("No")
    page.get_by_label("Late ones").uncheck()
    page.get_by_role("group", name="Cities").get_by_label("Ordu").check()
    page.get_by_role("group", name="Cities").get_by_label("Rize").check()
    page.get_by_label("Numbers").fill("1\ntwo")
    page.get_by_label("Rest").fill('{"x": [1]}')
    page.get_by_role("button", name="Order report").click()
    expect(page.get_by_label("Numbers")).to_have_accessible_description("One a line. No.")
    expect(page.get_by_label("Who")).to_have_accessible_description("Name or number. No.")
    expect(page.get_by_label("Rows", exact=True)).to_have_accessible_description("Between 1 and 50.")
    expect(page.locator(".summary")).to_contain_text("Not so.")

    assert sent[0]["parameters"] == {"rows": 20, "late": True}
    assert sent[1]["parameters"] == {
        "who": "Ayşe",
        "day": "2025-02-28",
        "since": "2025-02-28T07:30:00.000Z",
        "rows": 20,
        "share": 0.25,
        "kind": "b",
        "level": 2,
        "all": False,
        "late": False,
        "cities": [53, "Ordu"],
        "numbers": [1, "two"],
        "rest": {"x": [1]},
    }
    assert ayse.barriers() == []


def test_somebody_elses_report_is_not_there(somebody: Somebody) -> None:
    uuid = somebody("owner").order(title="Private")
    other = somebody("other", permissions=OWN)

    page = other.sign_in()

    expect(page.get_by_role("heading", name="No reports yet")).to_be_visible()
    other.go(f"reports/{uuid}")
    expect(page.get_by_role("heading", level=1)).to_have_text("This report is not there")
    assert "Private" not in page.content()


def test_a_failed_report_says_why_and_is_tried_again(somebody: Somebody) -> None:
    ayse = somebody("retries")
    uuid = ayse.finished(**UNKNOWN)["uuid"]
    page = ayse.sign_in(f"reports/{uuid}")

    expect(page.get_by_text("There is nobody with this reference.")).to_be_visible()
    page.get_by_role("button", name="Try again: Nobody").click()
    expect(page.get_by_text("Nobody is queued again.")).to_be_visible()

    assert ayse.service.finished(uuid, token=ayse.token)["error"]["attempt"] == 2


def test_a_report_is_cancelled(somebody: Somebody) -> None:
    ayse = somebody("cancels")
    uuid = ayse.order(title="Not wanted", is_active=False)
    page = ayse.sign_in()

    ayse.row("Not wanted").get_by_role("button", name="Cancel: Not wanted").click()
    expect(ayse.row("Not wanted").locator(".status")).to_have_text("Cancelled")

    expect(page.get_by_text("Not wanted was cancelled.")).to_be_visible()
    assert ayse.report(uuid)["error"]["code"] == "cancelled"


def test_a_report_is_deleted_brought_back_and_found_in_the_trash(somebody: Somebody) -> None:
    ayse = somebody("deletes", permissions=[f"reports.{it}.own" for it in ("generate", "view", "delete", "restore")])
    uuid = ayse.finished(title="By mistake")["uuid"]
    page = ayse.sign_in(f"reports/{uuid}")

    page.get_by_role("button", name="Delete: By mistake").click()
    expect(page.get_by_role("heading", name="No reports yet")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("By mistake was restored.")).to_be_visible()
    expect(ayse.row("By mistake")).to_be_visible()
    ayse.service.call("DELETE", f"/api/v1/reports/{uuid}", token=ayse.token)
    page.get_by_text("More filters").click()
    page.get_by_label("Show deleted").check()
    expect(ayse.row("By mistake").locator(".status")).to_have_text("Deleted")
    ayse.row("By mistake").get_by_role("button", name="Restore: By mistake").click()

    expect(ayse.row("By mistake").locator(".status")).to_have_text("Ready")
    assert "deleted_at" not in ayse.report(uuid)


def test_what_a_token_does_not_allow_is_not_offered(somebody: Somebody) -> None:
    uuid = somebody("writer").finished(title="To be read")["uuid"]
    reader = somebody("reader", permissions=["reports.view"])

    page = reader.sign_in(f"reports/{uuid}")

    expect(page.get_by_text("You may see this report, but not its document.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Download|Delete|Try again"))).to_have_count(0)
    expect(page.get_by_role("link", name="New report")).to_have_count(0)


@pytest.mark.parametrize(
    ("choices", "first"),
    [
        ({"format": "csv"}, ["User", "Full name", "E-mail"]),
        ({"format": "csv", "options": {"csv": {"delimiter": ";", "decimal": ",", "bom": True}}}, ["User", "Full name"]),
        ({"format": "json"}, ["User", "Full name", "E-mail"]),
    ],
)
def test_the_first_rows_are_shown_as_a_table(somebody: Somebody, choices: dict[str, object], first: list[str]) -> None:
    ayse = somebody("reads-rows")
    report = ayse.finished(**choices)
    page = ayse.sign_in(f"reports/{report['uuid']}")

    expect(page.locator("caption")).to_have_text("The first 50 of 12,000 rows")
    heads = page.locator("thead th").all_inner_texts()
    cells = page.locator("tbody tr").first.locator("td").all_inner_texts()

    document = ayse.service.document(report["uuid"], token=ayse.token).decode()
    assert heads[: len(first)] == first
    assert len(heads) == len(cells) == len(report["result"]["columns"])
    assert all(f"{cell}" in document for cell in cells[:3])
    assert page.locator("tbody tr").count() == 50
    assert re.fullmatch(r"-?[\d,]+\.\d\d|", cells[-1])


def test_a_workbook_is_described_and_downloaded(somebody: Somebody) -> None:
    ayse = somebody("reads-excel")
    report = ayse.finished(format="excel", title="Satır / satır")
    page = ayse.sign_in(f"reports/{report['uuid']}")

    expect(page.locator("thead th").first).to_have_text("User")

    assert ayse.downloads(page.get_by_role("button", name="Download")) == (
        "Satır - satır.xlsx",
        report["result"]["sha256"],
    )


def test_bytes_that_are_not_the_reports_are_not_called_so(somebody: Somebody) -> None:
    ayse = somebody("deceived")
    report = ayse.finished(format="pdf")
    headers = {"Access-Control-Allow-Origin": "*"}
    ayse.page.route(re.compile(r"\.pdf\?"), lambda route: route.fulfill(body="%PDF-1.7", headers=headers))

    page = ayse.sign_in(f"reports/{report['uuid']}")

    expect(page.get_by_text("Do not use this file.")).to_be_visible()
    expect(page.get_by_text("SHA-256 matches the result")).to_have_count(0)


def test_a_browser_without_a_viewer_offers_the_download(somebody: Somebody) -> None:
    ayse = somebody("on-a-phone", viewport=PHONE)
    report = ayse.finished(format="pdf")
    ayse.page.add_init_script("Object.defineProperty(Navigator.prototype, 'pdfViewerEnabled', { get: () => false })")

    page = ayse.sign_in(f"reports/{report['uuid']}")

    expect(page.get_by_text("This browser shows no PDFs inside pages.")).to_be_visible()
    assert ayse.downloads(page.get_by_role("button", name="Download"))[1] == report["result"]["sha256"]


def test_the_language_is_the_browsers_until_another_is_chosen(somebody: Somebody) -> None:
    ayse = somebody("speaks", language="tr-TR")
    page = ayse.sign_in("order")
    page.get_by_label("Başlık").fill("Half written")

    page.get_by_role("button", name="EN", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("New report")
    expect(page.get_by_label("Title")).to_have_value("Half written")
    expect(page.get_by_role("button", name="EN", exact=True)).to_be_focused()
    assert page.evaluate("document.documentElement.lang") == "en"
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("New report")


def test_a_report_is_ordered_by_keyboard_alone(somebody: Somebody) -> None:
    ayse = somebody("keyboard")
    page = ayse.sign_in()

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "(it => it.getAttribute('aria-label') ?? it.closest('label')?.textContent"
                " ?? it.labels?.[0]?.textContent ?? it.textContent)(document.activeElement)"
            )
            if focused.startswith(name):
                return
        raise AssertionError(f"Tab never came to {name}")

    tab_to("Skip to content")
    tab_to("New report")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_role("radio").first.wait_for()
    tab_to("Credit Score")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    tab_to("Title")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("By keyboard")
    tab_to("Status")
    page.keyboard.type("suspended")
    tab_to("PDF")
    page.keyboard.press("ArrowRight")
    tab_to("Order report")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("By keyboard")
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    report = ayse.report(page.url.rpartition("/")[2])
    assert (report["report_type"], report["format"], report["parameters"]) == (
        "users",
        "excel",
        {"status": "suspended"},
    )


def test_an_estimate_comes_before_the_order(somebody: Somebody) -> None:
    ayse = somebody("careful")
    page = ayse.sign_in("order")
    page.get_by_role("radio", name=re.compile("^User Report")).check()

    page.get_by_role("button", name="Estimate first").click()

    expect(page.locator(".said")).to_contain_text("12,000")
    expect(page.get_by_text("PDF can hold all of it.")).to_be_visible()
    assert ayse.service.call("GET", "/api/v1/reports?search=User+Report").json()["data"] == []


def test_a_format_that_cannot_hold_it_is_exchanged(somebody: Somebody) -> None:
    ayse = somebody("many-rows")
    page = ayse.sign_in("order")
    page.get_by_role("radio", name=re.compile("^User Report")).check()
    too_many = {"format": "pdf", "rows_total": 200_000, "limit": 100_000, "fits": False, "formats": ["csv"]}
    page.route("**/estimate", lambda route: route.fulfill(json=too_many | {"size_bytes": 1, "seconds": 1}), times=1)

    page.get_by_role("button", name="Estimate first").click()
    expect(page.get_by_text("PDF holds 100,000 rows at most.")).to_be_visible()
    page.get_by_role("button", name="Use CSV").click()

    expect(page.get_by_role("radio", name="CSV")).to_be_checked()
    expect(page.get_by_text("CSV can hold all of it.")).to_be_visible()


def test_ordering_again_begins_with_the_same_choices(somebody: Somebody) -> None:
    ayse = somebody("again")
    options = {"locale": "tr", "csv": {"delimiter": ";"}}
    report = ayse.finished(title="Once more", parameters={"status": "inactive"}, options=options)
    page = ayse.sign_in(f"reports/{report['uuid']}")

    page.get_by_role("link", name="Order again").click()
    page.get_by_role("button", name="Order report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Once more")
    page.wait_for_url(lambda url: "reports/" in url and report["uuid"] not in url)

    second = ayse.report(page.url.rpartition("/")[2])
    kept = ("title", "report_type", "parameters", "format", "options")
    assert {name: second[name] for name in kept} == {name: report[name] for name in kept}


def test_a_schedule_is_made_run_paused_and_deleted(somebody: Somebody) -> None:
    ayse = somebody("every-week", permissions=OWN)
    page = ayse.sign_in("schedules")

    page.get_by_role("link", name="New schedule").click()
    page.get_by_role("radio", name=re.compile("^User Report")).check()
    page.get_by_label("Dates of each run").select_option("last_week")
    page.get_by_label("How often?").select_option("own")
    page.get_by_label("Expression").fill("cron(0 9 * * * *)")
    page.get_by_role("button", name="Create schedule").click()
    expect(page.get_by_label("Expression")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("How often?").select_option("weekly")
    page.get_by_label("At", exact=True).fill("07:30")
    page.get_by_role("button", name="Create schedule").click()
    expect(page.get_by_role("heading", name="User Report")).to_be_visible()
    expect(page.locator(".next li")).to_have_count(5)
    expect(page.locator(".next li").first).to_contain_text(re.compile(r"Mon.*7:30"))
    [schedule] = ayse.schedules()
    page.get_by_role("button", name="Run now: User Report").click()
    expect(page.locator(".report-head .status")).to_have_text("Ready")
    ayse.go("schedules")
    page.get_by_role("button", name="Pause: User Report").click()
    expect(page.locator(".schedule .status")).to_have_text("Paused")
    page.get_by_role("button", name="Delete: User Report").click()
    expect(page.get_by_role("heading", name="No schedules yet")).to_be_visible()

    assert (schedule["expression"], schedule["timezone"]) == ("cron(30 7 ? * MON *)", "Europe/Istanbul")
    assert schedule["report"]["parameters"] == {
        "date_from": {"$date": "-1 week", "anchor": "start"},
        "date_to": {"$date": "-1 week", "anchor": "end"},
    }
    assert ayse.schedules() == []


def test_the_list_is_narrowed_and_turned(somebody: Somebody) -> None:
    ayse = somebody("collects", permissions=[*OWN, "reports.delete.own"])
    for number in range(16):
        ayse.order(title=f"Number {number}", is_active=False)
    page = ayse.sign_in()

    expect(page.locator(".report")).to_have_count(15)
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".report")).to_have_count(1)
    page.get_by_role("link", name="Newer").click()
    expect(page.locator(".report")).to_have_count(15)
    page.get_by_label("Search titles").fill("Number 1")
    expect(page.locator(".report")).to_have_count(7)
    expect(page.get_by_label("Search titles")).to_be_focused()
    page.get_by_label("Status").select_option("completed")
    expect(page.get_by_role("heading", name="Nothing matches these filters")).to_be_visible()
    page.go_back()
    expect(page.locator(".report")).to_have_count(7)
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator(".report")).to_have_count(15)


def asked(page: Page, part: str) -> list[str]:
    """Addresses of the requests to come that hold *part*."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if part in request.url else None)
    return found


def test_polling_waits_as_long_as_retry_after_says(somebody: Somebody) -> None:
    ayse = somebody("patient")
    uuid = ayse.order(title="Slow", is_active=False)
    page = ayse.page
    pending = ayse.report(uuid) | {"is_active": True}
    answer = {"json": pending, "headers": {"Retry-After": "20"}}
    page.route(f"**/api/v1/reports/{uuid}", lambda route: route.fulfill(**answer))
    page.clock.install()
    ayse.sign_in(f"reports/{uuid}")
    requests = asked(page, uuid)

    page.clock.run_for(19_000)
    assert requests == []
    with page.expect_request(f"**/api/v1/reports/{uuid}"):
        page.clock.run_for(2_000)


def test_polling_waits_after_an_error_and_goes_on(somebody: Somebody) -> None:
    ayse = somebody("throttled")
    uuid = ayse.order(title="Busy", is_active=False)
    page = ayse.page
    refused = {"status": 429, "json": {"message": "Too Many Requests"}, "headers": {"Retry-After": "1"}}
    page.route(f"**/api/v1/reports/{uuid}", lambda route: route.fulfill(**refused), times=1)

    page.goto(f"{ayse.service.url}/#token={ayse.token}")
    page.get_by_role("banner").wait_for()
    page.evaluate("uuid => { location.hash = `/reports/${uuid}` }", uuid)

    expect(page.get_by_text("Too many requests. Wait a moment.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Busy")


def test_a_hidden_page_asks_for_nothing(somebody: Somebody) -> None:
    ayse = somebody("elsewhere")
    uuid = ayse.order(title="Unseen", is_active=False)
    page = ayse.page
    pending = ayse.report(uuid) | {"is_active": True}
    page.route(f"**/api/v1/reports/{uuid}", lambda route: route.fulfill(json=pending))
    page.clock.install()
    ayse.sign_in(f"reports/{uuid}")
    hide = "is => { Object.defineProperty(document, 'hidden', { get: () => is, configurable: true });"
    hide += " document.dispatchEvent(new Event('visibilitychange')) }"

    page.evaluate(hide, True)
    page.clock.run_for(3_000)
    requests = asked(page, uuid)
    page.clock.run_for(60_000)
    assert requests == []
    with page.expect_request(f"**/api/v1/reports/{uuid}"):
        page.evaluate(hide, False)


def test_a_console_that_did_not_load_is_tried_again(somebody: Somebody) -> None:
    ayse = somebody("cold-start")

    def throttle(route: Route) -> None:
        route.fulfill(status=429, body="")

    ayse.page.route("**/console/api.js", throttle, times=1)
    ayse.page.goto(ayse.service.url)

    expect(ayse.page.get_by_label("Access token")).to_be_visible()
    ayse.troubles = [it for it in ayse.troubles if "dynamically imported module" not in it]


def test_a_barrier_is_found_where_there_is_one(somebody: Somebody) -> None:
    ayse = somebody("control")
    ayse.page.goto(ayse.service.url)
    ayse.page.locator("h1").wait_for()

    ayse.page.evaluate("document.querySelector('label').remove()")

    assert "critical label" in [it.split(":")[0] for it in ayse.barriers()]


VIEWS: Sequence[str] = ("sign-in", "reports", "schedules", "order", "pdf", "csv", "failed", "gone")


@pytest.mark.parametrize("settings", [{}, {"viewport": PHONE}, {"dark": True}], ids=["desk", "phone", "dark"])
def test_no_view_has_a_barrier_or_is_too_wide(somebody: Somebody, settings: dict[str, object]) -> None:
    ayse = somebody("everybody", **settings)
    title = "A title as long as titles in the real world are, withoutanyspaceinitsomewhere: " + "x" * 60
    reports = {
        "pdf": ayse.finished(format="pdf", title=title),
        "csv": ayse.finished(title=title),
        "failed": ayse.finished(**UNKNOWN),
    }
    page = ayse.page
    page.goto(ayse.service.url)
    page.locator("h1").wait_for()

    found = {}
    for view in VIEWS:
        if view != "sign-in":
            place = f"reports/{reports[view]['uuid']}" if view in reports else view.replace("gone", "reports/none")
            ayse.sign_in(place) if view == "reports" else ayse.go(place)
        if view == "order":
            page.get_by_role("radio", name=re.compile("^Sales Ledger")).check()
            page.get_by_role("radio", name="CSV").check()
            page.get_by_text("How the CSV is written").click()
            page.get_by_role("radio", name="On a schedule").check()
        page.wait_for_timeout(200)
        found[view] = [*ayse.barriers(), *([f"{ayse.overflow()} px too wide"] if ayse.overflow() > 0 else [])]

    assert found == {view: [] for view in VIEWS}
