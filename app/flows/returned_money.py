"""Money that the vendor's people or a bank gave back: noted, told, and followed by one absolute rule.

What a charge paid for ends when all of its money is back with the buyer: the term that runs at once, while a next term
that was paid before its day does not come, nor renew by itself; of minutes that it paid for, those not used yet are
taken back. A part, a dispute that is not lost, and seats or storage added within a term leave everything as it is, and
the buyer is told so: people look at those. Storage is what the vendor's subscriptions hold.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from app import formats
from app.emails.mails import ChargeDisputed, Mail, MoneyReturned
from app.events import audit, outbox
from app.flows import wording
from app.flows.deps import Deps
from app.flows.order_steps import advance, take_minutes_back
from app.flows.own_account import account_name
from app.flows.paid_ahead import left_open, note_paid_ahead
from app.flows.post import GROUP, enqueue_mail
from app.flows.renewals.mails import group_of, page_url, subject_of
from app.flows.settle import REFUND_DUPLICATE
from app.flows.sync import sync
from app.identity.accounts import BillingAccount, account_by_id
from app.orders import store
from app.orders.kinds import ADD_PACKS, ADD_SEATS, PLAN_CHANGE
from app.orders.states import Action, State
from app.orders.store import Order
from app.subscriptions.store import Subscription, by_ref
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import NotSupported, RejectReason, VendorRejected
from app.vendor_adapters.types import (
    ChargeRef,
    ChargeSummary,
    DisputeState,
    IdempotencyKey,
    LineKind,
    RenewalDecision,
    SubscriptionRef,
    SubscriptionStatus,
)

_ADDED = frozenset({ADD_SEATS, PLAN_CHANGE, ADD_PACKS})
"""Orders of what joins a term that runs: paid back, it stays until people take it off (ADR 9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidFor:
    """What a charge paid for, as the store knows it; at least one of the two is there."""

    order: Order | None
    subscription: Subscription | None
    account: BillingAccount


async def look_at_charge(deps: Deps, vendor: str, ref: str) -> None:
    """Read a charge and take over what became of its money; repeatable, and nothing for one that is nobody's here.

    Raises the vendor's errors; then nothing is noted, and the next look will find out.
    """
    try:
        charge = await deps.vendors[vendor].get_charge(ChargeRef(ref))
    except NotSupported:
        return
    except VendorRejected as error:
        if error.reason is RejectReason.NOT_FOUND:
            return
        raise
    if charge.refunded.is_zero and charge.dispute is DisputeState.NONE:
        return
    paid_for = await deps.db.read(lambda connection: _paid_for(connection, vendor, charge))
    if paid_for is None:
        return
    ended = None
    if charge.is_returned and paid_for.subscription is not None:
        ended = await _end(deps, vendor, charge, paid_for.subscription)
    await deps.db.write(lambda connection: _note(connection, deps, charge, paid_for, ended))


def _paid_for(connection: Connection, vendor: str, charge: ChargeSummary) -> PaidFor | None:
    named = store.get_order(connection, charge.order) if charge.order else None
    order = named or store.order_of_charge(connection, vendor, charge.ref)
    subscription = by_ref(connection, charge.subscription) if charge.subscription else None
    known = order or subscription
    account = account_by_id(connection, known.account_id) if known else None
    return PaidFor(order=order, subscription=subscription, account=account) if account else None


async def _end(deps: Deps, vendor: str, charge: ChargeSummary, subscription: Subscription) -> RenewalDecision | None:
    """End what the charge had paid for, and return how: the term that runs at once, the next one before it begins.

    That is done once: what the buyer decides of the renewal afterwards stands.
    """
    ref = SubscriptionRef(subscription.subscription_ref)
    known = await sync(deps, vendor, ref) or subscription
    decision = await _what_ends(deps, vendor, charge, known)
    if decision is None or await deps.db.read(lambda connection: _is_told(connection, charge)):
        return decision
    if decision is RenewalDecision.END_NOW:
        await deps.db.write(lambda connection: note_paid_ahead(connection, deps, known, charge=charge.ref))
    key = IdempotencyKey(f"charge:{charge.ref}:{decision.value}:1")
    await deps.vendors[vendor].set_renewal(ref, decision=decision, key=key)
    await sync(deps, vendor, ref)
    return decision


async def _what_ends(
    deps: Deps, vendor: str, charge: ChargeSummary, subscription: Subscription
) -> RenewalDecision | None:
    """Return what a charge for a whole term asks for; changes within a term credit and charge, and buy none."""
    if charge.invoice is None or subscription.status is SubscriptionStatus.CANCELLED:
        return None
    invoice = await deps.vendors[vendor].get_invoice(charge.invoice)
    for line in invoice.lines:
        if line.kind is LineKind.PURCHASE and line.starts_at is not None and line.ends_at is not None:
            if line.starts_at <= subscription.starts_at < line.ends_at:
                return RenewalDecision.END_NOW
            if line.starts_at >= subscription.ends_at:
                return RenewalDecision.END
    return None


def _is_told(connection: Connection, charge: ChargeSummary) -> bool:
    """Whether it was told already that all of the money is back."""
    key = _returned_key(charge) if charge.refunded == charge.amount else _dispute_key(charge)
    return outbox.is_known(connection, kind=outbox.MAIL, dedupe_key=key)


def _returned_key(charge: ChargeSummary) -> str:
    return f"money_returned:{charge.ref}:{charge.refunded.minor}"


def _dispute_key(charge: ChargeSummary) -> str:
    return f"dispute:{charge.ref}:{charge.dispute.value}"


def _note(
    connection: Connection, deps: Deps, charge: ChargeSummary, paid_for: PaidFor, ended: RenewalDecision | None
) -> None:
    """Write it down and tell it once for each sum and each state; the order says what is left of it."""
    now, order = deps.clock.wall(), paid_for.order
    if order is not None and _is_ours_to_tell(connection, order):
        return
    if order is not None:
        locked = store.lock_order(connection, order.order_id)
        store.update_order(connection, order.order_id, amount_refunded=charge.refunded.minor)
        if locked is not None and charge.refunded == charge.amount:
            advance(connection, deps, locked, Action.REFUND, now=now)
        elif charge.is_returned:  # the bank's word leaves the order paid, and the money is back all the same
            take_minutes_back(connection, deps, order)
    after = by_ref(connection, charge.subscription) if charge.subscription else None
    subject = order.order_id if order else (after.subscription_id if after else charge.ref)
    then = _then(deps, charge, paid_for, after, ended) + left_open(connection, charge=charge.ref)
    if not charge.refunded.is_zero:
        mail = _returned(deps, charge, paid_for, then)
        if _tell(connection, deps, mail, _returned_key(charge), paid_for):
            detail = f"{charge.refunded.minor} of {charge.amount.minor} {charge.amount.currency}, charge {charge.ref}"
            audit.record(connection, actor="vendor", action="charge.refunded", subject=subject, detail=detail, now=now)
    if charge.dispute is not DisputeState.NONE:
        mail = _disputed(deps, charge, paid_for, then)
        if _tell(connection, deps, mail, _dispute_key(charge), paid_for):
            detail = f"{charge.dispute.value}, charge {charge.ref}"
            audit.record(connection, actor="vendor", action="charge.disputed", subject=subject, detail=detail, now=now)


def _is_ours_to_tell(connection: Connection, order: Order) -> bool:
    """Whether the store gives the order's money back itself, and says so; not what people closed without a refund."""
    if not outbox.is_known(connection, kind=REFUND_DUPLICATE, dedupe_key=order.order_id):
        return False
    is_closed = outbox.is_closed(connection, kind=REFUND_DUPLICATE, dedupe_key=order.order_id)
    return order.state is State.REFUNDED or not is_closed


def _returned(deps: Deps, charge: ChargeSummary, paid_for: PaidFor, then: str) -> Mail:
    return MoneyReturned(
        to=paid_for.account.email,
        name=account_name(paid_for.account),
        what=_what(deps, paid_for),
        amount=formats.money(charge.refunded),
        then=then,
        page_url=_page(deps, paid_for),
    )


def _disputed(deps: Deps, charge: ChargeSummary, paid_for: PaidFor, then: str) -> Mail:
    amount, what = formats.money(charge.amount), _what(deps, paid_for)
    outcomes = {
        DisputeState.OPEN: f"The charge of {amount} for {what} is disputed at your bank. "
        "Nothing changes before the bank has decided.",
        DisputeState.WON: f"Your bank has decided that the charge of {amount} for {what} stands. Nothing changes.",
        DisputeState.LOST: f"Your bank has returned the charge of {amount} for {what}. {then}",
    }
    return ChargeDisputed(
        to=paid_for.account.email,
        name=account_name(paid_for.account),
        what=what,
        outcome=outcomes[charge.dispute],
        page_url=_page(deps, paid_for),
    )


def _then(
    deps: Deps,
    charge: ChargeSummary,
    paid_for: PaidFor,
    after: Subscription | None,
    ended: RenewalDecision | None,
) -> str:
    if not charge.is_returned:
        return "What runs now stays as it is."
    is_ended = after is not None and after.status is SubscriptionStatus.CANCELLED
    has_minutes = paid_for.order is not None and wording.minutes_of(deps.catalog, paid_for.order) > 0
    said = ["What it had paid for has ended."] if is_ended else []
    if after is not None and not is_ended and paid_for.order is not None and paid_for.order.kind in _ADDED:
        said.append(_stays(deps, after, paid_for.order))
    if after is not None and not is_ended and ended is RenewalDecision.END:
        said = [f"It ends on {formats.date(after.ends_at)} and does not renew by itself."]
    if has_minutes:
        said.append("Compute minutes of it that are not used yet are taken back; what was used stays used.")
    return " ".join(said) or "What runs now stays as it is."


def _stays(deps: Deps, subscription: Subscription, order: Order) -> str:
    is_ending = subscription.cancel_at is not None
    until = subscription.cancel_at or subscription.paid_until or subscription.ends_at
    if subscription.paid_until is not None and not _is_in_next_term(deps, subscription, order):
        is_ending, until = True, subscription.ends_at
    renews = "" if is_ending else ", and renews with the rest then"
    day = formats.date(until)
    return f"What was added with it stays until {day}{renews}. Write to us if you do not want to keep it."


def _is_in_next_term(deps: Deps, subscription: Subscription, order: Order) -> bool:
    """Whether a next term that is paid has what the order added; where its shape was chosen, as far as known."""
    if Capability.RESHAPED_RENEWAL not in deps.vendors[subscription.vendor].capabilities:
        return True
    return order.kind != ADD_PACKS and subscription.booked is None


def _what(deps: Deps, paid_for: PaidFor) -> str:
    if paid_for.order is not None:
        order = paid_for.order
        return wording.bought(deps.catalog, replace(order, group_name=GROUP if order.group_id else ""))
    return f"the renewal of {subject_of(deps.catalog, paid_for.subscription)}" if paid_for.subscription else "it"


def _page(deps: Deps, paid_for: PaidFor) -> str:
    if paid_for.order is not None:
        return wording.order_url(deps.config, paid_for.order.order_id)
    return page_url(deps, paid_for.subscription) if paid_for.subscription else deps.config.base_url


def _tell(connection: Connection, deps: Deps, mail: Mail, dedupe_key: str, paid_for: PaidFor) -> bool:
    order, of_subscription = paid_for.order, group_of(paid_for.subscription) if paid_for.subscription else ""
    return enqueue_mail(
        connection,
        deps.sealer,
        mail,
        dedupe_key=dedupe_key,
        order_id=order.order_id if order else "",
        group_id=order.group_id if order else of_subscription,
        now=deps.clock.wall(),
    )
