"""Discounts that the store's promotions make real here: one for each reservation."""

from collections.abc import Iterable

from sqlalchemy import RowMapping, delete, insert, select, update

from app.core.ids import new_id
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import Discount
from app.vendor_adapters.embedded.pricing import BASIS_POINTS
from app.vendor_adapters.embedded.schema import discount_offers, discounts, subscription_discounts
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import DiscountRef, DiscountTerms


def materialise(desk: Desk, terms: DiscountTerms) -> DiscountRef:
    """Return the discount of ``terms.reservation``, made now unless there is one."""
    _check(desk, terms)
    known = select(discounts).where(discounts.c.reservation == terms.reservation)
    row = desk.connection.execute(known).mappings().one_or_none()
    if row is None:
        return DiscountRef(_add(desk, terms))
    if not _is_same(_discount(desk, row), terms):
        raise desk.rejected(RejectReason.OTHER, "reservation", "it has other terms already")
    return DiscountRef(row["ref"])


def revoke(desk: Desk, ref: str) -> None:
    """Let nothing more use it; subscriptions that have it and open checkouts that show it keep it."""
    changed = desk.connection.execute(update(discounts).where(discounts.c.ref == ref).values(is_revoked=True))
    if not changed.rowcount:
        raise desk.rejected(RejectReason.NOT_FOUND, "discount")


def usable(desk: Desk, refs: Iterable[str], currency: str) -> tuple[Discount, ...]:
    """Return the discounts in the order given; a revoked or unknown one is refused, so is a sum in another currency."""
    found = tuple(_usable(desk, ref) for ref in refs)
    if any(discount.percent_bp is None and discount.currency != currency for discount in found):
        raise desk.rejected(RejectReason.CURRENCY, "discounts")
    return found


def lasting(desk: Desk, subscription: str) -> tuple[tuple[Discount, int | None], ...]:
    """Return the discounts in force in a subscription's running term, in order, each with the terms it lasts.

    The running term counts; None is for ever.
    """
    joined = subscription_discounts.join(discounts, discounts.c.ref == subscription_discounts.c.discount)
    query = (
        select(discounts, subscription_discounts.c.terms_left)
        .select_from(joined)
        .where(subscription_discounts.c.subscription == subscription)
        .order_by(subscription_discounts.c.position)
    )
    rows = desk.connection.execute(query).mappings().all()
    return tuple((_discount(desk, row), row["terms_left"]) for row in rows)


def spend_term(desk: Desk, subscription: str) -> None:
    """Count a term that has passed: discounts that lasted for it alone are in force no more."""
    mine, left = subscription_discounts.c.subscription == subscription, subscription_discounts.c.terms_left
    desk.connection.execute(delete(subscription_discounts).where(mine, left <= 1))
    desk.connection.execute(update(subscription_discounts).where(mine).values(terms_left=left - 1))


def is_percentage(desk: Desk, ref: str) -> bool:
    """Return whether a discount takes a share off, and not a fixed sum."""
    found = select(discounts.c.percent_bp).where(discounts.c.ref == ref)
    return desk.connection.execute(found).scalar_one() is not None


def periods(desk: Desk, ref: str) -> int | None:
    """Return for how many terms a discount lasts, None for ever."""
    found = select(discounts.c.periods).where(discounts.c.ref == ref)
    terms: int | None = desk.connection.execute(found).scalar_one()
    return terms


def _check(desk: Desk, terms: DiscountTerms) -> None:
    percent, amount = terms.percent_bp, terms.amount_off
    if (percent is None) == (amount is None):
        raise desk.rejected(RejectReason.OTHER, "percent_bp", "one of percent_bp and amount_off is needed")
    if percent is not None and not 1 <= percent <= BASIS_POINTS:
        raise desk.rejected(RejectReason.OTHER, "percent_bp")
    if amount is not None and amount.minor <= 0:
        raise desk.rejected(RejectReason.OTHER, "amount_off")
    if terms.periods is not None and terms.periods < 1:
        raise desk.rejected(RejectReason.OTHER, "periods")


def _is_same(held: Discount, terms: DiscountTerms) -> bool:
    amount = (terms.amount_off.minor, terms.amount_off.currency) if terms.amount_off else (0, "")
    return (
        held.percent_bp == terms.percent_bp
        and (held.amount_off, held.currency) == amount
        and held.offers == frozenset(terms.offers)
        and held.periods == terms.periods
    )


def _add(desk: Desk, terms: DiscountTerms) -> str:
    ref = new_id("dis")
    desk.connection.execute(
        insert(discounts).values(
            ref=ref,
            reservation=terms.reservation,
            label=terms.label,
            percent_bp=terms.percent_bp,
            amount_off=terms.amount_off.minor if terms.amount_off else None,
            currency=terms.amount_off.currency if terms.amount_off else None,
            periods=terms.periods,
            is_revoked=False,
            made_at=desk.now,
        )
    )
    if terms.offers:
        rows = [{"discount": ref, "offer": offer} for offer in dict.fromkeys(terms.offers)]
        desk.connection.execute(insert(discount_offers), rows)
    return ref


def _usable(desk: Desk, ref: str) -> Discount:
    query = select(discounts).where(discounts.c.ref == ref, discounts.c.is_revoked.is_(False))
    row = desk.connection.execute(query).mappings().one_or_none()
    if row is None:
        raise desk.rejected(RejectReason.NOT_FOUND, "discounts")
    return _discount(desk, row)


def _discount(desk: Desk, row: RowMapping) -> Discount:
    offers = select(discount_offers.c.offer).where(discount_offers.c.discount == row["ref"])
    return Discount(
        ref=row["ref"],
        label=row["label"],
        percent_bp=row["percent_bp"],
        amount_off=row["amount_off"] or 0,
        currency=row["currency"] or "",
        offers=frozenset(desk.connection.execute(offers).scalars()),
        periods=row["periods"],
    )
