"""What the checkout's template shows, worked out so that it does no sums and no look-ups."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app import formats
from app.core.money import Money
from app.core.problems import Problem, ProblemId
from app.flows import wording
from app.flows.campaigns.decide import Promo
from app.flows.checkout_page import Checkout
from app.flows.confirm import new_attempt
from app.flows.deps import Deps
from app.orders.intents import Details
from app.routes.billing_view import BillingView, billing_view
from app.routes.packs_view import ExtraPart, PacksPart, extra_part, packs_button, packs_part, plan_button
from app.routes.promo_view import PromoPart, discount_text, promo_part
from app.routes.wrong_number import wrong_number
from app.vendor_adapters.types import (
    Fidelity,
    Line,
    LineKind,
    PaymentMethodSummary,
    Quote,
    Tax,
    TaxIdStatus,
    TaxTreatment,
)
from app.web.errors import money_note
from app.web.render import link

NOT_CHARGED = "You have not been charged."


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """One line of the bill."""

    text: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The vendor's quote in words. ``tax_text`` says why the tax is what it is; empty while the place is unknown.

    ``later`` says from when on the renewal costs something else, because a discount has run out by then.
    """

    lines: tuple[QuoteLine, ...]
    tax_text: str
    tax: Money | None
    total: Money
    renews_at: datetime | None
    renewal: Money | None
    renewal_is_net: bool
    later: str
    quote_id: str
    button: str
    is_estimate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutView:
    """The checkout page; ``unpriced``: what is wrong with a number that was typed, beside which no price stands."""

    intent_id: str
    plan_name: str
    deployment_name: str
    is_hosted: bool
    groups: tuple[tuple[str, str], ...]
    group_id: str
    group_name: str
    group_is_fixed: bool
    new_group_url: str
    seats: str
    seats_proposed: str
    seats_most: int
    trial_note: str
    notices: tuple[Problem, ...]
    instance_users: str
    billing: BillingView
    group_changed: bool
    cards: tuple[tuple[str, str, str], ...]
    card_note: str
    card: str
    terms: bool
    agreement: bool
    bill: Bill | None
    unpriced: Problem | None
    attempt_id: str
    blocker: Problem | None
    needs_card: bool
    switch_next: str
    change_paths: tuple[tuple[str, str], ...]
    plans_path: str
    sales_path: str
    cancel_to: str
    suggests_sales: bool
    problems: tuple[Problem, ...]
    notice: str
    announcement: str
    packs: PacksPart | None
    extra: ExtraPart | None
    promo: PromoPart

    @property
    def has_form(self) -> bool:
        """Whether anything can be ordered or put right here: not for somebody else's group, nor for a partner's."""
        found = self.blocker.id if self.blocker else None
        return found is not ProblemId.E_OWNER and not (found is ProblemId.E_CHANNEL and self.group_is_fixed)

    @property
    def needs_group(self) -> bool:
        """Whether nothing is priced because another group has to be chosen."""
        return self.blocker is not None and self.blocker.id in (ProblemId.E_GROUP, ProblemId.E_HASPLAN)

    @property
    def seats_note(self) -> Problem | None:
        """What there is to know about the seats, which stops nobody."""
        return next((found for found in self.notices if found.id is ProblemId.E_SEATS_LOW), None)

    @property
    def money_note(self) -> str:
        """One sentence on money below the problems, unless one of them says it already."""
        return NOT_CHARGED if money_note(self.problems) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What the form said, to be shown again as it was typed; ``details`` None when it offered no fields."""

    seats: str = ""
    packs: str = ""
    instance_users: str = ""
    details: Details | None = None
    terms: bool = False
    agreement: bool = False
    card: str = ""
    place_changed: bool = True
    group_changed: bool = False
    code: str = ""


def checkout_view(
    deps: Deps,
    checkout: Checkout,
    *,
    problems: tuple[Problem, ...] = (),
    typed: Typed | None = None,
    change_billing: bool = False,
    notice: str = "",
) -> CheckoutView:
    """Return the page for ``checkout``; ``typed`` is shown in place of what is kept, with ``problems`` beside it."""
    typed, rules = typed or Typed(card=checkout.cards[0].ref if checkout.cards else ""), deps.catalog.rules
    intent, choice = checkout.intent, checkout.intent.choice
    promo, unpriced = _promo(deps, checkout, problems, typed.code), None if checkout.blocker else wrong_number(problems)
    billing = billing_view(
        deps, checkout, typed=typed.details, change_billing=change_billing, place_changed=typed.place_changed
    )
    return CheckoutView(
        intent_id=intent.intent_id,
        plan_name=wording.plan_name(deps.catalog, choice.plan),
        deployment_name=wording.deployment_name(choice.deployment),
        is_hosted=checkout.is_hosted,
        groups=_groups(checkout),
        group_id=checkout.group.id if checkout.group else "",
        group_name=checkout.group.name if checkout.group else "",
        group_is_fixed=choice.group_given and checkout.group is not None,
        new_group_url=_new_group_url(deps, intent.intent_id),
        seats=typed.seats or str(checkout.seats),
        seats_proposed="" if choice.seats else str(checkout.seats),
        seats_most=rules.seats.self_serve_max,
        trial_note=_trial_note(deps, checkout),
        notices=checkout.notices,
        instance_users=typed.instance_users or str(intent.instance_users or ""),
        billing=billing,
        group_changed=typed.group_changed,
        cards=tuple(_card(card) for card in checkout.cards or ()),
        card_note=_card_note(checkout),
        card=typed.card,
        terms=typed.terms,
        agreement=typed.agreement,
        bill=None if unpriced else _bill(deps, checkout),
        unpriced=unpriced,
        attempt_id=new_attempt(),
        blocker=checkout.blocker,
        needs_card=checkout.needs_card,
        switch_next=_buy_path(checkout, with_group=True),
        change_paths=_change_paths(checkout),
        plans_path=_plans_path(checkout),
        sales_path=_sales_path(checkout),
        cancel_to=wording.with_outcome(choice.return_to, status="cancelled") if choice.return_to else "",
        suggests_sales=checkout.addon is None and checkout.seats >= rules.seats.suggest_sales_from,
        problems=problems,
        notice=notice,
        announcement=_announcement(checkout, f"{notice} {promo.told_text}".strip(), unpriced),
        packs=packs_part(deps, checkout),
        extra=extra_part(deps, checkout, typed.packs),
        promo=promo,
    )


def _promo(deps: Deps, checkout: Checkout, problems: tuple[Problem, ...], typed: str) -> PromoPart:
    path = f"{wording.checkout_path(checkout.intent.intent_id)}/promo-code"
    return promo_part(deps, checkout.promo, path, problems=problems, typed=typed)


def _groups(checkout: Checkout) -> tuple[tuple[str, str], ...]:
    options = checkout.groups.options if checkout.groups else ()
    return tuple((option.id, f"{option.name} ({_people(option.members)})") for option in options)


def _new_group_url(deps: Deps, intent_id: str) -> str:
    """The product's own page for a new group, with the way back here (docs/product-api.md)."""
    return link(f"{deps.config.product_home}/groups/new", return_to=wording.checkout_url(deps.config, intent_id))


