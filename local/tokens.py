"""A key pair made at the first start, and tokens signed with it that the local gateway accepts."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key

from local.keys import load_or_make
from local.template import AUDIENCE, ISSUER

ALGORITHM = "RS256"
KEY_BITS = 2048
GENERAL_PERMISSIONS = ("reports.generate", "reports.view", "reports.export", "reports.delete", "reports.restore")


@dataclass(frozen=True)
class SigningKey:
    """A private key and the name tokens call it by."""

    private: RSAPrivateKey
    kid: str

    @classmethod
    def load_or_make(cls, folder: Path, *, say: Callable[[str], None] = lambda _: None) -> "SigningKey":
        """Take the folder's key; the first caller makes it."""
        path = folder / "token.pem"
        private = load_or_make(
            path,
            lambda: generate_private_key(public_exponent=65537, key_size=KEY_BITS),
            say=lambda: say(f"no key yet: made {path}; a run with the same RAPOR_HOME accepts what it signs"),
        )
        if not isinstance(private, RSAPrivateKey):
            raise TypeError(f"{path} holds no RSA key")
        return cls(private, _thumbprint(private.public_key()))

    @property
    def public(self) -> RSAPublicKey:
        """What signatures are checked with."""
        return self.private.public_key()

    def mint(
        self,
        *,
        sub: str | None,
        permissions: Iterable[str] = (),
        issuer: str = ISSUER,
        audience: str = AUDIENCE,
        expires_in_s: int = 3600,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """Sign a token; `claims` go over all others."""
        now = int(time.time())
        content: dict[str, Any] = {
            "iss": issuer,
            "aud": audience,
            "iat": now,
            "exp": now + expires_in_s,
            "permissions": list(permissions),
        }
        if sub is not None:
            content["sub"] = sub
        return self.sign(content | dict(claims or {}))

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign exactly these claims."""
        headers = {"kid": self.kid, "typ": "JWT"}
        return jwt.PyJWS().encode(json.dumps(claims).encode(), self.private, algorithm=ALGORITHM, headers=headers)


def _thumbprint(key: RSAPublicKey) -> str:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()[:16]
