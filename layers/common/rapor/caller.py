"""Who asks, from the claims that API Gateway verified."""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from rapor.errors import Forbidden, NotFound, Unauthenticated
from rapor.report import Report, Scope

GENERATE = "reports.generate"
VIEW = "reports.view"
EXPORT = "reports.export"
DELETE = "reports.delete"
RESTORE = "reports.restore"

MAX_SUBJECT = 255  # OpenID Connect Core 1.0 §2; DynamoDB takes no key of any length


class Caller(Struct, frozen=True):
    """A verified subject and what it may do. `id` is compared as the raw string: `007` is not `7`."""

    id: str
    permissions: frozenset[str]
    email: str | None = None

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any] | None) -> "Caller":
        """
        Read the claims of an authorizer.

        Raises:
            Unauthenticated: There is no subject, as on a route that lost its authorizer.
        """
        subject = (claims or {}).get("sub")
        if claims is None or not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT:
            raise Unauthenticated
        return cls(subject, permissions_in(claims), claims.get("email") or None)

    def scope_of(self, permission: str) -> Scope | None:
        """How far *permission* reaches: everybody's reports, the caller's own, or none."""
        if permission in self.permissions:
            return Scope.ALL
        return Scope.OWN if f"{permission}.own" in self.permissions else None

    def require(self, permission: str) -> Scope:
        """
        Say how far *permission* reaches.

        Raises:
            Forbidden: It does not reach at all.
        """
        scope = self.scope_of(permission)
        if scope is None:
            raise Forbidden
        return scope

    def may(self, permission: str, report: Report) -> bool:
        """Whether *permission* covers this very report."""
        scope = self.scope_of(permission)
        return scope is Scope.ALL or (scope is Scope.OWN and report.user_id == self.id)

    def require_for(self, permission: str, report: Report | None) -> Report:
        """
        Give *report* back if *permission* covers it.

        Raises:
            Forbidden: The caller does not hold the permission in any form.
            NotFound: There is no such report, or it is somebody else's: the answer does not tell which.
        """
        self.require(permission)
        if report is None or not self.may(permission, report):
            raise NotFound
        return report


def permissions_in(claims: Mapping[str, Any]) -> frozenset[str]:
    """Whole permission names from `permissions`, else `scope`, else `scp`."""
    for claim in ("permissions", "scope", "scp"):
        if claim in claims:
            return names_in(claims[claim])
    return frozenset()


def names_in(claim: object) -> frozenset[str]:
    """
    Split a claim to names, in every shape gateways deliver.

    A list; `[a b]`, which HTTP API makes of a list; JSON text; comma or space separated; anything else is nothing.
    """
    if isinstance(claim, list | tuple):
        return frozenset(name for name in claim if isinstance(name, str) and name)
    if not isinstance(claim, str):
        return frozenset()
    text = claim.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return frozenset(text.replace(",", " ").split())
    try:
        return names_in(json.loads(text))
    except (ValueError, RecursionError):
        return frozenset(text[1:-1].replace(",", " ").split())
