"""The folder a local run keeps its things in: one run at a time, its owner's eyes only."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.errors import HomeInUse


@dataclass(frozen=True)
class Home:
    """`RAPOR_HOME`."""

    root: Path

    @property
    def state(self) -> Path:
        """Tables, buckets and stream positions."""
        return self.root / "state.pickle"

    @property
    def address(self) -> Path:
        """Where this run's AWS answers, while it runs."""
        return self.root / "aws.address"

    @property
    def keys(self) -> Path:
        """Keys made here; nobody else's."""
        return self.root / "keys"

    @property
    def data(self) -> Path:
        """Data sets reports are made from."""
        return self.root / "data"

    @property
    def types(self) -> Path:
        """Report types as they are served, and their description."""
        return self.root / "types"

    @property
    def log(self) -> Path:
        """What the functions log, a JSON object a line."""
        return self.root / "log" / "functions.jsonl"

    def make(self) -> None:
        """Create the folders that are missing."""
        for folder in (self.root, self.keys, self.data, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root.chmod(0o700)  # the state is a pickle: who may write it may run code

    @contextmanager
    def locked(self) -> Iterator[None]:
        """
        Keep other runs out.

        Raises:
            HomeInUse: One is there.
        """
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise HomeInUse(f"another run works in {self.root}; stop it, or choose another RAPOR_HOME") from error
            yield
