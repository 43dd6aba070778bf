"""`python -m tests.fuzz`: requests made up from our own description, against the whole service on this machine."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from random import SystemRandom
from typing import Any

from tests.builders import ROOT
from tests.service import Service

SCHEMATHESIS = ROOT / ".venv-fuzz/bin/schemathesis"
CONFIGURATION = ROOT / "tests/fuzz/schemathesis.toml"


def main() -> int:
    """Run, say how many requests it were, and fail where they were fewer than asked for."""
    parsed = arguments()
    print(f"seed {parsed.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, Service(Path(folder)) as service:
        report = Path(folder) / "report.json"
        failed = run(service, parsed, report)
        cases = json.loads(report.read_text())["test_cases"] if report.exists() else {"generated": 0}
    print(f"{cases['generated']} requests, seed {parsed.seed}")
    return failed or int(cases["generated"] < parsed.at_least)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--examples", type=int, required=True, help="most made-up requests an operation and phase")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful", help="of schemathesis")
    parser.add_argument("--at-least", type=int, required=True, help="fewer requests than this in all are a failure")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32), help="repeats a run")
    return parser.parse_args()


def run(service: Service, parsed: argparse.Namespace, report: Path) -> int:
    """Let schemathesis loose with a token of all permissions; returns its exit status."""
    command: list[Any] = [SCHEMATHESIS, "--config-file", CONFIGURATION, "run", f"{service.url}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {service.token()}", "--no-color"]
    command += ["--phases", parsed.phases, "--max-examples", str(parsed.examples), "--seed", str(parsed.seed)]
    command += ["--generation-database", "none", "--report", "json", "--report-json-path", report]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
