"""What a campaign makes of the plan page: its words, and each plan's price for somebody whom it will turn out to fit.

These are the store's own figures, worked out before anybody has signed in; what is paid is the vendor's, and equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from app import formats
from app.core.money import Money
from app.flows import purchase
from app.flows.campaigns.codes import with_way_out
from app.flows.campaigns.facts import Buyer, Ware, facts_of, identities_of, purchase_cart
from app.flows.campaigns.memory import entry_of, remembered
from app.flows.deps import Deps
from app.identity.actor import Actor
from app.promotions import wording
from app.promotions.answers import Reason
from app.promotions.cart import Cart, Facts, Source
from app.promotions.decision import Decision
from app.promotions.links import LinkFault, LinkRefused, LinkTokens
from app.promotions.store.entries import EntryKind
from app.promotions.store.reading import Asked, Situation, read_situation
from app.vendor_adapters.capabilities import Capability

_FAULTS = {
    LinkFault.EXPIRED.value: "This link has expired. These are our normal prices.",
    LinkFault.REVOKED.value: "This link does not work any more. These are our normal prices.",
    LinkFault.UNKNOWN.value: "We do not know this link. These are our normal prices.",
}
_UNKNOWN = "We do not know this offer. These are our normal prices."


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCampaign:
    """What the plan page's address says of a campaign, word for word: its slug, a preview's token, a link's fault."""

    slug: str = ""
    preview: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDeal:
    """What one plan costs with what applies: ``due`` for the first year, before tax.

    ``later`` is a year's price when all of it has run out; None where something lasts for ever.
    """

    due: Money
    later: Money | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCampaign:
    """A campaign on the plan page.

    Attributes:
        headline, terms: of what applies to some plan, word for word. deals: by plan. notice: why what was asked for
            does not apply, or that it is a preview.
    """

    headline: str = ""
    terms: tuple[str, ...] = ()
    deals: Mapping[str, PlanDeal]
    notice: str = ""


async def plan_campaign(
    deps: Deps, actor: Actor, asked: AskedCampaign, *, wares: Mapping[str, Ware], seats: int, chosen: str
) -> PlanCampaign:
    """Return what applies to the plans in ``wares`` for so many seats.

    A campaign that the address names is told of in any case; one that is only remembered when it applies.
    """
    fault = _FAULTS.get(asked.fault, "")
    if not wares or Capability.DISCOUNTS not in deps.vendor.capabilities:
        return PlanCampaign(deals={}, notice=fault)
    preview = _previewed(deps, asked.preview)
    now = deps.clock.now()
    carts = {plan: purchase_cart([(ware, seats)], now) for plan, ware in wares.items()}

    def read(connection: Connection) -> tuple[Situation, Facts]:
        facts, keys = _facts(connection, deps, actor)
        question = Asked(previews=(preview,)) if preview else _question(connection, deps, actor, asked.slug)
        situation = read_situation(
            connection, question, sealer=deps.sealer, carts=list(carts.values()), buyer=keys, now=now
        )
        return situation, facts

    situation, facts = await deps.db.read(read)
    decisions = {plan: situation.decide(cart, facts, now) for plan, cart in carts.items()}
    deals = {plan: _deal(decision, carts[plan]) for plan, decision in decisions.items() if decision.applied}
    notice = fault or _preview_notice(situation, preview) or _notice(deps, asked, decisions, deals, chosen)
    return _in_words(decisions, deals, notice, chosen)


def _in_words(
    decisions: Mapping[str, Decision], deals: Mapping[str, PlanDeal], notice: str, chosen: str
) -> PlanCampaign:
    """Take the words of what applies to the chosen plan, or to the first that something applies to."""
    shown = chosen if chosen in deals else next(iter(deals), "")
    if not shown:
        return PlanCampaign(deals={}, notice=notice)
    slugs = [applied.offer.slug for applied in decisions[shown].applied]
    campaigns = [each.campaign for each in decisions[shown].trace.campaigns if each.slug in slugs]
    return PlanCampaign(
        headline=next((each.landing.headline for each in campaigns if each.landing.headline), ""),
        terms=tuple(dict.fromkeys(each.terms for each in campaigns if each.terms)),
        deals=deals,
        notice=notice,
    )


def _deal(decision: Decision, cart: Cart) -> PlanDeal:
    later = sum(line.renewal_amount for line in cart.lines)
    ends = all(applied.offer.periods is not None for applied in decision.applied)
    return PlanDeal(
        due=Money(decision.totals.due, cart.currency),
        later=Money(later, cart.currency) if later and ends else None,
        text=", ".join(wording.benefit(applied.offer, cart) for applied in decision.applied),
    )


def _facts(connection: Connection, deps: Deps, actor: Actor) -> tuple[Facts, tuple[str, ...]]:
    """Return what is known of a visitor; what is not is hoped for, and looked at again at the checkout."""
    if actor.person is None:
        return Facts(is_hopeful=True), ()
    buyer = Buyer(person=actor.person, account=purchase.own_account(connection, deps, actor.person.person_id))
    known = facts_of(connection, buyer, deps.clock.now())
    return replace(known, is_hopeful=True), identities_of(connection, deps, buyer)


def _question(connection: Connection, deps: Deps, actor: Actor, slug: str) -> Asked:
    touch = remembered(connection, deps, actor)
    wanted = slug or (touch.slug if touch else "")
    if not wanted:
        return Asked()
    kind, value = entry_of(touch, wanted)
    return Asked(links=(value,)) if kind is EntryKind.LINK else Asked(slugs=(value,))


def _previewed(deps: Deps, token: str) -> str:
    try:
        return LinkTokens(deps.config.secret_keys, deps.clock).read_preview(token) if token else ""
    except LinkRefused:
        return ""


def _preview_notice(situation: Situation, slug: str) -> str:
    found = situation.campaigns.get(slug) if slug else None
    if found is None:
        return ""
    campaign = found.published.campaign
    window = formats.window(campaign.window.starts, campaign.window.ends)
    return f"Preview of {campaign.name}, which runs from {window}. Nothing can be bought with a preview."


def _notice(
    deps: Deps,
    asked: AskedCampaign,
    decisions: Mapping[str, Decision],
    deals: Mapping[str, PlanDeal],
    chosen: str,
) -> str:
    if not asked.slug or chosen in deals:
        return ""
    rejected = next((each for each in decisions[chosen].rejected if each.ref.source is Source.LINK), None)
    if rejected is None:
        return ""
    if rejected.reason is Reason.UNKNOWN:
        return _UNKNOWN
    return with_way_out(deps, rejected).text
