"""From an order that is written down to the vendor's payment page, or to a stored card being charged; and back."""

from dataclasses import dataclass

from sqlalchemy import Connection

from app.core.money import Money
from app.core.problems import Problem, ProblemId, Refused, problem
from app.flows import wording
from app.flows.deps import Deps
from app.flows.order_steps import PAGE_GRACE, advance
from app.flows.purchase import order_key
from app.flows.settle import settle, settle_quietly, take_over
from app.flows.told import tell_not_charged
from app.identity import accounts
from app.orders import kinds, store
from app.orders.estimates import is_estimate
from app.orders.packing import unpack
from app.orders.states import UNPAID, Action, State
from app.orders.store import Order
from app.promotions import settling
from app.promotions.reservation import Cause
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import OutcomeUnknown, RejectReason, VendorError, VendorRejected
from app.vendor_adapters.types import (
    AddPack,
    Change,
    ChangeOutcome,
    CheckoutRef,
    CheckoutSnapshot,
    CheckoutState,
    Declined,
    Done,
    Handoff,
    NeedsAction,
    OrderId,
    PaymentMethodRef,
    PurchaseRequest,
    Quote,
    Renew,
    SetSeats,
    SubscriptionRef,
    SwitchOffer,
)

CUSTOMER_GONE = (
    "The payment service has lost your billing details, and gets them anew with the next press. "
    "You have not been charged: press again."
)


@dataclass(frozen=True, slots=True)
class Step:
    """Where the buyer goes next: one of our paths, or the vendor's page."""

    url: str


async def begin(deps: Deps, order: Order) -> Step:
    """Open the vendor's payment page for ``order``, or charge its stored card; repeatable with the same key.

    A change is always asked for as a charge: the vendor answers with its page where it has no card.

    Raises Refused with the order given up, or still a draft that the next press goes on with.
    """
    if order.state is not State.DRAFT:
        return step_for(deps, order)
    try:
        if order.payment_method_ref or order.is_change:
            return await _charge(deps, order)
        return await _open_page(deps, order)
    except VendorRejected as error:
        if _is_customer_gone(error):
            await deps.db.write(lambda connection: accounts.forget_customer_ref(connection, order.account_id))
        await _mark(deps, order, Action.CANCEL)
        raise Refused(_rejection(error)) from error


def step_for(deps: Deps, order: Order) -> Step:
    """Return where somebody goes who presses again: to the payment page while it is open, else to the order."""
    if order.state in (State.SUBMITTED, State.ACTION_REQUIRED) and order.checkout_url:
        return Step(order.checkout_url)
    return Step(wording.order_path(order.order_id))


async def look_again(deps: Deps, order: Order) -> Order:
    """Settle an order that the sweep found open; raises the vendor's errors, to be looked at again later.

    A charge of a stored card or for a change that was never answered, and of which the vendor knows nothing, is made
    by repeating the same call with the same key: the buyer was told "confirming", and either way it ends.
    """
    current = await settle(deps, order.order_id)
    if not _is_lost_charge(current):
        return current
    try:
        outcome = await _ask(deps, current)
    except VendorRejected:
        # it will never be charged any more (its quote is too old), unless it was charged between the two looks
        current = await settle(deps, order.order_id)
        return await _give_up(deps, current) if _is_lost_charge(current) else current
    await _after_charge(deps, current, outcome, tell=True)
    return await settle(deps, order.order_id)


async def cancel(deps: Deps, order: Order, *, cause: Cause = Cause.ABANDONED) -> Order:
    """Close an unpaid order so that it can never be paid, and return what it then is.

    It comes back paid when it was paid meanwhile, and confirming, unchanged, while a bank or the vendor may still say
    yes. Raises Refused(E_BUSY) when the vendor does not answer: then nothing is known and nothing has changed.
    """
    try:
        current = await settle(deps, order.order_id)
        if current.state in UNPAID and current.checkout_ref:
            return await _close_page(deps, current, cause)
    except VendorError as error:
        raise Refused(problem(ProblemId.E_BUSY)) from error
    return await _mark(deps, current, Action.CANCEL, only_from=State.DRAFT, cause=cause)


async def _close_page(deps: Deps, order: Order, cause: Cause) -> Order:
    vendor = deps.vendors[order.vendor]
    if Capability.EXPIRE_CHECKOUT not in vendor.capabilities:
        return order
    ref = CheckoutRef(order.checkout_ref or "")
    snapshot = await vendor.expire_checkout(ref, key=order_key(order, "expire_checkout"))
    if snapshot.state is CheckoutState.COMPLETE:
        return await settle(deps, order.order_id)
    return await take_over(deps, order.order_id, snapshot, None, closed_by=Action.CANCEL, cause=cause)


