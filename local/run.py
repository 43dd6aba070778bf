"""`make run`: start, say when it answers, order an example on the first start, and serve until told to stop."""

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from local import first_order
from local.errors import CannotStart
from local.settings import Settings
from local.terminal import Say, to_terminal

if TYPE_CHECKING:
    from local.service import Service

OUT = Path("out")
STOPS = (signal.SIGINT, signal.SIGTERM)
OK, FAILED, BAD_START = 0, 1, 2


def run() -> int:
    """Do the whole run; returns its exit status."""
    for number in STOPS:  # also where a shell's `&` had it ignored
        signal.signal(number, _stop)
    try:
        settings = Settings.from_environ(os.environ)
        with settings.home.locked(), to_terminal(settings.home.log) as say:
            return _serve(settings, say)
    except CannotStart as error:
        sys.stderr.write(f"cannot start: {error}\n")
        return BAD_START


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Stop once: a second Ctrl-C must not break the saving."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _serve(settings: Settings, say: Say) -> int:
    say("Rapor on this machine: a stand-in for tests and first contact, not a production server.")
    from local.service import start  # noqa: PLC0415 - slow to import: what is wrong before is said at once

    try:
        with start(settings, say) as service:
            return _use(service, settings, say)
    except KeyboardInterrupt:
        say("stopped, everything kept")
        return OK


def _use(service: "Service", settings: Settings, say: Say) -> int:
    """Say that it answers, order the example on a first start, and stay."""
    first_order.request("GET", service.url)  # the console: it answers
    say(f"ready {service.url}")
    say(_welcome(service))
    ordered = not settings.first_order or _order_once(service, say)
    if not ordered and settings.once:
        return FAILED
    if not settings.once:
        say("serving until Ctrl-C")
        service.keep_house(say)
    return OK


def _order_once(service: "Service", say: Say) -> bool:
    if not service.is_new():
        say("the reports of earlier runs are kept, and nothing is ordered")
        return True
    try:
        path = first_order.order_example(service.url, service.token, folder=OUT, say=say)
    except (first_order.OrderFailed, OSError) as error:
        say(f"the example failed: {error}")
        return False
    say(f"saved {path}")
    return True


def _welcome(service: "Service") -> str:
    body = json.dumps({"title": "Kullanıcı Raporu", "report_type": "users", "format": "csv"}, ensure_ascii=False)
    return "\n".join((
        "",
        "the console, in a browser; the link signs you in:",
        f"  {service.url}/#token={service.token}",
        f"a token, good for {service.token_hours} hours (`.venv/bin/rapor token --help` mints others):",
        f"  export TOKEN={service.token}",
        "try:",
        f'  curl -i {service.url}{first_order.REPORTS} -H "Authorization: Bearer $TOKEN" \\',
        f"    -H 'Content-Type: application/json' -d '{body}'",
        "",
    ))  # fmt: skip
