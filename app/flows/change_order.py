"""Changing a running subscription for money: the vendor's quote is shown, and exactly that quote becomes an order.

The same press has one effect and one answer; two managers take turns, and the second is told what the first did.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app import formats
from app.core.clock import midnight
from app.core.ids import new_id, new_order_id
from app.core.money import Money
from app.core.problems import NotYours, Problem, ProblemId, Refused, problem
from app.flows import journey, payment, wording
from app.flows.campaigns.claims import close_own_rivals, refusal
from app.flows.campaigns.decide import Promo
from app.flows.card_tries import check_declines
from app.flows.cards_needed import card_problem
from app.flows.deps import Deps
from app.flows.on_file import OnFile
from app.flows.own_email import check_email
from app.flows.own_subscriptions import Owned, cards
from app.flows.payment import Step
from app.flows.settle import settle_quietly
from app.flows.targets import take_target
from app.identity.actor import Person
from app.orders import store
from app.orders.change_quotes import KeptChange, keep_change, kept_change
from app.orders.packing import pack
from app.orders.states import State
from app.orders.store import Order
from app.promotions.claims import ClaimRefused
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import Renew, SetSeats, SwitchOffer

Growth = SetSeats | SwitchOffer | Renew


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """The button as it was pressed: ``attempt_id`` was minted with the page, ``total`` (minor units) stood on it."""

    attempt_id: str
    quote_id: str
    total: int | None
    return_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the order will be for: its kind, the change, and the plan, price row and seats that come of it.

    ``promo`` is what it was priced with; it is claimed with the order. ``on_file`` where the cards were asked for.
    """

    kind: str
    change: Growth
    plan: str
    offer: str
    seats: int
    promo: Promo | None = None
    on_file: OnFile | None = None


async def show_change(deps: Deps, owned: Owned, change: Growth) -> KeptChange:
    """Return the vendor's quote for ``change`` and remember that it was shown; raises the vendor's errors."""
    vendor = deps.vendors[owned.subscription.vendor]
    quote = await vendor.quote_change(owned.ref, change=change, as_of=deps.clock.now())
    subscription = owned.subscription

    def keep(connection: Connection) -> KeptChange:
        journey.looked_at(connection, deps, change, subscription)
        return keep_change(
            connection, new_id("quo"), subscription_id=subscription.subscription_id, change=change, quote=quote
        )

    return await deps.db.write(keep)


async def pressed_before(deps: Deps, person: Person, attempt_id: str) -> Step | None:
    """Return where a press that was made before leads; None for a new one, NotYours for somebody else's."""
    order = await deps.db.read(lambda connection: store.order_of_attempt(connection, attempt_id))
    if order is None:
        return None
    if order.person_id != person.person_id:
        raise NotYours(attempt_id)
    if order.state is not State.DRAFT:
        return payment.step_for(deps, await settle_quietly(deps, order))
    return await payment.begin(deps, order)


async def order_change(deps: Deps, person: Person, owned: Owned, wanted: Wanted, press: Press) -> Step:
    """Order what the page showed and return where the buyer goes next.

    Raises Refused when the page must be read again; then nothing was charged and nothing changed.
    """
    await check_email(deps, person, next_path=_page_of(owned, wanted))
    shown = await _as_shown(deps, owned, wanted.change, press)
    await check_declines(deps, person.person_id, owned.account.account_id)
    on_file = await (wanted.on_file.read() if wanted.on_file else cards(deps, owned))
    missing = card_problem(deps.vendors[owned.subscription.vendor], shown.quote.due_now, on_file)
    if missing:
        raise Refused(missing)
    order = _draft(deps, owned, wanted, shown, press, person=person, card=on_file[0].ref if on_file else "")
    await close_own_rivals(deps, order, wanted.promo)
    try:
        taken = await take_target(deps, order, None, press.attempt_id, promo=wanted.promo)
    except ClaimRefused as refused:
        raise Refused(refusal(deps, refused)) from refused
    return await payment.begin(deps, taken)


