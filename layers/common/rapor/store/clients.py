"""Clients of AWS's services: botocore's own, for what boto3 adds costs a cold start and is never used."""

from functools import cache

from botocore.client import BaseClient
from botocore.config import Config
from botocore.session import Session

import rapor

# A call that hangs is given up, retries and all, while its function has time left to say so: docs/reliability.md has
# the sums. Timeouts are of a connection to one address, and of each wait for bytes, in seconds.
CONFIG = Config(
    connect_timeout=0.5,
    read_timeout=1.5,
    retries={"mode": "standard", "total_max_attempts": 3},
    parameter_validation=False,  # every request is ours, and AWS checks it anyway: a fifth of a call's cost
    user_agent=f"{rapor.__name__}/{rapor.__version__}",  # botocore would put its own together anew for every request
)
# S3 takes its time to keep a part of a document.
PATIENT = Config(connect_timeout=1, read_timeout=10)
# Somebody waits for the answer, and the sweep has a minute: what is not told soon is told later.
IMPATIENT = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
# The sweep's S3 looks through and removes a thousand versions at a time; what hangs ends within `rapor.turns.MARGIN_S`.
SWEEPING = Config(connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})


def client(service: str, config: Config | None = None) -> BaseClient:
    """Make a client of *service*, by the name botocore has for it."""
    made: BaseClient = _session().create_client(service, config=CONFIG.merge(config) if config else CONFIG)
    return made


@cache
def _session() -> Session:
    """Where data that several clients need is read once."""
    return Session()
