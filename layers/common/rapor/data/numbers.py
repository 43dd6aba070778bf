"""
What the numbers of CSV files are, by all of their rows.

DuckDB looks at the first 20,480 rows, and takes what has a point for floating point: amounts would lose digits after
the sixteenth, some of them, as a query happens to be run, and a code its zeros where the first rows have none.
"""

from collections.abc import Mapping

import duckdb

from rapor.sql import literal, quoted, select

SNIFFED = frozenset({"BIGINT", "HUGEINT", "BIGNUM", "DOUBLE"})
PLAIN = r" *-?(0|[1-9][0-9]*)?(\.[0-9]*)? *"
CODE = r"^ *-?0[0-9A-Za-z]"  # 042 and 0x2A name something
BIGINT_DIGITS, MOST_DIGITS = 18, 38


def exact_types(con: duckdb.DuckDBPyConnection, texts: str, sniffed: Mapping[str, str]) -> Mapping[str, str]:
    """Give the columns of *sniffed* types that lose nothing; the relation *texts* reads them as text."""
    if not sniffed:
        return {}
    measures = [measure for name in sniffed for measure in _measures(quoted(name))]
    (found,) = con.execute(select(measures, f"from {texts}")).fetchall()
    digits = dict(zip(sniffed, zip(found[::3], found[1::3], found[2::3], strict=True), strict=True))
    exact = {name: _kind(before, after) for name, (is_plain, before, after) in digits.items() if is_plain}
    odd = [name for name, (is_plain, _, _) in digits.items() if is_plain is False]
    return {**sniffed, **exact, **dict.fromkeys(_codes(con, texts, odd), "VARCHAR")}


def _measures(text: str) -> tuple[str, str, str]:
    """Whether every one is a plain number; the most digits before a point, and after it: -1 where none has one."""
    point = f"position('.' in {text})"
    before = f"case when {point} = 0 then strlen({text}) else {point} - 1 end - cast(starts_with({text}, '-') as int)"
    after = f"case when {point} > 0 then strlen({text}) - {point} else -1 end"
    return f"bool_and(regexp_full_match({text}, {literal(PLAIN)}))", f"max({before})", f"max({after})"


def _kind(before: int, after: int) -> str:
    if after < 0 and before <= MOST_DIGITS:
        return "BIGINT" if before <= BIGINT_DIGITS else "HUGEINT"
    digits = max(before, 1) + max(after, 0)
    return f"DECIMAL({digits}, {after})" if digits <= MOST_DIGITS else "VARCHAR"


def _codes(con: duckdb.DuckDBPyConnection, texts: str, columns: list[str]) -> list[str]:
    """Those of *columns*, which hold more than plain numbers, that name something; what others hold, reading says."""
    if not columns:
        return []
    measures = [f"bool_or(regexp_matches({quoted(name)}, {literal(CODE)}))" for name in columns]
    (found,) = con.execute(select(measures, f"from {texts}")).fetchall()
    return [name for name, is_code in zip(columns, found, strict=True) if is_code]
