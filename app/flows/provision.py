"""Handing out what was bought: the outbox's jobs for the product, the receipt and a payment that must go back."""

from sqlalchemy import Connection

from app import formats
from app.core.money import Money
from app.emails.mails import Receipt, SwitchedOn
from app.emails.render import render
from app.entitlements import store as entitlements
from app.entitlements.product import PlanGrant, ProductRefused, ProductUnavailable
from app.entitlements.store import Entitlement
from app.events import audit
from app.events.outbox import Job
from app.flows import wording
from app.flows.deps import Deps
from app.flows.greetings import greeted
from app.flows.order_page import WATCHED_FOR
from app.flows.order_steps import advance
from app.flows.post import enqueue_mail
from app.flows.sync import sync
from app.flows.told import tell_paid_back
from app.orders import store
from app.orders.states import Action
from app.orders.store import Order
from app.subscriptions import store as subscriptions
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import (
    ChargeRef,
    IdempotencyKey,
    InvoiceRef,
    LineKind,
    RenewalDecision,
    SubscriptionRef,
)


async def grant_plan(deps: Deps, job: Job) -> None:
    """Tell the product what a group should have now. Raises ProductUnavailable to be tried again.

    The newest wanted state is sent, whichever version the job was made for: it is absolute.
    """
    target = str(job.payload["target"])
    wanted = await deps.db.read(lambda connection: entitlements.get(connection, target))
    if wanted is None or wanted.is_granted:
        return
    waiting = await deps.db.read(lambda connection: _waiting(connection, wanted))
    order_id = waiting[-1].order_id if waiting else wanted.order_id
    grant = PlanGrant(
        plan=wanted.plan,
        seats=wanted.seats,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        version=wanted.version,
    )
    try:
        (result,) = await deps.product.grant(order_id or wanted.subscription_id, wanted.group_id, (grant,))
    except ProductUnavailable:
        await deps.db.write(lambda connection: _delayed(connection, deps, wanted))
        raise
    if not result.ok:
        await deps.db.write(lambda connection: _delayed(connection, deps, wanted))
        raise ProductUnavailable(result.reason) if result.retry else ProductRefused(result.reason)
    await deps.db.write(lambda connection: _granted(connection, deps, wanted))


async def send_receipt(deps: Deps, job: Job) -> None:
    """Mail the receipt with the figures of the vendor's invoice, so that it says what was charged."""
    order = await deps.db.read(lambda connection: store.get_order(connection, job.order_id))
    if order is None or not order.invoice_ref:
        return
    name = await deps.db.read(lambda connection: greeted(connection, order))
    invoice = await deps.vendors[order.vendor].get_invoice(InvoiceRef(order.invoice_ref))
    lines = [(wording.line_text(deps.catalog, line), formats.money(line.amount)) for line in invoice.lines]
    if not invoice.discount.is_zero and not any(line.kind is LineKind.DISCOUNT for line in invoice.lines):
        lines.append(("Discount", formats.money(-invoice.discount)))
    lines.append(("Tax", formats.money(invoice.tax)))
    renewal = ""
    if order.renews_at and order.renewal_total is not None:
        renewal = wording.renewal(order.renews_at, Money(order.renewal_total, order.currency))
    mail = Receipt(
        to=order.email,
        name=name,
        order_id=order.order_id,
        bought=wording.bought(deps.catalog, order),
        lines=tuple(lines),
        total=formats.money(invoice.total),
        renewal=renewal,
        order_url=wording.order_url(deps.config, order.order_id),
        document_url=invoice.document_url,
    )
    await deps.mailer.send(render(mail, message_id=job.job_id, order_id=order.order_id))


class NeedsPeople(Exception):
    """A job that people must finish, and that is listed for them; the text says what is to be done."""


