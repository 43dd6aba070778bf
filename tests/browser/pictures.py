"""The README's pictures of the console: `make pictures-console` takes docs/images/console-*.png from a real run."""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import DESK, FLAGS, PHONE, Person, a_service
from tests.service import Service

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/images"
SCALE = 1.5
HALF_MADE = 30  # per cent
YEAR = {"date_from": "2025-01-01", "date_to": "2025-12-31"}
ORDERS = (
    {
        "title": "Skor, müşteri 92442",
        "report_type": "reference",
        "format": "json",
        "parameters": {"referenceId": "92442"},
    },
    {"title": "Skor, müşteri yok", "report_type": "reference", "format": "pdf", "parameters": {"referenceId": "yok"}},
    {"title": "Aktif kullanıcılar", "report_type": "users", "format": "excel", "parameters": {"status": "active"}},
    {"title": "Web satışları", "report_type": "sales", "format": "csv", "parameters": {"channel": "web"}},
    {
        "title": "Kullanıcı Raporu 2025",
        "report_type": "users",
        "format": "pdf",
        "parameters": YEAR | {"status": "active"},
    },
)
WHOLE = {"title": "Bütün satışlar", "report_type": "sales", "format": "pdf"}


def take(service: Service, chromium: Browser) -> None:
    """Order what there is to see, and take the pictures."""
    ayse = Person(service, chromium, "ayse", scale=SCALE)
    reports = {order["title"]: ayse.finished(**order) for order in ORDERS}
    shown = reports["Kullanıcı Raporu 2025"]["uuid"]
    picture_order(ayse)
    picture_preview(ayse, shown)
    picture_list(ayse)
    picture_phone(Person(service, chromium, "ayse", viewport=PHONE, scale=2, language="tr-TR"))


def picture_list(ayse: Person) -> None:
    """The list, with a report half made."""
    ayse.go("order")
    ayse.order(**WHOLE)
    page = ayse.go("reports")
    while page.evaluate("document.querySelector('progress[value]')?.value ?? 0") < HALF_MADE:
        page.wait_for_timeout(100)
    save(ayse, "list")


def picture_order(ayse: Person) -> None:
    """A form filled in, with an estimate."""
    page = ayse.sign_in("order")
    page.get_by_role("radio", name="User Report").check()
    page.get_by_label("Registered from").fill(YEAR["date_from"])
    page.get_by_label("Registered until").fill(YEAR["date_to"])
    page.get_by_label("Status").select_option("Active")
    page.get_by_role("button", name="Estimate first").click()
    page.locator(".said .good").wait_for()
    page.get_by_role("heading", level=1).click()
    page.set_viewport_size({**DESK, "height": 920})
    save(ayse, "order")
    page.set_viewport_size(DESK)


def picture_preview(ayse: Person, uuid: str) -> None:
    """A report that is ready, and the document."""
    page = ayse.go(f"reports/{uuid}")
    page.get_by_text("SHA-256 matches").wait_for()
    page.wait_for_timeout(3000)  # the browser's viewer says to nobody that it has drawn
    save(ayse, "preview")


def picture_phone(ayse: Person) -> None:
    """The list at a phone's width, in Turkish."""
    ayse.sign_in()
    ayse.row(str(WHOLE["title"])).wait_for()
    save(ayse, "phone")


def save(person: Person, name: str) -> None:
    """Take it, and say so."""
    path = FOLDER / f"console-{name}.png"
    person.page.screenshot(path=path)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KB")


def main() -> None:
    """Take them all."""
    with (
        tempfile.TemporaryDirectory() as folder,
        a_service(Path(folder)) as service,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        take(service, chromium)
        chromium.close()


if __name__ == "__main__":
    main()
