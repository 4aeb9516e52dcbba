"""What the session key of the environment is good for: seals, and hashes that only we can make.

One secret (`TUYENDAU_SESSION_KEY`), a key of its own for each use. Pure; holds no state.
"""

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from data_access.errors import SettingsError

_NONCE_BYTES = 12


class Keys:
    """The keys that follow from one secret."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        """Take the secret.

        Raises:
            SettingsError: if there is none.
        """
        if not secret:
            raise SettingsError("TUYENDAU_SESSION_KEY is not set: nobody can sign in")
        self._secret = secret.encode()

    def _key(self, use: str) -> bytes:
        return hmac.new(self._secret, f"tuyendau/{use}".encode(), hashlib.sha256).digest()

    def mark(self, use: str, *parts: str) -> str:
        """Return the keyed hash of some texts (hexadecimal, 256 bits)."""
        return self.digest(use, *parts).hex()

    def digest(self, use: str, *parts: str) -> bytes:
        """Return the keyed hash of some texts (32 bytes)."""
        # The lengths stand in front, so that no two lists of texts are one text.
        text = "".join(f"{len(part)}:{part}" for part in parts)
        return hmac.new(self._key(use), text.encode(), hashlib.sha256).digest()

    def seal(self, text: str, *, owner: str) -> str:
        """Return a text encrypted (AES-256-GCM); it opens for this owner only."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._key("seal")).encrypt(nonce, text.encode(), owner.encode())
        return base64.b64encode(nonce + sealed).decode()

    def unseal(self, sealed: str, *, owner: str) -> str | None:
        """Return what was sealed; None if the key or the owner is another."""
        raw = base64.b64decode(sealed)
        try:
            plain = AESGCM(self._key("seal")).decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], owner.encode()
            )
        except InvalidTag:
            return None
        return plain.decode()