async def _open_page(deps: Deps, order: Order) -> Step:
    vendor = deps.vendors[order.vendor]
    try:
        handoff = await vendor.start_checkout(
            unpack(PurchaseRequest, order.request),
            quote=unpack(Quote, order.quote),
            return_to=wording.order_url(deps.config, order.order_id),
            cancel_to=wording.checkout_url(deps.config, order.intent_id or ""),
            key=order_key(order, "start_checkout"),
        )
    except VendorRejected:
        raise
    except VendorError as error:
        # opening a page charges nothing; the draft stands, and the next press repeats the call with the same key
        raise Refused(problem(ProblemId.E_VENDOR)) from error
    if handoff.total != Money(order.total, order.currency):
        is_dead = await _withdraw(deps, order, handoff)
        await _mark(deps, order, Action.CANCEL, is_dead=is_dead)
        raise Refused(problem(ProblemId.E_QUOTE))
    if not await deps.db.write(lambda connection: _opened(connection, deps, order.order_id, handoff)):
        # another buyer closed this order while the page was being made: it must never be paid
        await _withdraw(deps, order, handoff)
        raise Refused(problem(ProblemId.E_BUSY))
    return Step(handoff.url)


async def _withdraw(deps: Deps, order: Order, handoff: Handoff) -> bool:
    """Close a page that nobody was told of; False when it stays open all the same: it is never found and runs out."""
    try:
        await deps.vendors[order.vendor].expire_checkout(handoff.ref, key=order_key(order, "expire_checkout"))
    except VendorError:
        return False
    return True


def _opened(connection: Connection, deps: Deps, order_id: str, handoff: Handoff) -> bool:
    order = store.lock_order(connection, order_id)
    if order is None or order.state not in UNPAID:
        return False
    advance(
        connection,
        deps,
        order,
        Action.OPEN,
        now=deps.clock.wall(),
        changes={
            "checkout_ref": handoff.ref,
            "checkout_url": handoff.url,
            "checkout_expires_at": handoff.expires_at,
        },
    )
    until = handoff.expires_at + PAGE_GRACE
    settling.extend(connection, order_id, now=deps.clock.now(), until=until)
    return True


async def _charge(deps: Deps, order: Order) -> Step:
    """Charge the stored card. A missing answer is told as "confirming", because the money may have moved.

    Of several presses at once, the one that takes the draft out of its state charges.
    """
    if not await deps.db.write(lambda connection: _took(connection, deps, order.order_id)):
        current = await deps.db.read(lambda connection: store.get_order(connection, order.order_id))
        return step_for(deps, current or order)
    try:
        outcome = await _ask(deps, order)
    except OutcomeUnknown:
        return Step(wording.order_path(order.order_id))
    except VendorRejected:
        raise
    except VendorError as error:
        await _mark(deps, order, Action.CANCEL)  # the vendor turned the call away: nothing happened
        raise Refused(problem(ProblemId.E_VENDOR)) from error
    return await _after_charge(deps, order, outcome)


async def _ask(deps: Deps, order: Order) -> ChangeOutcome:
    """Buy with the stored card, or change the subscription; the same call again while the key is the same."""
    vendor, return_to = deps.vendors[order.vendor], wording.order_url(deps.config, order.order_id)
    if order.is_change:
        return await vendor.apply_change(
            SubscriptionRef(order.subscription_ref or ""),
            change=_change(order),
            quote=unpack(Quote, order.quote),
            return_to=return_to,
            order=OrderId(order.order_id),
            key=order_key(order, "apply_change"),
        )
    return await vendor.buy(
        unpack(PurchaseRequest, order.request),
        quote=unpack(Quote, order.quote),
        payment_method=PaymentMethodRef(order.payment_method_ref),
        return_to=return_to,
        key=order_key(order, "buy"),
    )


def _change(order: Order) -> Change:
    return unpack(_CHANGES[order.kind], order.request)


def _took(connection: Connection, deps: Deps, order_id: str) -> bool:
    order = store.lock_order(connection, order_id)
    if order is None or order.state is not State.DRAFT:
        return False
    advance(connection, deps, order, Action.AWAIT, now=deps.clock.wall())
    return True


