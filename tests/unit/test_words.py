from decimal import Decimal
from typing import Any

import pytest

from rapor.documents.words import in_words
from rapor.locale import locale_of

DATE, MOMENT = {"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}


@pytest.mark.parametrize(
    ("value", "schema", "turkish", "english"),
    [
        ("2025-01-31", DATE, "31.01.2025", "2025-01-31"),
        ("2025-01-31T01:30:00+03:00", MOMENT, "30.01.2025 22:30:00 UTC", "2025-01-30 22:30:00 UTC"),
        ("2016-12-31T23:59:60Z", MOMENT, "2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z"),
        ("0000-01-01", DATE, "0000-01-01", "0000-01-01"),
        ("2025-01-31", {"type": "string"}, "2025-01-31", "2025-01-31"),
        (True, {"type": "boolean"}, "Evet", "Yes"),
        (False, {"type": "boolean"}, "Hayır", "No"),
        (2025, {"type": "integer"}, "2025", "2025"),
        (1234.5, {"type": "number"}, "1.234,5", "1,234.5"),
        (Decimal("0.10"), {"type": "number"}, "0,10", "0.10"),
        ("active", {"enum": ["active"]}, "active", "active"),
        (["2025-01-01", "2025-02-01"], {"items": DATE}, "01.01.2025, 01.02.2025", "2025-01-01, 2025-02-01"),
        ({"şehir": [1, None]}, {"type": "object"}, '{"şehir": [1, null]}', '{"şehir": [1, null]}'),
    ],
)
def test_parameters_are_written_in_the_locale(value: Any, schema: Any, turkish: str, english: str) -> None:
    assert in_words(value, schema, locale_of("tr")) == turkish
    assert in_words(value, schema, locale_of("en")) == english
