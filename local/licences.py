"""
Whose work is deployed, and under which licence: `docs/licences.md`, from the locks and the installed metadata.

`python -m local.licences` writes its table.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any, NamedTuple

from local.template import PROJECT

PAGE = PROJECT / "docs/licences.md"
LOCKS = {
    "every function": PROJECT / "layers/common/requirements.txt",
    "process_report": PROJECT / "functions/process_report/requirements.txt",
}
PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
# May be passed on with a service, by whoever keeps the notice.
ALLOWED = frozenset({"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0"})
SPDX = {
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
}
ROWS = re.compile(r"(?<=<!-- packages -->\n).*?(?=<!-- /packages -->)", re.DOTALL)
HEAD = "| package | version | licence | in |\n|---|---|---|---|\n"


class Package(NamedTuple):
    """A package that is deployed; licences are SPDX names, one of which is enough."""

    name: str
    version: str
    licences: tuple[str, ...]
    place: str

    @property
    def is_allowed(self) -> bool:
        """Whether one of its licences is."""
        return not ALLOWED.isdisjoint(self.licences)


def packages() -> Iterator[Package]:
    """All that the locks name and this machine needs, by name."""
    pinned = {
        (name, version, place) for place, lock in LOCKS.items() for name, version in PINNED.findall(lock.read_text())
    }
    for name, version, place in sorted(pinned):
        try:
            yield Package(name, version, licences(metadata(name).json), place)
        except PackageNotFoundError:  # for another platform
            continue


def licences(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Licences as the package declares them: by expression, else by trove classifiers, else by a word."""
    if expression := found.get("license_expression"):
        return tuple(expression.split(" OR "))
    trove = [it.rpartition(" :: ")[2] for it in found.get("classifier", ()) if it.startswith("License :: ")]
    return tuple(SPDX.get(it, it) for it in trove or [found.get("license", "unknown")])


def filled(page: str, found: Iterable[Package]) -> str:
    """Give the page with these packages in its table."""
    rows = "".join(f"| {it.name} | {it.version} | {' or '.join(it.licences)} | {it.place} |\n" for it in found)
    return ROWS.sub(HEAD + rows, page)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8"), packages()), "utf-8")
