"""Words and number and date forms on documents, by locale."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    """
    How one language writes numbers, dates and the few fixed words.

    `date_form` is filled with year, month and day; `excel_date` says the same in ECMA-376 §18.8.30.
    """

    group: str
    decimal: str
    date_form: str
    excel_date: str
    yes: str
    no: str
    page: str
    as_of: str
    rows: str
    rows_written: str
    rows_found: str
    report_type: str
    version: str
    report: str
    about: str
    no_rows: str

    def number(self, value: Decimal | float) -> str:
        """Write every digit there is, never rounded: 1.234,56 or 1,234.56."""
        exact = Decimal(repr(value)) if isinstance(value, float) else value
        text = f"{exact:,}" if isinstance(exact, int) else f"{exact:,f}"
        return text.translate({ord(","): self.group, ord("."): self.decimal})

    def date(self, value: date) -> str:
        """Day, month and year in the locale's order."""
        return self.date_form % {"y": f"{value.year:04}", "m": f"{value.month:02}", "d": f"{value.day:02}"}

    def timestamp(self, value: datetime) -> str:
        """Date and time of day in UTC; fractions of a second only where there are any."""
        moment = value.astimezone(UTC) if value.tzinfo else value
        return f"{self.date(moment)} {moment.time().isoformat()}"


LOCALES: Mapping[str, Locale] = {
    "tr": Locale(
        group=".",
        decimal=",",
        date_form="%(d)s.%(m)s.%(y)s",
        excel_date="dd\\.mm\\.yyyy",
        yes="Evet",
        no="Hayır",
        page="Sayfa",
        as_of="Veri tarihi",
        rows="satır",
        rows_written="Yazılan satır",
        rows_found="Bulunan satır",
        report_type="Rapor türü",
        version="Sürüm",
        report="Rapor kimliği",
        about="Hakkında",
        no_rows="Bu koşullara uyan satır yok.",
    ),
    "en": Locale(
        group=",",
        decimal=".",
        date_form="%(y)s-%(m)s-%(d)s",
        excel_date="yyyy\\-mm\\-dd",
        yes="Yes",
        no="No",
        page="Page",
        as_of="As of",
        rows="rows",
        rows_written="Rows written",
        rows_found="Rows found",
        report_type="Report type",
        version="Version",
        report="Report id",
        about="About",
        no_rows="No rows match.",
    ),
}


def locale_of(code: str) -> Locale:
    """Find the locale by its language, English where there is none: `tr-TR` is `tr`."""
    return LOCALES.get(code.partition("-")[0].lower(), LOCALES["en"])
