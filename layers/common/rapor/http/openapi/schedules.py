"""Schedules: what is ordered again and again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from rapor.caller import GENERATE
from rapor.catalogue import Catalogue, ReportType
from rapor.errors import Conflict, Invalid, KeyReused, NotFound, TooManySchedules, TooManyUnfinished
from rapor.http import laravel, schedules
from rapor.http.listing import MAX_PER_PAGE, PER_PAGE
from rapor.http.openapi import examples, requests
from rapor.http.openapi.kinds import Schema, nullable, object_of, ref, schema_of
from rapor.http.openapi.operation import Answer, Body, Operation, Parameter
from rapor.http.openapi.parameters import ACCEPT_LANGUAGE, IDEMPOTENCY_KEY
from rapor.http.sentences import required
from rapor.report import Format, Scope
from rapor.schedule import ANCHORS, PAUSES, RELATIVE, PastRun, Pause, Schedule

TAG = "Schedules"
PATH = f"{schedules.PATH}/{{uuid}}"
NOW = examples.CREATED_AT
WEEKLY: dict[str, Any] = {
    "name": "Haftalık kullanıcılar",
    "report": {
        "title": "Geçen haftanın kullanıcıları",
        "report_type": "users",
        "parameters": {
            "date_from": {"$date": "-1 week", "anchor": "start"},
            "date_to": {"$date": "-1 week", "anchor": "end"},
        },
        "format": "excel",
    },
    "expression": "cron(0 9 ? * MON *)",
    "timezone": "Europe/Istanbul",
}
EVERY_SIX_HOURS = {
    "name": "Every six hours",
    "report": {"title": "Users", "report_type": "users", "format": "csv"},
    "expression": "rate(6 hours)",
    "timezone": "UTC",
}
MADE = Schedule(
    uuid=UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7"),
    name=WEEKLY["name"],
    user_id=examples.CALLER.id,
    scope=Scope.ALL,
    report=WEEKLY["report"],
    locale="tr",
    expression=WEEKLY["expression"],
    timezone=WEEKLY["timezone"],
    anchor=NOW,
    created_at=NOW,
    updated_at=NOW,
    runs=(PastRun("2025-11-17T06:00:00Z", examples.COMPLETED.uuid),),
)
PAUSED = replace(MADE, is_active=False, pause=Pause("failed_in_a_row", PAUSES["failed_in_a_row"], NOW))

WORDS: Mapping[str, str] = {
    "uuid": "The schedule's key in every address.",
    "name": "As given, trimmed.",
    "report": "What is ordered at every run, with relative dates as they were given.",
    "expression": "In EventBridge Scheduler's syntax.",
    "timezone": "In whose local time it runs, and its relative dates are meant.",
    "start": "No run before it; a rate counts from it.",
    "end": "No run after it.",
    "is_active": "`false` is a pause.",
    "next_runs": "When it runs next, the first five; none while it pauses, or when it is over.",
    "last_runs": "The last runs that made a report, five at most.",
    "pause": "Why the service paused it; null where nobody but a client did.",
    "user_id": "The owner, as of a report.",
    "created_at": "ISO 8601 in UTC with microseconds.",
    "updated_at": "The last change by a client or by the service.",
}
UUID_OF_SCHEDULE = Parameter(
    name="uuid",
    place="path",
    schema={"type": "string", "format": "uuid"},
    description="The schedule's `uuid`.",
    example=str(MADE.uuid),
)
LISTING = (
    Parameter(
        name="per_page",
        place="query",
        schema={"type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE, "default": PER_PAGE},
        description="Most schedules of a page.",
    ),
    Parameter(
        name="cursor",
        place="query",
        schema={"type": "string"},
        description="`next_cursor` of a page before.",
    ),
)
WRONG = Invalid({"expression": [required("expression")]})


def schedule_schemas(catalogue: Catalogue) -> dict[str, Schema]:
    """Every schema by name."""
    return {
        "CreateSchedule": create_schedule(),
        "UpdateSchedule": update_schedule(catalogue),
        "ScheduledReport": scheduled_report(catalogue),
        **{name_of(it): report_of(it) for it in catalogue},
        "ScheduledOptions": options(),
        "RelativeDate": relative_date(),
        "Schedule": schedule(),
        "SchedulePage": page(),
        "ScheduleDeleted": object_of({"message": {"const": "Schedule deleted"}}),
    }


def timing() -> dict[str, Schema]:
    """When it runs; what no pattern can say is checked besides."""
    text, moment = {"type": "string"}, {"type": "string", "pattern": f"^({schedules.MOMENT.pattern})?$"}
    return {
        "expression": {
            **text,
            "pattern": r"^(cron|rate|at)\(.*\)$",
            "description": "`cron(minutes hours day-of-month month day-of-week year)`, `rate(value unit)` or "
            "`at(yyyy-mm-ddThh:mm:ss)`, at least 15 minutes between two runs.",
        },
        "timezone": {**text, "pattern": r"^[A-Z][\w+-]*(/[\w+-]+)*$", "description": "Of the IANA database."},
        "start": {**nullable(moment), "description": f"{WORDS['start']} In the time zone where it names no offset."},
        "end": {**nullable(moment), "description": f"{WORDS['end']} In the time zone where it names no offset."},
        "is_active": {"type": ["boolean", "null"], "description": WORDS["is_active"]},
    }


def create_schedule() -> Schema:
    """A new one."""
    schema = requests.closed({"name": requests.title(), "report": ref("ScheduledReport"), **timing()})
    return {**schema, "required": ["name", "report", "expression", "timezone"]}


def update_schedule(catalogue: Catalogue) -> Schema:
    """What shall change; an empty `start` or `end` is taken away."""
    report: Mapping[str, Schema] = {
        "title": nullable(requests.title()),
        "report_type": {"type": ["string", "null"], "enum": [*(it.name for it in catalogue), None]},
        "parameters": {"type": ["object", "null"], "description": "As the report type takes them, or relative dates."},
        "format": nullable(schema_of(Format)),
        "options": nullable(ref("ScheduledOptions")),
    }
    properties = {
        "name": nullable(requests.title()),
        "report": {**nullable(requests.closed(report)), "description": "Only what shall change."},
        **{name: nullable(it) if it.get("type") == "string" else it for name, it in timing().items()},
        **{name: {"description": "Ignored."} for name in sorted(schedules.SERVER_OWNED)},
    }
    return requests.closed(properties)


def scheduled_report(catalogue: Catalogue) -> Schema:
    """An order for any type of the catalogue."""
    names = {it.name: name_of(it) for it in catalogue}
    mapping = {name: ref(component)["$ref"] for name, component in names.items()}
    return {
        "oneOf": [ref(name) for name in names.values()],
        "discriminator": {"propertyName": "report_type", "mapping": mapping},
    }


def name_of(report_type: ReportType) -> str:
    """What the schema of a scheduled order for this type is called."""
    return f"ScheduledReport_{report_type.name}"


def report_of(report_type: ReportType) -> Schema:
    """An order for one type, whose dates may be relative."""
    schema = requests.create_of(report_type)
    kept = {name: schema["properties"][name] for name in schedules.ORDERED}
    parameters = {**kept["parameters"], "properties": dict(kept["parameters"]["properties"])}
    for name, it in report_type.parameters.get("properties", {}).items():
        if it.get("format") == "date":
            parameters["properties"][name] = {"anyOf": [parameters["properties"][name], ref("RelativeDate")]}
    kept |= {"parameters": parameters, "options": nullable(ref("ScheduledOptions"))}
    return {**schema, "properties": kept}


def options() -> Schema:
    """Those of a report but for `reuse`: every run makes a report of its own."""
    schema = requests.options()
    return {**schema, "properties": {name: it for name, it in schema["properties"].items() if name != "reuse"}}


def relative_date() -> Schema:
    """A date that is another at every run."""
    unit = RELATIVE.pattern.replace("?P<number>", "").replace("?P<unit>", "")
    date, anchor = {"type": "string", "pattern": f"^({unit})$"}, {"type": "string", "enum": list(ANCHORS)}
    schema = requests.closed({"$date": date, "anchor": anchor})
    return {
        **schema,
        "required": ["$date"],
        "description": "`today`, or so many days, weeks, months, quarters or years from the day of the run in the "
        "schedule's zone; with `anchor` the first or last day of that week, month, quarter or year.",
    }


def schedule() -> Schema:
    """A schedule, with the keys of a real answer."""
    text, moment = {"type": "string"}, schema_of(datetime)
    run = object_of({"scheduled_for": text, "report_uuid": schema_of(UUID)})
    schemas: Mapping[str, Schema] = {
        "uuid": schema_of(UUID),
        "name": text,
        "report": {"type": "object"},
        "expression": text,
        "timezone": text,
        "start": nullable(moment),
        "end": nullable(moment),
        "is_active": schema_of(bool),
        "next_runs": {"type": "array", "items": moment, "maxItems": schedules.SHOWN_RUNS},
        "last_runs": {"type": "array", "items": run},
        "pause": nullable(object_of({"code": {**text, "enum": list(PAUSES)}, "message": text, "at": moment})),
        "user_id": {"type": ["integer", "string"]},
        "created_at": moment,
        "updated_at": moment,
    }
    answered = schedules.as_shown(MADE, NOW)
    return object_of({name: {**schemas[name], "description": WORDS[name]} for name in answered})


def page() -> Schema:
    """Laravel's cursor page, which leads on only."""
    nothing: Schema = {"type": "null"}
    cursor: Schema = {"type": ["string", "null"]}
    links = {"first": nothing, "last": nothing, "prev": nothing, "next": {**cursor, "format": "uri"}}
    meta = {
        "path": {"type": "string", "format": "uri"},
        "per_page": {"type": "integer"},
        "next_cursor": cursor,
        "prev_cursor": nothing,
    }
    data = {"type": "array", "items": ref("Schedule"), "description": "Newest first."}
    return object_of({"data": data, "links": object_of(links), "meta": object_of(meta)})


