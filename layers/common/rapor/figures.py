"""What a document says beside its rows: key figures, totals, and the chart's points."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct


class Figures(Struct, frozen=True):
    """
    Values by the order in the report type's file, over the rows that are written.

    `totals` has one value a column, None where the column has no total; `points` are the chart's rows, x first.
    """

    summary: Sequence[Any] = ()
    totals: Sequence[Any] = ()
    points: Sequence[Sequence[Any]] = ()
