"""Starts everything, says when it answers, orders an example on the first start, and serves until told to stop."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from local import first_order
from local.authorizer import JwtAuthorizer
from local.aws import LOOPBACK, LocalAws
from local.cloudformation import TemplateError
from local.functions import Functions
from local.gateway import Gateway
from local.home import HomeInUse
from local.scheduler import Scheduler
from local.server import PortTaken, Server
from local.settings import BadSetting, Settings
from local.streams import Streams
from local.template import Stack
from local.terminal import Terminal, terminal
from local.tokens import GENERAL_PERMISSIONS, SigningKey

OUT = Path("out")
GRACE_S = 5.0
TIDY_S = 5.0
TTL_S = 60.0
OK, FAILED, BAD_START = 0, 1, 2


def run() -> int:
    """The whole run; returns its exit status."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell's `&` had it ignored
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = Settings.from_environ(os.environ)
    except BadSetting as error:
        Terminal(_stderr()).say(f"cannot start: {error}")
        return BAD_START
    with terminal(settings.home.log) as screen:
        return _run(settings, screen)


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
    return BAD_START
