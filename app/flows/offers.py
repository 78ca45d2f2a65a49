"""The prices that the store shows: what the vendor holds, as it was last read, so that a page needs no vendor.

A page with fresh prices asks nobody. When they are old one visitor's page asks, for all; when the vendor does not
answer, the last good prices stand and the failure is remembered, so that the next pages do not wait for it too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from app.core.money import Money
from app.db.errors import DATABASE_AWAY
from app.flows import offers_store as store
from app.flows.deps import Deps
from app.flows.offers_store import KeptOffers
from app.flows.purchase import offer_key
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import Offer

FRESH_FOR = timedelta(minutes=1)  # so long a page may sell while nobody knows that the vendor is away
ASK_AGAIN_AFTER = timedelta(seconds=30)  # a vendor that failed is left alone for so long
ASKING_TAKES = timedelta(seconds=10)  # longer than a call's deadline of 5 s: one question at a time
RETRY_EVERY = timedelta(seconds=1)  # who presses "Try again" need not wait, but many together do not ask at once

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class OffersView:
    """The last good catalog; ``read_at`` is None before the first, ``vendor_ok`` whether the vendor takes orders."""

    offers: tuple[Offer, ...]
    read_at: datetime | None
    vendor_ok: bool

    def price(self, deps: Deps, *, plan: str, deployment: str, currency: str) -> Money | None:
        """Return the vendor's price of a plan per seat and year; None when it is not for sale so."""
        key = offer_key(deps, plan=plan, deployment=deployment, currency=currency)
        found = (offer for offer in self.offers if offer.key == key and offer.is_offered)
        return next((offer.unit_price for offer in found), None)


async def current_offers(deps: Deps, *, again: bool = False) -> OffersView:
    """Return the prices to show; asks the vendor only when they are old or missing, or it failed a while ago.

    Args:
        again: somebody wants to know whether a vendor that failed is back, and does not want to wait for it.
    """
    kept = await _kept(deps)
    pauses = _PRESSED if again else _PASSING
    # without any price there is nothing to show meanwhile, so then everybody asks
    if _is_due(kept, deps.clock.wall(), pauses) and (not kept.offers or await _is_my_turn(deps, pauses)):
        await refresh_offers(deps)
        kept = await _kept(deps)
    return OffersView(offers=kept.offers, read_at=kept.read_at, vendor_ok=bool(kept.offers) and kept.failed_at is None)


async def refresh_offers(deps: Deps) -> bool:
    """Read the vendor's prices and keep them; False, and the last good ones stay, when it has none to give."""
    try:
        fresh = await deps.vendor.list_offers()
    except VendorError as error:
        _log.warning("offers not read", vendor=deps.selling, error=type(error).__name__)
        fresh = ()
    if not any(offer.is_offered for offer in fresh):
        await note_vendor_away(deps)
        return False
    now = deps.clock.wall()
    await deps.db.write(lambda connection: store.keep_offers(connection, deps.selling, fresh, now))
    return True


async def note_vendor_away(deps: Deps) -> None:
    """Remember that the vendor did not answer: the plan page stops offering to buy until it does again."""
    now = deps.clock.wall()
    await deps.db.write(lambda connection: store.note_failed(connection, deps.selling, now))


async def _kept(deps: Deps) -> KeptOffers:
    return await deps.db.read(lambda connection: store.find_kept(connection, deps.selling))


@dataclass(frozen=True, slots=True)
class _Pauses:
    """How long a failed vendor is left alone, and how long one question keeps others from asking."""

    after_failure: timedelta
    between: timedelta


_PASSING = _Pauses(ASK_AGAIN_AFTER, ASKING_TAKES)
_PRESSED = _Pauses(timedelta(0), RETRY_EVERY)


def _is_due(kept: KeptOffers, now: datetime, pauses: _Pauses) -> bool:
    if kept.offers and kept.asked_at is not None and now - kept.asked_at < pauses.between:
        return False
    if kept.failed_at is not None:
        return now - kept.failed_at >= pauses.after_failure
    return kept.read_at is None or now - kept.read_at >= FRESH_FOR


async def _is_my_turn(deps: Deps, pauses: _Pauses) -> bool:
    try:
        return await deps.db.write(lambda connection: _take_turn(connection, deps, pauses))
    except DATABASE_AWAY as error:  # with a full disk prices can still be shown
        _log.warning("offers not asked for", error=type(error).__name__)
        return False


def _take_turn(connection: Connection, deps: Deps, pauses: _Pauses) -> bool:
    """Whether it is this caller who asks: of several whose prices grow old at once, the first."""
    now = deps.clock.wall()
    if not _is_due(store.find_kept(connection, deps.selling), now, pauses):
        return False
    return store.take_turn(connection, deps.selling, holds=pauses.between, now=now)
