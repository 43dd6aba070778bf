"""One world for each module."""

import importlib
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from local.aws import LocalAws
from local.datasets import ensure_datasets
from local.manifest_key import ManifestKey
from local.template import PARAMETERS, Stack
from rapor.store.changes import ReportChanges
from tests.faults.injector import Injector
from tests.faults.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("data")
    ensure_datasets(data)
    key = ManifestKey.load_or_make(tmp_path_factory.mktemp("keys"))
    stack = Stack.load(parameters=PARAMETERS | {"SigningKeyArn": key.arn}, environment={"DATA_LOCATION": str(data)})
    with LocalAws(stack) as aws, pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))  # the SDK's patience, not ours
        key.lend_to_kms()
        for function in ("UpdateReport", "ProcessFast"):
            for name, value in stack.function(function).environment.items():
                patch.setenv(name, value)
        patch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        room, update_room = fresh("functions.process_report.app"), fresh("functions.update_report.app")
        reports = ReportChanges(aws.client("dynamodb"), stack.name("Reports"))
        injector, update_injector = Injector(), Injector()
        for port in (update_room.reports, update_room.announcer.events):
            update_injector.attach(port._client)
        workshop = room.workshop
        for port in (workshop.reports, workshop.documents, workshop.signer, workshop.announcer.events):
            injector.attach(port._client)
        names = stack.name("Reports"), stack.name("Documents"), stack.event_bus
        made = World(room, update_room, aws, reports, *names, injector, update_injector, key)
        room.workshop = replace(room.workshop, clock=made.now)
        room.clock = made.now
        yield made


def fresh(room: str) -> Any:
    """The room with clients of this very AWS, though another module had it before."""
    return importlib.reload(importlib.import_module(room))
