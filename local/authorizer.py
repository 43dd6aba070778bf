"""
The HTTP API's JWT authorizer.

"Control access to HTTP APIs with JWT authorizers" in the API Gateway developer guide: signature by a known `kid`,
`iss`, `aud` (or `client_id` where there is no `aud`), `exp`, `nbf`, `iat`. Stricter than it says in one thing: `exp`
and `iat` must be there. Who the caller is, is for the functions to say: a token without `sub` passes.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from local.template import Authorizer

ALGORITHMS = ["RS256"]
SCHEME = "bearer "


class Unauthorized(Exception):
    """The gateway answers 401 and says no more."""


class JwtAuthorizer:
    """Verifies tokens of one issuer."""

    def __init__(
        self, authorizer: Authorizer, keys: Mapping[str, RSAPublicKey], clock: Callable[[], float] = time.time
    ) -> None:
        self._issuer = authorizer.issuer
        self._audience = frozenset(authorizer.audience)
        self._keys = keys
        self._clock = clock

    def claims(self, authorization: str) -> dict[str, str]:
        """
        Claims of the token in an Authorization header, as the event carries them.

        Raises:
            Unauthorized: For whatever reason.
        """
        claims = self._verified(_token(authorization))
        if claims.get("iss") != self._issuer or not self._is_for_us(claims) or not self._is_in_time(claims):
            raise Unauthorized
        return {name: as_text(value) for name, value in claims.items() if value is not None}

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = json.loads(jwt.PyJWS().decode(token, key, algorithms=ALGORITHMS))
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise Unauthorized from error
        if not isinstance(claims, dict):
            raise Unauthorized
        return claims

    def _is_for_us(self, claims: Mapping[str, Any]) -> bool:
        audience = claims["aud"] if claims.get("aud") is not None else claims.get("client_id")
        named = audience if isinstance(audience, list) else [audience]
        return any(isinstance(it, str) and it in self._audience for it in named)

    def _is_in_time(self, claims: Mapping[str, Any]) -> bool:
        now = self._clock()
        begins = claims.get("nbf", now)
        dates = (claims.get("exp"), claims.get("iat"), begins)
        return all(map(_is_date, dates)) and claims["exp"] > now and max(claims["iat"], begins) <= now


def _token(authorization: str) -> str:
    is_bearer = authorization[: len(SCHEME)].lower() == SCHEME
    return authorization[len(SCHEME) :].strip() if is_bearer else authorization.strip()


def _is_date(value: Any) -> bool:
    """A NumericDate of RFC 7519 §2: a JSON number, never text."""
    return type(value) in {int, float} and math.isfinite(value)


def as_text(value: Any) -> str:
    """
    Write a claim the way the HTTP API does.

    Every claim is text: `[a b]` for a list, JSON for an object.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{' '.join(map(as_text, value))}]"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
