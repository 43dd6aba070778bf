"""One stage for all tests that play with the service in this process."""

from collections.abc import Iterator

import pytest

from tests.soak.service import Stage


@pytest.fixture(scope="package")
def stage() -> Iterator[Stage]:
    with Stage.set_up() as made:
        yield made
