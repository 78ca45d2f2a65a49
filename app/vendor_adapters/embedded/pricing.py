"""The arithmetic of bills: pure, exact, whole minor units; one rounding for each rule and no float anywhere."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from app.core.clock import add_months, midnight
from app.core.money import half_up
from app.vendor_adapters.embedded.model import BillLine, Discount, Item, Price, Reduction, Term, share_of_time
from app.vendor_adapters.types import LineKind

BASIS_POINTS = 10_000


def purchase_lines(wanted: Iterable[tuple[Price, int]], at: datetime) -> tuple[BillLine, ...]:
    """Return a line for each price and quantity; yearly ones run from the day of ``at`` to its anniversary."""
    term = first_term(at)
    return tuple(_purchase_line(price, quantity, term) for price, quantity in wanted)


def first_term(at: datetime, years: int = 1) -> Term:
    """Return the term that a purchase at ``at`` begins: from 00:00Z of that day (29 February ends on the 28th)."""
    starts_at = midnight(at)
    return Term(starts_at=starts_at, ends_at=add_months(starts_at, 12 * years), years=years)


def next_term(term: Term) -> Term:
    """Return the term after ``term``, without a gap."""
    return Term(starts_at=term.ends_at, ends_at=add_months(term.ends_at, 12 * term.years), years=term.years)


def renewal_lines(items: Iterable[Item], term: Term) -> tuple[BillLine, ...]:
    """Return the lines that bill ``items`` for the whole of ``term`` at their own prices."""
    return tuple(
        BillLine(
            kind=LineKind.PURCHASE,
            offer=item.offer,
            quantity=item.quantity,
            unit_price=item.unit_price,
            amount=item.gross(term.years),
            starts_at=term.starts_at,
            ends_at=term.ends_at,
        )
        for item in items
    )


def with_discounts(lines: tuple[BillLine, ...], discounts: Sequence[Discount]) -> tuple[BillLine, ...]:
    """Return ``lines`` followed by what ``discounts`` take off, in their order, each on what remains.

    One rounding for each discount on the sum it applies to, shared out over its lines by largest remainder. Of a
    change, only what is due more than is credited can be discounted. Never below zero; what is left over is lost.
    """
    remaining = _discountable(lines)
    taken: list[BillLine] = []
    for discount in discounts:
        shares = _shares(lines, remaining, discount)
        remaining = [before - share for before, share in zip(remaining, shares, strict=True)]
        taken += [_discount_line(lines[i], discount, share) for i, share in enumerate(shares) if share]
    return (*lines, *taken)


def after_percentages(gross: int, discounts: Iterable[Discount], offer: str) -> int:
    """Return the net of a whole term after those percentages in force that apply to ``offer``."""
    net = gross
    for discount in discounts:
        if discount.percent_bp is not None and offer in discount.offers:
            net -= half_up(Fraction(net * discount.percent_bp, BASIS_POINTS))
    return net


def value_left(item: Item, reductions: Iterable[Reduction], term: Term, at: datetime) -> int:
    """Return what ``item`` is worth from the day of ``at`` to the end of ``term``: what was paid for that time.

    Charges are differences of this value, so that two steps cost what one costs, and undoing one costs nothing.
    """
    day = term.first_day(at)
    worth = term.left(at) * item.net
    worth -= sum((_reduction_left(reduction, term, day) for reduction in reductions), Fraction(0))
    return max(0, half_up(worth))


def change_lines(
    before: Item | None, after: Item, *, credit: int, charge: int, term: Term, at: datetime
) -> tuple[BillLine, ...]:
    """Return the credit for the unused time of ``before``, if there is any, and the charge for ``after``."""
    day = term.first_day(at)
    charged = _prorated(LineKind.CHARGE, after, charge, day, term)
    if before is None or not credit:
        return (charged,)
    return (_prorated(LineKind.CREDIT, before, -credit, day, term), charged)


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` in proportion to ``weights`` by largest remainder, ties by position; the parts sum to it."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def _purchase_line(price: Price, quantity: int, term: Term) -> BillLine:
    return BillLine(
        kind=LineKind.PURCHASE,
        offer=price.offer,
        quantity=quantity,
        unit_price=price.unit_price,
        amount=quantity * price.unit_price,
        starts_at=term.starts_at if price.is_yearly else None,
        ends_at=term.ends_at if price.is_yearly else None,
    )


def _discountable(lines: Sequence[BillLine]) -> list[int]:
    credit = -sum(line.amount for line in lines if line.kind is LineKind.CREDIT)
    amounts = []
    for line in lines:
        usable = max(0, line.amount)
        amounts.append(max(0, usable - credit))
        credit = max(0, credit - usable)
    return amounts


def _shares(lines: Sequence[BillLine], remaining: Sequence[int], discount: Discount) -> list[int]:
    weights = [left if line.offer in discount.offers else 0 for line, left in zip(lines, remaining, strict=True)]
    base = sum(weights)
    if discount.percent_bp is None:
        return share_out(min(base, discount.amount_off), weights)
    return share_out(min(base, half_up(Fraction(base * discount.percent_bp, BASIS_POINTS))), weights)


def _discount_line(line: BillLine, discount: Discount, share: int) -> BillLine:
    return replace(line, kind=LineKind.DISCOUNT, quantity=1, unit_price=-share, amount=-share, discount=discount.ref)


def _prorated(kind: LineKind, item: Item, amount: int, day: datetime, term: Term) -> BillLine:
    return BillLine(
        kind=kind,
        offer=item.offer,
        quantity=item.quantity,
        unit_price=item.unit_price,
        amount=amount,
        starts_at=day,
        ends_at=term.ends_at,
    )


def _reduction_left(reduction: Reduction, term: Term, day: datetime) -> Fraction:
    return reduction.amount * min(Fraction(1), share_of_time(day, reduction.since, term.ends_at))
