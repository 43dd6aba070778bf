"""What is deployed is written down, and may be."""

from typing import Any

import pytest

from local.licences import ALLOWED, PAGE, Package, filled, licences, packages

FOUND = list(packages())


def test_the_page_is_what_is_locked() -> None:
    page = PAGE.read_text("utf-8")

    assert filled(page, FOUND) == page, "make licences"
    assert all(f"| {it.name} | {it.version} |" in page for it in FOUND)


def test_every_licence_is_allowed() -> None:
    assert [it for it in FOUND if not it.is_allowed] == []
    assert len(FOUND) > 15


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"license_expression": "MIT OR Apache-2.0"}, ("MIT", "Apache-2.0")),
        ({"license": "Dual License", "classifier": ["License :: OSI Approved :: BSD License"]}, ("BSD-3-Clause",)),
        ({"license": "Apache License 2.0"}, ("Apache-2.0",)),
        ({"classifier": ["License :: OSI Approved :: GNU General Public License v3 (GPLv3)"]}, ("GNU General Public License v3 (GPLv3)",)),
        ({}, ("unknown",)),
    ],
)  # fmt: skip
def test_a_licence_is_read_as_it_is_declared(declared: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert licences(declared) == expected


def test_one_allowed_licence_is_enough_and_none_is_not() -> None:
    assert Package("a", "1", ("GPL-3.0-only", "MIT"), "x").is_allowed
    assert not Package("a", "1", ("GPL-3.0-only",), "x").is_allowed
    assert not Package("a", "1", ("MIT AND GPL-3.0-only",), "x").is_allowed
    assert "AGPL-3.0-only" not in ALLOWED
