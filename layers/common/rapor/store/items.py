"""
Reports as DynamoDB items and back.

Moments are ISO text where people read them and epoch milliseconds where DynamoDB compares them. What the
client sent (`parameters`, `options`) is JSON text, so that no number loses a digit.
"""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from decimal import Clamped, Context, Decimal, Inexact, Overflow, Rounded, Underflow
from math import isfinite
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct

from rapor.report import Failure, Format, Lane, Progress, Report, Result, Scope, Status, as_plain, iso, kept

Item = dict[str, Any]
Part = TypeVar("Part", bound=Struct)
# What DynamoDB keeps of a number; what it would round is refused here.
NUMBERS = Context(prec=38, Emin=-128, Emax=126, traps=[Clamped, Overflow, Inexact, Rounded, Underflow])


def milliseconds(moment: datetime) -> int:
    """Since 1970, as DynamoDB compares them."""
    return int(moment.timestamp() * 1000)


def typed(plain: Mapping[str, Any]) -> Item:
    """Attribute values as the API takes them; None is left out."""
    return {name: _typed(value) for name, value in plain.items() if value is not None}


def _typed(value: Any) -> Item:
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | Decimal() if isfinite(value):
            return {"N": str(NUMBERS.create_decimal(value))}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": {name: _typed(inner) for name, inner in value.items()}}
        case list():
            return {"L": [_typed(inner) for inner in value]}
    raise TypeError(f"the table keeps no {type(value).__name__}")


def _number(text: str) -> int | Decimal:
    """All our numbers are whole, but a newer version's need not be."""
    try:
        return int(text)
    except ValueError:
        return Decimal(text)


def plain(item: Item, number: Callable[[str], Any] = _number) -> dict[str, Any]:
    """Attribute values as Python values."""
    return {name: _plain(value, number) for name, value in item.items()}


def _plain(value: Item, number: Callable[[str], Any]) -> Any:
    [(kind, inner)] = value.items()
    match kind:
        case "N":
            return number(inner)
        case "M":
            return plain(inner, number)
        case "L":
            return [_plain(it, number) for it in inner]
        case "NULL":
            return None
    return inner  # text, or true or false


def update_to(
    after: Mapping[str, Any], before: Mapping[str, Any], *, removing: Collection[str] = ()
) -> tuple[str, dict[str, str], dict[str, Any]]:
    """
    Make the expression, names and values of an update that turns *before*, which has the same names, into *after*.

    A value of None removes its attribute; those in *removing* even where *before* has none, for it may be out of date.
    """
    changed = {name: value for name, value in after.items() if value != before[name]}
    present = {name: value for name, value in changed.items() if value is not None}
    gone = [name for name, value in after.items() if value is None and (name in changed or name in removing)]
    update = "SET " + ", ".join(f"#{name} = :{name}" for name in present)
    if gone:
        update += " REMOVE " + ", ".join(f"#{name}" for name in gone)
    return (
        update,
        {f"#{name}": name for name in [*present, *gone]},
        {f":{name}": value for name, value in present.items()},
    )


def to_plain(report: Report) -> dict[str, Any]:
    """Everything the row holds of a report, without keys."""
    return {
        "id": report.id,
        "uuid": str(report.uuid),
        "title": report.title,
        "report_type": report.report_type,
        "type_version": report.type_version,
        "parameters": _json(report.parameters),
        "format": report.format.value,
        "status": report.status.value,
        "is_active": report.is_active,
        "user_id": report.user_id,
        "scope": report.scope.value,
        "type_lane": report.lane.value,
        "locale": report.locale,
        "created_at": iso(report.created_at),
        "updated_at": iso(report.updated_at),
        "options": None if report.options is None else _json(report.options),
        "imported": report.imported or None,
        "record": report.record,
        "client_uuid": report.client_uuid,
        "published_at": iso(report.published_at) if report.published_at else None,
        "attempt": report.attempt,
        "max_attempts": report.max_attempts,
        "dispatches": report.dispatches,
        "schedule_id": report.schedule_id,
        "scheduled_for": report.scheduled_for,
        "not_before": _milliseconds_or_none(report.not_before),
        "owner": report.owner,
        "lease_until": _milliseconds_or_none(report.lease_until),
        "started_at": _iso_or_none(report.started_at),
        "finished_at": _iso_or_none(report.finished_at),
        "unannounced": report.unannounced or None,
        "deleted_at": _iso_or_none(report.deleted_at),
        "purging": report.purging or None,
        "revision": report.revision,
        "progress": part_map(report.progress) if report.progress else None,
        "result": part_map(report.result) if report.result else None,
        "error": part_map(report.error) if report.error else None,
    }


