"""Encryption and keyed hashes for what must not stand readable in a table."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, MultiFernet


class Sealer:
    """Seals with the newest key and opens with any, so that keys can be rotated.

    Args:
        keys: the store's secret keys, newest first.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, "seal"))) for key in keys])

    def seal(self, text: str) -> str:
        """Return ``text`` encrypted and authenticated."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Return what was sealed; cryptography's InvalidToken when no key fits."""
        return self._fernet.decrypt(sealed.encode("ascii")).decode()

    def fingerprints(self, text: str, purpose: str) -> tuple[str, ...]:
        """Return keyed hashes of ``text`` for ``purpose``, one a key, newest first: store the first, look for all."""
        return tuple(hmac.new(_derived(key, purpose), text.encode(), hashlib.sha256).hexdigest() for key in self._keys)


def _derived(key: str, purpose: str) -> bytes:
    return hmac.new(key.encode(), f"kassa {purpose}".encode(), hashlib.sha256).digest()
