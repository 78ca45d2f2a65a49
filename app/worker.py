"""The worker: what came in, what goes out, and the sweep that finds what was lost. One failure never stops the rest."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from app.core.clock import SystemClock
from app.db.clock_store import follow
from app.db.errors import DATABASE_AWAY
from app.emails.transports import MailUnavailable
from app.entitlements.product import ProductUnavailable
from app.events import inbox, outbox
from app.events.funnel import forget_visits
from app.events.heartbeat import BEATS_EVERY, note_heard
from app.events.inbox import Message
from app.events.outbox import Job
from app.flows import grant_packs, payment, provision
from app.flows.campaigns.acts import take_away_old
from app.flows.campaigns.programmes import end_renewal
from app.flows.campaigns.sweeps import sweep_promotions
from app.flows.deps import Deps
from app.flows.missed_changes import find_missed_changes
from app.flows.offers import current_offers
from app.flows.order_steps import END_RENEWAL, PROMO_REDEEMED, TAKE_MINUTES_BACK
from app.flows.packs_paid import GRANT_MINUTES
from app.flows.paid_ahead import PAID_AHEAD, ask_about_paid_ahead
from app.flows.post import send_mail
from app.flows.renewals.endings import send_ending_notices
from app.flows.renewals.notices import send_notices
from app.flows.renewals.renewal import RENEWAL_TOGGLED
from app.flows.returned_money import look_at_charge
from app.flows.settle import ORDER_PAID, RECEIPT, REFUND_DUPLICATE, SEATS_ADDED, SUBSCRIPTION_CHANGED, settle
from app.flows.storage import GRANT_STORAGE
from app.flows.sync import GRANT, sync
from app.flows.usage.count import count_usage
from app.identity.sweep import forget_expired
from app.orders import store
from app.orders.change_quotes import forget_changes
from app.orders.quotes import forget_quotes
from app.orders.states import UNPAID
from app.subscriptions.store import stale_refs
from app.vendor_adapters.errors import OutcomeUnknown, VendorUnavailable
from app.vendor_adapters.types import NotificationKind

log = structlog.get_logger()

PAUSE = 0.5  # seconds between two rounds when there was nothing to do
SWEEP_EVERY = timedelta(minutes=1)
PROJECTION_AGES_AFTER = timedelta(hours=6)  # without a list of changes, a lost notification is made good by then
VISITS_KEPT = timedelta(days=400)  # that led to nothing: a year can be compared with the one before
QUOTES_KEPT = timedelta(days=2)  # far longer than any quote is honoured
DEADLINE = 20.0  # seconds for one job: several calls of at most 8 s, and less than the lease
MOST_ROUNDS = 50  # of a drain; more would mean that two things keep waking each other

Handler = Callable[[Deps, Job], Awaitable[None]]


async def _publish(_deps: Deps, job: Job) -> None:
    """Nobody downstream is configured: the event is kept as done, for the export."""
    log.info("event", kind=job.kind, order_id=job.order_id)


HANDLERS: dict[str, Handler] = {
    outbox.MAIL: send_mail,
    GRANT: provision.grant_plan,
    GRANT_MINUTES: grant_packs.grant_minutes,
    GRANT_STORAGE: grant_packs.grant_storage,
    TAKE_MINUTES_BACK: grant_packs.take_minutes_back,
    RECEIPT: provision.send_receipt,
    REFUND_DUPLICATE: provision.refund_duplicate,
    PAID_AHEAD: ask_about_paid_ahead,
    ORDER_PAID: _publish,
    SEATS_ADDED: _publish,
    RENEWAL_TOGGLED: _publish,
    SUBSCRIPTION_CHANGED: _publish,
    PROMO_REDEEMED: _publish,
    END_RENEWAL: end_renewal,
    "lead.created": _publish,
}
_PASSING = (
    ProductUnavailable,
    MailUnavailable,
    VendorUnavailable,
    OutcomeUnknown,
    TimeoutError,
    OSError,
    *DATABASE_AWAY,
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much one round did."""

    inbox: int = 0
    outbox: int = 0
    orders: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.inbox + other.inbox, self.outbox + other.outbox, self.orders + other.orders)

    @property
    def total(self) -> int:
        """All of it."""
        return self.inbox + self.outbox + self.orders


