"""The engines of process_report, and beside them the two AWS clients without which it could do nothing."""

from typing import Any

import arro3.core  # noqa: F401
import babel.numbers  # noqa: F401
import duckdb  # noqa: F401
import isal.isal_zlib  # noqa: F401
import obstore.store  # noqa: F401
import uharfbuzz  # noqa: F401
from botocore.session import Session
from fsspec import AbstractFileSystem  # noqa: F401

session = Session()
clients = [session.create_client(service) for service in ("dynamodb", "s3")]


def lambda_handler(event: dict[str, Any], context: Any) -> None:
    """Do nothing."""
