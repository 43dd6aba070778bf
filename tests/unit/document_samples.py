"""A thousand rows of what reports really hold, and of what breaks writers."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from rapor.catalogue import Column
from rapor.documents.parts import Batch, CsvOptions, Head

Row = tuple[Any, ...]

COLUMNS = tuple(
    Column.model_validate({"name": name, "type": kind, "label": {"tr": tr, "en": en}})
    for name, kind, tr, en in (
        ("id", "integer", "No", "No"),
        ("name", "text", "Ad soyad", "Name"),
        ("note", "text", "Açıklama", "Note"),
        ("amount", "decimal", "Tutar (₺)", "Amount"),
        ("quantity", "integer", "Adet", "Quantity"),
        ("born", "date", "Doğum tarihi", "Born"),
        ("seen", "timestamp", "Son giriş", "Last seen"),
        ("active", "boolean", "Etkin mi", "Active"),
    )
)
NAMES = (
    "Ayşe Yılmaz",
    "İbrahim Çağlar",
    "Şule Güneş Öztürk",
    "ığüşöçIĞÜŞİÖÇ",
    "王小明",
    "محمد علي",
    "Иван Петров",
    "Ἀλέξανδρος",
    "한지민",
    "שלום עולם",
    "नमस्ते",
    "Zoë 👍🏽",
    "O'Brien (\\test)",
)
NOTES = (
    None,
    "",
    "plain",
    '=HYPERLINK("http://evil","x")',
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\ttab first",
    "\rreturn first",
    "\0nul first",
    'quote " comma , semicolon ;',
    "two\nlines",
    "two\r\nlines",
    "bell \x07 escape \x1b",
    "<b>&amp;</b>",
    "_x0041_ is not A",
    "  spaces around  ",
    "{{template}} %s %d $name ${x}",
    "uzun bir açıklama " * 12,
    "kesintisizuzunsözcük" * 8,
)
AMOUNTS = (
    None,
    Decimal("0.00"),
    Decimal("-0.01"),
    Decimal("1234.56"),
    Decimal("-98765432.10"),
    Decimal(12345678901234567890123456789012345678),
    Decimal("-0.12345678901234567890123456789012345678"),
    Decimal("1E+3"),
    Decimal("1E-7"),
)
QUANTITIES = (None, 0, -1, 2025, 999_999_999_999_999, 1_000_000_000_000_000, -(2**63), 2**127)
DATES = (
    None,
    date(1, 1, 1),
    date(1899, 12, 31),
    date(1900, 2, 28),
    date(1900, 3, 1),
    date(2025, 12, 31),
    date(9999, 12, 31),
)
MOMENTS = (None, datetime(1850, 1, 1, 12), datetime(2025, 6, 1, 23, 59, 59), datetime(2025, 6, 1, 0, 0, 0, 123456))


def rows(count: int = 1000) -> list[Row]:
    return [
        (
            index + 1,
            NAMES[index % len(NAMES)],
            NOTES[index % len(NOTES)],
            AMOUNTS[index % len(AMOUNTS)],
            QUANTITIES[index % len(QUANTITIES)],
            DATES[index % len(DATES)],
            MOMENTS[index % len(MOMENTS)],
            (True, False, None)[index % 3],
        )
        for index in range(count)
    ]


def plain_rows(count: int) -> list[Row]:
    return [
        (
            index + 1,
            NAMES[index % 4],
            f"({index}) \\ açık",
            Decimal(index * 7919 - 5000) / 100,
            index * 31,
            date(2025, 1, 1) + timedelta(days=index % 365),
            datetime(2025, 1, 1) + timedelta(minutes=index),
            index % 2 == 0,
        )
        for index in range(count)
    ]


def batches(rows: Sequence[Row], size: int = 300) -> Iterator[Batch]:
    for first in range(0, len(rows), size):
        yield list(zip(*rows[first : first + size], strict=True))


def head(count: int, *, locale: str = "tr", rows_total: int | None = None, csv: CsvOptions | None = None) -> Head:
    return Head(
        uuid="01234567-89ab-4cde-8f01-23456789abcd",
        title="Kullanıcı raporu: ığüşöç İ",
        report_type="users",
        type_version=3,
        locale=locale,
        parameters=[("Başlangıç", "01.01.2025"), ("Bitiş", "31.12.2025")],
        raw_parameters={"date_from": "2025-01-01", "score": Decimal("1.10"), "rate": float("nan"), "tags": ["ş", None]},
        as_of=datetime(2025, 12, 31, 23, 59, 1, 5, tzinfo=UTC),
        row_count=count,
        rows_total=count if rows_total is None else rows_total,
        csv=csv or CsvOptions(),
    )


class WriteOnly:
    """A sink that can do nothing but write."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(bytes(data))

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))
