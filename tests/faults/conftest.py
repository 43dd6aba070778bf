"""One world for each module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.world import World, a_world


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of data sets and keys."""
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def world(folder: Path) -> Iterator[World]:
    with a_world(folder) as made:
        yield made
