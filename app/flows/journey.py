"""What flows tell the funnel: where a buyer came from, what they were shown, and how their order moved."""

from sqlalchemy import Connection

from app.events import funnel
from app.events.funnel import Side, Start, Step
from app.flows.campaigns.decide import Promo
from app.flows.deps import Deps
from app.identity.actor import Actor
from app.orders.intents import Choice
from app.orders.kinds import ADD_SEATS, FIRST_ORDER, PACKS, PLAN_CHANGE, RENEWAL
from app.orders.states import State
from app.orders.store import Order
from app.subscriptions.store import Subscription, by_id
from app.vendor_adapters.types import Change, Renew, SetSeats, SwitchOffer

FROM_PLANS = "plans"
"""What the plan page's own buttons say in ``from``."""
_CLOSED = {State.FAILED: "card_declined", State.EXPIRED: "timed_out", State.CANCELLED: "cancelled"}
_REACHED = {State.PAID: Step.PAID, State.GRANTED: Step.GRANTED}


def start_of(deps: Deps, choice: Choice, *, visitor_id: str, mark: str, link_id: str) -> Start:
    """Return what the funnel keeps of a choice.

    Args:
        link_id: the link of the choice's campaign that was clicked last, empty for none.
        mark: the browser's mark of this day. Others may share it, so it counts on the plan page's own buttons alone.
    """
    saw_plans = choice.origin == FROM_PLANS
    return Start(
        keys=(visitor_id, mark) if saw_plans and mark else (visitor_id,),
        saw_plans=saw_plans,
        kind=PACKS if deps.catalog.addon(choice.plan) else FIRST_ORDER,
        deployment=choice.deployment,
        campaign=choice.campaign,
        link_id=link_id,
    )


def change_key(kind: str, subscription_ref: str) -> str:
    """Return what looking at a change of a subscription is filed under, until it becomes an order."""
    return f"{kind}:{subscription_ref}"


def looked_at(connection: Connection, deps: Deps, change: Change, subscription: Subscription) -> None:
    """Note that a manager saw what a change costs, unless it costs nothing before the term ends."""
    kind = _kind_of(change)
    if kind:
        key = change_key(kind, subscription.subscription_ref)
        funnel.viewed_change(connection, key, kind=kind, deployment=subscription.deployment, at=deps.clock.now())


def led_to_seats(connection: Connection, actor: Actor, subscription_id: str, *, campaign: str, link_id: str) -> None:
    """Let a campaign's link that was opened before be what led to looking at more seats."""
    found = by_id(connection, subscription_id)
    if found and campaign:
        key = change_key(ADD_SEATS, found.subscription_ref)
        start = Start(
            keys=(actor.visitor_id,),
            kind=ADD_SEATS,
            deployment=found.deployment,
            campaign=campaign,
            link_id=link_id,
        )
        funnel.led_to_change(connection, key, start)


def told_on_seats(connection: Connection, deps: Deps, subscription: Subscription, promo: Promo) -> None:
    """Note what came of the promotions that were asked for on more seats."""
    visit = funnel.visit_of(connection, (change_key(ADD_SEATS, subscription.subscription_ref),))
    if visit:
        _told(connection, deps, visit, promo)


def change_repriced(connection: Connection, deps: Deps, change: Change, subscription: Subscription) -> None:
    """Note that the price of a change was another one when the button was pressed."""
    visit = funnel.visit_of(connection, (change_key(_kind_of(change), subscription.subscription_ref),))
    if visit:
        funnel.note_side(connection, visit, Side.QUOTE_REPRICED, at=deps.clock.now())


def journey_of(order: Order) -> str:
    """Return the id of an order's journey."""
    return order.intent_id or order.order_id


def confirmed(connection: Connection, deps: Deps, order: Order) -> None:
    """Note that the button was pressed at a valid quote; an order without an intent begins its journey by that."""
    at = deps.clock.now()
    if order.intent_id is None:
        key = change_key(order.kind, order.subscription_ref or "")
        start = Start(keys=(key,), kind=order.kind, deployment=order.deployment)
        funnel.begin(connection, order.order_id, start, at=at)
    funnel.note(connection, journey_of(order), Step.CONFIRMED, at=at)


def returned(connection: Connection, deps: Deps, order: Order) -> None:
    """Note that the buyer of a paid order followed the way back to the product."""
    funnel.note(connection, journey_of(order), Step.RETURNED, at=deps.clock.now())


def repriced(connection: Connection, deps: Deps, intent_id: str) -> None:
    """Note that all was ready and the price was another one by then: nothing was charged, the page asks again."""
    at = deps.clock.now()
    funnel.note(connection, intent_id, Step.PAYMENT_READY, at=at)
    funnel.note_side(connection, intent_id, Side.QUOTE_REPRICED, at=at)


def priced(connection: Connection, deps: Deps, intent_id: str, reached: Step, promo: Promo | None) -> None:
    """Note that a checkout showed a price, and what came of the promotions that were asked for."""
    funnel.note(connection, intent_id, reached, at=deps.clock.now())
    if promo:
        _told(connection, deps, intent_id, promo)


def moved(connection: Connection, deps: Deps, order: Order, state: State, *, decline: str) -> None:
    """Tell the funnel that an order came into ``state``; ``decline`` is why its last card was refused, if one was."""
    journey, at = journey_of(order), deps.clock.now()
    if state in _REACHED:
        funnel.note(connection, journey, _REACHED[state], at=at)
    elif state in _CLOSED:
        funnel.failed(connection, journey, reason=f"card_{decline}" if decline else _CLOSED[state], at=at)
    elif state is State.ACTION_REQUIRED:
        funnel.note_side(connection, journey, Side.ACTION_REQUIRED, at=at)


def _told(connection: Connection, deps: Deps, journey_id: str, promo: Promo) -> None:
    at = deps.clock.now()
    for _row, applied in promo.applied:
        funnel.promo_applied(connection, journey_id, slug=applied.offer.slug, at=at)
    for _row, rejected in promo.rejected:
        funnel.promo_rejected(connection, journey_id, reason=rejected.reason.value, slug=rejected.slug, at=at)


def _kind_of(change: Change) -> str:
    if isinstance(change, SwitchOffer):
        return "" if change.at_renewal else PLAN_CHANGE
    if isinstance(change, Renew):
        return RENEWAL
    return ADD_SEATS if isinstance(change, SetSeats) else ""
