"""What the checkout shows: the intent, the buyer's groups, who is billed, and the vendor's one true price."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import Connection

from app.catalog.countries import is_country
from app.catalog.model import Addon
from app.catalog.tax_ids import is_tax_id, tax_id_kind
from app.core.problems import NotYours, Problem, ProblemId, problem
from app.events import funnel
from app.events.funnel import Step
from app.flows import purchase, wording
from app.flows.billing_details import details_problems
from app.flows.campaigns.checkout import price_with_promotions
from app.flows.campaigns.decide import Promo
from app.flows.campaigns.facts import Buyer
from app.flows.campaigns.memory import ask_once_signed_in
from app.flows.cards_needed import NO_CARD, card_problem
from app.flows.deps import Deps
from app.flows.groups import GroupChoice, GroupOption, group_choice
from app.flows.mixed_cart import Extra, extra_of
from app.flows.not_sold import not_sold
from app.flows.offers import note_vendor_away
from app.flows.on_file import OnFile
from app.flows.packs import Linked, coterm_of, linked_plan, packs_blocker
from app.flows.quoting import Priced
from app.flows.settle import look_up
from app.flows.usage.known import proposed_packs
from app.identity.accounts import BillingAccount
from app.identity.actor import Actor, Person
from app.orders import intents, store
from app.orders.intents import Details, Intent
from app.orders.states import KEPT, UNPAID, State
from app.orders.store import Order
from app.promotions.misses import Guesser
from app.promotions.model import LandingFlow
from app.subscriptions.store import Subscription, has_subscription
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import RejectReason, VendorError, VendorRejected
from app.vendor_adapters.types import CustomerRef, PaymentMethodSummary, PurchaseItem, TaxIdStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """Everything that the page and the confirm step need to know, read afresh.

    Attributes:
        seats: what will be bought, at least 1. priced: None while there is no price (the vendor is away, or the
            currency is not sold). cards: stored ones, empty for a new buyer, None while the vendor does not
            tell. order: the newest order of the intent.
        notices: what the buyer should know and may ignore. blocker: why nothing can be bought just now. addon: set
            where packs are bought, ``seats`` are then packs. coterm: the subscription that they will end with.
        extra: packs that may go along with a plan. on_file: where ``cards`` come from. needs_card: with a card on file
            the ``blocker`` is over.
        promo: what was asked for and what came of it; None where no discount can be had.
    """

    intent: Intent
    person: Person
    account: BillingAccount | None
    details: Details
    groups: GroupChoice | None
    seats: int
    priced: Priced | None
    cards: tuple[PaymentMethodSummary, ...] | None
    order: Order | None
    notices: tuple[Problem, ...]
    blocker: Problem | None
    on_file: OnFile = field(repr=False, compare=False)
    addon: Addon | None = None
    coterm: Subscription | None = None
    promo: Promo | None = None
    extra: Extra | None = None
    needs_card: bool = False

    @property
    def group(self) -> GroupOption | None:
        """The group that the order would be for; None for a self-managed one, or before one is chosen."""
        return self.groups.chosen if self.groups else None

    @property
    def is_hosted(self) -> bool:
        """Whether the order is for a group of the product."""
        return self.intent.choice.deployment == "hosted"


async def open_intent(deps: Deps, actor: Actor, intent_id: str) -> Intent:
    """Return the actor's intent, made theirs; NotYours when it is not."""
    person = actor.person
    if person is None:
        raise NotYours(intent_id)

    def read(connection: Connection) -> Intent:
        return intents.intent_of(
            connection,
            intent_id,
            visitor_id=actor.visitor_id,
            person_id=person.person_id,
            now=deps.clock.wall(),
        )

    intent = await deps.db.read(read)
    if intent.person_id is None:
        await deps.db.write(lambda connection: _claim(connection, deps, actor, intent, person))
    return intent


async def visit(deps: Deps, actor: Actor, intent_id: str, *, guesser: Guesser | None = None) -> Checkout | Order:
    """Return what the checkout shows, or the paid order that it has become: pressing Back never sells twice.

    Once it is forgotten, the order that somebody has placed there says how that ended, and how to begin anew.
    """
    try:
        intent = await open_intent(deps, actor, intent_id)
    except NotYours:
        person_id = actor.person.person_id if actor.person else ""
        past = await deps.db.read(lambda connection: store.newest_order_of(connection, intent_id, person_id))
        if past is None:
            raise
        return past
    order_id = intent.order_id
    kept = await deps.db.read(lambda connection: store.kept_order(connection, intent_id))
    if kept:
        return kept
    order = await deps.db.read(lambda connection: store.get_order(connection, order_id)) if order_id else None
    if order and order.state in UNPAID:
        order, is_known = await look_up(deps, order)
        if order.state in KEPT or not is_known:
            return order  # its page tells what is known, and that nothing should be paid twice
    return await read_checkout(deps, actor, intent, guesser=guesser)