async def run(deps: Deps, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set; a round that fails as a whole (the database is away) is tried again."""
    swept_at, heard_at = deps.clock.wall() - SWEEP_EVERY, deps.clock.wall() - BEATS_EVERY
    while not stop.is_set():
        counts = Counts()
        try:
            if deps.clock.wall() - heard_at >= BEATS_EVERY:
                heard_at = deps.clock.wall()
                await deps.db.write(lambda connection: note_heard(connection, deps.clock.wall()))
            if isinstance(deps.clock, SystemClock) and deps.config.is_demo:
                await follow(deps.db, deps.clock)
            counts = await work_once(deps)
            if deps.clock.wall() - swept_at >= SWEEP_EVERY:
                swept_at = deps.clock.wall()
                await sweep(deps)
        except Exception as error:
            log.warning("worker round failed", error=type(error).__name__)
        if not counts.total:
            await _sleep(stop, PAUSE)


async def work_once(deps: Deps, *, everything: bool = False) -> Counts:
    """Do what is due, or all that waits with ``everything``; return how much that was."""
    return Counts(
        inbox=await _work_inbox(deps, everything=everything),
        outbox=await _work_outbox(deps, everything=everything),
        orders=await _sweep_due_orders(deps),
    )


async def sweep(deps: Deps) -> int:
    """Do what can wait: find what no message told, read old projections again, forget what has expired."""
    await current_offers(deps)
    await deps.db.write(lambda connection: forget_expired(connection, deps.clock.wall()))
    await deps.db.write(lambda connection: forget_quotes(connection, before=deps.clock.now() - QUOTES_KEPT))
    await deps.db.write(lambda connection: forget_changes(connection, before=deps.clock.now() - QUOTES_KEPT))
    await deps.db.write(lambda connection: take_away_old(connection, deps))
    await deps.db.write(lambda connection: forget_visits(connection, before=deps.clock.now() - VISITS_KEPT))
    await send_notices(deps)
    await send_ending_notices(deps)
    await count_usage(deps)
    await sweep_promotions(deps)
    await find_missed_changes(deps)
    before = deps.clock.now() - PROJECTION_AGES_AFTER
    stale = await deps.db.read(lambda connection: stale_refs(connection, before=before, limit=50))
    return sum(await asyncio.gather(*(_sync_again(deps, vendor, ref) for vendor, ref in stale)))


async def drain(deps: Deps) -> Counts:
    """Run inbox, outbox and sweep until quiet, treating every waiting row as due, and looking at each open order."""
    await send_notices(deps)
    await send_ending_notices(deps)
    await sweep_promotions(deps)
    counts = Counts(orders=await _sweep_all_orders(deps))
    counts += await _until_quiet(deps)
    # last: what was bought a moment ago is switched on by now, and what runs out is told by its figures
    return counts + await _until_quiet(deps) if await count_usage(deps) else counts


async def _until_quiet(deps: Deps) -> Counts:
    counts = Counts()
    for _ in range(MOST_ROUNDS):
        done = await work_once(deps, everything=True)
        counts += done
        if not done.total:
            break
    return counts


async def _work_inbox(deps: Deps, *, everything: bool) -> int:
    messages = await deps.db.write(
        lambda connection: inbox.claim_due(connection, now=deps.clock.wall(), everything=everything)
    )
    results = await asyncio.gather(*(_look_into(deps, message) for message in messages))
    return sum(results)


async def _look_into(deps: Deps, message: Message) -> bool:
    """Do what a message hints at; whether that got anywhere (a failure that will be tried again did not)."""
    try:
        async with asyncio.timeout(DEADLINE):
            await _follow(deps, message)
    except Exception as error:
        reason = type(error).__name__
        log.warning("message failed", vendor=message.vendor, order_id=message.order_id, error=reason)
        await deps.db.write(
            lambda connection: inbox.mark_failed(connection, message, error=reason, now=deps.clock.wall())
        )
        return False
    await deps.db.write(lambda connection: inbox.mark_done(connection, message))
    return True


async def _follow(deps: Deps, message: Message) -> None:
    order = await deps.db.read(lambda connection: _order_of(connection, message))
    if order is not None:
        order = await settle(deps, order.order_id)
    if message.kind == NotificationKind.CHARGE.value:
        await look_at_charge(deps, message.vendor, message.subject)
    if message.kind == NotificationKind.SUBSCRIPTION.value:
        await sync(deps, message.vendor, message.subject)
    elif order is not None and order.subscription_ref:
        await sync(deps, order.vendor, order.subscription_ref)


def _order_of(connection: Connection, message: Message) -> store.Order | None:
    """Return the order that a message is about; what is said of a charge does not always name it."""
    found = store.get_order(connection, message.order_id)
    if found is None and message.kind == NotificationKind.CHARGE.value:
        return store.order_of_charge(connection, message.vendor, message.subject)
    return found


async def _work_outbox(deps: Deps, *, everything: bool) -> int:
    jobs = await deps.db.write(
        lambda connection: outbox.claim_due(connection, now=deps.clock.wall(), everything=everything)
    )
    results = await asyncio.gather(*(_do(deps, job) for job in jobs))
    return sum(results)


async def _do(deps: Deps, job: Job) -> bool:
    try:
        async with asyncio.timeout(DEADLINE):
            await HANDLERS[job.kind](deps, job)
    except Exception as error:
        reason, retry = f"{type(error).__name__}: {error}", isinstance(error, _PASSING)
        log.warning("job failed", kind=job.kind, order_id=job.order_id, error=type(error).__name__, retry=retry)
        await deps.db.write(
            lambda connection: outbox.mark_failed(connection, job, error=reason, now=deps.clock.wall(), retry=retry)
        )
        return False
    await deps.db.write(lambda connection: outbox.mark_done(connection, job.job_id, now=deps.clock.wall()))
    return True


async def _sweep_due_orders(deps: Deps) -> int:
    """Look at open orders whose look is due."""
    return await _look_at_all(
        deps, await deps.db.write(lambda connection: store.claim_due(connection, now=deps.clock.wall()))
    )


async def _sweep_all_orders(deps: Deps) -> int:
    """Look at every open order once, a few at a time."""
    settled, last = 0, ""
    while orders := await deps.db.write(partial(store.claim_after, order_id=last, now=deps.clock.wall())):
        settled += await _look_at_all(deps, orders)
        last = orders[-1].order_id
    return settled


async def _look_at_all(deps: Deps, orders: Sequence[store.Order]) -> int:
    return sum(await asyncio.gather(*(_look_at(deps, order) for order in orders)))


async def _look_at(deps: Deps, order: store.Order) -> bool:
    """Settle one open order by itself, so that one that always fails holds up no other; whether it is open no more."""
    try:
        async with asyncio.timeout(DEADLINE):
            current = await payment.look_again(deps, order)
    except Exception as error:
        log.warning("order not settled", order_id=order.order_id, error=type(error).__name__)
        return False
    return current.state not in UNPAID


async def _sync_again(deps: Deps, vendor: str, ref: str) -> bool:
    try:
        async with asyncio.timeout(DEADLINE):
            await sync(deps, vendor, ref)
    except Exception as error:
        log.warning("subscription not read", vendor=vendor, error=type(error).__name__)
        return False
    return True


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
