"""
What DuckDB's complaints mean to the owner of a report.

Read from the words a message starts with, not from its class: an error in the middle of a stream comes through
Arrow as text. The sentences hold no path, no SQL and no data; `__cause__` keeps all of it for the logs.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rapor.data.datasets import TIME_OUT, Place
from rapor.errors import (
    Internal,
    InvalidParameters,
    OutOfMemory,
    RaporError,
    RenderError,
    SourceInvalid,
    SourceUnavailable,
    TimedOut,
)

UNREADABLE = "The data cannot be read."
MISFIT = "The query does not fit the data."
LACK = "The query does not fit the data: it names a column or function that is not there."
LACKING = re.compile("(Binder|Catalog) Error: .*(not found|do(es)? not exist|does not have a column)")
ARROW = "C Data interface error: "
BEYOND_YEARS = "The column {} holds a value outside the years 1 to 9999."
REFUSED = re.compile("Invalid Input Error: " + re.escape(BEYOND_YEARS).replace(r"\{\}", "([a-z][A-Za-z0-9_]*)"))

MEANINGS: Mapping[str, tuple[type[RenderError], str]] = {
    "INTERRUPT Error": (TimedOut, TIME_OUT),
    "Out of Memory Error": (OutOfMemory, "The query needs more memory than the function has. Ask for less at once."),
    "IO Error": (SourceUnavailable, UNREADABLE),
    "HTTP Error": (SourceUnavailable, UNREADABLE),
    "INTERNAL Error": (Internal, "The query engine failed."),
    "FATAL Error": (Internal, "The query engine failed."),
    "Binder Error": (SourceInvalid, MISFIT),
    "Catalog Error": (SourceInvalid, MISFIT),
    "Conversion Error": (SourceInvalid, "A value in the data does not convert to the type the query asks for."),
    "Out of Range Error": (SourceInvalid, "A number in the data is too large for the query."),
    "Permission Error": (SourceUnavailable, UNREADABLE),  # how a file that vanished looks once access is off
}
MISSING = re.compile(r'schema mismatch in glob: column "(.+?)"')
APART = re.compile(r'failed to cast column "(.+?)" from type')  # between Parquet files
OF_VALUES = ("Conversion Error", "Invalid Input Error")
UNLIKE = "Invalid Input Error: Failed to cast value: "  # of a list whose items have no common type, before any data
OTHERWISE = (SourceInvalid, "The data is not what the report type's query needs.")


@contextmanager
def translated(place: Place, values: Mapping[str, Any]) -> Iterator[None]:
    """
    Turn what DuckDB, Arrow and the file system raise into our errors.

    Raises:
        RenderError: Which one, `MEANINGS` says.
    """
    try:
        yield
    except RaporError:
        raise
    except Exception as error:
        if place.failure:  # raised below DuckDB, which made another error of it
            raise place.failure  # noqa: B904 - its cause is the one worth knowing
        raise meaning(error, values) from error


def meaning(error: Exception, values: Mapping[str, Any]) -> RenderError:
    """Our error for *error*."""
    text = str(error).removeprefix(ARROW)
    if apart := APART.search(text):
        return SourceInvalid(f"The data's files differ: the types of their column {apart[1]} do not fit each other.")
    if missing := MISSING.search(text):
        return SourceInvalid(f"The data's files differ: one of them has no column {missing[1]}.")
    name = _parameter_in(text, values) if text.startswith(OF_VALUES) else None
    if name:
        return InvalidParameters(f"The parameter {name} has a value the query cannot use.")
    refused = REFUSED.match(text)
    if refused:
        return SourceInvalid(BEYOND_YEARS.format(refused[1]))
    if LACKING.match(text):
        return SourceInvalid(LACK)
    kind, sentence = MEANINGS.get(text.partition(":")[0], OTHERWISE)
    return kind(sentence)


def _parameter_in(text: str, values: Mapping[str, Any]) -> str | None:
    """Name of the parameter whose value DuckDB quotes: the one sign that tells it from a value of the data."""
    complaint = text.partition("\n\nLINE ")[0]  # the SQL after it has texts of its own
    for name, value in values.items():
        nested = isinstance(value, (list, dict))
        if nested and complaint.startswith(UNLIKE):
            return name
        if any(form in complaint for leaf in _leaves(value) for form in _quotes(leaf)):
            return name
    return None


def _leaves(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            yield from (leaf for inner in value.values() for leaf in _leaves(inner))
        case list():
            yield from (leaf for inner in value for leaf in _leaves(inner))
        case _:
            yield value


def _quotes(value: Any) -> Sequence[str]:
    """How DuckDB writes a value where it complains."""
    match value:
        case str():
            return f"'{value}'", f'"{value}"'
        case bool():
            return ()
        case int():
            return f"value {value} ", f"value {value}.0 ", f"128-bit integer type: {value}"
        case float():
            return f"value {value} ", f"value {value:f} "
    return ()
