"""The data set `users`: accounts and the people who use them."""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from local.datasets.drawing import NULL, write_drawn
from local.datasets.text import CITIES, FIRST_NAMES, LAST_NAMES, SPECIAL

ROWS = 12_000
ACCOUNTS = 2500
FIRST_DAY, LAST_DAY = date(2023, 1, 1), date(2025, 12, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
SEEN_WITHIN = timedelta(days=365)  # of the registration
NEVER_SEEN, NO_BALANCE, OWING = 0.08, 0.05, 0.1  # of the rows

TO_ASCII = str.maketrans("çğıöşüÇĞİÖŞÜ", "cgiosuCGIOSU")
COLUMNS = {
    "id": "bigint", "user_id": "varchar", "full_name": "varchar", "email": "varchar", "role": "varchar",
    "city": "varchar", "status": "varchar", "registered_on": "date", "last_seen_at": "timestamp",
    "balance": "decimal(18,2)",
}  # fmt: skip


def write_users(folder: Path) -> None:
    """Write `users.parquet`."""
    write_drawn(folder / "users.parquet", COLUMNS, users)


def users(chance: random.Random) -> Iterator[tuple[object, ...]]:
    """Draw the rows, columns as in `COLUMNS`; every special name comes at least once."""
    for number in range(1, ROWS + 1):
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
        email = f"{name.translate(TO_ASCII).lower().replace(' ', '.')}{number}@example.com"
        if number % 25 == 0:  # four per cent
            name = SPECIAL[number // 25 % len(SPECIAL)]
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
