"""What `process_report` brings along to read rows and draw documents, imported and nothing more."""

from typing import Any

import arro3.core  # noqa: F401
import babel.numbers  # noqa: F401
import duckdb  # noqa: F401
import isal.isal_zlib  # noqa: F401
import obstore.store  # noqa: F401
import uharfbuzz  # noqa: F401
from fsspec import AbstractFileSystem  # noqa: F401


def lambda_handler(event: dict[str, Any], context: Any) -> None:
    """Do nothing."""
