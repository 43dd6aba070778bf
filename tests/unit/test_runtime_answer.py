"""The emulator says 200 to everything; what it means is in the body."""

import pytest

from local.runtime import answer


@pytest.mark.parametrize(
    ("body", "failed"),
    [
        (b'{"statusCode": 201}', False),
        (b"null", False),
        (b"", True),
        (b'{"errorMessage": "is a word of ours"}', False),
        (b'{"errorMessage": "boom", "errorType": "ValueError", "stackTrace": []}', True),
        (b"Task timed out after 3.00 seconds", True),
    ],
)
def test_failures_are_told_from_answers(body: bytes, failed: bool) -> None:  # noqa: FBT001 (a table's column)
    assert answer(body, "").failed is failed
