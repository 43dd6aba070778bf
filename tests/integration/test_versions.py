"""The bucket's versions, page by page, while what was seen is removed."""

import pytest

from local.aws import LocalAws
from local.template import Stack
from rapor.store.documents import DocumentBucket

pytestmark = pytest.mark.integration


def test_pages_go_on_behind_a_key_that_is_gone_and_never_part_a_keys_versions(
    stack: tuple[Stack, LocalAws], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, aws = stack
    s3, name = aws.client("s3"), loaded.name("Documents")
    keys = [f"reports/2020-01-01/{letter}" for letter in "aabccde"]
    for key in [*keys, "reports/2020-01-02/a"]:
        s3.put_object(Bucket=name, Key=key, Body=b"x")
    s3.delete_object(Bucket=name, Key=keys[-1])
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    bucket = DocumentBucket(s3, name)

    seen, after, pages = [], None, 0
    while pages == 0 or after:
        versions, after = bucket.versions("reports/2020-01-01/", after)
        bucket.remove(versions)
        seen.append([version.key[-1] for version in sorted(versions)])
        pages += 1

    assert seen == [["a", "a"], ["b"], ["c", "c"], ["d", "e", "e"]]
    assert bucket.versions("reports/2020-01-01/", None) == ([], None)
    assert len(bucket.versions("reports/2020-01-02/", None)[0]) == 1
