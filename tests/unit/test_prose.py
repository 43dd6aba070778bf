"""What the pages say is there: links, commands, paths, routes, names."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from local.cli import COMMANDS, parser_for
from local.template import Stack
from tests.builders import ROOT
from tests.commands import OPTIONS
from tests.prose import PAGES, Page

MADE_BY_THE_READER = {"layers/catalogue/report_types/orders.toml"}
EXAMPLES = {"test_second_worker_loses_the_race"}

FOREIGN_OPTIONS = {"--env-vars", "--skip-pull-image"}  # of sam
FOREIGN_NAMES = {"BatchGetItem", "ImportModuleError", "IntegrationLatency"}  # of AWS and Python
FOREIGN_PATHS = {"/opt", "/var/task"}  # in a container
AWS_CUSTOM = {("cloudformation", "deploy"), ("s3", "sync")}  # more than one call
AWS_GLOBAL = {"--query", "--output", "--region", "--profile"}
AWS_SERVICES = {"s3api": "s3"}

OURS = ("functions", "layers", "local", "tests", "docs", "events", "benchmarks")
TOLD = {".py", ".yaml", ".toml", ".json"}
PACKAGE = ROOT / "layers/common/rapor"
THIS_TEST = ROOT / "tests/unit/test_prose.py"
SERVICE = r"(?:http://127\.0\.0\.1:3000|\$RAPOR_URL|\$\{process\.env\.RAPOR_URL\})"
NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+|[A-Z]+(_[A-Z]+)+|([A-Z][a-z0-9]+){2,}")


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> Page:
    return PAGES[request.param]


def test_every_link_leads_somewhere(page: Page) -> None:
    lost = [link for link in page.links if "://" not in link and not leads_somewhere(link, page)]

    assert lost == []


def leads_somewhere(link: str, page: Page) -> bool:
    path, _, anchor = link.partition("#")
    target = page.path.parent / path if path else page.path
    return target.exists() and (not anchor or anchor in Page(target).anchors)


def test_every_target_of_make_is_there(page: Page) -> None:
    unknown = [word for given in page.calls("make") for word in given if not is_known_to_make(word)]

    assert unknown == []


@cache
def makefile() -> str:
    return (ROOT / "Makefile").read_text("utf-8")


def is_known_to_make(word: str) -> bool:
    """A target, or a variable that is used."""
    name, is_variable, _ = word.partition("=")
    pattern = rf"\$\({name}\)|\$\(if \$\({name}\)" if is_variable else rf"^{re.escape(name)}:(?!=)"
    return re.search(pattern, makefile(), re.MULTILINE) is not None


def test_every_command_of_rapor_is_taken_by_its_parser(page: Page) -> None:
    given = [*page.calls(".venv/bin/rapor"), *page.calls("rapor")]

    assert [it for it in given if not is_taken(it)] == []


def is_taken(given: list[str]) -> bool:
    """A bare name in a sentence needs none of its arguments."""
    if given[0] in COMMANDS and len(given) == 1:
        return True
    try:
        parser_for(given[0]).parse_args(given)
    except SystemExit as end:
        return not end.code
    return True


def test_every_option_is_one_of_some_command() -> None:
    named = {span.split()[0] for page in PAGES.values() for span in page.spans if span.startswith("--")}

    assert named - FOREIGN_OPTIONS <= set().union(*OPTIONS.values())


def test_every_file_and_folder_is_there(page: Page) -> None:
    lost = [span for span in page.spans if is_path(span) and not exists(span, page)]

    assert lost == []


def is_path(span: str) -> bool:
    if not re.fullmatch(r"\w[\w./-]*", span):
        return False
    return ("/" in span and span.split("/", maxsplit=1)[0] in OURS) or span.endswith((".py", ".md", ".yaml", ".toml"))


def exists(span: str, page: Page) -> bool:
    places = (ROOT / span, page.path.parent / span, ROOT / "layers/common" / span, PACKAGE / span)
    return span in MADE_BY_THE_READER | file_names() or any(it.exists() for it in places)


@cache
def file_names() -> frozenset[str]:
    return frozenset(it.name for folder in OURS for it in (ROOT / folder).rglob("*.*"))


def test_every_event_is_there(page: Page) -> None:
    named = re.findall(r"\bevents/[\w/.]+\.json\b", page.text)

    assert [it for it in named if not (ROOT / it).exists() and not (page.path.parent / it).exists()] == []


def test_every_function_that_is_invoked_is_there(page: Page) -> None:
    functions = {it.name for it in Stack.load().functions}
    named = [given[given.index("-e") - 1] for given in page.calls("sam local invoke") if "-e" in given]

    assert set(named) <= functions


def test_every_route_is_in_the_template(page: Page) -> None:
    asked = [it for it in routes_in(page) if it[1] not in FOREIGN_PATHS]

    assert [it for it in asked if not is_route(*it)] == []


def routes_in(page: Page) -> Iterator[tuple[str, str]]:
    """What stands in backticks, with its method if one is said, and what clients in blocks ask for."""
    for span in page.spans:
        found = re.fullmatch(rf"(?:(GET|POST|PUT|PATCH|DELETE) )?{SERVICE}?([/…][\w/{{}}.-]*)", span)
        if found:
            yield found[1] or "", found[2]
    for block in page.blocks:
        for path in re.findall(rf"{SERVICE}(/[\w/.-]+(?:\$\w+[\w/.-]*)*)", block.text):
            yield "", path


@cache
def routes() -> tuple[tuple[str, str], ...]:
    return tuple((it.method, it.path) for it in Stack.load().routes)


def is_route(method: str, path: str) -> bool:
    return any(method in {"", verb} and fits(path, route) for verb, route in routes())


def fits(path: str, route: str) -> bool:
    if path.startswith("…"):
        return route.endswith(path.removeprefix("…"))
    pattern = re.sub(r"\\{\w+\\}", r"(\\{\\w+\\}|\\$?[\\w-]+)", re.escape(route))
    return re.fullmatch(pattern, path) is not None


def test_every_name_is_somewhere_in_the_code(page: Page) -> None:
    """Parameters, outputs, alarms, metrics, fields, codes, variables: what is in snake or camel case."""
    names = {span for span in page.spans if NAME.fullmatch(span)}

    assert names - words() - FOREIGN_NAMES - EXAMPLES == set()


@cache
def words() -> frozenset[str]:
    files = [
        ROOT / name for name in ("template.yaml", "Makefile", "samconfig.toml", "pyproject.toml", "docs/cognito.yaml")
    ]
    files += [it for folder in OURS if folder != "docs" for it in (ROOT / folder).rglob("*") if it.suffix in TOLD]
    return frozenset(re.findall(r"\w+", "\n".join(it.read_text("utf-8") for it in files if it != THIS_TEST)))


def test_every_permission_and_type_of_event_is_one(page: Page) -> None:
    places = (*PACKAGE.rglob("*.py"), *(ROOT / "docs").rglob("*.schema.json"))
    code = "\n".join(it.read_text("utf-8") for it in places)
    names = [span for span in page.spans if re.fullmatch(r"(reports?|schedules?)\.(?!js$|py$)\w+", span)]

    assert [it for it in names if it not in code] == []


def test_every_call_of_aws_is_one(page: Page) -> None:
    assert [given for given in page.calls("aws") if not is_call(given)] == []


def is_call(given: list[str]) -> bool:
    """Whether the service has the operation or waiter, and it the options, by the API's own description."""
    if tuple(given[:2]) in AWS_CUSTOM:
        return True
    session = botocore.session.get_session()
    service = AWS_SERVICES.get(given[0], given[0])
    model, operation = session.get_service_model(service), given[1]
    if operation == "wait":
        waiters = session.get_waiter_model(service)
        by_name = {xform_name(it, "-"): waiters.get_waiter(it).operation for it in waiters.waiter_names}
        operation = xform_name(by_name.get(given[2], ""), "-")
    operations = {xform_name(it, "-"): it for it in model.operation_names}
    if operation not in operations:
        return False
    shape = model.operation_model(operations[operation]).input_shape
    members = {f"--{xform_name(it, '-')}" for it in (shape.members if shape else ())}
    named = {it.partition("=")[0].replace("--no-", "--") for it in given if it.startswith("--")}
    return named <= members | AWS_GLOBAL


