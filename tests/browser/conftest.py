"""A running service, Debian's Chromium, and people who use the one through the other."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import FLAGS, Person, a_service
from tests.service import Service

Somebody = Callable[..., Person]


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with a_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def somebody(service: Service, chromium: Browser) -> Iterator[Somebody]:
    """Makes people; whatever went wrong in their browsers unseen fails the test at its end."""
    people: list[Person] = []

    def make(sub: str, **settings: object) -> Person:
        people.append(Person(service, chromium, sub, **settings))  # type: ignore[arg-type]
        return people[-1]

    yield make
    for person in people:
        person.leave()
    assert [trouble for person in people for trouble in person.troubles] == []
