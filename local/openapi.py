"""Write docs/openapi.json from the code: `make openapi`."""

import json
import sys

from local.errors import WrongReportType
from local.report_types import TYPES, read_all
from local.template import PROJECT
from rapor import __version__
from rapor.catalogue import Catalogue
from rapor.http.openapi import document

FILE = PROJECT / "docs/openapi.json"


def text() -> str:
    """
    Give the description as the file holds it.

    Raises:
        WrongReportType: A report type is wrong.
    """
    return described(read_all(TYPES))


def described(catalogue: Catalogue) -> str:
    """Write the description of a service with these types."""
    return json.dumps(document(catalogue, __version__), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


if __name__ == "__main__":
    try:
        FILE.write_text(text(), encoding="utf-8")
    except WrongReportType as error:
        sys.exit(str(error))
