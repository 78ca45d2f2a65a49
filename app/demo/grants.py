"""What the store may ask the product to grant, read strictly from its JSON."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from app.demo.model import PLANS

_MOST_SEATS = 100_000
_MOST_MINUTES = 10_000_000
_MOST_GIB = 1_000_000
_MOST_VERSION = 2**63 - 1
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")


class BadGrant(ValueError):
    """A grant, or a list of them, that breaks the contract; its text says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAsked:
    """The plan that the group shall have."""

    plan: str
    seats: int
    starts_at: datetime | None
    ends_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesAsked:
    """A pack of compute minutes that the group shall have once."""

    purchase_id: str
    minutes: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAsked:
    """The whole extra storage that the group shall have."""

    gib: int
    ends_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesBackAsked:
    """A pack of compute minutes that nothing shall be left of."""

    purchase_id: str


Asked = PlanAsked | MinutesAsked | MinutesBackAsked | StorageAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTogether:
    """One call: the order behind it, and each grant either read or, as text, what is wrong with it."""

    order_id: str
    grants: tuple[Asked | str, ...]


def read_call(body: object) -> AskedTogether:
    """Read the JSON of a call; BadGrant when the call as a whole cannot be read.

    One bad grant among good ones is not a fault of the call, since each succeeds or fails alone.
    """
    call = _mapping(body, "The body")
    asked = call.get("grants")
    if not isinstance(asked, list) or not 1 <= len(asked) <= 100:
        raise BadGrant("grants must be a list of 1 to 100.")
    return AskedTogether(order_id=_reference(call, "order"), grants=tuple(_read_or_say(one) for one in asked))


def _read_or_say(grant: object) -> Asked | str:
    try:
        return _read(_mapping(grant, "A grant"))
    except BadGrant as fault:
        return str(fault)


def _read(grant: Mapping[str, object]) -> Asked:
    match grant.get("kind"):
        case "plan":
            return _plan(grant)
        case "minutes":
            return MinutesAsked(
                purchase_id=_reference(grant, "purchase_id"),
                minutes=_whole(grant, "minutes", 1, _MOST_MINUTES),
                expires_at=_instant(grant, "expires_at"),
            )
        case "minutes_back":
            return MinutesBackAsked(purchase_id=_reference(grant, "purchase_id"))
        case "storage":
            return StorageAsked(
                gib=_whole(grant, "gib", 0, _MOST_GIB),
                ends_at=_instant_or_none(grant, "ends_at"),
                version=_whole(grant, "version", 0, _MOST_VERSION),
            )
        case _:
            raise BadGrant("kind must be plan, minutes, minutes_back or storage.")


def _plan(grant: Mapping[str, object]) -> PlanAsked:
    plan = grant.get("plan")
    if not isinstance(plan, str) or plan not in PLANS:
        raise BadGrant(f"plan must be one of {', '.join(PLANS)}.")
    return PlanAsked(
        plan=plan,
        seats=_whole(grant, "seats", 0 if plan == "free" else 1, _MOST_SEATS),
        starts_at=_instant_or_none(grant, "starts_at"),
        ends_at=_instant_or_none(grant, "ends_at"),
        version=_whole(grant, "version", 0, _MOST_VERSION),
    )


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadGrant(f"{what} must be a JSON object.")
    return value


def _reference(source: Mapping[str, object], key: str) -> str:
    value = source.get(key)
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        raise BadGrant(f"{key} must be a reference of 1 to 100 letters, digits and . _ : / -.")
    return value


def _whole(source: Mapping[str, object], key: str, least: int, most: int) -> int:
    value = source.get(key)
    if type(value) is not int or not least <= value <= most:
        raise BadGrant(f"{key} must be a whole number from {least} to {most}.")
    return value


def _instant(source: Mapping[str, object], key: str) -> datetime:
    value = source.get(key)
    at = _parsed(value) if isinstance(value, str) else None
    if at is None:
        raise BadGrant(f"{key} must be an instant with its zone, such as 2027-03-01T00:00:00Z.")
    return at


def _parsed(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _instant_or_none(source: Mapping[str, object], key: str) -> datetime | None:
    return None if source.get(key) is None else _instant(source, key)
