"""What a campaign would have done: the same pure evaluation over past orders, counted as claims count."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from app.promotions import budget_ids
from app.promotions.answers import Reason
from app.promotions.campaigns import Campaigns
from app.promotions.cart import Cart, Entry, Facts, Match, Source
from app.promotions.decision import Applied, Decision
from app.promotions.evaluate import evaluate
from app.promotions.model import Campaign, CodeSpec, Published, Status, Window

_ALWAYS = Window(starts=datetime.min.replace(tzinfo=UTC), ends=datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOrder:
    """A paid order as the engine would have seen it.

    Attributes:
        identities: the buyer's keys, as a claim would have counted them. takes_offers: the store looks for
            offers at such an order. at: when it was confirmed, business time.
    """

    cart: Cart
    facts: Facts
    identities: tuple[str, ...]
    takes_offers: bool = True
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
    """Run ``checked`` over past orders as if each buyer had come by a way in that still has uses.

    These are the campaign's codes, a signed link if the file gives links a cap, and its own address if it is listed;
    without any of them a link that has none. Windows, statuses and the ends of codes do not count. Each campaign is run
    by itself: what one would have done does not depend on the others of its file.

    Args:
        on_each: called whenever one campaign is done with one order.
    """
    in_order = sorted(past, key=lambda each: each.at)
    return tuple(_Replay(campaign).run(in_order, on_each) for campaign in checked)


class _Replay:
    def __init__(self, checked: Campaign) -> None:
        running = replace(checked, status=Status.LIVE, window=_ALWAYS)
        self.campaigns = Campaigns([Published(campaign=running, version=0, status=Status.LIVE)])
        self.entries, caps = _ways_in(checked)
        self.left = _caps(checked) | caps
        self.uses: Counter[str] = Counter()
        self.found = Replayed(slug=checked.slug)

    def run(self, past: Iterable[PastOrder], on_each: Callable[[], None]) -> Replayed:
        for order in past:
            if order.takes_offers:
                self._note(order, evaluate(order.cart, self._facts(order), order.at, self.campaigns, self.entries))
            else:
                self.found.refused[Reason.ORDER_KIND] += 1
            on_each()
        return self.found

    def _facts(self, order: PastOrder) -> Facts:
        most = max((self.uses[key] for key in order.identities), default=0)
        return replace(order.facts, remaining=tuple(sorted(self.left.items())), uses=((self.found.slug, most),))

    def _note(self, order: PastOrder, decision: Decision) -> None:
        for applied in decision.applied:
            self._count(order, applied)
        if decision.rejected and not decision.applied:
            reason = max((rejected.reason for rejected in decision.rejected), key=lambda each: each.rank)
            self.found.refused[reason] += 1
            if reason is Reason.EXHAUSTED and self.found.capped_at is None:
                self.found.capped_at = order.at

    def _count(self, order: PastOrder, applied: Applied) -> None:
        slug, currency, ref = self.found.slug, order.cart.currency, applied.ref
        self.found.orders += 1
        self.found.cost[currency] += applied.amount
        self.uses.update(order.identities)
        weights = budget_ids.weights_of(slug, currency, applied.amount, code_id=ref.code_id, link_id=ref.link_id)
        for budget_id in weights.keys() & self.left.keys():
            self.left[budget_id] -= weights[budget_id]


def _caps(campaign: Campaign) -> dict[str, int]:
    caps = {}
    if campaign.budget.redemptions is not None:
        caps[budget_ids.campaign_uses(campaign.slug)] = campaign.budget.redemptions
    for money in campaign.budget.money:
        caps[budget_ids.campaign_money(campaign.slug, money.currency)] = money.minor
    return caps


def _ways_in(campaign: Campaign) -> tuple[list[Entry], dict[str, int]]:
    """Return the ways into a campaign, and how many uses those have that are limited."""
    ways, caps = [], {}
    for entry_id, source, cap in _named(campaign):
        match = Match(slug=campaign.slug, entry_id=entry_id)
        ways.append(Entry(source=source, label=campaign.name, matches=(match,)))
        if cap is not None:
            budget_id = budget_ids.code_uses if source is Source.CODE else budget_ids.link_uses
            caps[budget_id(entry_id)] = cap
    return ways, caps


def _named(campaign: Campaign) -> Iterator[tuple[str, Source, int | None]]:
    for number, spec in enumerate(campaign.codes):
        yield f"code {number}", Source.CODE, _uses_of(spec)
    if campaign.link_redemptions is not None:
        yield "a signed link", Source.LINK, campaign.link_redemptions
    if campaign.is_listed:
        yield "", Source.LINK, None
    elif not campaign.codes and campaign.link_redemptions is None:
        yield "a signed link", Source.LINK, None


def _uses_of(spec: CodeSpec) -> int | None:
    """Return how often a written code, or all codes of a batch together, can be used."""
    if not spec.batch:
        return spec.redemptions
    return None if spec.redemptions_each is None else spec.batch * spec.redemptions_each
