"""Who acts: the browser, and the person in front of it once signed in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody signed in. The key is (issuer, subject); the e-mail address is an attribute and never a key."""

    person_id: str
    issuer: str
    subject: str
    username: str
    name: str
    email: str
    email_verified: bool
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A browser (``visitor_id``, empty before it was given one) and the person signed in there, if any."""

    visitor_id: str
    person: Person | None
