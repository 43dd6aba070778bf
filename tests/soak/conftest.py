"""A stage for the tests that play with the service in this process: AWS is that only while one is set up."""

from collections.abc import Iterator

import pytest

from tests.soak.service import Stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage.set_up() as made:
        yield made
