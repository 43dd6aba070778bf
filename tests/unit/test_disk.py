"""The disk that a report may fill."""

from pathlib import Path
from shutil import disk_usage

import pytest

from local.template import Stack
from rapor.data.disk import room_mb, scratch_in
from rapor.settings import EstimateReportSettings
from tests.rooms import a_room


def left_behind(folder: Path) -> Path:
    """What a killed worker leaves, beside what others have there."""
    for name in ("rapor-x1/spill/a.tmp", "rapor-x2/data/users/a.csv", "other-x3/a", "raporx/a"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(b"some")
    return folder


def test_what_killed_workers_left_is_removed_from_a_disk_of_our_own(tmp_path: Path) -> None:
    room_mb(str(left_behind(tmp_path)), is_ours=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["other-x3", "raporx"]


def test_other_processes_of_the_same_disk_keep_theirs(tmp_path: Path) -> None:
    room_mb(str(left_behind(tmp_path)), is_ours=False)

    assert len(list(tmp_path.iterdir())) == 4


def test_room_is_counted_once_it_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def free(folder: str) -> object:
        assert len(list(Path(folder).iterdir())) == 2
        return disk_usage(folder)._replace(free=1000 * 2**20)

    monkeypatch.setattr("rapor.data.disk.disk_usage", free)

    assert room_mb(str(left_behind(tmp_path)), is_ours=True) == 800


def test_what_the_engine_makes_is_what_is_removed(tmp_path: Path) -> None:
    with scratch_in(tmp_path) as scratch:
        room_mb(str(tmp_path), is_ours=True)

        assert not scratch.exists()


@pytest.mark.parametrize(
    ("environment", "owns"), [("AWS_Lambda_python3.13", True), ("AWS_ECS_FARGATE", False), (None, False)]
)
def test_only_lambda_gives_a_disk_to_one_alone(
    environment: str | None, monkeypatch: pytest.MonkeyPatch, *, owns: bool
) -> None:
    for name, value in {
        "CATALOGUE_PATH": "/opt/report_types",
        "DATA_LOCATION": "s3://data/datasets",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_EXECUTION_ENV", raising=False)
    if environment:
        monkeypatch.setenv("AWS_EXECUTION_ENV", environment)

    assert EstimateReportSettings.from_environ().owns_disk is owns


@pytest.mark.parametrize("name", ["ProcessFast", "ProcessHeavy", "EstimateReport"])
def test_who_draws_has_its_disk_cleared_on_lambda(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function, asked = Stack.load().function(name), list[tuple[str, bool]]()

    def room_mb(folder: str, *, is_ours: bool) -> int:
        asked.append((folder, is_ours))
        return 100

    monkeypatch.setattr("rapor.data.disk.room_mb", room_mb)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(variable, "eu-central-1")
    lambdas = {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}

    a_room(function, monkeypatch, DATA_LOCATION="/data", **lambdas)

    assert asked == [("/tmp", True)]  # noqa: S108 - Lambda's
