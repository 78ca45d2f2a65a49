"""What the ledger tells of campaigns: uses, cost, revenue, new against existing customers, and time to the cap."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sqlalchemy import Connection

from app.promotions import budget_ids
from app.promotions.store import budgets, ledger
from app.promotions.store.ledger import Action, Grouped


class By(Enum):
    """What results are told for."""

    CAMPAIGN = "slug"
    OFFER = "offer_id"
    CODE = "code_id"
    LINK = "link_id"


@dataclass(slots=True, kw_only=True)
class Result:
    """One campaign, offer, code or link in one currency; amounts are minor units before tax.

    Attributes:
        open: held and reserved now. paid, reversed: uses. overdrafts: of the paid ones, those over the cap.
        cost: what was taken off paid orders, less those paid back; net: what those orders brought in.
        standings: paid uses by new, existing, lapsed, less those paid back, which are uses no more. released: by cause.
    """

    key: str
    currency: str
    open: int = 0
    paid: int = 0
    reversed: int = 0
    overdrafts: int = 0
    cost: int = 0
    net: int = 0
    standings: Counter[str] = field(default_factory=Counter)
    released: Counter[str] = field(default_factory=Counter)


def results(connection: Connection, by: By, *, slug: str = "") -> tuple[Result, ...]:
    """Return what every campaign, offer, code or link has done, or those of one campaign, by key and currency.

    An order with offers of two campaigns counts with its whole net in both.
    """
    found: dict[tuple[str, str], Result] = {}
    for row in ledger.grouped(connection, by.value, slug=slug):
        if row.key:
            result = found.setdefault((row.key, row.currency), Result(key=row.key, currency=row.currency))
            _add(result, row)
    for result in found.values():
        result.standings = +result.standings  # nothing is left of those who were all paid back
    return tuple(found[key] for key in sorted(found))


def reached_cap_at(connection: Connection, slug: str) -> datetime | None:
    """Return when a campaign's uses, held ones included, first reached its present cap; None if never."""
    cap = budgets.caps_of(connection, slug).get(budget_ids.campaign_uses(slug))
    if cap is None:
        return None
    open_now: set[str] = set()
    for entered in ledger.entries(connection, slug=slug):
        if entered.action in (Action.RELEASE, Action.REVERSE):
            open_now.discard(entered.reservation_id)
        else:
            open_now.add(entered.reservation_id)
        if len(open_now) >= cap:
            return entered.at
    return None


def uses_by_day(connection: Connection, slug: str) -> tuple[tuple[datetime, int], ...]:
    """Return how many paid uses each day (00:00Z) brought, days without any left out."""
    paid = (Action.COMMIT, Action.OVERDRAFT)
    days = Counter(_day(entered.at) for entered in _of(connection, slug, paid))
    return tuple(sorted(days.items()))


def _add(result: Result, row: Grouped) -> None:
    match row.action:
        case Action.COMMIT | Action.OVERDRAFT:
            result.paid += row.count
            result.cost += row.amount
            result.net += row.net
            result.standings[row.customer] += row.count
            result.open -= row.count if row.cause != "paid_late" else 0
            result.overdrafts += row.count if row.action is Action.OVERDRAFT else 0
        case Action.REVERSE:
            result.reversed += row.count
            result.standings[row.customer] -= row.count
            result.cost -= row.amount
            result.net -= row.net
        case Action.RELEASE:
            result.released[row.cause] += row.count
            result.open -= row.count
        case Action.HOLD:
            result.open += row.count
        case Action.RESERVE:
            result.open += row.count if row.cause != "held" else 0
        case Action.EXTEND:
            pass


def _of(connection: Connection, slug: str, actions: Iterable[Action]) -> list[ledger.Entered]:
    return [entered for entered in ledger.entries(connection, slug=slug) if entered.action in actions]


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
