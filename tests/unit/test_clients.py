"""How long a call of AWS lasts at most, beside the time its function has: worked out from botocore's own numbers."""

from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from botocore.retries.standard import ExponentialBackoff

from local.template import Function, Stack
from rapor.process import deadline_in
from rapor.store import clients
from tests.builders import ROOT
from tests.rooms import a_room

STACK = Stack.load()
ASKING = 1  # seconds that botocore waits until S3 wants an upload
ENOUGH_TO_ANSWER = 0.5  # seconds, of the function's own
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SERVICES = {
    "CreateReport": {"dynamodb"},
    "ProcessFast": {"dynamodb", "s3", "events", "kms"},
    "ProcessHeavy": {"dynamodb", "s3", "events", "kms"},
    "ReadReport": {"dynamodb", "s3"},
    "Schedules": {"dynamodb", "scheduler"},
    "SweepReports": {"dynamodb", "s3", "events", "scheduler"},
    "UpdateReport": {"dynamodb", "events"},
}


def clients_of(function: Function, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Every client that the function's room makes, by service; the bus's is made when it is first needed."""
    made: dict[str, Any] = {}
    make = clients.client

    def client(service: str, config: Any = None) -> Any:
        return made.setdefault(service, make(service, config))

    patch.setattr(clients, "client", client)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        patch.setenv(name, "testing")
    patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    patch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", str(function.memory_mb))
    more = {"SIGNING_KEY": "arn:aws:kms:eu-central-1:1:key/1"} if "SIGNING_KEY" in function.environment else {}
    bus = _bus_of(a_room(function, patch, **more))
    if bus is not None:
        _ = bus._client
    return made


def _bus_of(room: ModuleType) -> Any:
    announcer = getattr(room, "announcer", None) or getattr(getattr(room, "workshop", None), "announcer", None)
    return announcer.events if announcer else None


def longest(client: Any) -> float:
    """Seconds until a call is given up whose every attempt hangs, or is throttled just before it would count as such."""
    config = client.meta.config
    attempts: int = config.retries["total_max_attempts"]
    throttled = SimpleNamespace(is_throttling_error_from_context=lambda _: True)
    backoff = ExponentialBackoff(random=lambda: 1, throttling_detector=throttled)
    waits = [backoff.delay_amount(SimpleNamespace(attempt_number=n, http_response=None)) for n in range(1, attempts)]
    asking = ASKING if config.read_timeout == clients.PATIENT.read_timeout else 0  # only these upload
    return float(attempts * (config.connect_timeout + asking + config.read_timeout) + sum(waits))


@pytest.mark.parametrize("name", SERVICES)
def test_a_call_that_hangs_leaves_its_function_time_to_say_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function = STACK.function(name)

    made = clients_of(function, monkeypatch)

    assert set(made) == SERVICES[name]
    assert all(client.meta.config.retries["mode"] == "standard" for client in made.values())
    assert {
        it: longest(client) for it, client in made.items() if longest(client) + ENOUGH_TO_ANSWER > function.timeout_s
    } == {}


@pytest.mark.parametrize("name", ["ProcessFast", "ProcessHeavy"])
def test_a_worker_whose_time_is_up_can_still_say_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    timeout = timedelta(seconds=STACK.function(name).timeout_s)
    left = NOW + timeout - deadline_in(timeout, now=NOW)

    table = clients_of(STACK.function(name), monkeypatch)["dynamodb"]

    assert longest(table) + ENOUGH_TO_ANSWER < left.total_seconds()


def test_all_functions_with_clients_are_here() -> None:
    without = {"EstimateReport"}  # the engine's own client alone, which waits no longer than there is time

    assert {it.name for it in STACK.functions} == SERVICES.keys() | without


def test_the_page_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [clients_of(STACK.function(it), monkeypatch) for it in ("ProcessFast", "SweepReports", "ReadReport")]
    page = (ROOT / "docs/reliability.md").read_text()

    for service, client in (it for them in made for it in them.items()):
        it = client.meta.config
        row = f"{it.connect_timeout:g} s | {it.read_timeout:g} s | {it.retries['total_max_attempts']} | {longest(client):g} s |"
        assert row in page, service