LIES: dict[str, tuple[Callable[[Page], None], str]] = {
    "a link": (test_every_link_leads_somewhere, "[x](nowhere.md)"),
    "an anchor": (test_every_link_leads_somewhere, "[x](#nowhere)"),
    "a target": (test_every_target_of_make_is_there, "`make nothing`"),
    "a variable": (test_every_target_of_make_is_there, "`make build ARCHITEKTUR=arm64`"),
    "a command": (test_every_command_of_rapor_is_taken_by_its_parser, "`rapor chekc`"),
    "an option": (test_every_command_of_rapor_is_taken_by_its_parser, "```\n.venv/bin/rapor check --fast\n```"),
    "what is missing": (test_every_command_of_rapor_is_taken_by_its_parser, "```\nrapor verify --json\n```"),
    "a file": (test_every_file_and_folder_is_there, "`local/nothing.py`"),
    "an event": (test_every_event_is_there, "`E=events/create_report/nothing.json`"),
    "a function": (test_every_function_that_is_invoked_is_there, "`sam local invoke Nothing -e events/x.json`"),
    "a route": (test_every_route_is_in_the_template, "`GET /api/v1/nothing`"),
    "a method": (test_every_route_is_in_the_template, "`DELETE /api/v1/reports`"),
    "an address": (test_every_route_is_in_the_template, "```\ncurl $RAPOR_URL/api/v2/reports/$UUID\n```"),
    "a parameter": (test_every_name_is_somewhere_in_the_code, "`MaxUnfinishd`"),
    "a metric": (test_every_name_is_somewhere_in_the_code, "`oldest_due_minutes`"),
    "a permission": (test_every_permission_and_type_of_event_is_one, "`reports.admin`"),
    "an operation": (test_every_call_of_aws_is_one, "`aws kms delete-key --key-id 1`"),
    "an option of aws": (test_every_call_of_aws_is_one, "`aws dynamodb delete-table --table rapor`"),
    "a waiter": (test_every_call_of_aws_is_one, "`aws dynamodb wait table-restored --table-name rapor`"),
}


@pytest.mark.parametrize(("check", "lie"), LIES.values(), ids=list(LIES))
def test_a_page_that_lies_is_caught(check: Callable[[Page], None], lie: str, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(f"# Page\n\n{lie}\n")

    with pytest.raises(AssertionError):
        check(Page(tmp_path / "page.md"))
