"""
`python -m tests.mutation`: small faults put into the modules that guard, each of which a test must notice.

mutmut looks for the code in `src` and wants a folder of its own, so it gets a copy of what the tests need.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.builders import ROOT

MUTMUT = ROOT / ".venv-mutation/bin/mutmut"
STAGE = ROOT / ".mutation"
AT_LEAST = 90  # per cent
KILLED = {1, 3, 24, 36, 152, 255, -24}  # mutmut's exit codes where a test failed or never ended; a crash is neither
AROUND = ("tests", "local", "functions", "events", "docs", "layers/catalogue")  # what tests read or import


class Guard(NamedTuple):
    """Modules that keep one promise, and the tests that must notice any fault in them; of many, `which` are quick."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    which: str = "test"


GUARDS: Mapping[str, Guard] = {
    "permissions": Guard(("caller.py",), ("unit/test_caller.py",)),
    "states": Guard(("report.py", "update.py"), ("unit/test_report.py", "unit/test_update.py", "unit/test_create.py")),
    "worker": Guard(("process.py", "sweep.py"), ("unit/test_process.py", "unit/test_sweep.py")),
    "table": Guard(
        ("store/table.py", "store/idempotency.py", "store/changes.py", "store/keys.py"),
        ("unit/test_keys.py", "integration/test_table.py", "integration/test_changes.py"),
    ),
    "cursor": Guard(("http/cursor.py",), ("unit/test_listing.py", "unit/test_http.py")),
    "documents": Guard(
        ("documents/csv.py", "documents/excel/text.py", "sql.py"),
        (
            "unit/test_sql.py",
            "unit/test_csv.py",
            "unit/test_excel.py",
            "unit/test_plain_twins.py",
            "unit/test_engine.py",
        ),
        which="not (gib or entries or memory or spill or deadline or hostile or accepted)",
    ),
    "queries": Guard(
        ("data/query.py",),
        ("unit/test_engine.py",),
        which="when_defined or ordinary or names_what or is_checked or comment or figures or limit or python_variable",
    ),
}


def main() -> int:
    """Run, say how many were noticed of each guard's, and fail where they are too few."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("guards", nargs="*", choices=[*GUARDS, []], help="only these", metavar="guard")
    codes: dict[str, int] = {}
    for name in parser.parse_args().guards or GUARDS:
        codes |= tried(name)
    print(f"mutation score {score(codes)}")
    return int(100 * killed(codes) < AT_LEAST * len(codes))


def tried(name: str) -> dict[str, int]:
    """Try all mutants of a guard; gives how the tests of each ended."""
    folder = STAGE / name
    stage(folder, GUARDS[name])
    with (folder / "log").open("w") as log:  # where a spinner turns by the megabyte
        done = subprocess.run([MUTMUT, "run"], cwd=folder, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.exit(f"{name}: mutmut ended with {done.returncode}, see {folder / 'log'}")
    codes = dict(found(folder / "mutants/src/rapor"))
    print(f"{name}: {score(codes)}", flush=True)
    for function, count in sorted(Counter(place(it) for it, code in codes.items() if code not in KILLED).items()):
        print(f"  {count} survived in {function}")
    return codes


def stage(folder: Path, guard: Guard) -> None:
    """Copy what the tests need, and say what to do."""
    shutil.rmtree(folder, ignore_errors=True)
    for source, target in [("layers/common/rapor", "src/rapor"), *zip(AROUND, AROUND, strict=True)]:
        shutil.copytree(ROOT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "template.yaml", folder)
    (folder / "pyproject.toml").write_text(f"""{(ROOT / "pyproject.toml").read_text()}
[tool.mutmut]
source_paths = ["src"]
process_isolation = "forkserver"  # DuckDB does not outlive a fork of a process that has used it
only_mutate = {json.dumps([f"src/rapor/{module}" for module in guard.modules])}
also_copy = {json.dumps([*AROUND, "template.yaml"])}
pytest_add_cli_args = ["-k", "{guard.which}", "-p", "tests.mutation.order"]
pytest_add_cli_args_test_selection = {json.dumps([f"tests/{test}" for test in guard.tests])}
""")


def found(folder: Path) -> Iterator[tuple[str, int]]:
    """Each mutant, and how its tests ended; one that was not tried was not noticed either."""
    for file in folder.rglob("*.meta"):
        yield from json.loads(file.read_text())["exit_code_by_key"].items()


def score(codes: Mapping[str, int]) -> str:
    """So many of so many."""
    return f"{killed(codes)} of {len(codes)}, {100 * killed(codes) / max(1, len(codes)):.1f} %"


def killed(codes: Mapping[str, int]) -> int:
    """How many were noticed."""
    return sum(code in KILLED for code in codes.values())


def place(name: str) -> str:
    """Module and function of a mutant, as people write it: `rapor.caller.Caller.may`."""
    return re.sub(r"x_(?=\w+$)", "", re.sub(r"__mutmut_\d+$", "", name).replace("xǁ", "").replace("ǁ", "."))


if __name__ == "__main__":
    sys.exit(main())
