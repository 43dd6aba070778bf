"""
AWS without a network: what botocore would send goes straight into moto, in this process and this thread.

Ten times as quick as the stand-in's server. All of botocore stays real, down to the bytes of a request: signing,
retries, parsing, and below them the injector's hooks.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from local import aws, moto_fixes
from local.bus import create_bus
from local.cloudformation import REGION
from local.manifest_key import ManifestKey
from local.template import Stack

OK = 200


@dataclass
class Wire:
    """What went over it: keys of the objects that were stored, whoever learned of it."""

    stored: set[str] = field(default_factory=set)
    requests: int = 0
    _moto: BotocoreStubber = field(default_factory=BotocoreStubber)

    def send(self, _: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        """In the place of an HTTP exchange."""
        self.requests += 1
        answer = self._moto.process_request(request)
        assert answer is not None, request.url
        status, headers, body = answer
        url = urlsplit(request.url)
        if request.method == "PUT" and status == OK and not url.query and url.path.startswith("/reports/"):
            self.stored.add(unquote(url.path[1:]))
        return AWSResponse(request.url, status, headers, MockRawResponse(body))


@contextmanager
def in_this_process() -> Iterator[Wire]:
    """Be AWS for every client made inside this context."""
    moto_fixes.apply()
    wire = Wire()
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("AWS_"):
                patch.delenv(name)
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "POWERTOOLS_TRACE_DISABLED": "true",
        }.items():
            patch.setenv(name, value)
        patch.setattr(URLLib3Session, "send", lambda session, request: wire.send(session, request))  # noqa: PLW0108 - as a method
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))  # the SDK's patience, not ours
        yield wire
    aws._forget()


def begin_anew(stack: Stack, key: ManifestKey) -> None:
    """Forget everything, and make the template's table, buckets and key."""
    aws._forget()
    aws._create_tables(stack.tables)
    aws._create_buckets(stack.buckets)
    create_bus(stack.event_bus)
    key.lend_to_kms()
