"""Laravel's cursor pages: how many, from where, and the way on."""

import base64
import binascii
import hashlib
import json
from urllib.parse import urlencode

from rapor.caller import Caller
from rapor.errors import Invalid
from rapor.http.gateway import Request
from rapor.http.sentences import selected_invalid
from rapor.report import Position

PER_PAGE = 15
MAX_PER_PAGE = 100


def per_page(request: Request) -> int:
    """
    How many reports a page may have.

    Raises:
        Invalid: It is not a whole number from 1 to 100.
    """
    text = request.query.get("per_page", str(PER_PAGE))
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= MAX_PER_PAGE:
        raise Invalid({"per_page": [f"The per page field must be between 1 and {MAX_PER_PAGE}."]})
    return int(text)


def position_in(request: Request, caller: Caller) -> Position | None:
    """
    Where the page begins.

    Raises:
        Invalid: The cursor is broken, or was made for somebody else.
    """
    cursor = request.query.get("cursor")
    if not cursor:
        return None
    try:
        key, backwards, mark = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, TypeError, binascii.Error):
        key, backwards, mark = None, None, None
    if not isinstance(key, str) or not isinstance(backwards, bool) or mark != _mark(caller):
        raise Invalid({"cursor": [selected_invalid("cursor")]})
    return Position(key, backwards=backwards)


def cursor_to(position: Position | None, caller: Caller) -> str | None:
    """Make a position opaque, and good for this caller only."""
    if position is None:
        return None
    text = json.dumps([position.key, position.backwards, _mark(caller)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def _mark(caller: Caller) -> str:
    """Bind a cursor to its caller; the partition is always rebuilt from the caller, so this needs no secret."""
    return hashlib.sha256(caller.id.encode()).hexdigest()[:16]


def link_to(request: Request, caller: Caller, position: Position | None) -> str | None:
    """Give the address of the page at *position*."""
    cursor = cursor_to(position, caller)
    if cursor is None:
        return None
    query = urlencode({**request.query, "cursor": cursor})
    return f"{request.base_url}{request.path}?{query}"
