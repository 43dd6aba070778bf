"""
Schemas of what we take, exactly: what fits is accepted, what does not is refused.

What no schema can say is in the descriptions: dates the wrong way round, and sizes in bytes.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import pairwise

from rapor.catalogue import Catalogue, ReportType, label_in
from rapor.http import edits, orders, strapi_orders
from rapor.http.languages import LOCALES, in_language
from rapor.http.openapi.kinds import Schema, nullable, ref, schema_of
from rapor.report import Format, Status
from rapor.score import REPORT_TYPE

OPTION_WORDS: Mapping[str, str] = {
    "locale": "Language of the document; `Accept-Language` where it is not sent.",
    "allow_truncated": "Rather a document without the last rows than none.",
    "csv": "How a CSV is written.",
    "reuse": "Take an identical report of the caller's: `running` an unfinished one, `max_age` one "
    "completed at most so many seconds ago. Identical are type and its version, parameters, format, options and the "
    "rows the caller may see.",
    "csv.bom": "Begin with a byte order mark, as Excel likes it.",
    "csv.delimiter": "Between cells.",
    "csv.decimal": "In numbers.",
}


def request_schemas(catalogue: Catalogue) -> dict[str, Schema]:
    """Every schema by name; what can be ordered follows the catalogue."""
    return {
        "CreateReport": create_report(catalogue),
        **{create_name(it): create_of(it) for it in catalogue},
        "ReplaceReport": change(catalogue, required=edits.NEVER_EMPTY),
        "UpdateReport": change(catalogue, required=()),
        "CreateScore": create_score(),
        "Options": options(),
    }


def create_report(catalogue: Catalogue) -> Schema:
    """An order for any type of the catalogue."""
    names = {it.name: create_name(it) for it in catalogue}
    return {
        "oneOf": [ref(name) for name in names.values()],
        "discriminator": {
            "propertyName": "report_type",
            "mapping": {name: ref(component)["$ref"] for name, component in names.items()},
        },
    }


def create_name(report_type: ReportType) -> str:
    """What the schema of an order for this type is called."""
    return f"CreateReport_{report_type.name}"


def create_of(report_type: ReportType) -> Schema:
    """An order for one type."""
    properties: dict[str, Schema] = {
        "title": title(),
        "report_type": {
            "const": report_type.name,
            "type": "string",
            "description": label_in(report_type.description, "en"),
        },
        "parameters": parameters(report_type),
        "format": {
            **nullable({"type": "string", "enum": [it.value for it in report_type.formats]}),
            "default": report_type.default_format.value,
        },
        "status": {
            **nullable(schema_of(Status)),
            "default": Status.PENDING.value,
            "description": "Any other than `pending` records a report made elsewhere, as it stands; only with the "
            "general `reports.generate`.",
        },
        "is_active": {"type": ["boolean", "null"], "default": True, "description": "`false` records and waits."},
        "options": nullable(ref("Options")),
    }
    required = ["title", "report_type", *(["parameters"] if report_type.parameters.get("required") else [])]
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


def change(catalogue: Catalogue, *, required: Iterable[str]) -> Schema:
    """A report sent back; what fits its type is only known where the type is."""
    properties: dict[str, Schema] = {
        "title": title(),
        "report_type": {"type": "string", "enum": [it.name for it in catalogue]},
        "parameters": {"type": ["object", "null"], "description": "As the report type takes them."},
        "format": {**nullable(schema_of(Format)), "description": "One that the report type has."},
        "status": {**nullable(schema_of(Status)), "description": "As it is; only a report made elsewhere may change."},
        "is_active": {"type": ["boolean", "null"], "description": "`true` queues a report that waits."},
        "options": nullable(ref("Options")),
        **{name: {"description": "Ignored."} for name in sorted(edits.SERVER_OWNED)},
    }
    return {**closed(properties), "required": list(required)}


def title() -> Schema:
    """Trimmed by the service, so that white space around it counts for nothing."""
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": orders.MAX_TITLE,
        "pattern": title_pattern(),
        "description": "Trimmed; no control characters.",
    }


@cache
def title_pattern() -> str:
    """Something that is neither blank nor a control character, with blanks around it and within."""
    space, control = characters(is_blank), characters(orders.is_control)
    inner, outer = f"[^{control}]", f"[^{characters(lambda it: is_blank(it) or orders.is_control(it))}]"
    return f"^[{space}]*{outer}({inner}*{outer})?[{space}]*$"


def parameters(report_type: ReportType) -> Schema:
    """The type's own schema; a parameter that is null counts as not sent."""
    required = report_type.parameters.get("required", [])
    properties = {
        name: in_language(it if name in required else nullable(it), "en")
        for name, it in report_type.parameters.get("properties", {}).items()
    }
    schema = {
        "type": "object",
        **report_type.parameters,
        "properties": properties,
        "description": f"At most {orders.MAX_PARAMETERS_BYTES // 1024} KiB. `x-ordered` lists pairs of which the first "
        "must not be after the second.",
    }
    return schema if required else nullable(schema)


