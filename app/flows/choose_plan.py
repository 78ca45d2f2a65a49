"""The plan page: what a link asked for, made sense of, and the price of every plan for it.

Nothing in a link can break the page: what cannot be is brought back into bounds, and the page says so.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

from app import formats
from app.catalog.model import Plan
from app.core.money import Money
from app.core.problems import Problem, ProblemId, problem
from app.entitlements.plan_rules import FREE
from app.flows.campaigns.facts import Ware
from app.flows.campaigns.plans import AskedCampaign, PlanDeal, plan_campaign
from app.flows.deps import Deps
from app.flows.offers import OffersView, current_offers
from app.flows.purchase import offer_key
from app.flows.start import account_currency
from app.identity.actor import Actor
from app.vendor_adapters.capabilities import Capability

DEPLOYMENTS = ("hosted", "self_hosted")
FIRST_SEATS = 1  # nobody is to buy seats that they did not ask for
_A_MONTH = Fraction(1, 12)
_QUOTED_MOST = 40  # characters of an odd link that are shown back
_INCLUDED = {
    "compute_minutes_month": "compute minutes a month",
    "storage_gib_per_project": "GiB of storage for each project",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a link says, word for word; an empty text stands for what it leaves open.

    ``again``: "Try again" was pressed, so that a vendor that failed is asked at once.
    """

    deployment: str = ""
    plan: str = ""
    seats: str = ""
    currency: str = ""
    campaign: str = ""
    preview: str = ""
    fault: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCard:
    """One plan. ``a_month`` is per seat, ``a_year`` for all seats, both before tax; None where there is no price.

    ``is_chosen``: the link's plan, or the first that is sold; its button is the page's one next step. ``deal``: what it
    costs with what applies, and ``deal_month`` that per seat and month. ``trial_days``: how long a trial of it is that
    starts in the product; 0 without one.
    """

    key: str
    name: str
    blurb: str
    is_free: bool
    is_chosen: bool
    trial_days: int
    a_month: Money | None
    a_year: Money | None
    features: tuple[str, ...]
    deal: PlanDeal | None = None
    deal_month: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """Everything on the plan page.

    Attributes:
        cards: the chosen plan first, then the others that are sold, what is free last.
        seats_problem: why ``seats`` is not what the link said. notices: what else was put right.
        away: why nothing can be bought just now. is_currency_fixed: the person's billing account decides it.
        suggests_sales: whether it is so many seats that a person may help.
        announcement: the price for the chosen plan, to be heard when it changes.
        headline, terms: of the campaign that applies, word for word. preview: the token of a preview.
    """

    deployment: str
    plan: str
    seats: int
    most_seats: int
    currency: str
    currencies: tuple[str, ...]
    is_currency_fixed: bool
    campaign: str
    cards: tuple[PlanCard, ...]
    seats_problem: Problem | None
    notices: tuple[str, ...]
    away: Problem | None
    trial_url: str
    suggests_sales: bool
    announcement: str
    headline: str
    terms: tuple[str, ...]
    preview: str


async def show_plans(deps: Deps, actor: Actor, asked: Asked) -> PlanPage:
    """Return the plan page for what ``asked`` says; it never fails for what a link holds."""
    offers = await current_offers(deps, again=asked.again)
    held_to = await account_currency(deps, actor)
    notices: list[str] = []
    deployment = _deployment(asked, notices)
    plan = _plan(deps, asked, notices)
    currencies = _currencies(deps)
    currency = _currency(asked, currencies, held_to, notices)
    seats, seats_problem = _seats(deps, asked)
    cards = _cards(deps, offers, plan=plan, deployment=deployment, seats=seats, currency=currency)
    campaign = await plan_campaign(
        deps,
        actor,
        AskedCampaign(slug=asked.campaign, preview=asked.preview, fault=asked.fault),
        wares=_wares(deps, cards, deployment=deployment, seats=seats, currency=currency),
        seats=seats,
        chosen=plan.key,
    )
    cards = tuple(_with_deal(card, campaign.deals.get(card.key), seats) for card in cards)
    if campaign.notice:
        notices.append(campaign.notice)
    return PlanPage(
        deployment=deployment,
        plan=plan.key,
        seats=seats,
        most_seats=deps.catalog.rules.seats.self_serve_max,
        currency=currency,
        currencies=currencies,
        is_currency_fixed=held_to is not None,
        campaign=asked.campaign,
        cards=cards,
        seats_problem=seats_problem,
        notices=tuple(notices),
        trial_url=deps.config.trial_url,
        away=None if offers.vendor_ok else problem(ProblemId.E_VENDOR),
        suggests_sales=seats >= deps.catalog.rules.seats.suggest_sales_from,
        announcement=_announcement(plan, seats, seats_problem, cards),
        headline=campaign.headline,
        terms=campaign.terms,
        preview=asked.preview,
    )


def _deployment(asked: Asked, notices: list[str]) -> str:
    if asked.deployment in ("", *DEPLOYMENTS):
        return asked.deployment or DEPLOYMENTS[0]
    notices.append(f"We do not know “{_shown(asked.deployment)}”. These are the plans that we host for you.")
    return DEPLOYMENTS[0]


