"""How documents speak, by locale: a few words of our own; numbers, dates and currencies as Unicode CLDR has them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from math import isfinite
from unicodedata import category

import babel
from babel.numbers import NumberPattern, get_currency_precision
from msgspec import Struct

FIELD = re.compile(r"y+|M+|L+|d+|H+|m+|s+|'[^']*'|.")
# CLDR's fields (UTS #35 part 4) as `str.format` and as ECMA-376 part 1 §18.8.30 write them
FIELDS = {"y": "{0}", "MM": "{1}", "dd": "{2}", "MMM": "{1}"}
CODES = {"y": "yyyy", "MM": "mm", "dd": "dd"}
CLOCK = "hh:mm:ss"
NO_BREAK_SPACE = "\xa0"
THOUSAND, LARGEST_UNIT = 3, 12  # powers of ten that have a word
NOT_A_NUMBER = "\u2013"


class Words(Struct, frozen=True, kw_only=True):
    """The fixed words."""

    yes: str
    no: str
    page: str
    as_of: str
    rows: str
    rows_written: str
    rows_found: str
    truncated: str
    cut_cells: str
    missing_glyphs: str
    report_type: str
    version: str
    report: str
    about: str
    chart: str
    no_rows: str
    no_points: str
    total: str
    table: str


class Currency(Struct, frozen=True):
    """What stands before and after an amount, and how many decimals it has at least."""

    before: str
    after: str
    places: int

    @property
    def symbol(self) -> str:
        """The sign alone."""
        return (self.before + self.after).strip(NO_BREAK_SPACE)


class Locale(Words, frozen=True, kw_only=True):
    """
    One language and its forms.

    `…_form` are filled by `str.format` with year, month and day; `excel_…` are format codes (ECMA-376 part 1
    §18.8.30), in which numbers have the same marks everywhere: the reader's Excel replaces them.
    """

    code: str
    group: str
    decimal: str
    date_form: str
    month_form: str
    months: tuple[str, ...]
    excel_date: str
    excel_timestamp: str

    def number(self, value: Decimal | float, places: int = 0) -> str:
        """Write every digit there is, never rounded, and *places* decimals at least: 1.234,50 or 1,234.50."""
        if not isfinite(value):
            return NOT_A_NUMBER
        exact = Decimal(repr(value)) if isinstance(value, float) else value
        text = f"{exact:,}" if isinstance(exact, int) else f"{exact:,f}"
        whole, _, fraction = text.partition(".")
        fraction = fraction.ljust(places, "0")
        return whole.replace(",", self.group) + (self.decimal + fraction if fraction else "")

    def money(self, value: Decimal | float, currency: str) -> str:
        """Write an amount: ₺1.234,50 or TRY 1,234.50; the sign comes first."""
        form = self.currency(currency)
        text = self.number(value, form.places)
        digits = text.removeprefix("-")  # negating a decimal would round it to 28 digits
        return f"{text[: -len(digits)]}{form.before}{digits}{form.after}"

    def currency(self, code: str) -> Currency:
        """How amounts of the ISO 4217 currency look."""
        return currency_in(self.code, code)

    def compact(self, value: Decimal, like: Decimal) -> str:
        """Write a round number in the unit that suits *like*, from a million on: 2,5 Mn or 2.5M."""
        power = min((len(str(abs(int(like)))) - 1) // THOUSAND * THOUSAND, LARGEST_UNIT)
        if power <= THOUSAND or not value:
            return self.number(value)
        scaled = (value / Decimal(10) ** power).normalize()
        return self.number(scaled) + unit_in(self.code, power)

    def month(self, value: date) -> str:
        """Name month and year, shortly."""
        return self.month_form.format(value.year, self.months[value.month - 1])

    def date(self, value: date) -> str:
        """Day, month and year in the locale's order."""
        return self.date_form.format(*value.isoformat()[:10].split("-"))

    def timestamp(self, value: datetime) -> str:
        """Date and time of day in UTC; fractions of a second only where there are any."""
        moment = value.astimezone(UTC) if value.tzinfo else value
        return f"{self.date(moment)} {moment.time().isoformat()}"

    def excel_decimal(self, places: int = 2) -> str:
        """A number with at least *places* decimals."""
        return "#,##0." + "0" * places + "##########"

    def excel_currency(self, code: str) -> str:
        """An amount, rounded to the currency's decimals for the eye: `[$₺]#,##0.00`."""
        form = self.currency(code)
        before, after = excel_symbol(form.before), excel_symbol(form.after)
        return f"{before}#,##0{'.' * (form.places > 0)}{'0' * form.places}{after}"