def _is_lost_charge(order: Order) -> bool:
    is_charge = order.is_change or bool(order.payment_method_ref)
    return order.state is State.CONFIRMING and is_charge and not order.checkout_ref


async def _give_up(deps: Deps, order: Order) -> Order:
    def write(connection: Connection) -> Order:
        locked = store.lock_order(connection, order.order_id)
        if locked is not None:
            store.advance(connection, locked, Action.CANCEL, now=deps.clock.wall())
            tell_not_charged(connection, deps, locked)
        return store.get_order(connection, order.order_id) or order

    return await deps.db.write(write)


async def _after_charge(deps: Deps, order: Order, outcome: ChangeOutcome, *, tell: bool = False) -> Step:
    """Write the answer to a charge down and return where the buyer goes.

    Args:
        tell: mail a refusal too, because the buyer does not stand and wait for this answer.
    """
    if isinstance(outcome, NeedsAction):
        # without a stored card the page asks for one; with one it is the bank that asks
        action = Action.CHALLENGE if order.payment_method_ref else Action.OPEN
        await _mark(deps, order, action, checkout_ref=outcome.checkout, checkout_url=outcome.url)
        return Step(outcome.url)
    if isinstance(outcome, Done) and is_estimate(order.quote):
        await settle_quietly(deps, order)  # how much it came to, the vendor's books say
    elif isinstance(outcome, Done):
        await take_over(deps, order.order_id, _complete(deps, order, outcome), outcome.subscription)
    elif isinstance(outcome, Declined):
        await deps.db.write(lambda connection: _declined(connection, deps, order.order_id, outcome, tell=tell))
        return Step(wording.again_path(order))
    return Step(wording.order_path(order.order_id))


def _complete(deps: Deps, order: Order, done: Done) -> CheckoutSnapshot:
    total = Money(order.total, order.currency)
    return CheckoutSnapshot(
        ref=done.checkout or CheckoutRef(""),
        order=OrderId(order.order_id),
        state=CheckoutState.COMPLETE,
        total=total,
        amount_paid=total,
        expires_at=deps.clock.wall(),
        subscription=done.subscription.ref if done.subscription else None,
        invoice=done.invoice,
        charge=done.charge,
    )


def _declined(connection: Connection, deps: Deps, order_id: str, outcome: Declined, *, tell: bool) -> None:
    order = store.lock_order(connection, order_id)
    if order is None:
        return
    store.record_decline(connection, order, outcome.decline)
    reason = outcome.decline.reason.value
    advance(connection, deps, order, Action.DECLINE, now=deps.clock.wall(), changes={"decline": reason})
    if tell:
        tell_not_charged(connection, deps, order)


def _is_customer_gone(error: VendorRejected) -> bool:
    """Whether the vendor knows our customer no more: somebody deleted it there. The next press makes a new one."""
    return error.reason is RejectReason.NOT_FOUND and error.field == "customer"


def _rejection(error: VendorRejected) -> Problem:
    if _is_customer_gone(error):
        return Problem(ProblemId.E_QUOTE, CUSTOMER_GONE)
    if error.reason in (RejectReason.QUOTE_EXPIRED, RejectReason.STALE_STATE):
        return problem(ProblemId.E_QUOTE)
    if error.reason is RejectReason.NOT_FOUND and error.field == "payment_method":
        return problem(ProblemId.E_INPUT, "card", text="This card is not on file any more. Choose another one.")
    return problem(ProblemId.E_VENDOR)


async def _mark(
    deps: Deps,
    order: Order,
    action: Action,
    *,
    only_from: State | None = None,
    cause: Cause | None = None,
    is_dead: bool = True,
    **changes: object,
) -> Order:
    """Take ``action`` where the order's state allows it, or only from one state, and return the order as it is then.

    ``cause`` and ``is_dead`` are as in ``advance``.
    """

    def write(connection: Connection) -> Order:
        locked = store.lock_order(connection, order.order_id)
        if locked is not None and only_from in (None, locked.state):
            now = deps.clock.wall()
            advance(connection, deps, locked, action, now=now, cause=cause, is_dead=is_dead, changes=changes)
        return store.get_order(connection, order.order_id) or order

    return await deps.db.write(write)


_CHANGES: dict[str, type[Change]] = {
    kinds.ADD_SEATS: SetSeats,
    kinds.PLAN_CHANGE: SwitchOffer,
    kinds.RENEWAL: Renew,
    kinds.ADD_PACKS: AddPack,
}
