"""Ten thousand rows, as they are and as a data set."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.documents import corpus
from tests.documents.corpus import Row
from tests.production import put_rows


@pytest.fixture(scope="session")
def source() -> list[Row]:
    return corpus.rows()


@pytest.fixture(scope="session")
def location(tmp_path_factory: pytest.TempPathFactory, source: Sequence[Row]) -> Path:
    """A place of data sets where only `corpus` lies."""
    folder = tmp_path_factory.mktemp("corpus")
    put_rows(folder, "corpus", corpus.STORED, [corpus.as_stored(row) for row in source])
    return folder
