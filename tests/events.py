"""What an event of ours must look like."""

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from tests.builders import ROOT

SCHEMA = json.loads((ROOT / "docs/events/report.schema.json").read_text())
VALID = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)


def detail_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """The valid detail of an event as EventBridge hands it to a target."""
    detail: dict[str, Any] = event["detail"]
    VALID.validate(detail)
    assert (event["source"], event["detail-type"]) == (detail["source"], detail["type"])
    return detail
