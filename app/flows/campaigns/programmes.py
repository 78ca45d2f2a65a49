"""Programmes: a grant that was applied for and approved is taken up with a code of its own, once, for one term."""

from sqlalchemy import Connection

from app.events.outbox import Job
from app.flows.deps import Deps
from app.flows.start import start_intent
from app.flows.sync import sync
from app.identity.actor import Actor
from app.orders import store
from app.orders.intents import Choice
from app.promotions.model import Campaign, Status
from app.promotions.store import campaigns
from app.vendor_adapters.types import IdempotencyKey, RenewalDecision, SubscriptionRef

_HOSTED = "hosted"


async def take_up(deps: Deps, actor: Actor, name: str, code: str, currency: str) -> str | None:
    """Keep what a programme's mail leads to and return the intent's id; None for what is no programme.

    The code is looked at on the checkout, as every other: nothing here tells whether it is one.
    """
    campaign = await deps.db.read(lambda connection: _programme(connection, name))
    plan = next((plan for offer in campaign.offers for plan in offer.target.plans), "") if campaign else ""
    if campaign is None or not plan:
        return None
    choice = Choice(plan=plan, deployment=_HOSTED, currency=currency, seats=campaign.landing.seats)
    return await start_intent(deps, actor, choice, promo=code, flow=None)


async def end_renewal(deps: Deps, job: Job) -> None:
    """Let what a programme gave end with its term; repeatable by key."""
    order = await deps.db.read(lambda connection: store.get_order(connection, job.order_id))
    if order is None or not order.subscription_ref:
        return
    await deps.vendors[order.vendor].set_renewal(
        SubscriptionRef(order.subscription_ref),
        decision=RenewalDecision.END,
        key=IdempotencyKey(f"order:{order.order_id}:end_renewal:{order.attempt}"),
    )
    await sync(deps, order.vendor, order.subscription_ref)


def _programme(connection: Connection, name: str) -> Campaign | None:
    found = campaigns.find(connection, name)
    if found is None or found.status is Status.DRAFT or not found.campaign.agreement:
        return None
    return found.campaign
