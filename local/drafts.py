"""The first draft of a report type: every part explained, and its columns read off the data where that is there."""

import json
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, count
from pathlib import Path

import duckdb
from anyascii import anyascii

from rapor.catalogue import ColumnType
from rapor.data.datasets import Folder, resolve
from rapor.data.engine import ACCEPTED
from rapor.sql import quoted

PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # what TOML wants to be escaped
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")  # of userId
LONGEST = 50  # so that a word fits before a name, and a number behind it
OWNERS = ("user_id", "owner_id", "account_id")  # names a column of owners often has; a user is text, as in tokens
CASTS = {"double": "decimal(18, 2)", "float": "decimal(18, 2)"}  # what is not exact is no decimal of ours
DATED = (ColumnType.DATE, ColumnType.TIMESTAMP)


@dataclass(frozen=True, slots=True)
class Found:
    """A column of the data: what it is called there, what the document calls it, and what it becomes."""

    source: str
    name: str
    type: ColumnType
    cast: str | None = None

    @property
    def selected(self) -> str:
        """As the query selects it."""
        value = in_sql(self.source)
        if self.cast:
            return f"cast({value} as {self.cast}) as {in_sql(self.name)}"
        return value if self.source == self.name else f"{value} as {in_sql(self.name)}"

    @property
    def is_name(self) -> bool:
        """Whether its numbers name things rather than count them."""
        return self.type is ColumnType.INTEGER and self.name.endswith(("id", "_no", "number", "code", "year"))

    @property
    def label(self) -> str:
        """A first word for people: what the data calls it, unless that was meant for machines."""
        if PLAIN_NAME.fullmatch(self.source):
            return self.source.replace("_", " ").strip().capitalize()
        return " ".join(self.source.split()) or self.name


EXAMPLE = (Found("name", "name", ColumnType.TEXT), Found("created_on", "created_on", ColumnType.DATE))


def in_sql(name: str) -> str:
    """Write a name as SQL takes it, plain where that will do."""
    return name if PLAIN_NAME.fullmatch(name) and name not in reserved_words() else quoted(name)


@cache
def reserved_words() -> frozenset[str]:
    """Words that are no names in DuckDB's SQL."""
    with duckdb.connect() as con:
        found = con.execute("select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'")
        return frozenset(word for (word,) in found.fetchall())


def columns_of(name: str, data: Path) -> Sequence[Found]:
    """
    Read the columns off the data set *name* below *data*.

    Raises:
        SourceUnavailable, SourceInvalid: It is not there, or cannot be read as one.
        duckdb.Error: Its files cannot be read.
    """
    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as con:
        relation = con.sql(f"from {resolve(Folder(data), name).relation(con, None)}")
        kinds = [str(kind.id) for kind in relation.types]
        return list(_found(zip(relation.columns, kinds, strict=True)))


def _found(columns: Iterable[tuple[str, str]]) -> Iterator[Found]:
    taken: set[str] = set()
    for number, (source, kind) in enumerate(columns, 1):
        name = _free(_name(source, number), taken)
        taken.add(name)
        if name in OWNERS:
            yield Found(source, name, ColumnType.TEXT, "varchar")
        elif kind in CASTS:
            yield Found(source, name, ColumnType.DECIMAL, CASTS[kind])
        else:
            known = next((ours for ours, theirs in ACCEPTED.items() if kind in theirs), None)
            yield Found(source, name, known or ColumnType.TEXT, None if known else "varchar")


def _name(source: str, number: int) -> str:
    """Say what an author would have called it, in letters of ASCII."""
    apart = HUMP.sub("_", anyascii(source)).lower()
    plain = re.sub(r"[^a-z0-9]+", "_", apart).strip("_")[:LONGEST].rstrip("_")
    return plain if PLAIN_NAME.fullmatch(plain) else f"column_{plain or number}"


def _free(name: str, taken: Container[str]) -> str:
    """Say *name*, numbered where it is taken."""
    numbered = chain([name], (f"{name}_{number}" for number in count(2)))
    return next(it for it in numbered if it not in taken)


def draft(name: str, columns: Sequence[Found]) -> str:
    """Write the file; it can be ordered as it stands, if the data has these columns."""
    day = next((column for column in columns if column.type in DATED), None)
    parts = [
        _head(name, columns, day),
        PARAMETERS if day else NO_PARAMETERS,
        _source(name, columns),
        COLUMNS,
        *map(_column, columns),
        SUMMARY,
        _chart(day) if day else NO_CHART,
    ]
    return "\n".join(parts)


