"""Somebody with a browser of their own, and a token."""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request

from local.tokens import GENERAL_PERMISSIONS
from tests.service import Service

FLAGS = (
    "--no-sandbox",  # CI is root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK: Mapping[str, int] = {"width": 1280, "height": 860}
PHONE: Mapping[str, int] = {"width": 390, "height": 844}
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (404|409|422|429|401)")
PATIENCE_MS = 30_000
PYTHON = str(Path(__file__).parents[2] / ".venv/bin/python")
SALES = "200000"  # rows that take seconds, so that progress is seen


def a_service(folder: Path) -> Service:
    """The real `python -m local`, in its own environment, with many sales."""
    service = Service(folder, python=PYTHON)
    environ = os.environ | {"RAPOR_HOME": str(service.home)}
    subprocess.run([PYTHON, "-m", "local.datasets", SALES], env=environ, check=True, stdout=subprocess.DEVNULL)
    return service


class Person:
    """A user with a tab open; `troubles` is what went wrong in it unseen: scripts, policy, requests to others."""

    def __init__(
        self,
        service: Service,
        chromium: Browser,
        sub: str,
        *,
        permissions: Iterable[str] = GENERAL_PERMISSIONS,
        viewport: Mapping[str, int] = DESK,
        language: str = "en-US",
        dark: bool = False,
        scale: float = 1,
    ) -> None:
        self.service = service
        self.token = service.token(sub, permissions, email=f"{sub}@example.com")
        self.troubles: list[str] = []
        self._context = chromium.new_context(
            viewport=viewport,
            locale=language,
            timezone_id="Europe/Istanbul",
            color_scheme="dark" if dark else "light",
            device_scale_factor=scale,
            has_touch=viewport is PHONE,
            is_mobile=viewport is PHONE,
        )
        self._context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self._context.new_page()
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("request", self._asked)

    def leave(self) -> None:
        """Close the browser."""
        self._context.close()

    def sign_in(self, view: str = "reports") -> Page:
        """Come by the link that `make run` prints, and go to a view."""
        self.page.goto(f"{self.service.url}/#token={self.token}")
        self.page.get_by_role("banner").wait_for()
        return self.go(view)

    def go(self, view: str) -> Page:
        """Go to a view by its address."""
        self.page.evaluate("view => { location.hash = view }", f"/{view}")
        self.page.locator("main h1").wait_for()
        self.page.locator(".loading").first.wait_for(state="detached")
        return self.page

    def order(self, **changes: Any) -> str:
        """Order a report as a program would, and give its uuid."""
        order = {"title": "Kullanıcı Raporu", "report_type": "users", "format": "csv"} | changes
        answer = self.service.call("POST", "/api/v1/reports", order, token=self.token)
        assert answer.status == 201, answer.body
        return str(answer.json()["uuid"])

    def finished(self, **changes: Any) -> dict[str, Any]:
        """Order a report as a program would, and wait for its end."""
        return self.service.finished(self.order(**changes), token=self.token)

    def report(self, uuid: str) -> dict[str, Any]:
        """What the API says of it."""
        answer: dict[str, Any] = self.service.call("GET", f"/api/v1/reports/{uuid}", token=self.token).json()
        return answer

    def schedules(self) -> list[dict[str, Any]]:
        """What the API says of this person's schedules."""
        answer = self.service.call("GET", "/api/v1/schedules", token=self.token).json()
        found: list[dict[str, Any]] = answer["data"]
        return found

    def row(self, title: str) -> Locator:
        """A report on the list."""
        return self.page.locator(".report").filter(has=self.page.get_by_role("heading", name=title, exact=True))

    def downloads(self, button: Locator) -> tuple[str, str]:
        """Press what downloads: the file's name and its SHA-256."""
        with self.page.expect_download() as expected:
            button.click()
        content: bytes = expected.value.path().read_bytes()
        return expected.value.suggested_filename, hashlib.sha256(content).hexdigest()

    def barriers(self) -> list[str]:
        """What axe-core finds serious or critical on the page as it is."""
        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
        return [
            f"{it['impact']} {it['id']}: {[node['target'] for node in it['nodes']]}"
            for it in found
            if it["impact"] in {"serious", "critical"}
        ]

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        return int(self.page.evaluate("document.scrollingElement.scrollWidth - innerWidth"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not REFUSED.match(message.text):
            self.troubles.append(message.text)

    def _asked(self, request: Request) -> None:
        # What is not HTTP is the browser's own: its PDF viewer is pages of chrome://.
        if request.url.startswith("http") and not request.url.startswith("http://127.0.0.1:"):
            self.troubles.append(f"asked {request.url}")
