"""What an issuer asserts about a person, reduced to what the store keeps."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_ROLE = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,39}", re.ASCII)
_MOST_ROLES = 12  # 12 names of 40 characters fit the column


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """One person as the issuer knows them; (issuer, subject) is the key and everything else an attribute.

    Attributes:
        id_token: the proof that the claims came in, asked for again at sign-out; empty when there was none.
    """

    issuer: str
    subject: str
    username: str = ""
    name: str = ""
    email: str = ""
    email_verified: bool = False
    roles: frozenset[str] = frozenset()
    id_token: str = field(default="", repr=False)


def read_claims(issuer: str, values: Mapping[str, object], id_token: str = "") -> Claims:
    """Return the claims that the store uses; a missing or odd one is read as absent.

    A subject that the table could not hold whole is read as absent too: cut short, it might be somebody else's.
    ``roles`` may be a list or a blank-separated text. An address counts as verified only when the issuer says
    ``true`` itself: some send a text, which any other text would equal just as well.
    """
    return Claims(
        issuer=issuer,
        subject=_subject(values.get("sub")),
        username=_text(values.get("preferred_username"), 255),
        name=_text(values.get("name"), 255),
        email=_text(values.get("email"), 254),
        email_verified=values.get("email_verified") is True,
        roles=_roles(values.get("roles")),
        id_token=id_token,
    )


def _subject(value: object) -> str:
    return value if isinstance(value, str) and value.isprintable() and len(value) <= 255 else ""


def _text(value: object, most: int) -> str:
    return value.strip()[:most] if isinstance(value, str) and value.isprintable() else ""


def _roles(value: object) -> frozenset[str]:
    names = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    found = sorted(name for name in names if isinstance(name, str) and _ROLE.fullmatch(name))
    return frozenset(found[:_MOST_ROLES])
