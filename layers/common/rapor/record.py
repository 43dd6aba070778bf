"""What a report's own row keeps of its document: the values of the one row that its type's query gives."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Protocol

from rapor.batches import Batch
from rapor.catalogue import ReportType
from rapor.errors import ReferenceNotFound, SourceInvalid


class Rows(Protocol):
    """An opened query."""

    @property
    def rows_total(self) -> int: ...
    def batches(self) -> Iterator[Batch]: ...


def record_of(report_type: ReportType, rows: Rows) -> dict[str, Any]:
    """
    Read what the type's `record` names, as `Report.record` holds it; nothing for a type without.

    Raises:
        ReferenceNotFound: There is no row, so what was asked about is not there.
        SourceInvalid: There are several, so the data is wrong.
    """
    if not report_type.record:
        return {}
    if rows.rows_total == 0:
        raise ReferenceNotFound("There is nothing under this reference.")
    if rows.rows_total > 1:
        raise SourceInvalid(f"There are {rows.rows_total} rows where there may be one.")
    names = [column.name for column in report_type.columns]
    cells = [cell for batch in rows.batches() for column in batch for cell in column]
    row = dict(zip(names, cells, strict=True))
    return {name: _recordable(row[name]) for name in report_type.record}


def _recordable(cell: Any) -> Any:
    if isinstance(cell, datetime):  # naive, in UTC
        return f"{cell.isoformat()}Z"
    return cell.isoformat() if isinstance(cell, date) else cell
