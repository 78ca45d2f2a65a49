"""What a rule answers: PASS, FAIL with a reason and often a remedy, or UNKNOWN with what must be known first."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.core.money import Money


class Reason(Enum):
    """Why not, in the order in which reasons are told: of several, the first."""

    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    PAUSED = "paused"
    ORDER_KIND = "order_kind"
    ITEM = "item"
    CURRENCY = "currency"
    COUNTRY = "country"
    ACCOUNT = "account"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    NOT_NEW = "not_new"
    NOT_EXISTING = "not_existing"
    NOT_LAPSED = "not_lapsed"
    USED = "used"
    EXHAUSTED = "exhausted"
    NO_EFFECT = "no_effect"
    NOT_COMBINED = "not_combined"

    @property
    def rank(self) -> int:
        """Its place in the order of refusal."""
        return _RANKS[self]


_RANKS = {reason: rank for rank, reason in enumerate(Reason)}


class RemedyKind(Enum):
    """What the buyer can do; what it counts is in brackets."""

    ADD_SEATS = "add_seats"  # count
    ADD_MORE_SEATS = "add_more_seats"  # count: besides those that the order adds to what is there
    ADD_PACKS = "add_packs"  # count
    SPEND_MORE = "spend_more"  # amount
    FEWER_SEATS = "fewer_seats"  # count
    CHOOSE_ITEM = "choose_item"  # names: plans and add-ons
    CHOOSE_DEPLOYMENT = "choose_deployment"  # names
    CHOOSE_CURRENCY = "choose_currency"  # names
    CHOOSE_ORDER = "choose_order"  # names: order kinds
    WAIT = "wait"  # at
    TOO_LATE = "too_late"  # at: when it ended; there is nothing to be done
    REMOVE_OTHER = "remove_other"  # names: labels of what is in its way


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One way out; only what its kind names is filled."""

    kind: RemedyKind
    count: int = 0
    amount: Money | None = None
    names: tuple[str, ...] = ()
    at: datetime | None = None
    limit: int = 0


class Need(Enum):
    """What must be known before a rule can answer."""

    SIGN_IN = "sign_in"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class Pass:
    """It holds."""


@dataclass(frozen=True, slots=True)
class Fail:
    """It does not hold."""

    reason: Reason
    remedy: Remedy | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It will be known later."""

    needs: tuple[Need, ...]


Answer = Pass | Fail | Unknown
PASS = Pass()


def all_of(answers: list[Answer]) -> Answer:
    """Join answers that must all be PASS: the failure told first wins, and any failure over what is unknown."""
    failures = [answer for answer in answers if isinstance(answer, Fail)]
    if failures:
        return min(failures, key=lambda failure: failure.reason.rank)
    return _unknown(answers) or PASS


def any_of(answers: list[Answer]) -> Answer:
    """Join answers of which one must be PASS; the failure that came closest is told."""
    if any(isinstance(answer, Pass) for answer in answers):
        return PASS
    unknown = _unknown(answers)
    if unknown is not None:
        return unknown
    failures = [answer for answer in answers if isinstance(answer, Fail)]
    return max(failures, key=lambda failure: failure.reason.rank)


def _unknown(answers: list[Answer]) -> Unknown | None:
    needs = {need for answer in answers if isinstance(answer, Unknown) for need in answer.needs}
    return Unknown(tuple(sorted(needs, key=lambda need: need.value))) if needs else None