def _head(name: str, columns: Sequence[Found], day: Found | None) -> str:
    selected = ",\n  ".join(column.selected for column in columns)
    where = f"\nwhere {_between(day)}" if day else ""
    order = in_sql((day or columns[0]).name)
    query = f"{ROUNDED if any(it.cast in CASTS.values() for it in columns) else ''}select\n  {selected}"
    query += f"\nfrom {in_sql(name)}{where}\norder by {order}"
    return HEAD.format(name=name, title=_text(name.replace("_", " ").capitalize()), query=_in_block(query))


def _between(day: Found) -> str:
    value = in_sql(day.source)
    return (
        f"($date_from is null or {value} >= $date_from::date)\n"
        f"  and ($date_to is null or {value} < $date_to::date + interval 1 day)"
    )


def _source(name: str, columns: Sequence[Found]) -> str:
    owner = next((column.source for column in columns if column.name in OWNERS), None)
    own = f"own = {_text(owner)}" if owner else '# own = "user_id"'
    return SOURCE.format(name=name, own=own)


def _column(column: Found) -> str:
    total = "\ntotal = true" if column.type is ColumnType.DECIMAL else ""
    total += "\ngrouping = false  # it names something: no thousands marks" if column.is_name else ""
    label = _text(column.label)
    return f'[[columns]]\nname = "{column.name}"\ntype = "{column.type}"\nlabel = {{ en = {label} }}{total}\n'


def _chart(day: Found) -> str:
    return CHART.format(day=in_sql(day.name))


def _text(text: str) -> str:
    """Write a TOML string; JSON's are such, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _in_block(text: str) -> str:
    """Write text for inside of TOML's three quotes."""
    plain = text.replace("\\", "\\\\").replace('"""', '""\\"')
    return CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", plain)


ROUNDED = (
    "-- The data has floating-point numbers, which no document sums exactly: say how many digits they really have.\n"
)

HEAD = '''# A report type: what can be ordered under this name. Every key is explained in docs/report-types.md.
name = "{name}"  # as the file is called
version = 1  # raise it when parameters, query or columns change: reports remember what they were made by
formats = ["pdf", "excel", "csv", "json"]  # the first is taken where an order says none, or pdf
lane = "fast"  # done within half a minute; otherwise "heavy", which has a quarter of an hour

# One SELECT in DuckDB's SQL over the [sources] below. $names are [parameters]; what was not sent is null.
query = """
{query}
"""

[title]
en = {title}
# tr = "…"

[description]
en = "Say in a sentence what is in it."

# Most rows a document of the format may have; an order for more fails, and says which format would do.
[limits.rows]
pdf = 100_000
excel = 1_000_000
'''

PARAMETERS = """# What an order may ask for, as JSON Schema. List what it must ask for in `required = ["…"]`.
[parameters]
additionalProperties = false
x-ordered = [["date_from", "date_to"]]  # the first may not be after the second

[parameters.properties.date_from]
type = "string"
format = "date"
x-label = { en = "From" }

[parameters.properties.date_to]
type = "string"
format = "date"
x-label = { en = "Until" }
"""

NO_PARAMETERS = """# What an order may ask for, as JSON Schema. List what it must ask for in `required = ["…"]`.
[parameters]
additionalProperties = false

# [parameters.properties.city]
# type = "string"
# x-label = { en = "City" }
"""

SOURCE = """# The data set: Parquet, CSV or NDJSON files in a folder of this name. `own` names the column that says
# whose a row is, so that callers with `.own` permissions get their rows and no more; "all" shows them every row.
# Without it they cannot order the type at all.
[sources.{name}]
{own}
"""

COLUMNS = """# What the document shows, in this order; names and types are the query's.
# Types: text, integer, decimal, date, timestamp, boolean. Numbers may have a total and a currency = "EUR".
"""

SUMMARY = """# Up to six key figures at the head of the document, each an aggregate over the query's columns.
[[summary]]
name = "rows"
type = "integer"
label = { en = "Rows" }
value = "count(*)"
"""

CHART = '''# A chart: bar, stacked or line. Its query reads `report`, which is the query above.
[chart]
kind = "bar"
title = {{ en = "By month" }}
query = """
select date_trunc('month', {day})::date as month, count(*) as rows
from report
group by all
order by month
"""
x = {{ name = "month", type = "date", label = {{ en = "Month" }} }}
y = [{{ name = "rows", type = "integer", label = {{ en = "Rows" }} }}]
'''

NO_CHART = """# A chart: bar, stacked or line. Its query reads `report`, which is the query above.
# [chart]
# kind = "bar"
# title = { en = "By city" }
# query = "select city, count(*) as rows from report group by city order by city"
# x = { name = "city", type = "text", label = { en = "City" } }
# y = [{ name = "rows", type = "integer", label = { en = "Rows" } }]
"""
