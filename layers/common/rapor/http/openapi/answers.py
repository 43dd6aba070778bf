"""
Schemas of what we answer.

Names and types come from where the answers have them; only the words are written here. A field without words stops
the generation.
"""

from collections.abc import Mapping

from msgspec import Struct

from rapor.catalogue import ColumnType
from rapor.errors import RenderError
from rapor.http import laravel, report_types
from rapor.http.languages import LOCALES
from rapor.http.openapi import examples
from rapor.http.openapi.kinds import Schema, fields_of, nullable, object_of, ref, schema_of
from rapor.report import Failure, Format, Progress, Report, Result
from rapor.score import NOT_SCORED, REPORT_TYPE

REPORT_WORDS: Mapping[str, str] = {
    "id": "Grows with time; below 2^53, so that JSON clients hold it exactly.",
    "uuid": "The report's key in every address.",
    "title": "As ordered, trimmed; also the document's file name, cut where no file system takes as much.",
    "report_type": "Name of a report type in the catalogue.",
    "parameters": "As ordered.",
    "format": "What the document is.",
    "status": "`pending` and `processing` go on by themselves; `completed` and `failed` are ends.",
    "is_active": "An inactive report is recorded, but not made.",
    "user_id": "The owner: the token's `sub`, as an integer where it is a canonical decimal below 2^53.",
    "created_at": "ISO 8601 in UTC with microseconds.",
    "updated_at": "The last change of any field.",
    "options": "As ordered; only where any were sent.",
    "started_at": "When the current attempt began.",
    "finished_at": "When it ended, well or not.",
    "progress": "How far the current attempt is.",
    "result": "What the document is, once it is there.",
    "error": "Why there is no document.",
    "download_url": "Path of the document's address, once it is there.",
    "file_path": "The same as `download_url`.",
    "user": "The owner.",
    "schedule_id": "The schedule whose run this is; only on such reports.",
    "scheduled_for": "The time that run was planned for; of one by hand, when it was asked for.",
}
PROGRESS_WORDS: Mapping[str, str] = {
    "percent": "0 to 100; never goes back within an attempt.",
    "stage": "What is being done.",
    "rows_done": "Rows written so far.",
    "rows_total": "Rows there are at the source.",
    "updated_at": "When this was so.",
}
RESULT_WORDS: Mapping[str, str] = {
    "row_count": "Rows in the document.",
    "rows_total": "Rows at the source; more than `row_count` only where `truncated`.",
    "truncated": "Whether rows are missing; only ever where the order allowed it.",
    "columns": "The document's columns in their order.",
    "size_bytes": "Size of the document.",
    "sha256": "SHA-256 of the document, in hexadecimal.",
    "content_type": "Media type of the document.",
    "as_of": "When the data was read.",
    "expires_at": "Until when the document is kept.",
    "missing_glyphs": "Characters that no font could draw.",
    "cut_cells": "Texts longer than a cell of the format may be, which end early.",
}
FAILURE_WORDS: Mapping[str, str] = {
    "code": "Stable, for programs.",
    "message": "What to do, for people.",
    "retryable": "Whether the same order may succeed later.",
    "attempt": "The attempt that failed.",
}
ESTIMATE_WORDS: Mapping[str, str] = {
    "report_type": "As asked.",
    "format": "As asked, else what an order would get.",
    "rows_total": "Rows there are.",
    "limit": "Most rows this format may have.",
    "fits": "Whether this format holds them all.",
    "formats": "Those that do.",
    "size_bytes": "Size of the document, about.",
    "seconds": "Time to make it, about, without the wait for a worker.",
}
TYPE_WORDS: Mapping[str, str] = {
    "name": "What `report_type` takes.",
    "version": "Grows when the type changes.",
    "title": "In the language of `Content-Language`.",
    "description": "In the same language.",
    "formats": "What its documents can be.",
    "default_format": "What an order without `format` gets.",
    "parameters_schema": (
        "JSON Schema 2020-12 of `parameters`. `x-ordered` lists pairs of which the first must not be after the second."
    ),
    "columns": "The document's columns in their order.",
    "limits": "Most rows a document of each format may have; a format that is not named has no limit of its own.",
    "can_order": "Whether the caller may order it.",
}


def answer_schemas() -> dict[str, Schema]:
    """Every schema by name."""
    return {
        "Report": report(laravel.as_created(examples.PENDING)),
        "ReportDetail": report(laravel.as_detail(examples.COMPLETED, examples.CALLER)),
        "ReportPage": report_page(),
        "ReportDeleted": object_of({"message": {"const": "Report deleted"}}),
        "ReportRestored": report_restored(),
        "Progress": worded(Progress, PROGRESS_WORDS),
        "Result": result(),
        "Failure": failure(),
        "Estimate": estimate(),
        "Manifest": manifest(),
        "DownloadLink": download_link(),
        "ReportType": report_type(),
        "ReportTypeList": object_of({"data": {"type": "array", "items": ref("ReportType")}}),
        "ReportTypeDetail": object_of({"data": ref("ReportType")}),
        "OpenApi": {"type": "object", "description": "OpenAPI 3.1."},
        "Problem": problem(),
        "ValidationProblem": validation_problem(),
        "GatewayMessage": gateway_message(),
        "Score": score(),
        "ScoreList": {"type": "array", "items": ref("Score")},
        "ScoreCount": object_of({"count": {"type": "integer", "minimum": 0}}),
        "Refusal": refusal(),
        "ValidationRefusal": object_of({**refusal()["properties"], "errors": sentences_by_field()}),
    }


