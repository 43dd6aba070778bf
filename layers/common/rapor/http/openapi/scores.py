"""Door A: credit scores in Strapi v3's shapes."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from rapor.caller import GENERATE, VIEW
from rapor.errors import Invalid, InvalidQuery, NotFound, TooManyUnfinished, UuidDeleted, UuidTaken
from rapor.http import strapi, strapi_orders, strapi_queries
from rapor.http.openapi import examples
from rapor.http.openapi.kinds import Schema
from rapor.http.openapi.operation import Answer, Body, Operation, Parameter
from rapor.http.openapi.parameters import DAY_OR_MOMENT
from rapor.http.sentences import required
from rapor.report import Report
from rapor.score import COLUMNS, MOST_ROWS, OPERATORS

ORIGINAL = {
    "uuid": "string",
    "referenceId": "92442",
    "type": "reference",
    "processed": True,
    "users_permissions_user": "string",
    "score": 0,
    "scoreProbability": 0,
    "scoreConfidence": 0,
    "scoreVersion": "string",
    "published_at": "2019-08-24T14:15:22Z",
    "created_by": "string",
    "updated_by": "string",
}
ID = Parameter(
    name="id",
    place="path",
    schema={"type": "string", "pattern": f"^{strapi_orders.UUID.pattern}$"},
    description="Our `id`, or the client's `uuid`.",
    example=str(examples.SCORED.uuid),
)
NUMBER: Schema = {"type": "number"}
VALUES: Mapping[str, Schema] = {  # of columns that are no text
    "processed": {"type": "boolean"},
    "score": NUMBER,
    "scoreProbability": NUMBER,
    "scoreConfidence": NUMBER,
    "published_at": DAY_OR_MOMENT,
    "created_at": DAY_OR_MOMENT,
    "createdAt": DAY_OR_MOMENT,
}
WORDS = (*OPERATORS, *strapi_queries.ANY_OF)


def filters() -> Schema:
    """Every `<column>` and `<column>_<operator>`, with what its values are."""
    text = [name for name in COLUMNS if name not in VALUES]
    ordering = [word for word in WORDS if word not in strapi_queries.TEXT_ONLY]
    typed = {names([column], ordering): schema for column, schema in VALUES.items()}
    return {
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {names(text, WORDS): {"type": "string"}, **typed},
    }


def names(columns: Sequence[str], words: Sequence[str]) -> str:
    """Names of the filters on these columns, as a pattern."""
    return f"^({'|'.join(columns)})(_({'|'.join(words)}))?$"


FILTERS = Parameter(
    name="filters",
    place="query",
    schema=filters(),
    description="Each `<column>` or `<column>_<operator>` by its own name, for example `score_gte=500`. Several values "
    "of one name are alternatives.",
    example={"processed": True, "score_gte": 500},
)
LIMIT = Parameter(
    name="_limit",
    place="query",
    schema={"type": "integer", "minimum": 1, "maximum": strapi_queries.MAX_LIMIT, "default": strapi_queries.LIMIT},
    description="Most scores of an answer.",
)
START = Parameter(
    name="_start",
    place="query",
    schema={"type": "integer", "minimum": 0, "maximum": strapi_queries.MAX_START, "default": 0},
    description="How many to leave out before.",
)
SORT = Parameter(
    name="_sort",
    place="query",
    schema={
        "type": "string",
        "enum": ["created_at", "created_at:asc", "created_at:desc"],
        "default": "created_at:desc",
    },
    description="By creation, and no other column.",
)
QUERY = (LIMIT, START, SORT, FILTERS)
READS = (
    "Reads the reports it passes, of every type, as they were a moment ago, and gives up with `400` after "
    f"{MOST_ROWS:,} of them: bounds on `created_at` spare it the way."
)


def shown(report: Report) -> dict[str, object]:
    """As the door answers it."""
    return strapi.as_score(report, examples.LIST_REQUEST)


STATES = {"scored": shown(examples.SCORED), "waiting": shown(examples.SCORING), "failed": shown(examples.UNSCORED)}

SCORES: Sequence[Operation] = (
    Operation(
        route="POST /reports",
        id="createScore",
        tag="Scores",
        summary="Order a score",
        description="What the original takes; what it answers is ours to say, so scores of the client's own count only "
        "where it records one made elsewhere; without the general permission nobody looks at them.",
        permission=GENERATE,
        body=Body(schema="CreateScore", examples={"original": ORIGINAL, "minimal": {"referenceId": "92442"}}),
        answers={
            HTTPStatus.OK: Answer(
                description="Recorded; or recorded before under the same `uuid`.",
                schema="Score",
                examples=STATES,
                leads_on="/reports/{id}",
            )
        },
        errors=(Invalid({"referenceId": [required("referenceId")]}), UuidTaken(), UuidDeleted(), TooManyUnfinished()),
    ),
    Operation(
        route="GET /reports",
        id="listScores",
        tag="Scores",
        summary="List scores",
        description=READS,
        permission=VIEW,
        parameters=QUERY,
        answers={
            HTTPStatus.OK: Answer(
                description="The scores.", schema="ScoreList", examples={"two": [STATES["scored"], STATES["waiting"]]}
            )
        },
        errors=(InvalidQuery(),),
    ),
    Operation(
        route="GET /reports/count",
        id="countScores",
        tag="Scores",
        summary="Count scores",
        description=READS,
        permission=VIEW,
        parameters=QUERY,
        answers={HTTPStatus.OK: Answer(description="How many.", schema="ScoreCount", examples={"two": {"count": 2}})},
        errors=(InvalidQuery(),),
    ),
    Operation(
        route="GET /reports/{id}",
        id="getScore",
        tag="Scores",
        summary="Read a score",
        description="While it is not there, `Retry-After` says when to look again.",
        permission=VIEW,
        parameters=(ID,),
        answers={
            HTTPStatus.OK: Answer(description="The score.", schema="Score", examples=STATES, headers=("Retry-After",))
        },
        errors=(NotFound(),),
    ),
)
