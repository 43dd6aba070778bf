import threading
from pathlib import Path

import pytest

from local import watch
from local.watch import watching

PATIENCE_S = 10


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.01)


@pytest.mark.parametrize("change", ["write", "add", "remove"])
def test_a_change_is_noticed_once(tmp_path: Path, change: str) -> None:
    (tmp_path / "a.toml").write_text("1")
    noticed = threading.Semaphore(0)

    with watching(tmp_path, noticed.release):
        match change:
            case "write":
                (tmp_path / "a.toml").write_text("22")
            case "add":
                (tmp_path / "b.toml").write_text("1")
            case "remove":
                (tmp_path / "a.toml").unlink()
        assert noticed.acquire(timeout=PATIENCE_S)
        assert not noticed.acquire(timeout=0.1)


def test_other_files_do_not_matter(tmp_path: Path) -> None:
    noticed = threading.Event()

    with watching(tmp_path, noticed.set):
        (tmp_path / "a.toml~").write_text("1")

        assert not noticed.wait(0.1)