def worded(struct: type[Struct], words: Mapping[str, str]) -> Schema:
    """A record that is answered field by field."""
    properties = {name: {**schema_of(kind), "description": words[name]} for name, kind in fields_of(struct).items()}
    return object_of(properties)


def report(answered: Mapping[str, object]) -> Schema:
    """A report with the keys of a real answer, and those that only some reports have."""
    hints, sometimes = fields_of(Report), ("options", "schedule_id", "scheduled_for")
    names = [*answered, *(name for name in sometimes if name not in answered)]
    properties = {
        name: {**(OWN_SCHEMAS.get(name) or schema_of(hints[name])), "description": REPORT_WORDS[name]} for name in names
    }
    return object_of(properties, optional=frozenset(sometimes))


USER_ID: Schema = {"type": ["integer", "string"]}
OWN_SCHEMAS: Mapping[str, Schema] = {  # where an answer shows something else than the row holds
    "user_id": USER_ID,
    "user": object_of({"id": USER_ID, "email": {"type": "string"}}, optional=frozenset({"email"})),
    "options": {"type": "object"},
    "progress": nullable(ref("Progress")),
    "result": nullable(ref("Result")),
    "error": nullable(ref("Failure")),
    "download_url": {"type": ["string", "null"], "format": "uri-reference"},
    "file_path": {"type": ["string", "null"], "format": "uri-reference"},
    "schedule_id": {"type": "string"},
    "scheduled_for": {"type": "string"},
}


def result() -> Schema:
    """All but where the document lies."""
    columns = {"type": "array", "items": object_of({"name": {"type": "string"}, "type": column_type()})}
    return object_of(
        {
            name: {**(columns if name == "columns" else schema_of(kind)), "description": RESULT_WORDS[name]}
            for name, kind in fields_of(Result).items()
            if name != "key"
        }
    )


def failure() -> Schema:
    """Why a report failed, with every code there is."""
    schema = worded(Failure, FAILURE_WORDS)
    schema["properties"]["code"]["enum"] = failure_codes()
    return schema


def failure_codes() -> list[str]:
    """Every code there is."""
    return sorted(kind.code for kind in RenderError.__subclasses__())


def column_type() -> Schema:
    """What a column's cells are."""
    return schema_of(ColumnType)


def report_page() -> Schema:
    """Laravel's cursor page."""
    address = {"type": ["string", "null"], "format": "uri"}
    cursor = {"type": ["string", "null"]}
    return object_of(
        {
            "data": {
                "type": "array",
                "items": ref("ReportDetail"),
                "description": "Newest first. May be short, or empty, while `next_cursor` goes on.",
            },
            "links": object_of({"first": {"type": "null"}, "last": {"type": "null"}, "prev": address, "next": address}),
            "meta": object_of(
                {
                    "path": {"type": "string", "format": "uri"},
                    "per_page": {"type": "integer"},
                    "next_cursor": cursor,
                    "prev_cursor": cursor,
                }
            ),
        }
    )


def report_restored() -> Schema:
    """What the original answers to a restore."""
    names = ("id", "uuid", "title", "is_active")
    kept = {
        name: {**schema_of(kind), "description": REPORT_WORDS[name]}
        for name, kind in fields_of(Report).items()
        if name in names
    }
    return object_of(
        {"message": {"const": "Report restored"}, "report": object_of({**kept, "deleted_at": {"type": "null"}})}
    )


def estimate() -> Schema:
    """What a report would be, with the keys of a real answer."""
    integer, formats = {"type": "integer"}, {"type": "array", "items": schema_of(Format)}
    schemas: Mapping[str, Schema] = {
        "report_type": {"type": "string"},
        "format": schema_of(Format),
        "rows_total": integer,
        "limit": {"type": ["integer", "null"]},
        "fits": {"type": "boolean"},
        "formats": formats,
        "size_bytes": integer,
        "seconds": {"type": "number"},
    }
    answered = examples.ESTIMATE_SHOWN
    return object_of({name: {**schemas[name], "description": ESTIMATE_WORDS[name]} for name in answered})


