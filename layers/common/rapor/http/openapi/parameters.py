"""Parameters of paths, queries and headers."""

from collections.abc import Mapping

from rapor.caller import DELETE
from rapor.catalogue import NAME
from rapor.http import listing, orders, static
from rapor.http.languages import LOCALES
from rapor.http.openapi import examples
from rapor.http.openapi.kinds import Schema
from rapor.http.openapi.operation import Parameter
from rapor.report import Format, Status

UUID = Parameter(
    name="uuid",
    place="path",
    schema={"type": "string", "format": "uuid"},
    description="The report's `uuid`.",
    example=str(examples.PENDING.uuid),
)
IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    place="header",
    schema={"type": "string", "minLength": 1, "maxLength": orders.MAX_KEY, "pattern": "^[!-~]*$"},
    description="Makes asking twice asking once, for 24 hours: the same key with the same body gets the first answer "
    "again, whatever became of that since; with another body it is refused.",
    example="b7f0c6de-order-42",
)
ACCEPT_LANGUAGE = Parameter(
    name="Accept-Language",
    place="header",
    schema={"type": "string"},
    description=f"The first language in it that we speak: {', '.join(LOCALES)}; `{LOCALES[0]}` where there is none.",
    example="en-GB,en;q=0.9",
)
EMPTY: Schema = {"const": ""}  # a filter that is empty was not sent
DAY_OR_MOMENT: Schema = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
MOMENT: Schema = {"anyOf": [*DAY_OR_MOMENT["anyOf"], EMPTY]}
QUERY: Mapping[str, tuple[Schema, str]] = {
    "search": ({"type": "string", "maxLength": listing.MAX_SEARCH}, "Part of the title."),
    "report_type": ({"type": "string", "pattern": f"^$|{NAME}"}, "Of this type, though it left the catalogue."),
    "status": ({"type": "string", "enum": [*Status, ""]}, "In this status."),
    "format": ({"type": "string", "enum": [*Format, ""]}, "Made in this format."),
    "is_active": ({"type": "boolean"}, "Active ones, or the others."),
    "with_trashed": ({"type": "boolean"}, f"Deleted ones, too; needs `{DELETE}`."),
    "created_from": (MOMENT, "Created then or later; a day means its beginning, in UTC where no zone is said."),
    "created_to": (MOMENT, "Created then or before; a day means all of it."),
    "per_page": (
        {"type": "integer", "minimum": 1, "maximum": listing.MAX_PER_PAGE, "default": listing.PER_PAGE},
        "Most reports of a page.",
    ),
    "page": ({"type": "integer", "const": 1}, "For clients that always send it: other pages are behind `cursor`."),
    "cursor": (
        {"type": "string"},
        "`next_cursor` or `prev_cursor` of a page before; good for the same caller and filters.",
    ),
}
LISTING = tuple(
    Parameter(name=name, place="query", schema=schema, description=words) for name, (schema, words) in QUERY.items()
)
TYPE_NAME = Parameter(
    name="name", place="path", schema={"type": "string", "minLength": 1}, description="Of the type.", example="users"
)
FILE = Parameter(
    name="file",
    place="path",
    schema={"type": "string", "enum": list(static.ASSETS)},
    description="Of the page.",
    example="docs.js",
)
