"""Write docs/openapi.json from the code: `make openapi`."""

import json
import sys

from local.template import PROJECT
from rapor import __version__
from rapor.catalogue import Catalogue
from rapor.errors import CatalogueError
from rapor.http.openapi import document

CATALOGUE = PROJECT / "layers/catalogue/report_types"
FILE = PROJECT / "docs/openapi.json"


def text() -> str:
    """
    Give the description as the file holds it.

    Raises:
        CatalogueError: A report type is wrong.
    """
    return json.dumps(document(Catalogue.load(CATALOGUE), __version__), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    try:
        FILE.write_text(text(), encoding="utf-8")
    except CatalogueError as error:
        sys.exit(f"rapor: {error}")
