"""Clients of AWS's services: botocore's own, for what boto3 adds costs a cold start and is never used."""

from functools import cache
from typing import Any

from botocore.client import BaseClient
from botocore.session import Session


def client(service: str, **options: Any) -> BaseClient:
    """Make a client of *service*, by the name botocore has for it; *options* are those of `Session.create_client`."""
    made: BaseClient = _session().create_client(service, **options)
    return made


@cache
def _session() -> Session:
    """Where data that several clients need is read once."""
    return Session()