async def read_checkout(
    deps: Deps,
    actor: Actor,
    intent: Intent,
    *,
    with_cards: bool = True,
    guesser: Guesser | None = None,
    at: datetime | None = None,
) -> Checkout:
    """Read the product and the vendor for ``intent`` and return what the page shows.

    At most two calls to the vendor: the quote, and the stored cards of somebody who has paid here before. One more for
    each discount that is applied the first time.

    Args:
        guesser: whose wrong codes are counted, as far as it is known. at: business time at which offers are decided
            on, now when it is not given.
        with_cards: without them, one call, unless what applies is counted for each buyer; ``with_cards`` adds them when
            the page is shown after all. Packs that are added to a plan always come with them, because the card that is
            charged is not the buyer's choice.
    """
    person = actor.person
    if person is None:
        raise NotYours(intent.intent_id)
    account, order = await deps.db.read(lambda connection: _own(connection, deps, intent, person))
    groups = await group_choice(deps, person, intent) if intent.choice.deployment == "hosted" else None
    addon = deps.catalog.addon(intent.choice.plan)
    linked = await _linked(deps, person, groups) if addon else None
    if linked and linked.account:
        account = linked.account
    if account and account.currency != intent.choice.currency:
        intent = replace(intent, choice=replace(intent.choice, currency=account.currency))
    details = _details(intent, account, person)
    seats = intent.choice.seats or await _proposed(deps, groups, addon)
    coterm = coterm_of(deps, addon, linked) if addon and linked else None
    checkout = Checkout(
        intent=intent,
        person=person,
        account=account,
        details=details,
        groups=groups,
        seats=seats,
        priced=None,
        cards=(),
        order=order,
        notices=() if addon else _notices(deps, intent, groups, seats),
        blocker=(groups.problem if groups else None) or (packs_blocker(linked, coterm) if linked else None),
        on_file=OnFile(lambda: _on_file(deps, account)),
        addon=addon,
        coterm=coterm,
        extra=extra_of(deps, intent.choice),
    )
    guesser = guesser or Guesser(session=actor.visitor_id, account=person.person_id)
    pricing = _with_price(deps, checkout, guesser, at or deps.clock.now())
    if not with_cards and checkout.coterm is None:
        return await pricing
    shown, cards = await asyncio.gather(pricing, _cards(checkout))
    if cards and shown.priced and _reached(deps, shown) is Step.DETAILS_VALID:
        await deps.db.write(lambda connection: _ready(connection, deps, shown))
    return _with_card(deps, replace(shown, cards=cards))


def _with_card(deps: Deps, checkout: Checkout) -> Checkout:
    """Return ``checkout``, blocked where what it adds to a plan needs a card on file and there is none."""
    if checkout.coterm is None or checkout.priced is None or checkout.blocker:
        return checkout
    missing = card_problem(deps.vendor, checkout.priced.total, checkout.cards)
    needs_card = missing is not None and checkout.cards is not None
    if missing is NO_CARD:
        path = urlencode({"account": checkout.account.account_id if checkout.account else ""})
        missing = replace(missing, path=f"/payment-methods?{path}")
    return replace(checkout, blocker=missing, needs_card=needs_card)


async def with_cards(checkout: Checkout) -> Checkout:
    """Return ``checkout`` with the stored cards, for a page that is shown after all."""
    return replace(checkout, cards=await _cards(checkout))


def takes_stored_cards(deps: Deps, account: BillingAccount) -> bool:
    """Whether a card of the account's customer can be charged without the payment page."""
    return account.customer_ref is not None and Capability.STORED_CARD_PURCHASE in deps.vendor.capabilities


def _claim(connection: Connection, deps: Deps, actor: Actor, intent: Intent, person: Person) -> None:
    intents.claim_intent(connection, intent.intent_id, person.person_id)
    flow = LandingFlow.PACKS if deps.catalog.addon(intent.choice.plan) else LandingFlow.PLANS
    ask_once_signed_in(connection, deps, actor, intent.intent_id, flow)
    funnel.note(connection, intent.intent_id, Step.SIGNED_IN, at=deps.clock.now())


async def _with_price(deps: Deps, checkout: Checkout, guesser: Guesser, at: datetime) -> Checkout:
    choice = checkout.intent.choice
    offer = purchase.offer_key(deps, plan=choice.plan, deployment=choice.deployment, currency=choice.currency)
    if offer is None:
        return _away(checkout)
    extras = checkout.extra.items if checkout.extra else ()
    try:
        priced, promo = await price_with_promotions(
            deps,
            checkout.intent,
            _buyer(checkout),
            guesser,
            items=(PurchaseItem(offer=offer, quantity=checkout.seats), *extras),
            details=checkout.details,
            account=checkout.account,
            coterm=checkout.coterm,
            at=at,
            reached=_reached(deps, checkout),
        )
    except VendorRejected as error:
        if error.reason is RejectReason.INVALID_ADDRESS:
            return replace(checkout, blocker=problem(ProblemId.E_ADDR_POST, "postal_code", country="this country"))
        found = not_sold(error, checkout.coterm)
        return replace(checkout, blocker=checkout.blocker or found) if found else _away(checkout)
    except VendorError:
        await note_vendor_away(deps)
        return _away(checkout)
    notices = (*checkout.notices, *_tax_notices(deps, checkout.details, priced))
    return replace(checkout, priced=priced, notices=notices, promo=promo)


