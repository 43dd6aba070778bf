import pytest

from local.containers import fault_in, invocations
from local.invoke import EVENTS
from local.template import Stack


def test_every_function_and_every_event_is_invoked() -> None:
    stack = Stack.load()

    asked = list(invocations(stack))

    assert {it.function for it in asked} == {it.name for it in stack.functions}
    assert {it.file for it in asked} == set(EVENTS.glob("*/*.json"))


@pytest.mark.parametrize(
    ("printed", "fault"),
    [
        ('{"statusCode": 404, "body": "{}"}\n', None),
        ('{"batchItemFailures": []}', None),
        ("a line\n{}\n", None),
        ("", "no answer"),
        ("Traceback", "no answer"),
        ('{"errorType": "KeyError", "errorMessage": "x"}', "the function failed"),
        ('{"statusCode": 500}', "the function gave up"),
        ('{"batchItemFailures": [{"itemIdentifier": "1"}]}', "the function gave up"),
    ],
)
def test_a_failure_is_read_off_what_is_printed(printed: str, fault: str | None) -> None:
    found = fault_in(printed)

    assert (found is None) if fault is None else found is not None and found.startswith(fault)
