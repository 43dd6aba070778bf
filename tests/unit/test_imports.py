"""What a function imports before its first event: every module is paid for at every cold start."""

import json
import os
import subprocess
import sys

import pytest

from local.template import Function, Stack

FUNCTIONS = Stack.load().functions
DRAWS = {"ProcessFast", "ProcessHeavy", "EstimateReport"}
NOBODY = {
    "boto3",
    "s3transfer",
    "pydantic",
    "multiprocessing",
    "unittest",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.parser",
    "aws_xray_sdk",
    "jsonschema",
    "numpy",
    "pandas",
    "pyarrow",
    "rapor.http.openapi",
    "rapor.documents.excel",
    "rapor.documents.pdf",
    "uharfbuzz",
}
ONLY_WHO_DRAWS = {
    "arro3",
    "asyncio",  # fsspec's
    "babel",
    "duckdb",
    "fsspec",
    "isal",
    "obstore",
    "rapor.data",
    "rapor.documents",
    "rapor.process",
}
NEVER_ALONE = {"EstimateReport": {"botocore.session", "rapor.store"}, "SweepReports": {"jsonschema_rs", "tomllib"}}
SHOWS = "import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"


def imported(function: Function) -> set[str]:
    environment = {
        **function.environment,
        "PATH": os.defpath,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
    }
    code = SHOWS.format(module=function.handler.partition(".")[0])
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=function.code, env=environment, check=True, stdout=subprocess.PIPE)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda it: it.name)
def test_a_function_imports_nothing_that_it_does_not_use(function: Function) -> None:
    forbidden = NOBODY | NEVER_ALONE.get(function.name, set())
    if function.name not in DRAWS:
        forbidden |= ONLY_WHO_DRAWS

    assert imported(function) & forbidden == set()


def test_what_is_looked_for_would_be_found() -> None:
    [draws] = [it for it in FUNCTIONS if it.name == "ProcessFast"]

    assert imported(draws) >= {"duckdb", "rapor.data", "botocore.session", "jsonschema_rs"}
