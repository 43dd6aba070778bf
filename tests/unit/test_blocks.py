"""Every block of every page is run by a test, or stands here with the reason why it cannot be."""

import ast

from local.cli import COMMANDS
from tests.builders import ROOT
from tests.prose import PAGES

DRAWING = "a drawing"
MAKE = "make's targets are looked up; what they run, CI runs"
AWS = "needs AWS; its `aws` commands are held to the API's own description"
LAST_LINE = "the form of the last line of `make faults`"
DOCKER = "needs Docker: make test-sam-local does it"
AS_IN_DEPLOY = "docs/deploy.md's, with another address"
BLOCKS: dict[str, dict[str, list[str]]] = {
    "README.md": {
        "Rapor": [DRAWING],
        "Start": [MAKE, MAKE],
        "Your first report": [
            "tests/e2e/test_readme.py::test_the_first_report_is_ordered_followed_fetched_and_verified_as_told"
        ]
        * 3,
        "Add a report type": ["tests/e2e/test_readme.py::test_a_type_is_previewed_as_told"],
        "Deploy": [AWS, AS_IN_DEPLOY],
    },
    "CONTRIBUTING.md": {"Contributing": [MAKE]},
    "docs/api.md": {
        "The API by task": ["tests/e2e/test_api_page.py::test_shell"],
        "Order a report, follow it, fetch it": [
            "tests/e2e/test_api_page.py::test_shell",
            "tests/e2e/test_api_page.py::test_python",
            "tests/e2e/test_api_page.py::test_javascript",
        ],
        "Know before you order": ["tests/e2e/test_api_page.py::test_shell"],
        "Order once, though the network fails": ["tests/e2e/test_api_page.py::test_shell"],
        "Find reports": ["tests/e2e/test_api_page.py::test_python"],
        "Change your mind": ["tests/e2e/test_api_page.py::test_shell"],
        "Credit scores": ["tests/e2e/test_api_page.py::test_shell"],
    },
    "docs/audit.md": {
        "The audit trail": [
            "tests/unit/test_audit.py::test_the_documents_example_is_valid",
            "tests/unit/test_audit.py::test_the_query_asks_for_what_entries_have",
        ]
    },
    "docs/cli.md": {
        heading: ["tests/e2e/test_cli_page.py::test_what_it_shows_is_what_is_printed"]
        for heading in ("The command line", *(f"`rapor {name}`" for name in COMMANDS))
    },
    "docs/deploy.md": {
        "Cognito": [AWS] * 3,
        "The stack": [AWS] * 3,
        "Data sets": [AWS],
        "The first report": [
            "tests/e2e/test_deploy_page.py::test_the_first_report_is_ordered_followed_fetched_and_the_stack_tried"
        ]
        * 2,
        "Alarms": [
            "tests/integration/test_process_logs.py::test_the_pages_query_counts_ends_and_no_attempt_before_one",
            "tests/integration/test_log_queries.py::test_a_request_that_ended_5xx_or_not_at_all_is_found_by_its_id",
        ],
        "Upgrade": [AWS],
        "Rollback": [AWS],
        "Redrive": [AWS],
        "Objects": [AWS],
        "Rows": [AWS, *["tests/integration/test_restore.py::test_what_was_lost_is_put_back_as_the_page_says"] * 2],
        "A new stack over old data": [
            AWS,
            "tests/integration/test_restore.py::test_a_new_stack_is_filled_as_the_page_says",
            AWS,
            "tests/unit/test_adopt.py::test_the_page_calls_it_as_it_is",
        ],
        "Taking it away": [AWS] * 2,
    },
    "docs/events.md": {
        "Events": ["tests/unit/test_announce.py::test_the_pages_example_is_an_event"],
        "Mail, by SNS": ["tests/unit/test_announce.py::test_the_pages_rules_pick_what_they_say"],
        "A queue": ["tests/unit/test_announce.py::test_the_pages_rules_pick_what_they_say"],
        "A webhook, by API destination": ["tests/unit/test_announce.py::test_the_pages_rules_pick_what_they_say"],
    },
    "docs/manifests.md": {
        "Manifests: what a document is, and how to prove it": [
            "tests/e2e/test_pages.py::test_a_manifest_has_just_the_members_of_the_example"
        ],
        "The signature": ["tests/e2e/test_pages.py::test_a_manifest_is_read_and_verified_as_told"],
        "`rapor verify`": ["tests/e2e/test_pages.py::test_a_manifest_is_read_and_verified_as_told"],
        "Keys on AWS": [AWS],
    },
    "docs/redrive.md": {
        "Queue failed reports again": ["tests/e2e/test_redrive.py::test_every_command_of_the_page_is_one"] * 3,
    },
    "docs/reliability.md": {"Everything that can break, broken": [LAST_LINE] * 2},
    "docs/report-types.md": {
        "From a file of data to a scheduled PDF": [
            *["tests/e2e/test_report_types_page.py::test_a_type_is_made_previewed_and_ordered_as_told"] * 5,
        ],
        "Words for codes": ["tests/unit/test_codes.py::test_the_pages_example_is_read_as_told"],
    },
    "docs/sam-local.md": {
        "Functions in containers: `sam local invoke`": [
            "tests/e2e/test_runtime.py::test_a_stage_for_sam_local_is_set_up_as_told",
            DOCKER,
        ]
    },
    "docs/schedules.md": {
        "Schedules": ["tests/unit/test_schedules_page.py::test_its_example_is_a_schedule"],
        "When it runs": ["tests/unit/test_schedules_page.py::test_its_command_prints_what_it_says"],
    },
    "docs/scores.md": {
        "An example": ["tests/e2e/test_scores.py::test_a_score_from_its_order_to_its_figures"],
        "Asking for one": ["tests/e2e/test_pages.py::test_a_score_is_asked_for_as_told"],
    },
}


def test_every_block_is_run_or_says_why_not() -> None:
    found = {name: page.headings_of_blocks for name, page in PAGES.items()}

    assert {name: it for name, it in found.items() if it} == {
        name: {heading: len(how) for heading, how in it.items()} for name, it in BLOCKS.items()
    }


def test_every_test_that_runs_a_block_is_there_and_reads_the_page() -> None:
    named = {
        (page, how) for page, it in BLOCKS.items() for hows in it.values() for how in hows if how.startswith("tests/")
    }

    assert [it for it in sorted(named) if not runs(*it)] == []


def runs(page: str, how: str) -> bool:
    file, _, name = how.partition("::")
    text = (ROOT / file).read_text("utf-8")
    tests = {it.name for it in ast.walk(ast.parse(text)) if isinstance(it, ast.FunctionDef)}
    return name in tests and page.rpartition("/")[2] in text
