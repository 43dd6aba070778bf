"""Starts everything, says when it answers, orders an example on the first start, and serves until told to stop."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from local import first_order
from local.authorizer import JwtAuthorizer
from local.aws import LOOPBACK, LocalAws
from local.cloudformation import TemplateError
from local.datasets import ensure_datasets
from local.functions import FunctionError, Functions
from local.gateway import Gateway
from local.home import HomeInUse
from local.scheduler import Scheduler
from local.server import PortTaken, Server, listening
from local.settings import BadSetting, Settings
from local.streams import Streams
from local.template import Stack
from local.terminal import Terminal, terminal
from local.tokens import GENERAL_PERMISSIONS, SigningKey

OUT = Path("out")
GRACE_S = 5.0
TIDY_S = 5.0
TTL_S = 60.0
TOKEN_S = 8 * 3600
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OK, FAILED, BAD_START = 0, 1, 2


def run() -> int:
    """The whole run; returns its exit status."""
    for number in STOPS:  # also where a shell's `&` had it ignored
        signal.signal(number, _stop)
    try:
        settings = Settings.from_environ(os.environ)
    except BadSetting as error:
        Terminal(sys.stderr).say(f"cannot start: {error}")
        return BAD_START
    with terminal(settings.home.log) as screen:
        return _run(settings, screen)


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Stop once: a second Ctrl-C must not break the saving."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run(settings: Settings, screen: Terminal) -> int:
    try:
        with settings.home.locked(), _service(settings, screen) as service:
            return _use(service, settings, screen)
    except KeyboardInterrupt:
        screen.say("stopped, everything kept")
        return OK
    except HomeInUse as error:
        screen.say(f"cannot start: another run works in {error}; stop it, or choose another RAPOR_HOME")
    except PortTaken as error:
        screen.say(f"cannot start: something else listens on {error}; choose another PORT")
    except TemplateError as error:
        screen.say(f"cannot start: template.yaml: {error}")
    except FunctionError as error:
        screen.say(f"cannot start: {error}")
    return BAD_START


class Service:
    """Everything that runs, and what may be done with it."""

    def __init__(self, url: str, key: SigningKey, aws: LocalAws, streams: Streams, stack: Stack) -> None:
        self.url = url
        self.token = key.mint(
            sub="1", permissions=GENERAL_PERMISSIONS, expires_in_s=TOKEN_S, claims={"email": "ayse@example.com"}
        )
        self._aws = aws
        self._streams = streams
        self._stack = stack

    def is_new(self) -> bool:
        """Whether nothing was ever written to the tables."""
        dynamodb = self._aws.client("dynamodb")
        return not any(dynamodb.scan(TableName=it.name, Limit=1)["Count"] for it in self._stack.tables)

    def keep_house(self) -> None:
        """What AWS does in the background, until interrupted: streams are trimmed, items expire."""
        expire_at = time.monotonic()
        while True:
            self._streams.trim()
            if time.monotonic() >= expire_at:
                self._aws.expire()
                expire_at = time.monotonic() + TTL_S
            time.sleep(TIDY_S)


@contextmanager
def _service(settings: Settings, screen: Terminal) -> Iterator[Service]:
    """Start in the order of dependence; stop in the reverse, and save last."""
    screen.say("Rapor on this machine: a stand-in for tests and first contact, not a production server.")
    with ExitStack() as running:
        listener = running.enter_context(listening(LOOPBACK, settings.port))
        stack = Stack.load(environment={"DATA_LOCATION": str(settings.home.data)})
        screen.say("data sets …")
        ensure_datasets(settings.home.data)
        screen.say("tables and buckets …")
        aws = running.enter_context(LocalAws(stack, state_file=settings.home.state))
        if aws.notice:
            screen.say(aws.notice)
        screen.say("functions …")
        functions = Functions.load(stack.functions, say=screen.say)
        streams = running.enter_context(_streams(stack, aws, functions, screen))
        running.enter_context(_scheduler(stack, functions, screen))
        key = SigningKey.load_or_make(settings.home.keys)
        authorizer = JwtAuthorizer(stack.authorizer, {key.kid: key.public})
        gateway = Gateway(stack.routes, authorizer, functions.invoke, say=screen.say)
        running.callback(gateway.close)
        server = running.enter_context(Server(gateway, listener))
        yield Service(server.url, key, aws, streams, stack)
        screen.say("stopping …")


@contextmanager
def _streams(stack: Stack, aws: LocalAws, functions: Functions, screen: Terminal) -> Iterator[Streams]:
    sqs = aws.client("sqs")

    def send(queue: str, body: str) -> None:
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=body)

    streams = Streams(stack.mappings, invoke=functions.invoke, positions=aws.positions, send=send, say=screen.say)
    streams.start()
    try:
        yield streams
    finally:
        if not streams.stop(GRACE_S):
            screen.say("a report was being made; the sweep takes it up after the next start")


@contextmanager
def _scheduler(stack: Stack, functions: Functions, screen: Terminal) -> Iterator[None]:
    scheduler = Scheduler(stack.schedules, invoke=functions.invoke, say=screen.say)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.stop(GRACE_S)


def _use(service: Service, settings: Settings, screen: Terminal) -> int:
    """Say that it answers, order the example on a first start, and stay."""
    first_order.request("GET", service.url)  # the gateway's own 404: it answers
    screen.say(f"ready {service.url}")
    screen.say(_welcome(service))
    if settings.first_order and service.is_new() and not _order(service, screen) and settings.once:
        return FAILED
    if not settings.once:
        screen.say("serving until Ctrl-C")
        service.keep_house()
    return OK


def _order(service: Service, screen: Terminal) -> bool:
    try:
        path = first_order.order_example(service.url, service.token, folder=OUT, say=screen.say)
    except (first_order.OrderFailed, OSError) as error:
        screen.say(f"the example failed: {error}")
        return False
    screen.say(f"saved {path}")
    return True


def _welcome(service: Service) -> str:
    body = json.dumps({"title": "Kullanıcı Raporu", "report_type": "users", "format": "csv"}, ensure_ascii=False)
    return "\n".join((
        "",
        f"a token, good for {TOKEN_S // 3600} hours (`.venv/bin/rapor token --help` mints others):",
        f"  export TOKEN={service.token}",
        "try:",
        f'  curl -i {service.url}{first_order.REPORTS} -H "Authorization: Bearer $TOKEN" \\',
        f"    -H 'Content-Type: application/json' -d '{body}'",
        "",
    ))  # fmt: skip
