"""Signatures by a key that never leaves AWS KMS."""

import hashlib
from typing import Any

from botocore.client import BaseClient

from rapor.store.faults import transient_as_unavailable

NUMBER_BYTES = 32  # r and s on P-256


class KmsSigner:
    """An asymmetric KMS key on P-256, by its ARN; `kid` is the key's id in it, without the account."""

    def __init__(self, client: BaseClient, key_arn: str) -> None:
        self._client: Any = client
        self._key_arn = key_arn
        self.kid = key_arn.rpartition("/")[2]

    def sign(self, message: bytes) -> bytes:
        """
        Give r and s, 32 bytes each (RFC 7518 §3.4).

        Raises:
            StoreUnavailable: KMS could not be reached.
        """
        with transient_as_unavailable():
            answer = self._client.sign(
                KeyId=self._key_arn,
                Message=hashlib.sha256(message).digest(),  # KMS takes no more than 4096 bytes of a message itself
                MessageType="DIGEST",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        return joined(answer["Signature"])


def joined(der: bytes) -> bytes:
    """Join r and s of an ECDSA-Sig-Value (RFC 3279 §2.2.3): SEQUENCE, length, then INTEGER, length, number twice."""
    end_of_r = 4 + der[3]
    numbers = der[4:end_of_r], der[end_of_r + 2 :]
    return b"".join(int.from_bytes(number).to_bytes(NUMBER_BYTES) for number in numbers)