def _people(count: int) -> str:
    return formats.counted(count, "member")


def _card_note(checkout: Checkout) -> str:
    """Say where the card is typed where none is offered, and what is not known."""
    if checkout.needs_card:
        return "This is charged to a card on file, and there is none."
    if checkout.cards is not None:
        return "You type your card on the payment page that comes next. Your card number never reaches this store."
    if checkout.coterm:
        return (
            "The card on file is not known just now. If there is one it is charged; if not, you type your card on the "
            "payment page."
        )
    return "Your stored cards are not known just now: you type a card on the payment page that comes next."


def _card(card: PaymentMethodSummary) -> tuple[str, str, str]:
    expires = f"{card.expires_month:02d}/{card.expires_year % 100:02d}"
    return (card.ref, f"{card.brand.title()} ending {card.last4}, {expires}", "")


def _bill(deps: Deps, checkout: Checkout) -> Bill | None:
    if checkout.priced is None or checkout.blocker is not None:
        return None
    quote = checkout.priced.quote
    renewal = quote.next_charges[0] if quote.next_charges else None
    return Bill(
        lines=_lines(deps, quote, checkout.promo),
        tax_text=tax_text(quote.tax),
        tax=quote.tax.amount if quote.tax else None,
        total=quote.due_now,
        renews_at=renewal.at if renewal else None,
        renewal=(renewal.total or renewal.subtotal) if renewal else None,
        renewal_is_net=renewal is not None and renewal.total is None,
        later=_later(quote),
        quote_id=checkout.priced.quote_id,
        button=_button(deps, checkout, quote),
        is_estimate=quote.fidelity is Fidelity.ESTIMATED,
    )


