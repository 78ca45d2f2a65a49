"""Pressing the button: everything is checked once more, the order is written down, and only then is the vendor called.

The same press (``attempt``) has one effect and one answer, and a checkout that has become an order sells nothing more.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from app import formats
from app.core.ids import new_id, new_order_id
from app.core.problems import NotYours, Problem, ProblemId, Refused, problem
from app.flows import payment, purchase, wording
from app.flows.billing_details import details_problems
from app.flows.campaigns.claims import close_own_rivals, refusal
from app.flows.campaigns.memory import ask_for_code
from app.flows.card_tries import check_declines
from app.flows.checkout_page import (
    Checkout,
    is_tax_id_refused,
    open_intent,
    read_checkout,
    takes_stored_cards,
    with_cards,
)
from app.flows.deps import Deps
from app.flows.journey import repriced
from app.flows.mixed_cart import extra_problem
from app.flows.own_email import check_email
from app.flows.packs import packs_problem
from app.flows.payment import Step
from app.flows.quoting import Priced
from app.flows.settle import settle_quietly
from app.flows.targets import Ordered, check_not_ordered, take_target
from app.identity import accounts
from app.identity.accounts import BillingAccount
from app.identity.actor import Actor, Person
from app.orders import intents, store
from app.orders.intents import Details, Intent
from app.orders.kinds import ADD_PACKS, FIRST_ORDER, PACKS
from app.orders.packing import pack
from app.orders.quotes import ShownQuote, shown_quote
from app.orders.states import State
from app.orders.store import Order
from app.promotions.claims import ClaimRefused
from app.vendor_adapters.errors import VendorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What the form said.

    Attributes:
        attempt_id: minted with the page. seats_proposed: what the page proposed while nobody had chosen; both are packs
            where packs are bought. packs: those that go along with a plan, None where the form has none. quote_id,
            total: what the page showed, in minor units; compared, never used.
        tax_id_shown: the tax id as the page knew it, so that a refused one is told before it is charged with tax.
        details: None when the page showed the billing account's own and offered no fields.
        agreement: whether that of a programme was accepted. card: a stored card's ref, empty for the vendor's page.
        problems: what was wrong with the fields themselves.
    """

    attempt_id: str
    quote_id: str
    total: int | None
    group_id: str
    seats: int | None
    seats_proposed: int | None
    packs: int | None
    instance_users: int | None
    details: Details | None
    tax_id_shown: str
    terms: bool
    agreement: bool
    card: str
    problems: tuple[Problem, ...]


class Shown(Exception):
    """The page must be shown again: ``checkout`` is what it now says, ``problems`` why."""

    def __init__(self, checkout: Checkout, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(found.code for found in problems))
        self.checkout = checkout
        self.problems = problems


async def confirm(deps: Deps, actor: Actor, intent_id: str, form: Confirmation) -> Step:
    """Order what the page showed and return where the buyer goes next; Shown when the page must be read again."""
    intent = await open_intent(deps, actor, intent_id)
    again = await deps.db.read(lambda connection: store.order_of_attempt(connection, form.attempt_id))
    try:
        if again is not None:
            return await _repeat(deps, actor, intent, again)
        return await _order(deps, actor, intent, form)
    except Ordered as found:
        return Step(wording.order_path(found.order_id))


async def _repeat(deps: Deps, actor: Actor, intent: Intent, order: Order) -> Step:
    if order.intent_id != intent.intent_id:
        raise NotYours(order.order_id)
    if order.state is not State.DRAFT:
        return payment.step_for(deps, await settle_quietly(deps, order))
    try:
        return await payment.begin(deps, order)
    except Refused as refused:
        raise Shown(await read_checkout(deps, actor, intent), refused.problems) from refused


async def _order(deps: Deps, actor: Actor, intent: Intent, form: Confirmation) -> Step:
    await deps.db.read(lambda connection: check_not_ordered(connection, intent.intent_id))
    intent = await keep(deps, actor, intent, form)
    shown = await deps.db.read(lambda connection: shown_quote(connection, intent.intent_id, form.quote_id))
    checkout = await read_checkout(deps, actor, intent, with_cards=False, at=_decided_at(deps, shown))
    try:
        priced = _checked(checkout, details_problems(deps, checkout.details), form)
        await check_email(deps, checkout.person, next_path=wording.checkout_path(intent.intent_id))
        await _check_shown(deps, checkout, priced, shown, form)
        await _check_cards(deps, checkout)
        account = await _account(deps, checkout, form.attempt_id)
        order = _draft(deps, checkout, priced, account, form)
        await close_own_rivals(deps, order, checkout.promo)
        taken = await take_target(deps, order, checkout.order, form.attempt_id, promo=checkout.promo)
        return await payment.begin(deps, taken)
    except Refused as refused:
        raise Shown(await with_cards(checkout), refused.problems) from refused
    except ClaimRefused as refused:
        # somebody was faster: the page again, with the reason and the price without it
        raise Shown(await read_checkout(deps, actor, intent), (refusal(deps, refused),)) from refused