def _plan(deps: Deps, asked: Asked, notices: list[str]) -> Plan:
    sold = deps.catalog.sellable_plans
    found = next((plan for plan in sold if plan.key == asked.plan), None)
    if found:
        return found
    if asked.plan:
        known = deps.catalog.plan(asked.plan)
        text = f"{known.name} needs no order." if known else f"There is no plan called “{_shown(asked.plan)}”."
        notices.append(f"{text} These are all our plans.")
    return sold[0]


def _currencies(deps: Deps) -> tuple[str, ...]:
    several = Capability.SEVERAL_CURRENCIES in deps.vendor.capabilities
    return deps.catalog.currencies if several else (deps.catalog.default_currency,)


def _currency(asked: Asked, sold_in: tuple[str, ...], held_to: str | None, notices: list[str]) -> str:
    wanted = asked.currency.lower()
    if held_to:
        if wanted not in ("", held_to):
            notices.append(f"Your billing account is held in {held_to.upper()}, so prices are in {held_to.upper()}.")
        return held_to
    if wanted in sold_in:
        return wanted
    if wanted:
        notices.append(f"We do not sell in “{_shown(asked.currency)}”. Prices are in {sold_in[0].upper()}.")
    return sold_in[0]


def _seats(deps: Deps, asked: Asked) -> tuple[int, Problem | None]:
    """Return the seats to show and why they differ from what was asked for, if they do."""
    most = deps.catalog.rules.seats.self_serve_max
    text = asked.seats.strip()
    if not text:
        return FIRST_SEATS, None
    is_number = text.isascii() and text.isdecimal()
    if is_number and len(text) <= len(str(most)) and 1 <= int(text) <= most:
        return int(text), None
    if is_number and text.strip("0"):
        return most, problem(ProblemId.E_SEATS_MAX, "seats", most=formats.number(most))
    return FIRST_SEATS, problem(ProblemId.E_SEATS, "seats", most=formats.number(most))


def _cards(
    deps: Deps, offers: OffersView, *, plan: Plan, deployment: str, seats: int, currency: str
) -> tuple[PlanCard, ...]:
    cards = []
    for each in sorted(deps.catalog.plans, key=lambda each: (each != plan, not each.sellable, each.rank)):
        price = offers.price(deps, plan=each.key, deployment=deployment, currency=currency) if each.sellable else None
        card = PlanCard(
            key=each.key,
            name=each.name,
            blurb=each.blurb,
            is_free=not each.sellable,
            is_chosen=each == plan,
            trial_days=_trial_days(deps, each, deployment),
            a_month=price.share(_A_MONTH) if price else None,
            a_year=price * seats if price else None,
            features=_features(each, deployment),
        )
        cards.append(card)
    return tuple(cards)


def _trial_days(deps: Deps, plan: Plan, deployment: str) -> int:
    """Return the days of a trial from Free; the product gives it, so without its page there is none."""
    rules = deps.catalog.rules.trial
    is_offered = rules is not None and rules.plan == plan.key and deployment == DEPLOYMENTS[0]
    return rules.days(FREE) if rules and is_offered and deps.config.trial_url else 0


def _wares(deps: Deps, cards: tuple[PlanCard, ...], *, deployment: str, seats: int, currency: str) -> dict[str, Ware]:
    wares = {}
    for card in cards:
        offer = offer_key(deps, plan=card.key, deployment=deployment, currency=currency)
        if card.a_year is not None and offer is not None:
            wares[card.key] = Ware(
                item=card.key,
                is_addon=False,
                deployment=deployment,
                offer=offer,
                unit_price=card.a_year.minor // seats,
                currency=currency,
                is_yearly=True,
            )
    return wares


def _with_deal(card: PlanCard, deal: PlanDeal | None, seats: int) -> PlanCard:
    if deal is None:
        return card
    return replace(card, deal=deal, deal_month=deal.due.share(_A_MONTH / seats))


def _features(plan: Plan, deployment: str) -> tuple[str, ...]:
    """What a plan brings; minutes, storage and the limit of users are those of the hosted product."""
    features = [f"{role.capitalize()}s take no seat" for role in plan.free_roles]
    if deployment != DEPLOYMENTS[0]:
        return ("Runs on your own servers", *features)
    if plan.max_users_per_group:
        features.append(f"Up to {formats.counted(plan.max_users_per_group, 'user')} in a group")
    included = [f"{formats.number(count)} {_INCLUDED.get(key, key.replace('_', ' '))}" for key, count in plan.includes]
    return (*included, *features)


def _announcement(plan: Plan, seats: int, seats_problem: Problem | None, cards: tuple[PlanCard, ...]) -> str:
    chosen = next((card for card in cards if card.is_chosen), None)
    a_year = chosen.a_year if chosen else None
    why = f"{seats_problem.text} " if seats_problem else ""
    if chosen is None or a_year is None:
        return why.strip()
    if chosen.deal:
        due = formats.money(chosen.deal.due)
        return f"{why}{plan.name} for {formats.counted(seats, 'seat')}: {due} with {chosen.deal.text}, plus tax."
    return f"{why}{plan.name} for {formats.counted(seats, 'seat')}: {formats.money(a_year)} a year, plus tax."


def _shown(text: str) -> str:
    return text if len(text) <= _QUOTED_MOST else f"{text[:_QUOTED_MOST]}…"