async def refund_duplicate(deps: Deps, job: Job) -> None:
    """Give the later of two payments for one group back and end its subscription at once; repeatable by key.

    Raises NeedsPeople where the vendor makes no refunds: the subscription is ended, and the buyer knows.
    """
    order = await deps.db.read(lambda connection: store.get_order(connection, job.order_id))
    if order is None:
        return
    vendor = deps.vendors[order.vendor]
    if order.subscription_ref:
        await vendor.set_renewal(
            SubscriptionRef(order.subscription_ref),
            decision=RenewalDecision.END_NOW,
            key=IdempotencyKey(f"order:{order.order_id}:end_now:{order.attempt}"),
        )
        await sync(deps, order.vendor, order.subscription_ref)
    if order.charge_ref and order.amount_paid:
        if Capability.REFUNDS not in vendor.capabilities:
            await deps.db.write(lambda connection: _left_to_people(connection, deps, order))
            raise NeedsPeople(
                f"give back by hand {_paid(order)}, charge {order.charge_ref}: no refunds at {vendor.name}"
            )
        await vendor.refund(
            ChargeRef(order.charge_ref),
            amount=Money(order.amount_paid, order.currency),
            reason="the group already had a plan",
            key=IdempotencyKey(f"order:{order.order_id}:refund:{order.attempt}"),
        )
    await deps.db.write(lambda connection: paid_back(connection, deps, order.order_id, actor="system"))


def paid_back(connection: Connection, deps: Deps, order_id: str, *, actor: str) -> bool:
    """Note that the whole payment of an order went back, and mail it unless that was told; whether the order was paid.

    Args:
        actor: who gave it back: the store, or somebody by hand.
    """
    now = deps.clock.wall()
    order = store.lock_order(connection, order_id)
    changes = {"amount_refunded": order.amount_paid} if order else {}
    if order is None or advance(connection, deps, order, Action.REFUND, now=now, changes=changes) is None:
        return False
    detail = f"{order.amount_paid} {order.currency}"
    audit.record(connection, actor=actor, action="order.refunded", subject=order_id, detail=detail, now=now)
    tell_paid_back(connection, deps, order)
    return True


def _waiting(connection: Connection, wanted: Entitlement) -> tuple[Order, ...]:
    subscription = subscriptions.by_id(connection, wanted.subscription_id)
    return store.awaiting_grant(connection, subscription.subscription_ref) if subscription else ()


def _delayed(connection: Connection, deps: Deps, wanted: Entitlement) -> None:
    for waiting in _waiting(connection, wanted):
        order = store.lock_order(connection, waiting.order_id)
        if order:
            advance(connection, deps, order, Action.DELAY, now=deps.clock.wall())


def _granted(connection: Connection, deps: Deps, wanted: Entitlement) -> None:
    now = deps.clock.wall()
    for waiting in _waiting(connection, wanted):
        store.lock_order(connection, waiting.order_id)  # orders first, as who settles one does
    entitlements.mark_granted(connection, wanted.target, wanted.version)
    audit.record(
        connection,
        actor="system",
        action="entitlement.granted",
        subject=wanted.target,
        detail=f"version {wanted.version}",
        now=now,
    )
    newest = entitlements.get(connection, wanted.target)
    if newest is None or not newest.is_granted:
        return  # something was bought meanwhile: its own grant tells
    for waiting in _waiting(connection, wanted):
        order = store.lock_order(connection, waiting.order_id)
        if order is None or (order.packs and not order.packs_granted):
            continue  # the minutes that it was bought with tell when they are there
        if advance(connection, deps, order, Action.GRANT, now=now) is None:
            continue
        if is_late(deps, order):
            tell_switched_on(connection, deps, order)


def is_late(deps: Deps, order: Order) -> bool:
    """Whether the buyer has stopped watching the order's page by now."""
    return order.settled_at is not None and deps.clock.wall() - order.settled_at > WATCHED_FOR


def tell_switched_on(connection: Connection, deps: Deps, order: Order) -> None:
    """Mail that what was bought is switched on, once."""
    mail = SwitchedOn(
        to=order.email,
        name=greeted(connection, order),
        order_id=order.order_id,
        bought=wording.bought(deps.catalog, order),
        order_url=wording.order_url(deps.config, order.order_id),
    )
    enqueue_mail(
        connection,
        deps.sealer,
        mail,
        dedupe_key=f"switched_on:{order.order_id}",
        order_id=order.order_id,
        now=deps.clock.wall(),
    )


def _left_to_people(connection: Connection, deps: Deps, order: Order) -> None:
    if not tell_paid_back(connection, deps, order, by_hand=True):
        return
    detail, now = f"{_paid(order)}, charge {order.charge_ref}", deps.clock.wall()
    audit.record(
        connection, actor="system", action="order.refund_by_hand", subject=order.order_id, detail=detail, now=now
    )


def _paid(order: Order) -> str:
    return formats.money(Money(order.amount_paid, order.currency))
