"""Manifests signed by KMS, and the same bytes from the same report."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.serialization import load_der_public_key

from local.aws import LocalAws
from local.datasets import ensure_datasets
from local.manifest_key import ManifestKey
from local.template import Stack
from rapor.data.engine import DuckDBEngine
from rapor.documents.render import render
from rapor.errors import DocumentExpired, StoreUnavailable
from rapor.manifest import sign
from rapor.process import Outcome, Workshop, process_report
from rapor.report import Format
from rapor.store.documents import DocumentBucket
from rapor.store.signatures import KmsSigner
from tests.builders import NOW, a_catalogue, a_report
from tests.unit.fakes import FakeAnnouncer, FakeClock, FakeDocuments, FakeReports

pytestmark = pytest.mark.integration
STACK = Stack.load()


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(STACK) as running:
        yield running


@pytest.fixture
def key_arn(aws: LocalAws) -> str:
    """A key such as an operator makes."""
    made = aws.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    return str(made["KeyMetadata"]["Arn"])


@pytest.mark.parametrize("payload", [b"{}", b'{"a":"' + b"x" * 40_000 + b'"}'])
def test_kms_signs_what_any_library_checks(aws: LocalAws, key_arn: str, payload: bytes) -> None:
    kms = aws.client("kms")
    public: Any = load_der_public_key(kms.get_public_key(KeyId=key_arn)["PublicKey"])

    jws = sign(payload, KmsSigner(kms, key_arn))

    found = jwt.PyJWS().decode_complete(jws, public, algorithms=["ES256"])
    assert found["payload"] == payload
    assert found["header"]["kid"] == key_arn.rpartition("/")[2]


def test_the_stand_in_tells_a_digest_from_a_message(aws: LocalAws, key_arn: str) -> None:
    kms = aws.client("kms")
    signed = kms.sign(
        KeyId=key_arn,
        Message=hashlib.sha256(b"message").digest(),
        MessageType="DIGEST",
        SigningAlgorithm="ECDSA_SHA_256",
    )

    found = kms.verify(
        KeyId=key_arn,
        Message=b"message",
        MessageType="RAW",
        SigningAlgorithm="ECDSA_SHA_256",
        Signature=signed["Signature"],
    )

    assert found["SignatureValid"]


def test_a_key_made_here_is_kept_and_signs_as_one_of_kms(aws: LocalAws, tmp_path: Path) -> None:
    made = ManifestKey.load_or_make(tmp_path)
    kept = ManifestKey.load_or_make(tmp_path)
    kept.lend_to_kms()

    jws = sign(b"{}", KmsSigner(aws.client("kms"), kept.arn))

    assert jwt.PyJWS().decode(jws, made.private.public_key(), algorithms=["ES256"]) == b"{}"


def test_kms_out_of_reach_is_no_reason_to_give_up(key_arn: str) -> None:
    import boto3  # noqa: PLC0415

    nowhere = boto3.client(
        "kms", endpoint_url="http://127.0.0.1:9", config=Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    )

    with pytest.raises(StoreUnavailable):
        KmsSigner(nowhere, key_arn).sign(b"x")


def test_a_key_that_does_not_sign_is_loud(aws: LocalAws) -> None:
    kms = aws.client("kms")
    symmetric = kms.create_key()["KeyMetadata"]["Arn"]

    with pytest.raises(ClientError):
        KmsSigner(kms, symmetric).sign(b"x")


def test_an_object_that_is_gone_has_expired(aws: LocalAws) -> None:
    with pytest.raises(DocumentExpired):
        DocumentBucket(aws.client("s3"), STACK.name("Documents")).read("reports/gone.manifest.json")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    ensure_datasets(folder)
    return folder


def made(data: Path, scratch: Path, chosen: Format) -> dict[str, bytes]:
    """Document and manifest of the same report at the same moment, by the real engine and writers."""
    report, documents = a_report(format=chosen), FakeDocuments()
    workshop = Workshop(
        reports=FakeReports(report),
        catalogue=a_catalogue(),
        engine=DuckDBEngine(str(data), memory_limit_mb=512, temp_directory=str(scratch), temp_limit_mb=512),
        render=render,
        documents=documents,
        announcer=FakeAnnouncer(),
        clock=FakeClock(NOW),
        retention=timedelta(days=90),
    )
    ending = process_report(report.uuid, deadline=NOW + timedelta(minutes=1), workshop=workshop)
    assert ending.outcome is Outcome.COMPLETED
    return {key.partition(".")[2]: content for key, content in documents.stored.items()}


@pytest.mark.parametrize("chosen", Format)
def test_the_same_report_of_the_same_moment_has_the_same_bytes(data: Path, tmp_path: Path, chosen: Format) -> None:
    first, second = (made(data, tmp_path, chosen) for _ in range(2))

    assert first == second
    document, manifest = first.values()
    said = json.loads(manifest)["manifest"]["document"]
    assert (said["sha256"], said["size_bytes"]) == (hashlib.sha256(document).hexdigest(), len(document))
