"""The product's JSON and the port's types: written as docs/product-api.md says, read without trusting a byte of it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from app.entitlements.product import (
    Grant,
    GrantResult,
    Group,
    MinutesBack,
    MinutesGrant,
    PlanGrant,
    StorageGrant,
    Usage,
)

_LARGEST_COUNT = 2**53


class BadAnswer(ValueError):
    """An answer that breaks the contract; its text names the place and holds nothing of the answer."""


def write_call(order_id: str, grants: tuple[Grant, ...]) -> dict[str, object]:
    """Return the JSON of a call that asks for ``grants``."""
    return {"order": order_id, "grants": [_write(grant) for grant in grants]}


def read_json(body: bytes) -> Mapping[str, object]:
    """Return the JSON object of an answer."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer("not JSON") from None
    return _mapping(value, "the answer")


def read_groups(answer: Mapping[str, object]) -> tuple[Group, ...]:
    """Read a list of groups."""
    return tuple(read_group(_mapping(one, "a group")) for one in _list(answer, "groups"))


def read_group(answer: Mapping[str, object]) -> Group:
    """Read one group."""
    return Group(
        id=_text(answer, "id"),
        name=_text(answer, "name"),
        members=_count(answer, "members"),
        seats_in_use=_count(answer, "seats_in_use"),
        plan=_text(answer, "plan"),
        seats=_count(answer, "seats"),
        ends_at=None if _field(answer, "ends_at") is None else _instant(answer, "ends_at"),
        can_edit_billing=_flag(answer, "can_edit_billing"),
        trial_ends_at=_instant_or_none(answer, "trial_ends_at"),
    )


def read_results(answer: Mapping[str, object], count: int) -> tuple[GrantResult, ...]:
    """Read what became of ``count`` grants; an answer for more or fewer of them is worth nothing."""
    results = _list(answer, "results")
    if len(results) != count:
        raise BadAnswer("results are not as many as the grants")
    return tuple(_result(_mapping(one, "a result")) for one in results)


def read_usage(answer: Mapping[str, object]) -> Usage:
    """Read what a group uses."""
    return Usage(
        seats_in_use=_count(answer, "seats_in_use"),
        seats_max=_count(answer, "seats_max"),
        minutes_used=_count(answer, "minutes_used"),
        minutes_quota=_count(answer, "minutes_quota"),
        minutes_in_packs=_count(answer, "minutes_in_packs"),
        storage_gib=_count(answer, "storage_gib"),
        storage_quota_gib=_count_or_none(answer, "storage_quota_gib"),
        counted_at=_instant(answer, "counted_at"),
    )


def read_error(answer: Mapping[str, object]) -> tuple[str, str]:
    """Read the name of an error and what the product says about it, which may be nothing."""
    detail = _text(answer, "detail", may_be_empty=True) if "detail" in answer else ""
    return _text(answer, "error"), "".join(char for char in detail if char.isprintable())


def _write(grant: Grant) -> dict[str, object]:
    match grant:
        case PlanGrant():
            return {
                "kind": "plan",
                "plan": grant.plan,
                "seats": grant.seats,
                "starts_at": _write_instant(grant.starts_at),
                "ends_at": _write_instant(grant.ends_at),
                "version": grant.version,
            }
        case MinutesGrant():
            return {
                "kind": "minutes",
                "purchase_id": grant.purchase_id,
                "minutes": grant.minutes,
                "expires_at": _write_instant(grant.expires_at),
            }
        case MinutesBack():
            return {"kind": "minutes_back", "purchase_id": grant.purchase_id}
        case StorageGrant():
            return {
                "kind": "storage",
                "gib": grant.gib,
                "ends_at": _write_instant(grant.ends_at),
                "version": grant.version,
            }


def _result(answer: Mapping[str, object]) -> GrantResult:
    return GrantResult(
        ok=_flag(answer, "ok"),
        retry=_flag(answer, "retry"),
        reason=_text(answer, "reason", may_be_empty=True),
        minutes=_count_or_none(answer, "minutes") or 0,
    )


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadAnswer(f"{what} is not an object")
    return value


def _field(answer: Mapping[str, object], key: str) -> object:
    if key not in answer:
        raise BadAnswer(f"{key} is missing")
    return answer[key]


def _list(answer: Mapping[str, object], key: str) -> list[object]:
    value = _field(answer, key)
    if not isinstance(value, list):
        raise BadAnswer(f"{key} is not a list")
    return value


def _text(answer: Mapping[str, object], key: str, *, may_be_empty: bool = False) -> str:
    value = _field(answer, key)
    if not isinstance(value, str) or not (value or may_be_empty) or len(value) > 500 or not _is_storable(value):
        raise BadAnswer(f"{key} is not a short text")
    return value


def _is_storable(text: str) -> bool:
    # half a surrogate pair or a NUL is legal in JSON and refused by a page's encoding or by PostgreSQL
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _count(answer: Mapping[str, object], key: str) -> int:
    value = _field(answer, key)
    if type(value) is not int or not 0 <= value <= _LARGEST_COUNT:
        raise BadAnswer(f"{key} is not a whole number of 0 or more")
    return value


def _flag(answer: Mapping[str, object], key: str) -> bool:
    value = _field(answer, key)
    if not isinstance(value, bool):
        raise BadAnswer(f"{key} is not true or false")
    return value


def _instant(answer: Mapping[str, object], key: str) -> datetime:
    value = _field(answer, key)
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadAnswer(f"{key} is not an instant with a zone")


def _instant_or_none(answer: Mapping[str, object], key: str) -> datetime | None:
    """A field that a product without such a thing may leave out."""
    return None if answer.get(key) is None else _instant(answer, key)


def _count_or_none(answer: Mapping[str, object], key: str) -> int | None:
    return None if answer.get(key) is None else _count(answer, key)


def _write_instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
