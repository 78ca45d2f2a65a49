"""A change's quote in words, the same for more seats and for another plan."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app import formats
from app.core.money import Money
from app.core.problems import Problem
from app.flows import wording
from app.flows.campaigns.decide import Promo
from app.flows.deps import Deps
from app.orders.change_quotes import KeptChange
from app.routes.checkout_view import tax_text
from app.routes.promo_view import discount_text
from app.subscriptions.store import Subscription
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import Fidelity, Line, LineKind, PaymentMethodSummary

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedLine:
    """One line of how a sum is worked out."""

    text: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBill:
    """What a change costs today and next year.

    Attributes:
        worked: the credit and the charge. pinned_at: the instant that they are worked out from. ends_at: until when it
            is paid for; has_next_term: that is the end of the next term, which is paid already. next_net: next year's
            amount before tax, None when it will not renew; ``next_total`` with tax where it is known. due: the total in
            words. is_estimate: the vendor may charge something else. is_kept: until the quote ends it costs the same.
    """

    quote_id: str
    worked: tuple[WorkedLine, ...]
    pinned_at: datetime
    days_left: int
    days_of_term: int
    ends_at: datetime
    has_next_term: bool
    net: Money
    discount: Money
    discount_text: str
    tax_text: str
    tax: Money | None
    total: Money
    next_at: datetime | None
    next_net: Money | None
    next_total: Money | None
    due: str
    is_estimate: bool
    is_kept: bool


def change_bill(deps: Deps, subscription: Subscription, shown: KeptChange, promo: Promo | None = None) -> ChangeBill:
    """Return ``shown`` in words and figures."""
    quote = shown.quote
    starts = [line.starts_at for line in quote.lines if line.starts_at]
    pinned_at = min(starts, default=quote.priced_at)
    ends_at = max((line.ends_at for line in quote.lines if line.ends_at), default=subscription.ends_at)
    renewal = quote.next_charges[0] if quote.next_charges else None
    lines = (line for line in quote.lines if line.kind is not LineKind.DISCOUNT)
    is_estimate = quote.fidelity is Fidelity.ESTIMATED
    is_pinned = Capability.PINNED_PRORATION in deps.vendors[subscription.vendor].capabilities
    return ChangeBill(
        quote_id=shown.quote_id,
        worked=tuple(WorkedLine(text=_worked(deps, line), amount=line.amount) for line in lines),
        pinned_at=pinned_at,
        days_left=_days(subscription.ends_at - pinned_at),
        days_of_term=_days(subscription.ends_at - subscription.starts_at),
        ends_at=ends_at,
        has_next_term=ends_at > subscription.ends_at,
        net=quote.subtotal,
        discount=quote.discount,
        discount_text=discount_text(promo),
        tax_text=tax_text(quote.tax),
        tax=quote.tax.amount if quote.tax else None,
        total=quote.due_now,
        next_at=renewal.at if renewal else None,
        next_net=renewal.subtotal if renewal else None,
        next_total=renewal.total if renewal else None,
        due=wording.due(quote),
        is_estimate=is_estimate,
        is_kept=is_pinned and not is_estimate,
    )


def told(bill: ChangeBill | None, unpriced: Problem | None = None) -> str:
    """Return what is said of a total that has just been worked out, or why there is none."""
    if bill is None:
        return unpriced.text if unpriced else ""
    return f"Total today: {bill.due}."


def card_text(cards: tuple[PaymentMethodSummary, ...] | None) -> str:
    """Return the card that is charged, such as ``Visa ending 4242, 12/30``; empty without one, or while unknown."""
    if not cards:
        return ""
    card = cards[0]
    return f"{card.brand.title()} ending {card.last4}, {card.expires_month:02d}/{card.expires_year % 100:02d}"


def _worked(deps: Deps, line: Line) -> str:
    row = next((row for row in deps.catalog.prices if row.id == line.offer), None)
    name = wording.plan_name(deps.catalog, row.item) if row else str(line.offer)
    text = f"{wording.seats(line.quantity)} of {name} at {formats.money(line.unit_price)} a year"
    return f"Unused time, {text}" if line.kind is LineKind.CREDIT else f"The rest of the term, {text}"


def _days(span: timedelta) -> int:
    return -(-span // _DAY)