def shown(description: str, *made: Schedule) -> Answer:
    """The schedule as it is now."""
    return Answer(
        description=description,
        schema="Schedule",
        examples={"paused" if it.pause else "weekly": schedules.as_shown(it, NOW) for it in made},
    )


SCHEDULES: Sequence[Operation] = (
    Operation(
        route=f"POST {schedules.PATH}",
        id="createSchedule",
        tag=TAG,
        summary="Order a report again and again",
        description="Every run is an order by the caller, with the rights the caller has now. Later requests of the "
        "caller to this part of the API can take of these rights what the caller has lost, and never give any.",
        permission=GENERATE,
        parameters=(IDEMPOTENCY_KEY, ACCEPT_LANGUAGE),
        body=Body(schema="CreateSchedule", examples={"weekly": WEEKLY, "rate": EVERY_SIX_HOURS}),
        answers={
            HTTPStatus.CREATED: Answer(
                description="Recorded; or recorded before under the same `Idempotency-Key`, as it is by now.",
                schema="Schedule",
                examples={"weekly": schedules.as_shown(MADE, NOW)},
                headers=("Location", "Idempotency-Replayed"),
                leads_on=PATH,
            )
        },
        errors=(WRONG, KeyReused(), TooManySchedules(), Conflict()),
    ),
    Operation(
        route=f"GET {schedules.PATH}",
        id="listSchedules",
        tag=TAG,
        summary="List schedules",
        description="Newest first: everybody's for `reports.generate`, the caller's own for `reports.generate.own`.",
        permission=GENERATE,
        parameters=LISTING,
        answers={
            HTTPStatus.OK: Answer(
                description="One page.",
                schema="SchedulePage",
                examples={
                    "first page": schedules.page(examples.LIST_REQUEST, [MADE, PAUSED], 1, examples.CALLER, NOW).body
                },
            )
        },
        errors=(Invalid({"cursor": ["The selected cursor is invalid."]}), Conflict()),
    ),
    Operation(
        route=f"GET {PATH}",
        id="getSchedule",
        tag=TAG,
        summary="Read one schedule",
        permission=GENERATE,
        parameters=(UUID_OF_SCHEDULE,),
        answers={HTTPStatus.OK: shown("The schedule.", MADE, PAUSED)},
        errors=(NotFound(), Conflict()),
    ),
    Operation(
        route=f"PATCH {PATH}",
        id="updateSchedule",
        tag=TAG,
        summary="Change, pause or resume a schedule",
        description="What is not sent, or null, stays; what only the service sets is ignored. `is_active` pauses and "
        "resumes. It keeps its owner, and never gets more rights.",
        permission=GENERATE,
        parameters=(UUID_OF_SCHEDULE,),
        body=Body(
            schema="UpdateSchedule",
            examples={"pause": {"is_active": False}, "later": {"expression": "cron(0 10 ? * MON *)"}},
        ),
        answers={HTTPStatus.OK: shown("The schedule, changed.", MADE)},
        errors=(NotFound(), WRONG, Conflict()),
    ),
    Operation(
        route=f"DELETE {PATH}",
        id="deleteSchedule",
        tag=TAG,
        summary="End a schedule for good",
        description="Reports it made stay.",
        permission=GENERATE,
        parameters=(UUID_OF_SCHEDULE,),
        answers={
            HTTPStatus.OK: Answer(
                description="Deleted.", schema="ScheduleDeleted", examples={"deleted": schedules.deleted().body}
            )
        },
        errors=(NotFound(), Conflict()),
    ),
    Operation(
        route=f"POST {PATH}/run",
        id="runSchedule",
        tag=TAG,
        summary="Order its report now",
        description="A new one, beside its runs, and also while it pauses: for the owner, with the schedule's rights.",
        permission=GENERATE,
        parameters=(UUID_OF_SCHEDULE,),
        answers={
            HTTPStatus.CREATED: Answer(
                description="Recorded.",
                schema="Report",
                examples={"users": laravel.as_created(examples.PENDING)},
                headers=("Location",),
            )
        },
        errors=(
            NotFound(),
            Conflict(),
            Invalid({"report_type": ["The selected report type is invalid."]}),
            TooManyUnfinished(),
        ),
    ),
)
