"""The key that signs manifests here: made once, and lent to the stand-in's KMS, so that functions sign as on AWS."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.kms.models import kms_backends

from local.cloudformation import ACCOUNT, REGION
from local.keys import load_or_make, thumbprint


@dataclass(frozen=True)
class ManifestKey:
    """A key pair on P-256."""

    private: ec.EllipticCurvePrivateKey

    @classmethod
    def load_or_make(cls, folder: Path) -> "ManifestKey":
        """Take the folder's key; the first caller makes it, with the public half in a file of its own."""
        key = load_or_make(folder / "manifest.pem", lambda: ec.generate_private_key(ec.SECP256R1()), say=lambda: None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{folder / 'manifest.pem'} holds no key on a curve")
        (folder / "manifest.pub.pem").write_bytes(_public_pem(key))
        return cls(key)

    @property
    def arn(self) -> str:
        """What KMS calls it here."""
        return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{thumbprint(self.private.public_key())}"

    def lend_to_kms(self) -> None:
        """Let the stand-in sign with it; until AWS is started anew."""
        backend = kms_backends[ACCOUNT][REGION]
        key = backend.create_key(None, "SIGN_VERIFY", "ECC_NIST_P256", "manifests", None)
        del backend.keys[key.id]
        key.id, key.arn = self.arn.rpartition("/")[2], self.arn
        key.private_key.private_key = self.private  # type: ignore[attr-defined]
        backend.keys[key.id] = key


def _public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
