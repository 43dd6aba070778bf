"""The pages' log queries, over lines that the rooms wrote."""

import copy
import json
from typing import Any

import pytest

from local.aws import LocalAws
from local.template import Stack
from rapor.errors import StoreUnavailable
from tests.builders import ROOT, load_event
from tests.insights import matching
from tests.prose import Page
from tests.rooms import CONTEXT, a_room

pytestmark = pytest.mark.integration
EVENT = load_event("read_report/get_api_v1_reports_uuid.json")


def query_about(words: str, page: str) -> str:
    [query] = [it.text for it in Page(ROOT / page).blocks if words in it.text and it.text.startswith("fields @")]
    return query


def asked(room: Any, **changes: str) -> Any:
    event = copy.deepcopy(EVENT)
    event["requestContext"] |= changes
    return room.lambda_handler(event, CONTEXT)


def gone(_: object) -> Any:
    raise StoreUnavailable from TimeoutError("secret")


def test_a_request_that_ended_5xx_or_not_at_all_is_found_by_its_id(
    capsys: pytest.CaptureFixture[str], stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch
) -> None:
    crashing = a_room(stack[0].function("ReadReport"), monkeypatch, TABLE_NAME="nowhere")
    unlucky = a_room(stack[0].function("ReadReport"), monkeypatch)
    monkeypatch.setattr(unlucky.reports, "get", gone)

    with pytest.raises(Exception, match="ResourceNotFoundException"):
        asked(crashing, requestId="crashed=")
    assert asked(unlucky, requestId="unlucky=")["statusCode"] == 503

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    query = query_about("answered 5xx", "docs/deploy.md")
    [crash] = matching(query.replace("JKJaXmPLvHcESHA=", "crashed="), lines)
    [unavailable] = matching(query.replace("JKJaXmPLvHcESHA=", "unlucky="), lines)
    assert (crash["message"], crash["causes"][0]) == (
        "no answer",
        "ResourceNotFoundException ResourceNotFoundException",
    )
    assert (unavailable["message"], unavailable["causes"]) == ("answered 5xx", ["TimeoutError"])
    assert crash["function_request_id"] == unavailable["function_request_id"] == CONTEXT.aws_request_id
    assert "secret" not in str(lines)


def test_what_was_done_to_a_report_is_found_by_its_uuid(
    capsys: pytest.CaptureFixture[str], stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = a_room(stack[0].function("ReadReport"), monkeypatch)

    assert asked(room)["statusCode"] == 404

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [entry] = matching(query_about("audit.action", "docs/audit.md"), lines)
    assert (entry["audit"]["action"], entry["audit"]["code"]) == ("report.read", "not_found")