def options() -> Schema:
    """How the document is made."""
    boolean, seconds = {"type": "boolean"}, {"type": "integer", "minimum": 1, "maximum": orders.MAX_AGE}
    schemas: Mapping[str, Schema] = {
        "locale": {"type": "string", "enum": list(LOCALES)},
        "allow_truncated": boolean,
        "reuse": {"oneOf": [{"const": "running"}, {**closed({"max_age": seconds}), "required": ["max_age"]}]},
        "csv": closed({name: {**CSV_SCHEMAS[name], **described(f"csv.{name}")} for name in orders.CSV_OPTIONS}),
    }
    return closed({name: {**schemas[name], **described(name)} for name in orders.OPTIONS})


CSV_SCHEMAS: Mapping[str, Schema] = {
    "bom": {"type": "boolean"},
    "delimiter": {"type": "string", "enum": list(orders.CSV_DELIMITERS)},
    "decimal": {"type": "string", "enum": list(orders.CSV_DECIMALS)},
}


def described(option: str) -> Schema:
    """Words for an option."""
    return {"description": OPTION_WORDS[option]}


def closed(properties: Mapping[str, Schema]) -> Schema:
    """An object of a request: nothing in it must be, and nothing else may be."""
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def create_score() -> Schema:
    """The original's fields; what it does not know is left alone, as there."""
    bound = 10**strapi_orders.DIGITS_BEFORE
    figure = {"type": ["number", "null"], "exclusiveMinimum": -bound, "exclusiveMaximum": bound}
    text = {"type": ["string", "null"]}
    schemas: Mapping[str, Schema] = {
        "uuid": {
            **text,
            "pattern": f"^{strapi_orders.UUID.pattern}$",
            "description": "The client's own name for it: the same uuid with the same body is the same score. The `id` "
            "of one of the caller's own names that one.",
        },
        "referenceId": {
            **text,
            "minLength": 1,
            "maxLength": strapi_orders.MAX_REFERENCE,
            "description": "Whom to score; printable characters.",
        },
        "type": {"type": ["string", "null"], "enum": [REPORT_TYPE, None], "default": REPORT_TYPE},
        "processed": {
            "type": ["boolean", "null"],
            "description": "With a `score`, records one made elsewhere; only with the general `reports.generate`.",
        },
        "score": figure,
        "scoreProbability": figure,
        "scoreConfidence": figure,
        "scoreVersion": {**text, "maxLength": strapi_orders.MAX_VERSION},
        "published_at": {**text, "format": "date-time", "description": "From 1970 on; of one made elsewhere."},
    }
    ignored = {name: {"description": "Ignored."} for name in ("users_permissions_user", "created_by", "updated_by")}
    made_elsewhere = {"processed": {"const": True}, "score": {"type": "number"}}
    return {
        "type": "object",
        "properties": {**{name: schemas[name] for name in strapi_orders.READERS}, **ignored},
        "anyOf": [
            {"required": ["referenceId"], "properties": {"referenceId": {"type": "string"}}},
            {"required": ["processed", "score"], "properties": made_elsewhere},
        ],
    }


def is_blank(character: str) -> bool:
    """Whether it counts for nothing at the ends of a title."""
    return character in orders.BLANKS


def characters(belongs: Callable[[str], bool]) -> str:
    """Ranges of a character class of ECMA-262: every character of the basic plane for which *belongs* holds."""
    found = [code for code in range(0x10000) if belongs(chr(code))]
    return "".join(
        f"\\u{first:04x}" if first == last else f"\\u{first:04x}-\\u{last:04x}" for first, last in runs(found)
    )


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of neighbours in ascending *numbers*."""
    ascending = list(numbers)
    breaks = [(one, other) for one, other in pairwise(ascending) if other - one > 1]
    firsts = [ascending[0], *(other for _, other in breaks)]
    lasts = [*(one for one, _ in breaks), ascending[-1]]
    return list(zip(firsts, lasts, strict=True))