def manifest() -> Schema:
    """What a document is: the same in `manifest` to read and in `jws` as proof; see docs/manifests.md."""
    hints, text, whole = fields_of(Report), {"type": "string"}, result()["properties"]
    document = {name: schema for name, schema in whole.items() if name != "expires_at"}
    words = {
        "manifest_version": {"type": "integer"},
        "report": object_of({name: schema_of(hints[name]) for name in examples.MANIFEST["manifest"]["report"]}),
        "document": object_of(document),
        "renderer": object_of({"name": text, "version": text}),
    }
    words["report"]["properties"]["options"] = {"type": "object"}
    signature = {"type": ["string", "null"], "description": "A JSON Web Signature; null where no key is set up."}
    return object_of({"manifest": object_of(words), "jws": signature})


def download_link() -> Schema:
    """For clients that would take their token along on a redirect."""
    return object_of(
        {
            "url": {"type": "string", "format": "uri", "description": "The document; send no token there."},
            "expires_at": {"type": "string", "format": "date-time", "description": "Until when the address works."},
        }
    )


def report_type() -> Schema:
    """What can be ordered, with the keys of a real answer."""
    text = {"type": "string"}
    label = {**text, "description": "In the language of `Content-Language`."}
    rows = {"type": "object", "additionalProperties": {"type": "integer"}, "propertyNames": schema_of(Format)}
    schemas: Mapping[str, Schema] = {
        "name": text,
        "version": {"type": "integer"},
        "title": text,
        "description": text,
        "formats": {"type": "array", "items": schema_of(Format)},
        "default_format": schema_of(Format),
        "parameters_schema": {"type": "object"},
        "columns": {"type": "array", "items": object_of({"name": text, "type": column_type(), "label": label})},
        "limits": object_of({"rows": rows}),
        "can_order": {"type": "boolean"},
    }
    answered = report_types.as_resource(examples.REPORT_TYPE, examples.CALLER, LOCALES[0])
    return object_of({name: {**schemas[name], "description": TYPE_WORDS[name]} for name in answered})


def problem() -> Schema:
    """What every error of ours says."""
    return object_of(
        {
            "message": {"type": "string", "description": "For people."},
            "code": {"type": "string", "description": "Stable, for programs."},
            "request_id": {"type": "string", "description": "Say it when you ask about this answer."},
        }
    )


def validation_problem() -> Schema:
    """Every field that is wrong, by dotted name."""
    return object_of({**problem()["properties"], "errors": sentences_by_field()})


def sentences_by_field() -> Schema:
    """What is wrong, for people."""
    sentences = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {"type": "object", "additionalProperties": sentences, "minProperties": 1}


def refusal() -> Schema:
    """What every error says at the door of scores, where `code` is the HTTP status."""
    said = problem()["properties"]
    status = {"type": "integer", "description": "The HTTP status."}
    return object_of(
        {"code": status, "message": said["message"], "reason": said["code"], "request_id": said["request_id"]}
    )


def score() -> Schema:
    """A score, with the keys of a real answer; an error where there will be none."""
    user = {name: USER_SCHEMAS[name] for name in examples.SCORE_SHOWN["users_permissions_user"]}
    own: Mapping[str, Schema] = {
        "users_permissions_user": {**object_of(user), "description": "The owner, from the caller's own token."},
        "error": object_of({"code": {**TEXT, "enum": [*failure_codes(), NOT_SCORED]}, "message": TEXT}),
    }
    names = (*examples.SCORE_SHOWN, "error")
    return object_of({name: own.get(name) or SCORE_SCHEMAS[name] for name in names}, optional=frozenset({"error"}))


TEXT: Schema = {"type": "string"}
SCORE_SCHEMAS: Mapping[str, Schema] = {
    "id": {**TEXT, "format": "uuid", "description": "Ours; the `uuid` of the report at the other door."},
    "uuid": {**TEXT, "description": "The client's own, else ours."},
    "referenceId": {"type": ["string", "null"], "description": "Whom the score is about."},
    "type": {"const": REPORT_TYPE},
    "processed": {"type": "boolean", "description": "Whether there is a score."},
    "score": {"type": ["number", "null"], "description": "Points."},
    "scoreProbability": {"type": ["number", "null"], "description": "Probability of default, 0 to 1."},
    "scoreConfidence": {"type": ["number", "null"], "description": "How much of it rests on known data, 0 to 1."},
    "scoreVersion": {"type": ["string", "null"], "description": "Of the scorecard."},
    "published_at": {**TEXT, "format": "date-time"},
}
USER_SCHEMAS: Mapping[str, Schema] = {
    **dict.fromkeys(("id", "username", "provider", "role", "created_by", "updated_by"), TEXT),
    "email": {"type": ["string", "null"]},
    "confirmed": {"type": "boolean"},
    "blocked": {"type": "boolean"},
    "reports": {"type": "array", "maxItems": 0},
}


def gateway_message() -> Schema:
    """What API Gateway answers by itself: this and no more."""
    return {**object_of({"message": {"type": "string"}}), "additionalProperties": False}
