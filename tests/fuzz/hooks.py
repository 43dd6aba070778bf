"""What schemathesis cannot know. It is imported by schemathesis, in an environment of its own."""

import re
from typing import Any

import schemathesis

REFUSALS = frozenset({400, 413, 415, 422})
UNSAYABLE = re.compile(  # refusals of what fits the schema, because no schema can say more
    r"The selected cursor is invalid\."
    r"|The names of fields must be printable and not longer than 128 characters\."
    r"|The Idempotency-Key was used before with another body\."
    r"|The [\w. ]+ field must be (a date( and time)? after or equal|greater than or equal|equal to or after) [\w. ]+\."
    r"|The referenceId field must be 1 to 128 printable characters\."
    r"|The \w+ field must be a number of at most 15 digits before the point and 100 after\."
    r"|The published at field must be a date and time with its zone, from 1970 on\."
    r"|The expression field must (be|say|have|leave|run) .+"
    r"|The timezone field must be a valid timezone\."
    r"|The (start|end) field must be a (valid date and time|date after start)\."
    r"|The filter on \w+ must be an ISO 8601 date and time from 1970 to 9998\."
)
OF_THE_REPORT = re.compile(
    r"The (selected )?(report\.)?(status|format|parameters)"
)  # a change that fits some reports, not this


def what_fits_is_accepted(_: Any, response: Any, case: Any) -> None:
    """Look at every request that was made to fit."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in REFUSALS:
        return
    said = response.json()
    sentences = [it for about in said.get("errors", {"": [said["message"]]}).values() for it in about]
    if case.method in {"PUT", "PATCH"}:
        sentences = [it for it in sentences if not OF_THE_REPORT.match(it)]
    unexplained = [it for it in sentences if not UNSAYABLE.fullmatch(it)]
    assert not unexplained, f"the schema lets through what is refused: {unexplained}"


def before_call(_: Any, case: Any, __: Any) -> None:
    """Begin each life with a new report: a known key is answered as at first, whatever became of its report since."""
    if case.meta is not None and case.meta.phase.name.value == "stateful":
        case.headers.pop("Idempotency-Key", None)


schemathesis.check(what_fits_is_accepted)
schemathesis.hook(before_call)
