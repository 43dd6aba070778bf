from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from rapor.http.languages import LOCALES
from rapor.locale import WORDS, currency_in, locale_of, translated


def test_every_language_a_client_may_choose_has_words() -> None:
    assert set(WORDS) == set(LOCALES)


@pytest.mark.parametrize(
    ("code", "language"), [("tr", "tr"), ("tr-TR", "tr"), ("TR", "tr"), ("en-GB", "en"), ("de", "en")]
)
def test_language_decides_the_locale(code: str, language: str) -> None:
    assert locale_of(code).code == language


@pytest.mark.parametrize(
    ("value", "places", "turkish", "english"),
    [
        (1234567, 0, "1.234.567", "1,234,567"),
        (-1234.5, 0, "-1.234,5", "-1,234.5"),
        (Decimal("0.10"), 0, "0,10", "0.10"),
        (Decimal("1E+3"), 0, "1.000", "1,000"),
        (Decimal("1E-7"), 0, "0,0000001", "0.0000001"),
        (1000, 2, "1.000,00", "1,000.00"),
        (Decimal("0.125"), 2, "0,125", "0.125"),
        (float("nan"), 2, "–", "–"),
    ],
)
def test_numbers_keep_every_digit(value: Decimal | float, places: int, turkish: str, english: str) -> None:
    assert locale_of("tr").number(value, places) == turkish
    assert locale_of("en").number(value, places) == english


@pytest.mark.parametrize(
    ("value", "currency", "turkish", "english"),
    [
        (Decimal("1234.5"), "TRY", "₺1.234,50", "TRY\xa01,234.50"),
        (Decimal("-1234.5"), "TRY", "-₺1.234,50", "-TRY\xa01,234.50"),
        (Decimal("0.005"), "USD", "$0,005", "$0.005"),
        (1500, "JPY", "¥1.500", "¥1,500"),
        (
            Decimal("-123456789012345678901234567890123456.78"),
            "TRY",
            "-₺123.456.789.012.345.678.901.234.567.890.123.456,78",
            "-TRY\xa0123,456,789,012,345,678,901,234,567,890,123,456.78",
        ),
        (1, "CHF", "CHF\xa01,00", "CHF\xa01.00"),
        (1, "XTS", "XTS\xa01,00", "XTS\xa01.00"),
    ],
)
def test_amounts_carry_their_currency(value: Decimal, currency: str, turkish: str, english: str) -> None:
    assert locale_of("tr").money(value, currency) == turkish
    assert locale_of("en").money(value, currency) == english


def test_currency_may_follow_the_amount() -> None:
    currency = currency_in("de", "EUR")

    assert (currency.before, currency.after, currency.symbol) == ("", "\xa0€", "€")


@pytest.mark.parametrize(
    ("value", "turkish", "english"),
    [
        (0, "0", "0"),
        (250_000, "250.000", "250,000"),
        (1_000_000, "1\xa0Mn", "1M"),
        (-12_500_000, "-12,5\xa0Mn", "-12.5M"),
        (2_000_000_000, "2\xa0Mr", "2B"),
        (10**18, "1.000.000\xa0Tn", "1,000,000T"),
    ],
)
def test_long_round_numbers_are_shortened(value: int, turkish: str, english: str) -> None:
    assert locale_of("tr").compact(Decimal(value), Decimal(value)) == turkish
    assert locale_of("en").compact(Decimal(value), Decimal(value)) == english


def test_numbers_beside_a_million_take_its_unit() -> None:
    assert locale_of("tr").compact(Decimal(500_000), Decimal(2_000_000)) == "0,5\xa0Mn"
    assert locale_of("tr").compact(Decimal(0), Decimal(2_000_000)) == "0"


def test_dates_stand_in_the_locale_s_order() -> None:
    assert locale_of("tr").date(date(5, 1, 31)) == "31.01.0005"
    assert locale_of("en").date(date(5, 1, 31)) == "0005-01-31"


def test_months_have_names() -> None:
    assert locale_of("tr").month(date(2025, 8, 1)) == "Ağu 2025"
    assert locale_of("en").month(date(2025, 8, 1)) == "Aug 2025"


def test_moments_are_told_in_utc_with_what_fraction_they_have() -> None:
    in_istanbul = datetime(2025, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=3)))

    assert locale_of("tr").timestamp(in_istanbul) == "31.12.2024 22:30:00"
    assert locale_of("en").timestamp(datetime(2025, 1, 1, 1, 30, 5, 20, tzinfo=UTC)) == "2025-01-01 01:30:05.000020"


def test_format_codes_for_excel_say_the_same() -> None:
    turkish, english = locale_of("tr"), locale_of("en")

    assert (turkish.excel_date, english.excel_date) == (r"dd\.mm\.yyyy", r"yyyy\-mm\-dd")
    assert turkish.excel_timestamp == r"dd\.mm\.yyyy hh:mm:ss"
    assert turkish.excel_decimal() == "#,##0.00##########"
    assert turkish.excel_currency("TRY") == "[$₺]#,##0.00"
    assert english.excel_currency("TRY") == "[$TRY\xa0]#,##0.00"
    assert english.excel_currency("JPY") == "[$¥]#,##0"


def test_letters_in_a_date_pattern_stay_as_they_are() -> None:
    assert translated("d 'de' MMM", {"d": "1", "MMM": "Mai"}) == "1 de Mai"
