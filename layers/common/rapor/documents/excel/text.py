"""Text as a cell can hold it, in DuckDB's SQL; each takes an expression, and what it gives is NULL where that is."""

from collections.abc import Mapping
from functools import reduce

from rapor.documents.sql import contains_any
from rapor.sql import literal

TEXT_LIMIT = 32_767  # UTF-16 units a cell may hold
ASTRAL = r"[\x{10000}-\x{10FFFF}]"  # two UTF-16 units each
MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
COMMON = MARKUP | {"\r": "_x000D_"}  # XML 1.0 §2.11: it would be read as a line feed
FORBIDDEN = r"[\x00-\x08\x0b-\x1f\x{FFFE}\x{FFFF}]"  # XML 1.0 §2.2; and \r, as above
RARE = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{FFFE}\x{FFFF}]|_x[0-9A-Fa-f]{4}_"


def cut(name: str) -> str:
    """Give as much as a cell may hold, at most: a little less where characters of two units are cut off."""
    most = f"left({name}, {TEXT_LIMIT} - {astral(f'left({name}, {TEXT_LIMIT})')})"
    return f"case when strlen({name}) > {TEXT_LIMIT} then {most} else {name} end"


def is_cut(name: str) -> str:
    """1 where `cut` leaves something out."""
    units = f"length({name}) + {astral(name)}"
    return f"case when strlen({name}) > {TEXT_LIMIT} then cast({units} > {TEXT_LIMIT} as integer) else 0 end"


def astral(text: str) -> str:
    """How many characters have two UTF-16 units."""
    return f"(length({text}) - length(regexp_replace({text}, {literal(ASTRAL)}, '', 'g')))"


def escaped(text: str) -> str:
    """
    Escape what XML cannot hold, as `xml.escape` does.

    What is rare stands apart, for each step of it holds a copy of the text.
    """
    rare, common = f"regexp_matches({text}, {literal(RARE)})", contains_any(text, "".join(COMMON))
    return f"case when {rare} then {without_rare(text)} when {common} then {replaced(text, COMMON)} else {text} end"


def without_rare(text: str) -> str:
    """Escape everything."""
    escape = "printf('_x%04X_', unicode(character))"
    found = f"list_distinct(regexp_extract_all({text}, {literal(FORBIDDEN)}))"
    plain = not_looking_escaped(replaced(text, MARKUP))
    return f"list_reduce({found}, lambda text, character: replace(text, character, {escape}), {plain})"


def not_looking_escaped(text: str) -> str:
    """
    Write `_x005F_` for the underscore before `x0041_`; *text* has no `<` any more.

    One underscore may end one such word and begin the next, and RE2 neither looks ahead nor matches twice. So
    each becomes two, of which a match takes the second and leaves `<` there.
    """
    marked = f"regexp_replace(replace({text}, '_', '__'), '_(x[0-9A-Fa-f]{{4}}_)', '<\\1', 'g')"
    return replaced(marked, {"_<": "<", "__": "_", "<": "_x005F_"})


def replaced(text: str, by: Mapping[str, str]) -> str:
    """Replace the first key, then the next."""
    return reduce(lambda text, pair: f"replace({text}, {', '.join(map(literal, pair))})", by.items(), text)
