"""Cursors: a position made opaque, good for the caller and the filters it was made for."""

import base64
import hashlib
import json
from datetime import datetime
from urllib.parse import quote, urlencode
from uuid import UUID

from msgspec.structs import asdict

from rapor.caller import Caller
from rapor.errors import Invalid
from rapor.http.gateway import Request
from rapor.http.sentences import selected_invalid
from rapor.listing import Filters, Position
from rapor.report import iso


def position_in(cursor: str, caller: Caller, filters: Filters) -> Position:
    """
    Read a cursor back.

    Raises:
        Invalid: It is not, to the letter, one that this caller got for these filters.
    """
    try:
        created_at, uuid, way, _ = base64.urlsafe_b64decode(cursor + "==").decode().split("#")
        position = Position(datetime.fromisoformat(created_at), UUID(uuid), backwards=way == "prev")
        if cursor_to(position, caller, filters) == cursor:
            return position
    except (ValueError, OverflowError):
        pass
    raise Invalid({"cursor": [selected_invalid("cursor")]})


def cursor_to(position: Position | None, caller: Caller, filters: Filters) -> str | None:
    """
    Make a position opaque.

    Its mark needs no secret: whose reports are read is always the caller's affair, so a forged cursor leads nowhere
    that its forger may not go.
    """
    if position is None:
        return None
    place = f"{iso(position.created_at)}#{position.uuid}#{'prev' if position.backwards else 'next'}"
    meant = json.dumps([place, caller.id, asdict(filters)], default=iso)
    mark = hashlib.sha256(meant.encode()).hexdigest()[:16]
    return base64.urlsafe_b64encode(f"{place}#{mark}".encode()).decode().rstrip("=")


def link_to(request: Request, cursor: str | None) -> str | None:
    """Give the address of the page at *cursor*, under the filters of this one."""
    if cursor is None:
        return None
    query = urlencode({**request.query, "cursor": cursor}, quote_via=quote)
    return f"{request.base_url}{request.path}?{query}"
