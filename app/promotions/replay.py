"""What a campaign would have done: the same pure evaluation over past orders, with its budgets counted down."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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


def replay_orders(
    checked: Sequence[Campaign], past: Iterable[PastOrder], *, on_each: Callable[[], None] = lambda: None
) -> tuple[Replayed, ...]:
    """Run ``checked`` over past orders as if each buyer had come by its link; windows and statuses do not count.

    Each campaign is run by itself: what one would have done does not depend on the others of its file.

    Args:
        on_each: called whenever one campaign is done with one order.
    """
    in_order = sorted(past, key=lambda each: each.at)
    return tuple(_Replay(campaign).run(in_order, on_each) for campaign in checked)


class _Replay:
    def __init__(self, checked: Campaign) -> None:
        slug = checked.slug
        self.campaigns = Campaigns([Published(campaign=checked, version=0, status=Status.LIVE)])
        self.entry = Entry(source=Source.PREVIEW, label=checked.name, matches=(Match(slug=slug),))
        self.left = _caps(checked)
        self.uses: Counter[str] = Counter()
        self.found = Replayed(slug=slug)

    def run(self, past: Iterable[PastOrder], on_each: Callable[[], None]) -> Replayed:
        for order in past:
            self._note(order, evaluate(order.cart, self._facts(order), order.at, self.campaigns, [self.entry]))
            on_each()
        return self.found

    def _facts(self, order: PastOrder) -> Facts:
        uses = ((self.found.slug, self.uses[order.facts.account_id or ""]),)
        return replace(order.facts, remaining=tuple(sorted(self.left.items())), uses=uses)

    def _note(self, order: PastOrder, decision: Decision) -> None:
        for applied in decision.applied:
            self._count(order, applied)
        for rejected in decision.rejected:
            self.found.refused[rejected.reason] += 1
            if rejected.reason is Reason.EXHAUSTED and self.found.capped_at is None:
                self.found.capped_at = order.at

    def _count(self, order: PastOrder, applied: Applied) -> None:
        slug, currency = self.found.slug, order.cart.currency
        self.found.orders += 1
        self.found.cost[currency] += applied.amount
        if order.facts.account_id:
            self.uses[order.facts.account_id] += 1
        for budget_id, weight in (
            (budget_ids.campaign_uses(slug), 1),
            (budget_ids.campaign_money(slug, currency), applied.amount),
        ):
            if budget_id in self.left:
                self.left[budget_id] -= weight


def _caps(campaign: Campaign) -> dict[str, int]:
    caps = {}
    if campaign.budget.redemptions is not None:
        caps[budget_ids.campaign_uses(campaign.slug)] = campaign.budget.redemptions
    for money in campaign.budget.money:
        caps[budget_ids.campaign_money(campaign.slug, money.currency)] = money.minor
    return caps
