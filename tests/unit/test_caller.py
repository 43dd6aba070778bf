from typing import Any

import pytest

from rapor.caller import Caller, names_in
from rapor.errors import Forbidden, NotFound, Unauthenticated
from rapor.report import Scope
from tests.builders import a_caller, a_report

OWN = "reports.generate.own"
SHAPES: list[tuple[Any, set[str]]] = [
    (["reports.generate", OWN], {"reports.generate", OWN}),
    (("a", "b"), {"a", "b"}),
    ([], set()),
    (["a", 1, None, ""], {"a"}),
    ("[reports.generate reports.generate.own]", {"reports.generate", OWN}),
    ("[reports.generate.own]", {OWN}),
    ("[]", set()),
    ('["a","b"]', {"a", "b"}),
    ('["a", 7]', {"a"}),
    ("a b", {"a", "b"}),
    ("a,b", {"a", "b"}),
    ("a, b", {"a", "b"}),
    ("  a\tb\n", {"a", "b"}),
    ("a", {"a"}),
    ("", set()),
    (None, set()),
    (7, set()),
    (True, set()),
    ({"a": 1}, set()),
    ('{"a":1}', {'{"a":1}'}),
    ("[a,b]", {"a", "b"}),
    ("[a, b]", {"a", "b"}),
    ("[ a  b ]", {"a", "b"}),
    (' ["a", "b"] ', {"a", "b"}),
    ("a b a", {"a", "b"}),
    # What no gateway delivers grants nothing.
    ([["a"]], set()),
    ('[["a"]]', set()),
    ('[{"a":1}]', set()),
    ('"a"', {'"a"'}),
    ("['a', 'b']", {"'a'", "'b'"}),
    ("a;b", {"a;b"}),
    ("a|b", {"a|b"}),
    ("[a b", {"[a", "b"}),
    ("a b]", {"a", "b]"}),
    ("[" * 9999 + "]" * 9999, {"[" * 9998 + "]" * 9998}),
    (b"a", set()),
    (1.5, set()),
    ("null", {"null"}),
]


@pytest.mark.parametrize(("claim", "names"), SHAPES)
def test_permissions_come_in_every_shape(claim: object, names: set[str]) -> None:
    assert names_in(claim) == names


@pytest.mark.parametrize(
    "claims", [None, {}, {"sub": ""}, {"sub": None}, {"sub": 7}, {"sub": "x" * 256}, {"permissions": ["reports.view"]}]
)
def test_no_subject_is_nobody(claims: dict[str, Any] | None) -> None:
    with pytest.raises(Unauthenticated):
        Caller.from_claims(claims)


def test_a_caller_is_the_tokens_subject_and_email() -> None:
    longest = "x" * 255

    assert Caller.from_claims({"sub": longest, "email": "a@example.com"}) == Caller(
        longest, frozenset(), "a@example.com"
    )
    assert Caller.from_claims({"sub": "1", "email": ""}) == Caller("1", frozenset(), None)
    assert Caller.from_claims({"sub": "1"}).email is None


def test_permissions_win_over_scope_and_scp() -> None:
    claims = {"sub": "1", "permissions": "a", "scope": "b", "scp": "c"}

    assert Caller.from_claims(claims).permissions == {"a"}
    assert Caller.from_claims({"sub": "1", "scope": "b", "scp": "c"}).permissions == {"b"}
    assert Caller.from_claims({"sub": "1", "scp": "c"}).permissions == {"c"}


def test_own_is_not_general() -> None:
    caller = a_caller("1", OWN)

    assert caller.scope_of("reports.generate") is Scope.OWN
    assert not caller.may("reports.generate", a_report(user_id="2"))


def test_own_reaches_ones_own_and_general_everybodys() -> None:
    mine, theirs = a_report(user_id="1"), a_report(user_id="2")

    def reached(*held: str) -> list[bool]:
        return [Caller("1", frozenset(held)).may("reports.generate", report) for report in (mine, theirs)]

    assert reached("reports.generate") == reached("reports.generate", OWN) == [True, True]
    assert reached(OWN) == [True, False]
    assert reached() == reached("reports.view") == [False, False]
    assert a_caller("1", OWN).require_for("reports.generate", mine) is mine


def test_a_longer_name_grants_nothing() -> None:
    with pytest.raises(Forbidden):
        a_caller("1", "reports.generate.everything", "reports.generat").require("reports.generate")


def test_subjects_compare_as_raw_strings() -> None:
    assert not a_caller("007", OWN).may("reports.generate", a_report(user_id="7"))


def test_a_foreign_report_is_not_found_rather_than_forbidden() -> None:
    caller = a_caller("1", "reports.view.own")

    with pytest.raises(NotFound):
        caller.require_for("reports.view", a_report(user_id="2"))
    with pytest.raises(NotFound):
        caller.require_for("reports.view", None)
    with pytest.raises(Forbidden):
        caller.require_for("reports.export", None)
