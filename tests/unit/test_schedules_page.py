"""docs/schedules.md says what is so."""

import json
import re
import shlex
from typing import Any

import pytest

from local.cli import main
from rapor.http.gateway import Request
from rapor.http.schedules import draft_from
from rapor.schedule import PAUSES, is_readable
from tests.builders import NOW, ROOT, a_catalogue, a_post

PAGE = (ROOT / "docs/schedules.md").read_text()


def test_its_example_is_a_schedule() -> None:
    [body] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)

    draft, _ = draft_from(Request.from_event(a_post(body)), a_catalogue(), NOW)

    assert draft.name == json.loads(body)["name"]


def test_its_command_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    [block] = re.findall(r"```console\n\$ rapor (.*?)\n(.*?)```", PAGE, re.DOTALL)

    with pytest.raises(SystemExit):
        main(shlex.split(block[0]))

    assert capsys.readouterr().out == block[1]


def test_it_lists_every_pause() -> None:
    table = PAGE.partition("A pause by the service")[2].partition("[events.md]")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == PAUSES.keys()


def test_its_relative_dates_can_be_read() -> None:
    shown = [json.loads(it) for it in re.findall(r'\{"\$date": "[^}]+\}', PAGE)]

    assert len(shown) >= 5
    assert all(map(is_readable, shown))


def test_the_events_schema_knows_every_code() -> None:
    schema: dict[str, Any] = json.loads((ROOT / "docs/events/schedule.schema.json").read_text())

    codes = set(schema["properties"]["data"]["properties"]["code"]["enum"])

    assert codes == {*PAUSES, "not_started", "too_many_unfinished"}
