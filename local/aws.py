"""DynamoDB, S3, SQS, KMS and EventBridge on this machine: a mended moto at one address, with what the template asks."""

import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodbstreams.models import dynamodbstreams_backends
from moto.events.models import events_backends
from moto.kms.models import kms_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from moto.scheduler.models import scheduler_backends
from moto.sqs.models import sqs_backends
from werkzeug.serving import BaseWSGIServer, make_server

from local import bucket_cors, moto_fixes, presigned
from local.bus import create_bus
from local.cloudformation import ACCOUNT, REGION
from local.presigned import Environ
from local.state import State
from local.template import Bucket, Stack, Table
from rapor.store import clients

LOOPBACK = "127.0.0.1"
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - compared with, never a default
SECRET = "test"  # noqa: S105 - of the stand-in; links are signed with it
# One request at a time, and each query of an index walks through the whole table: DynamoDB's time is too short for it.
PATIENCE = Config(read_timeout=60)
READS = ("Get", "Query", "Scan", "BatchGet", "Describe", "List", "TransactGet")
INDEX_KEYS = ("IndexName", "KeySchema", "Projection")


class LocalAws:
    """
    A context in which AWS is this process.

    Inside it `os.environ` points every AWS SDK at the stand-in, whatever the user's own AWS settings are; `environment`
    is the same for other processes. The functions' clients wait for it longer than for AWS. With a state file, what is
    written survives the context.
    """

    def __init__(self, stack: Stack, *, state_file: Path | None = None, host: str = LOOPBACK, port: int = 0) -> None:
        self._stack = stack
        self._address = (host, port)
        self.state = State(state_file) if state_file else None
        self.positions: dict[str, int] = self.state.positions if self.state else {}
        self.notice: str | None = None

    def __enter__(self) -> Self:
        """Start, with the kept state and the template's tables, buckets, queues and event bus."""
        moto_fixes.apply()
        _forget()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # one line a request
        self.notice = self.state.load() if self.state else None
        self._server = self._serve()
        self._environ = dict(os.environ)
        _replace_environ(self._environ, self.environment)
        self._config, clients.CONFIG = clients.CONFIG, clients.CONFIG.merge(PATIENCE)
        self._create()
        if self.state:
            self.state.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop, and save."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if self.state:
            self.state.stop()
        os.environ.clear()
        os.environ.update(self._environ)
        clients.CONFIG = self._config
        _forget()

    @property
    def endpoint(self) -> str:
        """Where all services answer."""
        host = LOOPBACK if self._address[0] == ANY_ADDRESS else self._address[0]
        return f"http://{host}:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What an AWS SDK in any process needs to find the stand-in, and nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # botocore would put the account into the host name
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "POWERTOOLS_TRACE_DISABLED": "true",
            "NO_PROXY": f"localhost,{LOOPBACK},{self._address[0]}",
            "no_proxy": f"localhost,{LOOPBACK},{self._address[0]}",
        }

    def client(self, service: str) -> Any:
        """A boto3 client of the stand-in."""
        return boto3.client(service)

    def expire(self) -> int:
        """Delete items whose TTL has passed; returns how many."""
        return moto_fixes.expire(dynamodb_backends[ACCOUNT][REGION], time.time())

    def _serve(self) -> BaseWSGIServer:
        app = DomainDispatcherApplication(create_backend_app)
        signed = presigned.enforced(moto_fixes.one_at_a_time(app, self._note_write), SECRET)
        self.app = bucket_cors.enforced(signed, {it.name: it.cors_rules for it in self._stack.buckets})
        host, port = self._address
        server = make_server(host, port, self.app, threaded=True, request_handler=MotoRequestHandler)
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="aws", daemon=True)
        self._thread.start()
        return server

    def _note_write(self, environ: Environ) -> None:
        operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        if self.state and environ["REQUEST_METHOD"] not in {"GET", "HEAD"} and not operation.startswith(READS):
            self.state.touch()

    def _create(self) -> None:
        _create_tables(self._stack.tables)
        _create_buckets(self._stack.buckets)
        sqs = boto3.client("sqs")
        for name in self._stack.queues:
            sqs.create_queue(QueueName=name)
        _create_schedule_groups(self._stack.schedule_groups)
        create_bus(self._stack.event_bus)


def _replace_environ(old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Leave no AWS setting of the user's: an AWS_ENDPOINT_URL_S3 or a profile would win over ours."""
    for name in old:
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ.update(new)


def _forget() -> None:
    for backends in (
        dynamodb_backends,
        dynamodbstreams_backends,
        s3_backends,
        sqs_backends,
        kms_backends,
        scheduler_backends,
        events_backends,
    ):
        backends.reset()


def _create_tables(tables: Iterable[Table]) -> None:
    dynamodb = boto3.client("dynamodb")
    kept = set(dynamodb.list_tables()["TableNames"])
    for table in tables:
        if table.name in kept:
            _add_indexes(dynamodb, table)
            continue
        dynamodb.create_table(**table.definition)
        if table.ttl_attribute:
            ttl = {"AttributeName": table.ttl_attribute, "Enabled": True}
            dynamodb.update_time_to_live(TableName=table.name, TimeToLiveSpecification=ttl)


def _add_indexes(dynamodb: Any, table: Table) -> None:
    """Give a kept table the indexes the template has got since."""
    found = dynamodb.describe_table(TableName=table.name)["Table"].get("GlobalSecondaryIndexes", [])
    names = {it["IndexName"] for it in found}
    for index in table.definition.get("GlobalSecondaryIndexes", []):
        if index["IndexName"] not in names:
            dynamodb.update_table(
                TableName=table.name,
                AttributeDefinitions=table.definition["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[{"Create": {key: index[key] for key in INDEX_KEYS}}],
            )


def _create_schedule_groups(names: Iterable[str]) -> None:
    scheduler = boto3.client("scheduler")
    kept = {it["Name"] for it in scheduler.list_schedule_groups()["ScheduleGroups"]}
    for name in names:
        if name not in kept:
            scheduler.create_schedule_group(Name=name)


def _create_buckets(buckets: Iterable[Bucket]) -> None:
    s3 = boto3.client("s3")
    kept = {it["Name"] for it in s3.list_buckets()["Buckets"]}
    for bucket in buckets:
        if bucket.name in kept:
            continue
        s3.create_bucket(Bucket=bucket.name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if bucket.is_versioned:
            s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
