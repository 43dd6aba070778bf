"""The data set `references`: customers whose credit is scored."""

import random
from collections.abc import Iterator
from pathlib import Path

from local.datasets.drawing import NULL, write_drawn
from local.datasets.text import CITIES, FIRST_NAMES, LAST_NAMES, SPECIAL

ROWS = 3000
FIRST = 90_001
NOT_KNOWN = 0.12  # of the attributes

EXAMPLE_REFERENCE = "92442"  # as in the original's documentation; docs/scores.md works it out
EXAMPLE_HABITS = (58, "91.67", 12, "42.50", NULL, 1)
# Months, days and applications are counted, the others are per cent.
COLUMNS = {
    "reference_id": "varchar", "full_name": "varchar", "city": "varchar", "months_as_customer": "integer",
    "payments_on_time": "decimal(5,2)", "longest_delay_days": "integer", "credit_in_use": "decimal(5,2)",
    "debt_to_income": "decimal(5,2)", "recent_applications": "integer",
}  # fmt: skip


def write_references(folder: Path) -> None:
    """Write `references.parquet`."""
    write_drawn(folder / "references.parquet", COLUMNS, references)


def references(chance: random.Random) -> Iterator[tuple[object, ...]]:
    """Draw customers to be scored; every special text is a name, and a customer's number."""
    for number in range(ROWS):
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
        if number % 25 == 0:  # four per cent
            name = SPECIAL[number // 25 % len(SPECIAL)]
        reference = str(FIRST + number)
        drawn = _habits(chance)
        yield reference, name, chance.choice(CITIES), *(EXAMPLE_HABITS if reference == EXAMPLE_REFERENCE else drawn)
    for text in SPECIAL:
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
