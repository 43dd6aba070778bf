"""Everything that runs locally, put together."""

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from local.authorizer import JwtAuthorizer
from local.aws import LOOPBACK, LocalAws
from local.bus import taken_events
from local.cors import Cors
from local.datasets import ensure_datasets
from local.errors import BrokenFunction, WrongReportType
from local.functions import Functions
from local.gateway import Gateway
from local.manifest_key import ManifestKey
from local.report_types import TYPES
from local.scheduler import MotoEntries, Scheduler
from local.served import Served
from local.server import Server, listening
from local.settings import Settings
from local.streams import Streams, Surroundings
from local.template import PARAMETERS, Stack
from local.terminal import Say
from local.tokens import GENERAL_PERMISSIONS, SigningKey
from local.watch import watching

TOKEN_S = 8 * 3600
GRACE_S = 5.0
TIDY_S = 5.0
TTL_S = 60.0


class Service:
    """Everything that runs, and what may be done with it."""

    def __init__(self, url: str, key: SigningKey, aws: LocalAws, streams: Streams, stack: Stack) -> None:
        self.url = url
        self.token_hours = TOKEN_S // 3600
        self.token = key.mint(
            sub="1", permissions=GENERAL_PERMISSIONS, expires_in_s=TOKEN_S, claims={"email": "ayse@example.com"}
        )
        self._aws = aws
        self._streams = streams
        self._stack = stack

    def is_new(self) -> bool:
        """Whether no report was ever ordered."""
        table = self._stack.name("Reports")
        return not self._aws.client("dynamodb").scan(TableName=table, IndexName="by_all", Limit=1)["Count"]

    def keep_house(self, say: Say) -> None:
        """What AWS does in the background, until interrupted: streams are trimmed, items expire, events pass by."""
        expire_at, sqs = time.monotonic(), self._aws.client("sqs")
        while True:
            self._streams.trim()
            for event in taken_events(sqs):
                say(f"event {event['detail-type']} {event['detail'].get('subject')}")
            if time.monotonic() >= expire_at:
                self._aws.expire()
                expire_at = time.monotonic() + TTL_S
            time.sleep(TIDY_S)


@contextmanager
def start(settings: Settings, say: Say) -> Iterator[Service]:
    """Start in the order of dependence; stop in the reverse, and save last."""
    with ExitStack() as running:
        listener = running.enter_context(listening(LOOPBACK, settings.port))
        manifest_key = ManifestKey.load_or_make(settings.home.keys)
        stack = Stack.load(
            parameters=PARAMETERS | {"SigningKeyArn": manifest_key.arn},
            environment={"DATA_LOCATION": str(settings.home.data), "CATALOGUE_PATH": str(settings.home.types)},
        )
        served = Served(TYPES, settings.home.types)
        _say_each(served.take(), say)
        say("data sets …")
        ensure_datasets(settings.home.data)
        say("tables and buckets …")
        aws = running.enter_context(LocalAws(stack, state_file=settings.home.state))
        manifest_key.lend_to_kms()
        settings.home.address.write_text(aws.endpoint)
        running.callback(settings.home.address.unlink, missing_ok=True)
        if aws.notice:
            say(aws.notice)
        say("functions …")
        functions = Functions(stack.functions, say=say)
        streams = running.enter_context(_streams(stack, aws, functions, say))
        running.enter_context(_scheduler(stack, functions, say))
        running.enter_context(watching(TYPES, lambda: read_again(served, functions, say)))
        key = SigningKey.load_or_make(settings.home.keys)
        authorizer = JwtAuthorizer(stack.authorizer, {key.kid: key.public})
        gateway = Gateway(stack.routes, authorizer, functions.invoke, cors=Cors.from_template(stack.cors), say=say)
        running.callback(gateway.close)
        server = running.enter_context(Server(gateway, listener))
        try:
            yield Service(server.url, key, aws, streams, stack)
        finally:
            say("stopping …")


def read_again(served: Served, functions: Functions, say: Say) -> None:
    """Let the functions have the report types as they are now, each that can be used; whatever happens is said."""
    try:
        mistakes = served.take()
        functions.load()
    except (WrongReportType, BrokenFunction) as error:
        say(f"the report types stay as they were: {error}")
    except Exception as error:  # noqa: BLE001 - whoever watches must not end
        say(f"the report types could not be read again: {type(error).__name__}: {error}")
    else:
        _say_each(mistakes, say)
        say("report types read again")


def _say_each(mistakes: Iterable[str], say: Say) -> None:
    for mistake in mistakes:
        say(mistake)


@contextmanager
def _streams(stack: Stack, aws: LocalAws, functions: Functions, say: Say) -> Iterator[Streams]:
    sqs = aws.client("sqs")

    def send(queue: str, body: str) -> None:
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=body)

    streams = Streams(stack.mappings, Surroundings(functions.invoke, aws.positions, send, say))
    streams.start()
    try:
        yield streams
    finally:
        if not streams.stop(GRACE_S):
            say("a report was being made; the sweep takes it up after the next start")


@contextmanager
def _scheduler(stack: Stack, functions: Functions, say: Say) -> Iterator[None]:
    entries = MotoEntries({it.arn: it.name for it in stack.functions})
    scheduler = Scheduler(stack.schedules, invoke=functions.invoke, say=say, entries=entries)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.stop(GRACE_S)
