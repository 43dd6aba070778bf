"""docs/cognito.yaml's trigger writes permissions as the functions read them, behind the gateway's own checks."""

import copy
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local.authorizer import JwtAuthorizer
from local.cloudformation import Template
from local.template import Authorizer
from rapor.caller import DELETE, EXPORT, GENERATE, RESTORE, VIEW, Caller
from rapor.report import Scope
from tests.builders import ROOT

POOL = Template.read(ROOT / "docs/cognito.yaml", {}, stack_name="rapor-issuer")
ALL = {GENERATE, VIEW, EXPORT, DELETE, RESTORE}
ISSUER, CLIENT = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example", "4example"
# As in "Pre token generation Lambda trigger", Amazon Cognito developer guide, event versions two and three.
PERSON: dict[str, Any] = {
    "version": "3",
    "triggerSource": "TokenGeneration_Authentication",
    "request": {
        "userAttributes": {"sub": "u-1"},
        "groupConfiguration": {"groupsToOverride": ["reports"], "iamRolesToOverride": [], "preferredRole": None},
        "scopes": ["aws.cognito.signin.user.admin"],
    },
    "response": {"claimsAndScopeOverrideDetails": None},
}
PROGRAM: dict[str, Any] = PERSON | {
    "triggerSource": "TokenGeneration_ClientCredentials",
    "request": {"scopes": ["rapor/reports.view", "rapor/reports.export", "other/reports.delete", "reports.generate"]},
}


def of_groups(*groups: str) -> dict[str, Any]:
    event = copy.deepcopy(PERSON)
    event["request"]["groupConfiguration"]["groupsToOverride"] = list(groups)
    return event


def caller(event: dict[str, Any]) -> Caller:
    """Who the functions see: trigger, token without `aud`, authorizer, claims."""
    function = POOL.body["Resources"]["Permissions"]["Properties"]
    names: dict[str, Any] = {}
    exec(function["Code"]["ZipFile"], names)  # noqa: S102 - it is ours, and only Cognito runs it otherwise
    answer = names[function["Handler"].removeprefix("index.")](copy.deepcopy(event), None)
    added = answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]["claimsToAddOrOverride"]
    now = int(time.time())
    claims = {"sub": "u-1", "iss": ISSUER, "client_id": CLIENT, "token_use": "access", "iat": now, "exp": now + 60}
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode(claims | added, key, algorithm="RS256", headers={"kid": "1"})
    gateway = JwtAuthorizer(Authorizer(issuer=ISSUER, audience=(CLIENT,)), {"1": key.public_key()})
    return Caller.from_claims(gateway.claims(f"Bearer {token}"))


@pytest.mark.parametrize(
    ("event", "permissions"),
    [
        (of_groups("reports"), ALL),
        (of_groups("reports-own"), {f"{name}.own" for name in ALL}),
        (of_groups("reports", "reports-own"), ALL | {f"{name}.own" for name in ALL}),
        (of_groups("staff", "reports.generate", "REPORTS"), set()),
        (of_groups(), set()),
        (PROGRAM, {VIEW, EXPORT}),
    ],
    ids=["general", "own", "both", "strangers", "nobody", "program"],
)
def test_groups_and_scopes_become_permissions_and_nothing_else_does(
    event: dict[str, Any], permissions: set[str]
) -> None:
    assert caller(event).permissions == permissions


def test_a_member_sees_everybodys_reports() -> None:
    assert caller(PERSON).require(VIEW) is Scope.ALL


def test_a_program_may_ask_for_scopes_that_there_are() -> None:
    [server] = POOL.resources("AWS::Cognito::UserPoolResourceServer").values()
    clients = POOL.resources("AWS::Cognito::UserPoolClient")
    there = {f"{server['Identifier']}/{scope['ScopeName']}" for scope in server["Scopes"]}

    assert there == {f"rapor/{name}" for name in ALL}
    assert set(clients["Program"]["AllowedOAuthScopes"]) <= there