def from_item(item: Item) -> Report:
    """Read a row, also one of a newer version: what is not known here is left out, or as `kept` says."""
    row = plain({name: value for name, value in item.items() if name != "record"})
    return Report(
        id=row["id"],
        uuid=UUID(row["uuid"]),
        title=row["title"],
        report_type=row["report_type"],
        type_version=row["type_version"],
        parameters=json.loads(row["parameters"]),
        format=kept(Format, row["format"]),
        status=kept(Status, row["status"]),
        is_active=row["is_active"],
        user_id=row["user_id"],
        scope=kept(Scope, row["scope"]),
        lane=kept(Lane, row["type_lane"]),
        locale=row["locale"],
        created_at=_moment(row["created_at"]),
        updated_at=_moment(row["updated_at"]),
        options=json.loads(row["options"]) if "options" in row else None,
        imported=row.get("imported", False),
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        dispatches=row["dispatches"],
        due_at=from_milliseconds(row.get("due_at")),
        not_before=from_milliseconds(row.get("not_before")),
        owner=row.get("owner"),
        lease_until=from_milliseconds(row.get("lease_until")),
        started_at=_moment_or_none(row.get("started_at")),
        finished_at=_moment_or_none(row.get("finished_at")),
        unannounced=row.get("unannounced", False),
        deleted_at=_moment_or_none(row.get("deleted_at")),
        purging=row.get("purging", False),
        revision=row.get("revision"),
        progress=_progress(row.get("progress")),
        result=_result(row.get("result")),
        error=known(Failure, row["error"]) if "error" in row else None,
        record=plain(item["record"]["M"], Decimal) if "record" in item else None,  # its decimals are exact
        client_uuid=row.get("client_uuid"),
        published_at=_moment_or_none(row.get("published_at")),
        schedule_id=row.get("schedule_id"),
        scheduled_for=row.get("scheduled_for"),
    )


def part_map(part: Progress | Result | Failure) -> dict[str, Any]:
    """A part of a report as the row holds it."""
    return {name: _listed(value) for name, value in as_plain(part).items()}


def _listed(value: object) -> object:
    return [list(pair) for pair in value] if isinstance(value, tuple) else value


def _progress(row: dict[str, Any] | None) -> Progress | None:
    return known(Progress, row, updated_at=_moment(row["updated_at"])) if row else None


def _result(row: dict[str, Any] | None) -> Result | None:
    if not row:
        return None
    columns = tuple((name, kind) for name, kind, *_ in row["columns"])
    return known(Result, row, columns=columns, as_of=_moment(row["as_of"]), expires_at=_moment(row["expires_at"]))


def known(kind: type[Part], row: Mapping[str, Any], **read: Any) -> Part:
    """Make a part of what the row has for it, *read* already or as it is; what a newer version added is left out."""
    return kind(**{name: row[name] for name in kind.__struct_fields__ if name in row} | read)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _moment_or_none(text: str | None) -> datetime | None:
    return _moment(text) if text else None


def _iso_or_none(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _milliseconds_or_none(moment: datetime | None) -> int | None:
    return milliseconds(moment) if moment else None


def from_milliseconds(number: int | None) -> datetime | None:
    """Read what `milliseconds` made."""
    return None if number is None else datetime.fromtimestamp(number / 1000, UTC)
