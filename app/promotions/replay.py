"""What a campaign would have done: the same pure evaluation over past orders, with its budgets counted down."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.promotions import budget_ids
from app.promotions.answers import Reason
from app.promotions.campaigns import Campaigns
from app.promotions.cart import Cart, Entry, Facts, Match, Source
from app.promotions.decision import Applied, Decision
from app.promotions.evaluate import evaluate
from app.promotions.model import Campaign, Published, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOrder:
    """A paid order as the engine would have seen it; ``at`` is when it was confirmed, business time."""

    cart: Cart
    facts: Facts
    at: datetime


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What one campaign would have done. ``cost`` is in minor units by currency, ``capped_at`` when a cap first hit."""

    slug: str
    orders: int = 0
    cost: Counter[str] = field(default_factory=Counter)
    refused: Counter[Reason] = field(default_factory=Counter)
    capped_at: datetime | None = None


def replay_orders(checked: Sequence[Campaign], past: Iterable[PastOrder]) -> tuple[Replayed, ...]:
    """Run ``checked`` over past orders as if each buyer had come by its link; windows and statuses do not count."""
    return _Replay(checked).run(past)


class _Replay:
    def __init__(self, checked: Sequence[Campaign]) -> None:
        published = [Published(campaign=each, version=0, status=Status.LIVE) for each in checked]
        self.campaigns = Campaigns(published)
        self.entries = [
            Entry(source=Source.PREVIEW, label=each.name, matches=(Match(slug=each.slug),)) for each in checked
        ]
        self.left = _caps(checked)
        self.uses: dict[str, Counter[str]] = {}
        self.found = {each.slug: Replayed(slug=each.slug) for each in checked}

    def run(self, past: Iterable[PastOrder]) -> tuple[Replayed, ...]:
        for order in sorted(past, key=lambda each: each.at):
            self._note(order, evaluate(order.cart, self._facts(order), order.at, self.campaigns, self.entries))
        return tuple(self.found.values())

    def _facts(self, order: PastOrder) -> Facts:
        uses = self.uses.get(order.facts.account_id or "", Counter())
        return replace(order.facts, remaining=tuple(sorted(self.left.items())), uses=tuple(sorted(uses.items())))

    def _note(self, order: PastOrder, decision: Decision) -> None:
        for applied in decision.applied:
            self._count(order, applied)
        for rejected in decision.rejected:
            seen = self.found[rejected.slug]
            seen.refused[rejected.reason] += 1
            if rejected.reason is Reason.EXHAUSTED and seen.capped_at is None:
                seen.capped_at = order.at

    def _count(self, order: PastOrder, applied: Applied) -> None:
        slug, currency = applied.offer.slug, order.cart.currency
        self.found[slug].orders += 1
        self.found[slug].cost[currency] += applied.amount
        if order.facts.account_id:
            self.uses.setdefault(order.facts.account_id, Counter())[slug] += 1
        for budget_id, weight in (
            (budget_ids.campaign_uses(slug), 1),
            (budget_ids.campaign_money(slug, currency), applied.amount),
        ):
            if budget_id in self.left:
                self.left[budget_id] -= weight


def _caps(checked: Sequence[Campaign]) -> dict[str, int]:
    caps = {}
    for campaign in checked:
        if campaign.budget.redemptions is not None:
            caps[budget_ids.campaign_uses(campaign.slug)] = campaign.budget.redemptions
        for money in campaign.budget.money:
            caps[budget_ids.campaign_money(campaign.slug, money.currency)] = money.minor
    return caps
