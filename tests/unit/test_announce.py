import json
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import yaml
from msgspec.structs import replace

from local import cloudformation, patterns
from rapor.announce import Announcer, end_event
from rapor.errors import RenderError, StoreUnavailable
from rapor.report import Failure, Format, Report, Status
from tests.builders import NOW, ROOT, a_report
from tests.events import SCHEMA, VALID
from tests.unit.fakes import FakeEvents, FakeLog, FakeReports, a_turn

PAGE = (ROOT / "docs/events.md").read_text()


def an_end(**changes: Any) -> Report:
    return a_report(
        **{
            "status": Status.COMPLETED,
            "attempt": 1,
            "finished_at": NOW,
            "unannounced": True,
            "user_id": "007",
            **changes,
        }
    )


def a_failure(code: str = "source_invalid", **changes: Any) -> Report:
    return an_end(
        status=Status.FAILED, error=Failure(code, "Column x is missing.", retryable=False, attempt=1), **changes
    )


def announcer(reports: FakeReports, events: FakeEvents, log: FakeLog | None = None) -> Announcer:
    return Announcer(reports, events, log or FakeLog())


# -- the event ----------------------------------------------------------------


def test_a_completion_is_told_in_ids() -> None:
    event = end_event(an_end())

    VALID.validate(event)
    assert event == {
        "specversion": "1.0",
        "id": "4e375b5a-2fad-520a-a0bc-05f855332b5c",
        "source": "rapor",
        "type": "report.completed",
        "time": "2025-11-20T12:00:00.000000Z",
        "subject": "550e8400-e29b-41d4-a716-446655440000",
        "datacontenttype": "application/json",
        "data": {
            "id": 114307178496000,
            "uuid": "550e8400-e29b-41d4-a716-446655440000",
            "report_type": "users",
            "format": "pdf",
            "status": "completed",
            "user_id": "007",
            "error": None,
        },
    }


def test_a_failure_is_told_with_its_code_and_not_in_words() -> None:
    event = end_event(a_failure(schedule_id="weekly-users", scheduled_for="2025-11-24T06:00:00Z"))

    VALID.validate(event)
    assert (event["type"], event["data"]["status"], event["data"]["error"]) == (
        "report.failed",
        "failed",
        "source_invalid",
    )
    assert (event["data"]["schedule_id"], event["data"]["scheduled_for"]) == ("weekly-users", "2025-11-24T06:00:00Z")
    assert "Column" not in json.dumps(event)


@pytest.mark.parametrize("format_", Format)
def test_every_format_and_every_code_is_described(format_: Format) -> None:
    codes = {it.code for it in subclasses(RenderError)}

    for code in codes:
        VALID.validate(end_event(a_failure(code, format=format_)))

    assert set(SCHEMA["properties"]["data"]["properties"]["error"]["enum"]) == codes | {None}


def subclasses(error: type[RenderError]) -> set[type[RenderError]]:
    return {it for child in error.__subclasses__() for it in {child, *subclasses(child)}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "Kullanıcı Raporu"},
        {"type": "report.failed"},
        {"id": "1"},
        {"time": "yesterday"},
        {"data": {}},
    ],
)
def test_the_schema_refuses_what_is_no_event_of_ours(wrong: dict[str, Any]) -> None:
    assert not VALID.is_valid({**end_event(an_end()), **wrong})


def test_an_end_has_one_id_and_another_end_has_another() -> None:
    ends = [
        an_end(),
        a_failure(),
        an_end(attempt=2),
        an_end(finished_at=NOW + timedelta(microseconds=1)),
        an_end(uuid=UUID(int=1)),
    ]

    ids = [end_event(end)["id"] for end in ends]

    assert len(set(ids)) == len(ends)
    assert [end_event(replace(end, title="B", deleted_at=NOW, revision="x"))["id"] for end in ends] == ids


# -- the order ----------------------------------------------------------------


def test_an_end_is_told_and_then_marked() -> None:
    report, events = an_end(), FakeEvents()
    reports = FakeReports(report)

    answer = announcer(reports, events).announce(report)

    assert events.taken == [end_event(report)]
    assert answer == reports.rows[report.uuid]
    assert not answer.unannounced


@pytest.mark.parametrize("error", [StoreUnavailable(), ZeroDivisionError()])
def test_an_event_that_was_not_taken_leaves_the_end_in_the_outbox_and_is_logged(error: Exception) -> None:
    report, log = an_end(), FakeLog()
    reports = FakeReports(report)

    answer = announcer(reports, FakeEvents(broken=error), log).announce(report)

    assert answer == reports.rows[report.uuid] == report
    assert log.entries == [{"message": "an end was not announced", "exc_info": True, "uuid": str(report.uuid)}]


