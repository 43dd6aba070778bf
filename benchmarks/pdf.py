"""CPU seconds and peak memory of the PDF writer alone, whose hot path is `rapor.documents.pdf.plain`."""

import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from time import process_time
from uuid import UUID

from rapor.batches import Batch, Form, Lines
from rapor.catalogue import Column
from rapor.documents.parts import Head
from rapor.documents.pdf import write_pdf

BATCH_ROWS = 4000
KINDS = ("text", "text", "text", "integer", "decimal", "date", "timestamp", "boolean")
COLUMNS = [
    Column.model_validate({"name": f"c{index}", "type": kind, "label": {"tr": f"Sütun {index}"}})
    for index, kind in enumerate(KINDS)
]
DAY = datetime(2025, 1, 1)  # noqa: DTZ001 - moments come without a zone


@cache
def batch(number: int) -> Batch:
    """Four thousand rows of names and figures."""
    rows = [
        (f"Şükrü Yıldız {index}", f"sukru.{index}@example.com", ("İstanbul", "Muğla", "Iğdır")[index % 3], index,
         Decimal(index * 7919) / 100, date(2025, 1, 1) + timedelta(days=index % 365), DAY + timedelta(minutes=index),
         index % 2 == 0)
        for index in range(number * BATCH_ROWS, (number + 1) * BATCH_ROWS)
    ]  # fmt: skip
    return Batch(zip(*rows, strict=True))


class Rows:
    """So many rows, as cells."""

    def __init__(self, batches: int) -> None:
        self._batches = batches

    def batches(self) -> Iterator[Batch]:
        """Over and over the same ten batches."""
        return (batch(number % 10) for number in range(self._batches))

    def lines(self, form: Form, /) -> Iterator[Lines]:
        """Not for PDF."""
        raise NotImplementedError(form)


class Nowhere:
    """Counts what it is given."""

    size = 0

    def write(self, data: bytes) -> None:
        """Forget it."""
        self.size += len(data)


def measure(rows: int) -> None:
    """Write one document and print what it took."""
    head = Head(
        uuid=str(UUID(int=1)), title="Ölçüm", report_type="benchmark", type_version=1, locale="tr", parameters=(),
        raw_parameters={}, as_of=datetime(2025, 1, 1, tzinfo=UTC), row_count=rows, rows_total=rows,
    )  # fmt: skip
    sink, start = Nowhere(), process_time()
    write_pdf(head, COLUMNS, Rows(rows // BATCH_ROWS), sink)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    print(f"{rows:>9,} rows  {process_time() - start:6.2f} s CPU  {peak:4.0f} MB peak  {sink.size / 1e6:5.1f} MB")


if __name__ == "__main__":
    for number in range(10):
        batch(number)  # not the writer's time
    for count in (4_000, 12_000, 100_000, 1_000_000):
        measure(count)