WORDS: Mapping[str, Words] = {
    "tr": Words(
        yes="Evet",
        no="Hayır",
        page="Sayfa",
        as_of="Veri tarihi",
        rows="satır",
        rows_written="Yazılan satır",
        rows_found="Bulunan satır",
        truncated="Kısaltılmıştır: bulunan satırların hepsi bu belgede değildir.",
        cut_cells="Metni kısaltılan hücre (…)",
        missing_glyphs="Çizilemeyen karakter",
        report_type="Rapor türü",
        version="Sürüm",
        report="Rapor kimliği",
        about="Hakkında",
        chart="Grafik",
        no_rows="Bu koşullara uyan satır yok.",
        no_points="Çizilecek veri yok.",
        total="Toplam",
        table="Satırlar",
    ),
    "en": Words(
        yes="Yes",
        no="No",
        page="Page",
        as_of="As of",
        rows="rows",
        rows_written="Rows written",
        rows_found="Rows found",
        truncated="Truncated: this document does not have all rows that were found.",
        cut_cells="Cells with shortened text (…)",
        missing_glyphs="Characters that could not be drawn",
        report_type="Report type",
        version="Version",
        report="Report id",
        about="About",
        chart="Chart",
        no_rows="No rows match.",
        no_points="There is nothing to draw.",
        total="Total",
        table="Rows",
    ),
}
# Whose numeric dates a language writes. English has M/d/y and d/M/y, which cannot be told apart, and y-MM-dd.
DATES = {"tr": "tr", "en": "en_SE"}


def locale_of(code: str) -> Locale:
    """Find the locale by its language, English where there is none: `tr-TR` is `tr`."""
    language = code.partition("-")[0].lower()
    return load(language if language in WORDS else "en")


@cache
def load(language: str) -> Locale:
    """Take the patterns out of CLDR, once: its own formatters cost 10 µs a cell."""
    cldr, dates, words = babel.Locale(language), babel.Locale.parse(DATES[language]), WORDS[language]
    symbols = cldr.number_symbols["latn"]
    day = dates.datetime_skeletons["yMd"].pattern
    names = cldr.months["stand-alone"]["abbreviated"]
    return Locale(
        **{name: getattr(words, name) for name in Words.__struct_fields__},
        code=language,
        group=symbols["group"],
        decimal=symbols["decimal"],
        date_form=translated(day, FIELDS),
        month_form=translated(cldr.datetime_skeletons["yMMM"].pattern, FIELDS),
        months=tuple(names[number] for number in range(1, 13)),
        excel_date=excel_code(day),
        excel_timestamp=f"{excel_code(day)} {CLOCK}",
    )


@cache
def currency_in(language: str, code: str) -> Currency:
    """Take one currency's form out of CLDR."""
    cldr = babel.Locale(language)
    before, after = affixes(cldr.currency_formats["standard"])
    symbol = cldr.currency_symbols.get(code, code)
    # CLDR's currencySpacing, which Babel leaves out: letters do not touch digits
    gap = NO_BREAK_SPACE if before.endswith("¤") and category(symbol[-1]).startswith("L") else ""
    return Currency(before.replace("¤", symbol) + gap, after.replace("¤", symbol), get_currency_precision(code))


@cache
def unit_in(language: str, power: int) -> str:
    """Take the short word for a power of ten out of CLDR."""
    pattern = babel.Locale(language).compact_decimal_formats["short"]["other"][str(10**power)]
    return affixes(pattern)[1]


def affixes(pattern: NumberPattern) -> tuple[str, str]:
    """What stands before and after a positive number."""
    return pattern.prefix[0], pattern.suffix[0]


def translated(pattern: str, fields: Mapping[str, str]) -> str:
    """Rewrite a CLDR date pattern."""
    return "".join([fields.get(part, part.strip("'")) for part in FIELD.findall(pattern)])


def excel_code(pattern: str) -> str:
    """Rewrite a CLDR date pattern as ECMA-376's, where marks between fields need a backslash."""
    return "".join([CODES.get(part, f"\\{part}") for part in FIELD.findall(pattern)])


def excel_symbol(text: str) -> str:
    """A currency's sign as an ECMA-376 format code, the space beside it kept."""
    return f"[${text}]" if text else ""