def _decided_at(deps: Deps, shown: ShownQuote | None) -> datetime | None:
    """Return when the price was shown: an offer that ended since then is honoured for as long as the price is."""
    return shown.made_at if shown and shown.expires_at > deps.clock.now() else None


async def keep(deps: Deps, actor: Actor, intent: Intent, form: Confirmation) -> Intent:
    """Write down what was typed before anything is judged: nothing is ever lost. Return the intent as it then is."""

    def write(connection: Connection) -> None:
        group_id = form.group_id or intent.choice.group_id
        seats = _seats(intent.choice.seats, form)
        intents.save_choice(
            connection,
            intent.intent_id,
            group_id=group_id,
            seats=seats,
            packs=intent.choice.packs if form.packs is None else form.packs,
            instance_users=form.instance_users,
        )
        if form.details is not None:
            intents.save_details(connection, intent.intent_id, form.details)

    await deps.db.write(write)
    return await open_intent(deps, actor, intent.intent_id)


async def park(deps: Deps, intent_id: str, form: Confirmation, code: str = "") -> None:
    """Keep what somebody typed whose session ended meanwhile, so that it stands there again after they sign in.

    Args:
        code: what stood in the promo field; it is asked for, as a link asks, and tried once they are back.
    """
    seats, now = _seats(None, form), deps.clock.wall()

    def write(connection: Connection) -> None:
        intents.park(connection, intent_id, seats=seats, packs=form.packs, details=form.details, now=now)
        if code and intents.is_open(connection, intent_id, now=now):
            ask_for_code(connection, deps, intent_id, code)

    await deps.db.write(write)


def _seats(chosen: int | None, form: Confirmation) -> int | None:
    """Return the seats that the buyer chose; None while they leave what is proposed, which is another group's own."""
    if form.seats is None:
        return chosen
    is_proposed = chosen is None and form.seats == form.seats_proposed
    return None if is_proposed else form.seats


def _checked(checkout: Checkout, details: tuple[Problem, ...], form: Confirmation) -> Priced:
    named = {found.field for found in form.problems}  # a field whose text could not be read is not missing too
    found = [*form.problems, *(each for each in details if each.field not in named)]
    if checkout.blocker:
        found.insert(0, checkout.blocker)
    elif checkout.is_hosted and checkout.group is None:
        what = "packs are" if checkout.addon else "plan is"
        found.insert(0, problem(ProblemId.E_INPUT, "group", text=f"Choose the group that the {what} for."))
    wrong_packs = packs_problem(checkout.addon, checkout.seats) if checkout.addon else None
    if wrong_packs:
        found.append(wrong_packs)
    if checkout.extra and checkout.extra.packs > checkout.extra.addon.max_packs:
        found.append(extra_problem(checkout.extra.addon.max_packs))
    if not form.terms and checkout.addon is None:  # the button of packs states all that is agreed to
        found.append(problem(ProblemId.E_INPUT, "terms", text="Tick the box to agree to the terms."))
    if checkout.promo and checkout.promo.agreement and not form.agreement:
        found.append(problem(ProblemId.E_INPUT, "agreement", text="Tick the box to accept the agreement."))
    if found or checkout.priced is None:
        raise Refused(*(found or [problem(ProblemId.E_VENDOR)]))
    return checkout.priced


async def _check_shown(
    deps: Deps, checkout: Checkout, priced: Priced, shown: ShownQuote | None, form: Confirmation
) -> None:
    """Nothing is charged but what was on the page: its quote must be ours, young, and of the same total."""
    intent_id = checkout.intent.intent_id
    if shown is None or shown.total.minor != form.total or shown.total != priced.total:
        if shown and not _is_tax_news(priced, shown):
            await deps.db.write(lambda connection: repriced(connection, deps, intent_id))
        raise Refused(_price_problem(priced, shown))
    if shown.expires_at <= deps.clock.now():
        await deps.db.write(lambda connection: repriced(connection, deps, intent_id))
        raise Refused(problem(ProblemId.E_QUOTE))
    if checkout.details.tax_id != form.tax_id_shown and is_tax_id_refused(deps, checkout.details, priced):
        raise Refused(problem(ProblemId.E_TAXID, "tax_id"))


def _price_problem(priced: Priced, shown: ShownQuote | None) -> Problem:
    total = formats.money(priced.total)
    if shown and _is_tax_news(priced, shown):
        text = f"With tax for your address the total is {total}. You have not been charged: check it and press again."
        return Problem(ProblemId.E_PRICE, text)
    return problem(ProblemId.E_PRICE, total=total)