def test_an_end_that_changed_meanwhile_stays_in_the_outbox() -> None:
    report, log, events = an_end(), FakeLog(), FakeEvents()
    reports = FakeReports(replace(report, revision="another's"))

    announcer(reports, events, log).announce(report)

    assert reports.rows[report.uuid].unannounced
    assert len(events.taken) == len(log.entries) == 1


@pytest.mark.parametrize("report", [an_end(unannounced=False), a_report(status=Status.COMPLETED, imported=True)])
def test_what_was_told_or_is_nobodys_end_is_not_told(report: Report) -> None:
    events = FakeEvents()

    assert announcer(FakeReports(report), events).announce(report) is report
    assert events.taken == []


# -- what is left -------------------------------------------------------------


def ends(count: int) -> list[Report]:
    return [an_end(uuid=UUID(int=number)) for number in range(count)]


def test_what_is_left_is_told_as_far_as_the_limit() -> None:
    reports, events = FakeReports(*ends(5)), FakeEvents()
    sweep = announcer(reports, events)

    counts = [sweep.announce_left(now=NOW, turn=a_turn(), limit=3) for _ in range(3)]

    assert counts == [3, 2, 0]
    assert [event["subject"] for event in events.taken] == [str(uuid) for uuid in reports.rows]


def test_a_bus_out_of_order_does_not_keep_the_sweep() -> None:
    reports, log = FakeReports(*ends(50)), FakeLog()

    turn = a_turn(log)
    told = announcer(reports, FakeEvents(broken=StoreUnavailable())).announce_left(now=NOW, turn=turn)

    assert (told, len(log.entries), len(turn.errors)) == (0, 3, 3)
    assert {entry["message"] for entry in log.entries} == {"an end was not announced"}


def test_an_end_that_is_never_taken_does_not_stop_the_others() -> None:
    class Picky(FakeEvents):
        def send(self, event: Any) -> None:
            if UUID(event["subject"]).int % 2:
                raise ValueError
            super().send(event)

    events = Picky()

    told = announcer(FakeReports(*ends(20)), events).announce_left(now=NOW, turn=a_turn())

    assert told == len(events.taken) == 10


def test_an_end_that_changes_while_it_is_told_is_the_next_sweeps() -> None:
    reports, turn = FakeReports(*ends(1)), a_turn()
    events = FakeEvents()
    [uuid] = reports.rows
    send = events.send

    def and_then_it_changes(event: Any) -> None:
        send(event)
        reports.rows[uuid] = replace(reports.rows[uuid], revision="another's")

    events.send = and_then_it_changes  # type: ignore[method-assign]

    assert announcer(reports, events).announce_left(now=NOW, turn=turn) == 0
    assert reports.rows[uuid].unannounced
    assert turn.errors == []


def test_a_stale_index_entry_is_left() -> None:
    class Stale(FakeReports):
        def get(self, uuid: Any) -> Report | None:
            return None if uuid.int else replace(self.rows[uuid], unannounced=False)

    events = FakeEvents()

    assert announcer(Stale(*ends(2)), events).announce_left(now=NOW, turn=a_turn()) == 0
    assert events.taken == []


# -- the page -----------------------------------------------------------------


def test_the_pages_example_is_an_event() -> None:
    example = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])

    VALID.validate(example["detail"])
    assert (example["source"], example["detail-type"]) == (example["detail"]["source"], example["detail"]["type"])


def rules() -> dict[str, dict[str, Any]]:
    """Every rule on the page, by its logical id."""
    texts = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    snippets = [yaml.load(text, Loader=cloudformation._Loader) for text in texts]  # noqa: S506 - a SafeLoader
    resources = {name: it for snippet in snippets for name, it in snippet.get("Resources", {}).items()}
    return {name: it["Properties"] for name, it in resources.items() if it["Type"] == "AWS::Events::Rule"}


@pytest.mark.parametrize(
    ("rule", "completed", "failed", "cancelled"),
    [("MailFailures", False, True, False), ("QueueScheduled", False, False, False), ("CallWebhook", True, True, True)],
)
def test_the_pages_rules_pick_what_they_say(rule: str, *, completed: bool, failed: bool, cancelled: bool) -> None:
    pattern = rules()[rule]["EventPattern"]
    told = [end_event(it) for it in (an_end(), a_failure(), a_failure("cancelled"))]
    scheduled = end_event(an_end(schedule_id="weekly-users", scheduled_for="2025-11-24T06:00:00Z"))

    picked = [patterns.matches(pattern, as_delivered(event)) for event in told]

    assert picked == [completed, failed, cancelled]
    assert patterns.matches(pattern, as_delivered(scheduled)) is (rule != "MailFailures")


def as_delivered(event: dict[str, Any]) -> dict[str, Any]:
    return {"source": event["source"], "detail-type": event["type"], "detail": event}
