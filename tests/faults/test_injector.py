"""The injector does what it says: whether the effect happened, and whether the caller saw an error."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.faults.carrier import Direct
from tests.faults.injector import Crash, Fault, Injector
from tests.faults.world import World

pytestmark = pytest.mark.faults


class Service(NamedTuple):
    """A write, and how to see whether it happened."""

    name: str
    write: Callable[[Any, str, World], object]
    happened: Callable[[Any, str, World], bool]


def has_item(client: Any, name: str, world: World) -> bool:
    key = {"pk": {"S": name}, "sk": {"S": "X"}}
    return "Item" in client.get_item(TableName=world.table, Key=key)


def has_object(client: Any, name: str, world: World) -> bool:
    return bool(client.list_objects_v2(Bucket=world.bucket, Prefix=name).get("Contents"))


def was_sent(client: Any, name: str, _world: World) -> bool:
    return bool(client.describe_archive(ArchiveName="all")["EventCount"] > int(name.rpartition("-")[2]))


def sent_before(client: Any) -> int:
    if not client.list_archives()["Archives"]:
        arn = client.describe_event_bus()["Arn"]
        client.create_archive(ArchiveName="all", EventSourceArn=arn)
    return int(client.describe_archive(ArchiveName="all")["EventCount"])


SERVICES = [
    Service(
        "dynamodb",
        lambda client, name, world: client.put_item(TableName=world.table, Item={"pk": {"S": name}, "sk": {"S": "X"}}),
        has_item,
    ),
    Service("s3", lambda client, name, world: client.put_object(Bucket=world.bucket, Key=name, Body=b"x"), has_object),
    Service(
        "events",
        lambda client, name, world: client.put_events(Entries=[{"Source": "s", "DetailType": name, "Detail": "{}"}]),
        was_sent,
    ),
]
EFFECT = {  # once it is over; a retry mends what one try broke
    Fault.CRASH_BEFORE: False,
    Fault.CRASH_AFTER: True,
    Fault.THROTTLED_ONCE: True,
    Fault.THROTTLED_FOR_EVER: False,
    Fault.ERROR_WITHOUT_EFFECT: True,
    Fault.ERROR_WITH_EFFECT: True,
    Fault.ANSWER_LOST: True,
    Fault.NEVER_CONNECTED: True,
}
EFFECT_OF_ONE_TRY = EFFECT | {
    Fault.THROTTLED_ONCE: False,
    Fault.ERROR_WITHOUT_EFFECT: False,
    Fault.NEVER_CONNECTED: False,
}
SEEN = {Fault.CRASH_BEFORE: Crash, Fault.CRASH_AFTER: Crash, Fault.THROTTLED_FOR_EVER: ClientError}
SEEN_OF_ONE_TRY: dict[Fault, type[BaseException]] = {
    **SEEN,
    Fault.THROTTLED_ONCE: ClientError,
    Fault.ERROR_WITHOUT_EFFECT: ClientError,
    Fault.ERROR_WITH_EFFECT: ClientError,
    Fault.ANSWER_LOST: BotoCoreError,
    Fault.NEVER_CONNECTED: BotoCoreError,
}


@pytest.mark.parametrize("tries", [1, 3])
@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_fault_is_what_it_is_called(world: World, service: Service, fault: Fault, tries: int) -> None:
    injector = Injector(Direct(world.aws.app))
    broken = boto3.client(service.name, config=Config(retries={"mode": "standard", "total_max_attempts": tries}))
    quiet = boto3.client(service.name)
    injector.attach(broken)
    before = sent_before(quiet) if service.name == "events" else 0
    name = re.sub(r"\W", "-", f"{fault}-{tries}-{before}")
    injector.arm(1, fault)

    seen: type[BaseException] | None = None
    try:
        service.write(broken, name, world)
    except (Crash, ClientError, BotoCoreError) as error:
        seen = type(error)
    injector.disarm()

    wanted = (SEEN_OF_ONE_TRY if tries == 1 else SEEN).get(fault)
    assert injector.fired
    assert (seen is None) is (wanted is None)
    assert wanted is None or (seen is not None and issubclass(seen, wanted))
    assert service.happened(quiet, name, world) is (EFFECT_OF_ONE_TRY if tries == 1 else EFFECT)[fault]