def _button(deps: Deps, checkout: Checkout, quote: Quote) -> str:
    if checkout.addon:
        return packs_button(deps, checkout.addon, checkout.seats, wording.due(quote))
    return plan_button(deps, checkout, quote.due_now)


def _lines(deps: Deps, quote: Quote, promo: Promo | None) -> tuple[QuoteLine, ...]:
    def text(line: Line) -> str:
        return discount_text(promo) if line.kind is LineKind.DISCOUNT else wording.line_text(deps.catalog, line)

    return tuple(QuoteLine(text=text(line), amount=line.amount) for line in quote.lines)


def _later(quote: Quote) -> str:
    """The renewals after the first that cost something else: the price after a discount has run out."""
    return "; ".join(
        f"from {formats.date(charge.at)} at {formats.money(charge.total or charge.subtotal)}"
        f"{'' if charge.total else ' plus tax'}"
        for charge in quote.next_charges[1:]
    )


def tax_text(tax: Tax | None) -> str:
    """Return why the tax is what it is; empty while the place is unknown."""
    if tax is None:
        return ""
    if tax.treatment is TaxTreatment.REVERSE_CHARGE:
        return "VAT 0 %, reverse charge"
    if tax.treatment is TaxTreatment.NOT_COLLECTED:
        return "No tax is charged there"
    rate = f" {formats.percent(tax.rate_ppm)}" if tax.rate_ppm is not None else ""
    pending = " (your tax number is still being checked)" if tax.tax_id_status is TaxIdStatus.PENDING else ""
    return f"Tax{rate}{pending}"


def _announcement(checkout: Checkout, notice: str, unpriced: Problem | None) -> str:
    parts = [notice] if notice else []
    if unpriced:
        parts.append(unpriced.text)
    elif checkout.priced and checkout.blocker is None:
        quote = checkout.priced.quote
        parts.append(f"Total today: {wording.due(quote)}{'' if quote.tax else ' plus tax'}.")
    return " ".join(parts)


def _buy_path(checkout: Checkout, *, with_group: bool) -> str:
    choice = checkout.intent.choice
    if checkout.addon:
        group = choice.group_id if with_group else ""
        return link("/buy/packs", addon=choice.plan, group=group, packs=choice.seats or "", return_to=choice.return_to)
    return link(
        "/buy",
        plan=choice.plan,
        deployment=choice.deployment,
        group=choice.group_id if with_group else "",
        seats=choice.seats or "",
        packs=choice.packs or "",
        currency=choice.currency,
        campaign=choice.campaign,
        return_to=choice.return_to,
    )


def _change_paths(checkout: Checkout) -> tuple[tuple[str, str], ...]:
    """The ways out for a group that has a plan: more seats, or another plan."""
    has = checkout.groups.subscription_id if checkout.groups else ""
    if not has:
        return ()
    path, choice = wording.subscription_path(has), checkout.intent.choice
    return (
        ("Add seats", f"{path}/seat-changes"),
        ("Change the plan", link(f"{path}/plan-changes", plan=choice.plan)),
    )


def _plans_path(checkout: Checkout) -> str:
    choice = checkout.intent.choice
    if checkout.addon:
        return link("/packs", group=choice.group_id)
    return link(
        "/plans", plan=choice.plan, deployment=choice.deployment, seats=checkout.seats, currency=choice.currency
    )


def _trial_note(deps: Deps, checkout: Checkout) -> str:
    """Say what becomes of a trial, so that nobody thinks to pay for days that were free, or to lose what was bought."""
    ends_at = checkout.group.trial_ends_at if checkout.group else None
    if checkout.addon is not None or ends_at is None or ends_at <= deps.clock.now():
        return ""
    left = formats.counted(-(-(ends_at - deps.clock.now()) // timedelta(days=1)), "day")
    plan = wording.plan_name(deps.catalog, checkout.intent.choice.plan)
    return (
        f"The trial has {left} left. It ends when {plan} is switched on, and the twelve months begin today: no day is "
        "counted twice. Everything in the group stays, and minutes that you bought stay usable."
    )


def _sales_path(checkout: Checkout) -> str:
    choice, is_of_packs = checkout.intent.choice, checkout.addon is not None
    return link(
        "/sales",
        plan="" if is_of_packs else choice.plan,
        deployment=choice.deployment,
        seats="" if is_of_packs else checkout.seats,
        currency=choice.currency,
        next=wording.checkout_path(checkout.intent.intent_id),
    )