def _is_tax_news(priced: Priced, shown: ShownQuote) -> bool:
    """Whether the page had no address yet: nothing changed but that the tax is known now."""
    return shown.total == priced.quote.subtotal - priced.quote.discount


async def _check_cards(deps: Deps, checkout: Checkout) -> None:
    account_id = checkout.account.account_id if checkout.account else ""
    await check_declines(deps, checkout.person.person_id, account_id)


async def _account(deps: Deps, checkout: Checkout, attempt_id: str) -> BillingAccount:
    """Return the billing account with its customer at the vendor, both made or brought up to date as needed."""
    account = await deps.db.write(lambda connection: _own_account(connection, deps, checkout))
    if account.customer_ref and purchase.same_details(account, checkout.details):
        return account
    try:
        ref = await purchase.ensure_customer(deps, account, checkout.details, attempt_id)
    except VendorError as error:
        raise Refused(problem(ProblemId.E_VENDOR)) from error

    def write(connection: Connection) -> None:
        accounts.set_customer_ref(connection, account.account_id, ref)
        accounts.update_details(connection, account.account_id, checkout.details)

    await deps.db.write(write)
    return replace(account, customer_ref=ref)


def _own_account(connection: Connection, deps: Deps, checkout: Checkout) -> BillingAccount:
    person: Person = checkout.person
    accounts.lock_person(connection, person.person_id)  # two first orders at once must not make two accounts
    found = purchase.own_account(connection, deps, person.person_id)
    if checkout.account:  # the one that the page named, unless its managers are others by now
        found = accounts.account_for(connection, checkout.account.account_id, person.person_id) or found
    if found:
        return found
    return accounts.create_account(
        connection,
        person_id=person.person_id,
        vendor=deps.selling,
        currency=checkout.intent.choice.currency,
        details=checkout.details,
        now=deps.clock.wall(),
    )


def _draft(deps: Deps, checkout: Checkout, priced: Priced, account: BillingAccount, form: Confirmation) -> Order:
    order_id = new_order_id()
    quote, choice = priced.quote, checkout.intent.choice
    ends = checkout.promo is not None and checkout.promo.agreement != ""  # a programme is for one term
    renewal = quote.next_charges[0] if quote.next_charges and not ends else None
    request = purchase.purchase_request(
        deps,
        items=priced.request.items,
        currency=choice.currency,
        details=checkout.details,
        customer_ref=account.customer_ref,
        subject=priced.request.subject,
        order_id=order_id,
        discounts=priced.request.discounts,
    )
    order = Order(
        order_id=order_id,
        kind=PACKS if checkout.addon else FIRST_ORDER,
        intent_id=checkout.intent.intent_id,
        person_id=checkout.person.person_id,
        account_id=account.account_id,
        vendor=deps.selling,
        state=State.DRAFT,
        plan=choice.plan,
        deployment=choice.deployment,
        group_id=checkout.group.id if checkout.group else "",
        group_name=checkout.group.name if checkout.group else "",
        offer=request.items[0].offer,
        seats=checkout.seats,
        currency=choice.currency,
        subtotal=quote.subtotal.minor,
        discount=quote.discount.minor,
        tax=quote.tax.amount.minor if quote.tax else 0,
        total=quote.due_now.minor,
        renews_at=renewal.at if renewal else None,
        renewal_total=renewal.total.minor if renewal and renewal.total else None,
        email=checkout.details.email,
        company=checkout.details.company,
        return_to=choice.return_to,
        attempt=1,
        request=pack(request),
        quote=pack(quote),
        payment_method_ref=form.card if takes_stored_cards(deps, account) else "",
        checkout_ref=None,
        checkout_url="",
        checkout_expires_at=None,
        subscription_ref=None,
        invoice_ref=None,
        charge_ref=None,
        amount_paid=0,
        decline="",
        created_at=deps.clock.now(),
        settled_at=None,
        check_at=deps.clock.wall() + store.FIRST_LOOK,
        check_tries=0,
        packs_addon=checkout.extra.addon.key if checkout.extra and checkout.extra.packs else "",
        packs=checkout.extra.packs if checkout.extra else 0,
    )
    return _as_change(order, checkout, priced) if priced.change else order


def _as_change(order: Order, checkout: Checkout, priced: Priced) -> Order:
    """Return ``order`` as one that adds its packs to the plan's subscription, charged to the default card."""
    return replace(
        order,
        kind=ADD_PACKS,
        request=pack(priced.change),
        subscription_ref=priced.subscription_ref,
        payment_method_ref=checkout.cards[0].ref if checkout.cards else "",
    )


def new_attempt() -> str:
    """Return the id that a page's button carries."""
    return new_id("att")
