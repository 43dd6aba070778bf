"""Columns as a `Form` has them, whatever the query gives."""

from collections.abc import Mapping, Sequence

import duckdb
from duckdb.sqltypes import DuckDBPyType

from rapor.catalogue import Column, ColumnType
from rapor.data.faults import BEYOND_YEARS
from rapor.sql import literal, quoted

FIRST_DATE, LAST_DATE = "date '0001-01-01'", "date '9999-12-31'"
FIRST_MOMENT, LAST_MOMENT = "timestamp '0001-01-01'", "timestamp '9999-12-31 23:59:59.999999'"


def shown(relation: duckdb.DuckDBPyRelation, columns: Sequence[Column], locale: str | None) -> list[str]:
    """Give the columns' expressions, in the order of *columns*; each keeps its name. In a *locale* codes are words."""
    kinds = dict(zip(relation.columns, relation.types, strict=True))
    return [f"{_expression(column, kinds[column.name], locale)} as {quoted(column.name)}" for column in columns]


def _expression(column: Column, kind: DuckDBPyType, locale: str | None) -> str:
    name = quoted(column.name)
    match column.type:
        case ColumnType.TEXT:
            return _in_words(f"cast({name} as varchar)", column.words_in(locale) if locale else {})
        case ColumnType.DECIMAL if _is_fraction(kind):
            return _with_leading_zero(name)
        case ColumnType.DATE:
            return _held_by_python(column, name, FIRST_DATE, LAST_DATE)
        case ColumnType.TIMESTAMP:
            return _held_by_python(column, f"cast({name} as timestamp)", FIRST_MOMENT, LAST_MOMENT)
    return name


def _in_words(text: str, words: Mapping[str, str]) -> str:
    """Put a word in place of each code that has one."""
    if not words:
        return text
    arms = " ".join(f"when {literal(code)} then {literal(word)}" for code, word in words.items())
    return f"case {text} {arms} else {text} end"


def _is_fraction(kind: DuckDBPyType) -> bool:
    """Whether all digits are behind the point."""
    if str(kind.id) != "decimal":
        return False
    (_, precision), (_, scale) = kind.children
    return bool(precision == scale)


def _with_leading_zero(name: str) -> str:
    """DuckDB writes such a number as `.5`."""
    return rf"regexp_replace(cast({name} as varchar), '^(-?)\.', '\10.')"


def _held_by_python(column: Column, value: str, first: str, last: str) -> str:
    refusal = literal(BEYOND_YEARS.format(column.name))
    return f"case when {value} < {first} or {value} > {last} then error({refusal}) else {value} end"
