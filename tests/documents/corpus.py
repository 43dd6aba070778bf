"""Ten thousand rows of what databases hold, drawn from a fixed seed: what went in, before any code of ours saw it."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeVar

Cell = TypeVar("Cell")

ROWS = 10_000
SEED = 1071

WORDS = (
    *("Ayşe", "Çağrı", "Şükrü", "Iğdır", "İzmir", "ığüşöç", "IĞÜŞİÖÇ", "değil", "göğüs", "üçüncü"),
    *("naïve", "Łódź", "Đặng", "Hương", "Zoë", "Ñuñez", "Straße", "½", "€", "™", "“söz”"),
    *("I\u0307smail", "Ays\u0327e", "Go\u0308k", "e\u0301\u0323"),  # decomposed
    *("Пушкин", "Шевченко", "Ёлка", "їжак", "Γιώργος", "Παπαδόπουλος", "ἀλφα"),
    *("山田太郎", "東京都", "简体字", "繁體字", "すずき", "カタカナ", "。", "김민준", "한국어"),
    *("अमित", "हिन्दी", "क्षत्रिय", "สมชาย", "ใจดี", "ქართული", "հայերեն"),
)
RIGHT_TO_LEFT = ("محمد", "عبد الله", "فاطمة", "لا إله", "السلام عليكم", "پارسی", "שלום", "עולם", "שרה כהן")
EMOJI = {
    "🌸": 1,
    "👍🏽": 2,
    "👩\u200d💻": 2,
    "🇹🇷": 2,
    "❤\ufe0f🎉": 1,
    "𝔘𝔫𝔦": 0,
}  # and how many of each no font here has
CONTROL = ("\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b[31m", "\x1f", "\x7f", "\x00", "\x85", "\x9f")
LINE_ENDS = ("\n", "\r\n", "\r", "\u2028", "\n\n")
HOSTILE = (
    '=HYPERLINK("http://example.invalid","x")', "=1+1", "+905321234567", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1",
    "\0=1+1", '"quoted"', "O'Brien", "'apostrophe first", "a,b;c\td|e", "<script>alert(1)</script>", "<b>&amp;</b>",
    "]]>", "' OR 1=1 --", ") Tj (", "\\) \\( \\\\", "%PDF-1.7 endobj", "{{7*7}} ${x} %s %d %%", "_x0041_", "_x000D_",
    "_x005F_x0041_", "NULL", "null", "NaN", "true", "007", "1e5", "1,5", "12/31/2025", "\\N", "  spaces  around  ",
    " ", "\u00a0", "", "\u200b", "\ufeff", "\u202etxt.exe\u202c", "\ufffd", "\ufffe\uffff", "a" * 2000, "ş," * 500,
)  # fmt: skip

AMOUNTS = ("0", "0.01", "-0.01", "1234.56", "-98765432.1", "0.0000000001", "9999999999999999999999999999.9999999999")
DATES = (
    "0001-01-01", "0099-02-28", "1582-10-04", "1582-10-15", "1752-09-14", "1899-12-30", "1899-12-31", "1900-01-01",
    "1900-02-28", "1900-03-01", "1904-01-01", "1969-12-31", "2000-02-29", "2038-01-19", "9999-12-31",
)  # fmt: skip
MOMENTS = (
    "0001-01-01T00:00:00", "1899-12-31T23:59:59", "1900-02-28T23:59:59", "1900-03-01T00:00:00", "1969-12-31T23:59:59.999999",
    "2025-03-30T01:30:00", "2025-06-01T00:00:00.000001", "2025-12-31T23:59:59.5", "9999-12-31T23:59:59",
    "9999-12-31T23:59:59.999999",
)  # fmt: skip
WHOLES = ("0", "-1", "999999999999999", "1000000000000000", "-999999999999999", str(2**63), str(2**127 - 1))


class Row(NamedTuple):
    """One row as a report holds it; `leftward` holds scripts that read from right to left alone."""

    id: int
    amount: Decimal | None
    wide: Decimal | None
    whole: int | None
    born: date | None
    seen: datetime | None
    active: bool | None
    words: str | None
    leftward: str | None
    hostile: str | None
    swept: str | None


STORED = {
    "id": "bigint", "amount": "decimal(38,10)", "wide": "decimal(38,0)", "whole": "varchar", "born": "date",
    "seen": "timestamp", "active": "boolean", "words": "varchar", "leftward": "varchar", "hostile": "varchar",
    "swept": "varchar",
}  # fmt: skip
"""How Parquet holds them; it has no integers of 128 bits."""


def rows() -> list[Row]:
    """Draw them."""
    chance = random.Random(SEED)  # noqa: S311 - sample data
    points = sweep()
    per_row = len(points) // ROWS + 1
    return [_row(number, chance, "".join(points[number * per_row :][:per_row])) for number in range(ROWS)]


def sweep() -> list[str]:
    """Every code point of the Basic Multilingual Plane but the surrogates, and every 64th above."""
    return [*map(chr, range(0xD800)), *map(chr, range(0xE000, 0x10000)), *map(chr, range(0x10000, 0x110000, 64))]


def as_stored(row: Row) -> tuple[str | None, ...]:
    """The row as text that DuckDB casts."""
    return tuple(None if cell is None else cell if isinstance(cell, str) else f"{cell}" for cell in row)


def _row(number: int, chance: random.Random, swept: str) -> Row:
    born, seen = _date(chance), _moment(chance)
    digits = str(chance.randrange(10**37, 10**38))
    return Row(
        id=number,
        amount=_maybe(chance, Decimal(f"{Decimal(_amount(chance)):.10f}")),  # its column has ten decimals
        wide=_maybe(chance, Decimal(chance.choice(("", "-")) + digits)),
        whole=_maybe(chance, int(chance.choice((*WHOLES, str(chance.randrange(-(10**18), 10**18)))))),
        born=_maybe(chance, born),
        seen=_maybe(chance, seen),
        active=_maybe(chance, chance.random() < 0.5),
        words=_maybe(chance, _sentence(chance)),
        leftward=_maybe(chance, " ".join(chance.choices(RIGHT_TO_LEFT, k=chance.randrange(1, 5)))),
        hostile=_maybe(chance, _nuisance(chance)),
        swept=swept or None,
    )


def _amount(chance: random.Random) -> str:
    drawn = (
        f"{chance.choice(('', '-'))}{chance.randrange(10 ** chance.randrange(1, 28))}.{chance.randrange(10**10):010}"
    )
    return chance.choice((*AMOUNTS, drawn, drawn, drawn, f"{chance.randrange(-(10**7), 10**7) / 100:.2f}"))


def _date(chance: random.Random) -> date:
    return chance.choice((*map(date.fromisoformat, DATES), *[date.fromordinal(chance.randrange(1, 3_652_060))] * 10))


def _moment(chance: random.Random) -> datetime:
    drawn = datetime(1, 1, 1) + timedelta(
        days=chance.randrange(3_652_059), microseconds=chance.randrange(86_400 * 10**6)
    )
    return chance.choice((*map(datetime.fromisoformat, MOMENTS), *[drawn] * 10))


def _sentence(chance: random.Random) -> str:
    return " ".join(chance.choices((*WORDS, *WORDS, *EMOJI), k=chance.randrange(1, 9)))


def _nuisance(chance: random.Random) -> str:
    if chance.randrange(3):
        return chance.choice(HOSTILE)
    middle = chance.choice((*CONTROL, *LINE_ENDS, "\t", ""))
    return f"{chance.choice(WORDS)}{middle}{chance.choice((*WORDS, ''))}"


def _maybe(chance: random.Random, cell: Cell) -> Cell | None:
    """One cell of sixteen is NULL."""
    return None if chance.randrange(16) == 0 else cell
