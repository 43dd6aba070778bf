"""One valid schedule, and one valid body, changed per test."""

from typing import Any
from uuid import UUID

from msgspec.structs import replace

from rapor.report import Scope
from rapor.schedule import Schedule
from tests.builders import NOW

WEEKDAYS = "cron(0 9 ? * MON-FRI *)"
BODY: dict[str, Any] = {
    "name": "Her sabah",
    "report": {"title": "Kullanıcılar", "report_type": "users", "parameters": {"status": "active"}, "format": "csv"},
    "expression": WEEKDAYS,
    "timezone": "Europe/Istanbul",
}


def a_schedule(**changes: Any) -> Schedule:
    made = Schedule(
        uuid=UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        name="Her sabah",
        user_id="1",
        scope=Scope.ALL,
        report={"title": "Kullanıcılar", "report_type": "users", "parameters": {"status": "active"}, "format": "csv"},
        locale="tr",
        expression=WEEKDAYS,
        timezone="Europe/Istanbul",
        anchor=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(made, **changes)
