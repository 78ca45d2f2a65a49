"""Codes as people type them: one canonical form, generated secrets, and keyed hashes to find either by."""

import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from app.core.ids import new_code_letters
from app.db.sealing import Sealer

LONGEST = 40  # canonical; nobody types more, and nothing longer is looked at
SECRET_LETTERS = 12  # of 32 symbols: 60 bits
TAIL = 3
_RAW_LONGEST = 100  # looked at before anything is done with it: 10,000 characters cost nothing
_PURPOSE = "campaign code"
_GENERATED_FROM = frozenset("0123456789abcdefghjkmnpqrstvwxyz")
_DASHES = frozenset("-‐‑‒–—−")
_LEAST_DIFFERENT = 8
_LEAST_CHANGES = 3


@dataclass(frozen=True, slots=True)
class SecretCode:
    """A generated code; ``text`` is shown once and not kept."""

    text: str
    label: str


def canonical(text: str) -> str | None:
    """Return the form in which codes are compared, None for what can be no code.

    NFKC and casefold, spaces and dashes out; what is left must be ASCII letters and digits, so that a look-alike from
    another script or a mark that changes the direction of writing is no code.
    """
    if len(text) > _RAW_LONGEST:
        return None
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(letter for letter in folded if not letter.isspace() and letter not in _DASHES)
    is_code = 0 < len(kept) <= LONGEST and kept.isascii() and kept.isalnum()
    return kept if is_code else None


def new_secret(prefix: str) -> SecretCode:
    """Return a code that cannot be guessed, in groups of four after ``prefix``."""
    letters = new_code_letters(SECRET_LETTERS)
    groups = [letters[i : i + 4] for i in range(0, SECRET_LETTERS, 4)]
    return SecretCode(text="-".join([prefix, *groups] if prefix else groups), label=secret_label(prefix, letters))


def secret_label(prefix: str, text: str) -> str:
    """Return what may be shown of a secret code: its prefix and its last three characters."""
    return f"{prefix}…{text[-TAIL:].upper()}"


def fingerprints(sealer: Sealer, code: str) -> tuple[str, ...]:
    """Return the keyed hashes of a canonical code, newest key first: store the first, look for all."""
    return sealer.fingerprints(code, _PURPOSE)


def is_strong(code: str) -> bool:
    """Whether a written code (canonical) looks generated: its last 12 characters are no word with a year behind it.

    Letters and digits must change places several times, which words and dates do not do.
    """
    tail = code[-SECRET_LETTERS:]
    changes = sum(one.isdigit() != other.isdigit() for one, other in pairwise(tail))
    return (
        len(tail) == SECRET_LETTERS
        and set(tail) <= _GENERATED_FROM
        and len(set(tail)) >= _LEAST_DIFFERENT
        and changes >= _LEAST_CHANGES
    )