def _page_of(owned: Owned, wanted: Wanted) -> str:
    path, change = wording.subscription_path(owned.subscription.subscription_id), wanted.change
    if isinstance(change, SetSeats):
        return f"{path}/seat-changes?add={change.seats - change.base}"
    if isinstance(change, Renew):
        return f"{path}/renewal/payment?plan={wanted.plan}&seats={change.seats}"
    return f"{path}/plan-changes?plan={wanted.plan}"


async def _as_shown(deps: Deps, owned: Owned, change: Growth, press: Press) -> KeptChange:
    subscription_id = owned.subscription.subscription_id
    shown = await deps.db.read(lambda connection: kept_change(connection, press.quote_id, subscription_id))
    if shown is None or shown.change != pack(change) or shown.quote.due_now.minor != press.total:
        fresh = await show_change(deps, owned, change)
        if shown and shown.change == pack(change):
            await deps.db.write(
                lambda connection: journey.change_repriced(connection, deps, change, owned.subscription)
            )
        raise Refused(_other_total(shown, change, fresh.quote.due_now))
    if shown.quote.expires_at <= deps.clock.now():
        raise Refused(_too_old(shown.quote.expires_at))
    return await _as_it_is_now(deps, owned, change, shown)


def _too_old(expired_at: datetime) -> Problem:
    """Return E-QUOTE; what ended with its day says so, because it may be a minute old."""
    if expired_at != midnight(expired_at):
        return problem(ProblemId.E_QUOTE)
    day = formats.date(expired_at - timedelta(days=1))
    return Problem(ProblemId.E_QUOTE, f"This price was for {day} (UTC). We refreshed it.")


async def _as_it_is_now(deps: Deps, owned: Owned, change: Growth, shown: KeptChange) -> KeptChange:
    """Return what was shown, or where the vendor cannot keep to its instant a new quote that has the same total."""
    if Capability.PINNED_PRORATION in deps.vendors[owned.subscription.vendor].capabilities:
        return shown
    fresh = await show_change(deps, owned, change)
    if fresh.quote.due_now == shown.quote.due_now:
        return fresh
    await deps.db.write(lambda connection: journey.change_repriced(connection, deps, change, owned.subscription))
    raise Refused(_other_total(shown, change, fresh.quote.due_now))


def _other_total(shown: KeptChange | None, change: Growth, total: Money) -> Problem:
    amount = formats.money(total)
    if shown and not shown.is_but_for_discounts(change):
        # the number was typed over and never priced: nothing changed but what the buyer wants
        text = f"For this number the total is {amount}. You have not been charged: check it and press again."
        return Problem(ProblemId.E_PRICE, text)
    return problem(ProblemId.E_PRICE, total=amount)


def _draft(
    deps: Deps, owned: Owned, wanted: Wanted, shown: KeptChange, press: Press, *, person: Person, card: str
) -> Order:
    subscription, account, quote = owned.subscription, owned.account, shown.quote
    renewal = quote.next_charges[0] if quote.next_charges else None
    return Order(
        order_id=new_order_id(),
        kind=wanted.kind,
        intent_id=None,
        person_id=person.person_id,
        account_id=account.account_id,
        vendor=subscription.vendor,
        state=State.DRAFT,
        plan=wanted.plan,
        deployment=subscription.deployment,
        group_id=subscription.group_id,
        group_name=owned.group_name,
        offer=wanted.offer,
        seats=wanted.seats,
        currency=subscription.currency,
        subtotal=quote.subtotal.minor,
        discount=quote.discount.minor,
        tax=quote.tax.amount.minor if quote.tax else 0,
        total=quote.due_now.minor,
        renews_at=renewal.at if renewal else None,
        renewal_total=renewal.total.minor if renewal and renewal.total else None,
        email=account.email,
        company=account.company,
        return_to=press.return_to,
        attempt=1,
        request=pack(wanted.change),
        quote=pack(quote),
        payment_method_ref=card,
        checkout_ref=None,
        checkout_url="",
        checkout_expires_at=None,
        subscription_ref=subscription.subscription_ref,
        invoice_ref=None,
        charge_ref=None,
        amount_paid=0,
        decline="",
        created_at=deps.clock.now(),
        settled_at=None,
        check_at=deps.clock.wall() + store.FIRST_LOOK,
        check_tries=0,
    )
