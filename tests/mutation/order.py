"""
Puts tests into order, as a plugin of pytest: mutmut names those of a mutant in any.

Module by module, for most that speak to AWS start one of their own; those that need none come first, for the first
that fails is the last to run.
"""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort them."""
    items.sort(key=lambda item: ("unit" not in item.path.parts, item.path, item.location[1] or 0))
