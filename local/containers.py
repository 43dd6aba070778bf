"""
Every event through `sam local invoke`, in containers: `make test-sam-local`.

It exits 0 even when a function fails, so what it prints is read. Docker must be there; docs/sam-local.md says more.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.invoke import CAPITAL, EVENTS
from local.runtime import ERROR_KEYS
from local.stage import BUILD, stage, write_template
from local.template import PROJECT, Stack

SAM = PROJECT / ".venv-sam/bin/sam"
PATIENCE_S = 120
SERVER_ERROR = 500


@dataclass(frozen=True)
class Invocation:
    """A function and the event it is called with."""

    function: str
    file: Path

    def __str__(self) -> str:
        """As it is reported."""
        return f"{self.function:<15} {self.file.relative_to(EVENTS)}"


def invocations(stack: Stack) -> Iterator[Invocation]:
    """Every function with each of its events; functions of one folder share them, but for one that has its own."""
    for it in stack.functions:
        own = EVENTS / CAPITAL.sub("_", it.name).lower()
        for file in sorted((own if own.is_dir() else EVENTS / it.code.name).glob("*.json")):
            yield Invocation(it.name, file)


def invoke(template: Path, invocation: Invocation) -> str | None:
    """Invoke it, and say what is wrong with the answer, if anything is."""
    command = [
        str(SAM), "local", "invoke", "--skip-pull-image",
        "-t", str(template), invocation.function, "-e", str(invocation.file),
    ]  # fmt: skip
    environ = os.environ | {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(PROJECT / ".aws-sam/state")}
    done = subprocess.run(
        command, cwd=PROJECT, env=environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    fault = fault_in(done.stdout)
    return fault and f"{fault}\n{done.stderr}"


def fault_in(printed: str) -> str | None:
    """What is wrong with the answer, which is the last line printed."""
    lines = printed.strip().splitlines()
    try:
        answer: Any = json.loads(lines[-1])
    except (IndexError, ValueError):
        return f"no answer: {printed!r}"
    if not isinstance(answer, dict) or ERROR_KEYS & answer.keys():
        return f"the function failed: {answer}"
    if int(answer.get("statusCode", 0)) >= SERVER_ERROR or answer.get("batchItemFailures"):
        return f"the function gave up: {answer}"
    return None


def main() -> int:
    """Invoke all of them, a line each; exits with 1 if one fails."""
    parser = argparse.ArgumentParser(prog="python -m local.containers", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine that containers reach")
    parser.add_argument("--seen-as", help="what containers call this machine, when not by that address")
    arguments = parser.parse_args()
    if not (BUILD / "template.yaml").exists():
        sys.exit("nothing is built: run `make build`")
    stack = Stack.load()
    failed = 0
    with stage(stack, host=arguments.host) as aws:
        template = write_template(aws, stack, seen_as=arguments.seen_as or arguments.host)
        asked = list(invocations(stack))
        for invocation in asked:
            fault = invoke(template, invocation)
            print(f"{'FAILED' if fault else 'ok    '} {invocation}{f': {fault}' if fault else ''}", flush=True)
            failed += bool(fault)
    print(f"sam local invoke: {len(asked)} events, {failed} failed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
