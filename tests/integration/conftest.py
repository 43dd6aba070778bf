from collections.abc import Iterator

import pytest

from local.aws import LocalAws
from local.template import Stack


@pytest.fixture(scope="module")
def stack() -> Iterator[tuple[Stack, LocalAws]]:
    """The template's table and buckets, empty, for one module."""
    loaded = Stack.load()
    with LocalAws(loaded) as aws:
        yield loaded, aws
