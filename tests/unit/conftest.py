"""Unit tests touch no network, not even this machine's."""

import pytest_socket


def pytest_runtest_setup() -> None:
    """Close it before each test; the plugin opens it again after."""
    pytest_socket.disable_socket(allow_unix_socket=True)  # asyncio's own pair