def _buyer(checkout: Checkout) -> Buyer:
    country = checkout.details.country
    return Buyer(
        person=checkout.person,
        account=checkout.account,
        group_id=checkout.group.id if checkout.group else "",
        country=country if is_country(country) else "",
        on_file=checkout.on_file,
    )


def _reached(deps: Deps, checkout: Checkout) -> Step:
    """Return how far this page is: whether all that is needed besides the payment stands there."""
    is_open = checkout.blocker is None and (not checkout.is_hosted or checkout.group is not None)
    is_valid = is_open and not details_problems(deps, checkout.details)
    return Step.DETAILS_VALID if is_valid else Step.CHECKOUT_VIEWED


def _ready(connection: Connection, deps: Deps, checkout: Checkout) -> None:
    funnel.note(connection, checkout.intent.intent_id, Step.PAYMENT_READY, at=deps.clock.now())


def _away(checkout: Checkout) -> Checkout:
    return replace(checkout, blocker=checkout.blocker or problem(ProblemId.E_VENDOR))


async def _linked(deps: Deps, person: Person, groups: GroupChoice | None) -> Linked | None:
    chosen = groups.chosen if groups else None
    if chosen is None:
        return None
    return await deps.db.read(lambda connection: linked_plan(connection, deps, chosen.id, person))


async def _proposed(deps: Deps, groups: GroupChoice | None, addon: Addon | None) -> int:
    chosen = groups.chosen if groups else None
    if addon:
        return await proposed_packs(deps, addon, chosen.id if chosen else "")
    return max(chosen.members, 1) if chosen else 1


async def _cards(checkout: Checkout) -> tuple[PaymentMethodSummary, ...] | None:
    cards = await checkout.on_file.read()
    if cards is not None and checkout.coterm:
        return tuple(card for card in cards if card.is_default)  # the vendor charges a change to that one
    return cards


async def _on_file(deps: Deps, account: BillingAccount | None) -> tuple[PaymentMethodSummary, ...] | None:
    if account is None or account.customer_ref is None or not takes_stored_cards(deps, account):
        return ()
    if not await deps.db.read(lambda connection: _may_have_cards(connection, account.account_id)):
        return ()
    try:
        return await deps.vendor.payment_methods(CustomerRef(account.customer_ref))
    except VendorError:
        return None


def _own(
    connection: Connection, deps: Deps, intent: Intent, person: Person
) -> tuple[BillingAccount | None, Order | None]:
    account = purchase.own_account(connection, deps, person.person_id)
    return account, store.get_order(connection, intent.order_id) if intent.order_id else None


def _may_have_cards(connection: Connection, account_id: str) -> bool:
    """A card is stored by paying, so the vendor need not be asked before that."""
    return store.has_paid_order(connection, account_id) or has_subscription(connection, account_id)


def _details(intent: Intent, account: BillingAccount | None, person: Person) -> Details:
    """What was typed here, else what the account holds, else what the sign-in told."""
    if intent.details != Details():
        return intent.details
    if account:
        return purchase.details_of(account)
    return Details(full_name=person.name, email=person.email)


def _notices(deps: Deps, intent: Intent, groups: GroupChoice | None, seats: int) -> tuple[Problem, ...]:
    members, name = intent.instance_users or 0, "Your instance"
    if groups:
        members, name = (groups.chosen.members, groups.chosen.id) if groups.chosen else (0, "")
    if seats >= members:
        return ()
    words = {"group": name, "members": str(members), "seats": str(seats), "over": str(members - seats)}
    return (problem(ProblemId.E_SEATS_LOW, "seats", **words),)


def _tax_notices(deps: Deps, details: Details, priced: Priced) -> tuple[Problem, ...]:
    return (problem(ProblemId.E_TAXID, "tax_id"),) if is_tax_id_refused(deps, details, priced) else ()


def is_tax_id_refused(deps: Deps, details: Details, priced: Priced) -> bool:
    """Whether a tax id was typed that gives nothing: its format is wrong, or the vendor says no."""
    rules = deps.catalog.rules.tax_ids
    if not details.tax_id or tax_id_kind(details.country, rules) is None:
        return False
    if not is_tax_id(details.country, details.tax_id, rules):
        return True
    return priced.quote.tax is not None and priced.quote.tax.tax_id_status is TaxIdStatus.REFUSED


def is_unpaid(order: Order | None) -> bool:
    """Whether somebody went on to pay and has not, by the vendor's word: for the page that ``visit`` returns."""
    return order is not None and order.state is State.SUBMITTED and not order.decline


def order_problem(order: Order | None) -> Problem | None:
    """Return the refused payment that the newest order of the intent met last, if it is still to be paid."""
    if order is None or not order.decline:
        return None
    return wording.decline_problem(order.decline)
