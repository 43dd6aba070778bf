"""One running service for all tests that go through the gateway."""

from collections.abc import Iterator

import pytest

from tests.service import Service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The real `python -m local` on a free port, with a home of its own and no first order."""
    with Service(tmp_path_factory.mktemp("service")) as running:
        yield running
