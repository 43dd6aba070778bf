"""
A document appears whole or not at all, whatever S3 says to a part of it.

Moto compares no checksum and ends no upload by itself, so here S3's answers are put in its place, as the API reference
words them; that a checksum goes with every body, by which S3 could tell, is seen in what is sent.
"""

from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

from tests.faults.injector import Fault, Plan, Refusal
from tests.faults.lives import Life, live
from tests.faults.points import NAMED
from tests.faults.world import World

pytestmark = pytest.mark.faults
WHOLE = NAMED["ProcessFast: a document"]
IN_PARTS = NAMED["ProcessFast: a document in parts"]
CREATE, PARTS, COMPLETE, MANIFEST = 3, (4, 5, 6), 7, 9  # calls of a document in parts; what aborts it comes next
BAD_DIGEST = Refusal(400, "BadDigest")
CUT_OFF = Refusal(400, "IncompleteBody")
GONE = Refusal(404, "NoSuchUpload")


def attempts(world: World) -> int:
    (uuid,) = world.oracle.reports()
    last = world.oracle.history(uuid)[-1]
    assert last is not None
    return int(last["attempt"])


def left(world: World, life: Life) -> tuple[int, int]:
    """Objects that no report names, and uploads without an end; all of the attempt that broke."""
    orphans, uploads = world.oracle.orphans(), world.oracle.uploads()
    assert life.wrong == []
    assert life.unfired == set()
    assert all("/1-" in key for key in [*orphans, *uploads])
    return len(orphans), len(uploads)


@pytest.mark.parametrize(
    "plan",
    [
        {CREATE: Refusal(403, "AccessDenied")},
        {CREATE: Refusal(404, "NoSuchBucket")},
        *({part: refusal} for part in PARTS for refusal in (BAD_DIGEST, CUT_OFF, GONE)),
        {COMPLETE: GONE},
        {COMPLETE: Refusal(400, "InvalidPart")},
        {COMPLETE: Refusal(400, "EntityTooSmall")},
        {COMPLETE: Refusal(200, "InternalError")},  # S3 says 200 before it knows
        {PARTS[1]: BAD_DIGEST, PARTS[1] + 1: GONE},  # and S3 had ended the upload by itself
    ],
    ids=str,
)
def test_an_upload_that_breaks_leaves_nothing_and_is_made_again(world: World, plan: Plan) -> None:
    life = live(world, IN_PARTS, plan)

    assert left(world, life) == (0, 1 if GONE in plan.values() and len(plan) > 1 else 0)
    assert attempts(world) == 2


@pytest.mark.parametrize(
    "abort", [Refusal(500, "InternalError"), Refusal(403, "AccessDenied"), Fault.THROTTLED_FOR_EVER, Fault.CRASH_BEFORE]
)
def test_parts_that_cannot_be_dropped_are_left_to_s3s_own_rule(world: World, abort: Fault | Refusal) -> None:
    life = live(world, IN_PARTS, {PARTS[1]: BAD_DIGEST, PARTS[1] + 1: abort})

    assert left(world, life) == (0, 1)
    assert attempts(world) == 2


def test_a_small_document_that_arrives_damaged_is_made_again(world: World) -> None:
    life = live(world, WHOLE, {3: BAD_DIGEST})

    assert left(world, life) == (0, 0)
    assert attempts(world) == 2


def test_a_document_whose_manifest_is_refused_is_an_orphan(world: World) -> None:
    life = live(world, IN_PARTS, {MANIFEST: BAD_DIGEST})

    assert left(world, life) == (1, 0)
    assert attempts(world) == 2


def test_a_checksum_goes_with_every_body(world: World) -> None:
    sent: dict[str, set[str]] = {}
    carry = world.injector.carry
    assert carry

    def look(request: AWSPreparedRequest) -> Any:
        if request.method == "PUT":
            names = {name.lower() for name in request.headers}
            trailer = request.headers.get("X-Amz-Trailer", "")
            said = trailer.decode() if isinstance(trailer, bytes) else trailer
            sent[request.url] = {*names, *said.split(",")}
        return carry(request)

    world.injector.carry = look
    try:
        life = live(world, IN_PARTS, {})
    finally:
        world.injector.carry = carry

    assert life.wrong == []
    assert len(sent) == len(PARTS) + 1  # and the manifest
    assert [url for url, names in sent.items() if not any("x-amz-checksum" in name for name in names)] == []
