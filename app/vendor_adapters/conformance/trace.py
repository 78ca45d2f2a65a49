"""The canonical trace: what happened, in our own nouns, with every ref replaced by an ordinal name.

Left out is what adapters may differ in: addresses of pages, texts, versions, hours and minutes, how an invoice is
numbered, the try that was declined.
"""

from collections.abc import Iterable
from datetime import datetime

from app.core.money import Money
from app.vendor_adapters.conformance.harness import VendorCharge
from app.vendor_adapters.conformance.offers import START
from app.vendor_adapters.errors import VendorError, VendorRejected
from app.vendor_adapters.types import (
    AddPack,
    Change,
    ChangeOutcome,
    CheckoutSnapshot,
    Declined,
    Done,
    InvoiceSummary,
    LineKind,
    NeedsAction,
    Pending,
    PurchaseItem,
    Quote,
    Renew,
    SetSeats,
    SubscriptionSnapshot,
    SubscriptionStatus,
    SwitchOffer,
)


class Trace:
    """Lines in the order in which things happened; the first ref of a kind is its number 1."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[tuple[str, str], str] = {}
        self._count: dict[str, int] = {}

    def note(self, line: str) -> None:
        """Write a line."""
        self.lines.append(line)

    def named(self, kind: str, ref: str) -> str:
        """Return the ordinal name of a ref, such as ``checkout-1``."""
        if (kind, ref) not in self._names:
            self._count[kind] = self._count.get(kind, 0) + 1
            self._names[kind, ref] = f"{kind}-{self._count[kind]}"
        return self._names[kind, ref]

    def quote(self, quote: Quote) -> str:
        """Return a quote: its lines, its sums, and the first charge to come."""
        lines = [line for line in quote.lines if line.kind is not LineKind.DISCOUNT]
        lines.sort(key=lambda line: (line.amount.minor >= 0, line.offer))
        shown = [f"{line.kind.value} {line.quantity} x {line.offer} {amount(line.amount)}" for line in lines]
        tax = quote.tax.amount if quote.tax else None
        sums = f"{_less(quote.discount)}{_taxed(tax)}due {amount(quote.due_now)}"
        return f"quote: {', '.join(shown) or 'nothing now'}; {sums}; {_to_come(quote)}"

    def checkout(self, checkout: CheckoutSnapshot) -> str:
        """Return a checkout and what it made."""
        made = [self.named("subscription", checkout.subscription)] if checkout.subscription else []
        made += ["an invoice"] if checkout.invoice else []
        made += ["a charge"] if checkout.charge else []
        sums = f"total {amount(checkout.total)}, paid {amount(checkout.amount_paid)}"
        state = f"{self.named('checkout', checkout.ref)} is {checkout.state.value}, {sums}"
        return f"{state}; made {', '.join(made)}" if made else state

    def subscription(self, it: SubscriptionSnapshot) -> str:
        """Return a subscription; of an ended one, what it was."""
        if it.resumes:  # another one at the vendor, the same to the buyer
            self._names["subscription", it.ref] = self.named("subscription", it.resumes)
        name = self.named("subscription", it.ref)
        holds = ", ".join([f"{it.seats} x {it.offer} at {amount(it.unit_price)}", *map(_item, it.packs)])
        if it.status is SubscriptionStatus.CANCELLED:
            return f"{name} is cancelled, was {holds}"
        term = f"days {days(it.period.starts_at)} to {days(it.period.ends_at)}"
        return f"{name} is {it.status.value}, {holds}, {term}, {_future(it)}"

    def outcome(self, outcome: ChangeOutcome) -> str:
        """Return what became of a change or of a purchase with a stored card."""
        match outcome:
            case Done():
                return f"done: {self.subscription(outcome.subscription)}" if outcome.subscription else "done"
            case NeedsAction():
                return "the bank wants to hear from the buyer"
            case Pending():
                return "the bank has not answered"
            case Declined():
                return f"declined: {outcome.decline.reason.value}"

    def invoice(self, it: InvoiceSummary) -> str:
        """Return an invoice's sums."""
        sums = f"{amount(it.subtotal)}, {_less(it.discount)}{_taxed(it.tax)}total {amount(it.total)}"
        return f"invoice {it.status.value}: {sums}, due {amount(it.amount_due)}"


def error(raised: VendorError) -> str:
    """Return an error by its word."""
    if isinstance(raised, VendorRejected):
        return f"refused: {raised.reason.value}"
    return f"error: {type(raised).__name__}"


def change_words(change: Change) -> str:
    """Return what is asked for."""
    match change:
        case SetSeats():
            return f"{change.seats} seats instead of {change.base}{_when(change.at_renewal)}"
        case SwitchOffer():
            return f"{change.seats} x {change.offer} instead of {change.base}{_when(change.at_renewal)}"
        case AddPack():
            return f"{change.quantity} x {change.offer} beside {change.base}"
        case Renew():
            packs = "".join(f" and {_item(pack)}" for pack in change.packs)
            return f"{change.seats} x {change.offer}{packs} from day {days(change.base)}, paid now"


def charges(taken: Iterable[VendorCharge]) -> str:
    """Return what the vendor took and gave back."""
    shown = [
        amount(charge.amount) + (f" of which {amount(charge.refunded)} given back" if charge.refunded.minor else "")
        for charge in taken
    ]
    return f"charges: {', '.join(shown) or 'none'}"


def amount(money: Money) -> str:
    """Return minor units and currency."""
    return f"{money.minor} {money.currency}"


def days(instant: datetime) -> int:
    """Return how many whole days after START an instant is."""
    return (instant - START).days


def _to_come(quote: Quote) -> str:
    if not quote.next_charges:
        return "nothing to come"
    first = quote.next_charges[0]
    tax = f" and tax {amount(first.tax)}" if first.tax and first.tax.minor else ""
    return f"then {amount(first.subtotal)}{tax} on day {days(first.at)}"


def _less(discount: Money) -> str:
    return f"discount {amount(discount)}, " if discount.minor else ""


def _taxed(tax: Money | None) -> str:
    """Return the tax; no tax and an unknown one read alike, since not every vendor knows it beforehand."""
    return f"tax {amount(tax)}, " if tax and tax.minor else ""


def _future(it: SubscriptionSnapshot) -> str:
    if it.cancel_at is not None:
        return f"ends on day {days(it.cancel_at)}"
    return f"renews as {_item(it.renews_as)}" if it.renews_as else "renews"


def _when(is_at_renewal: bool) -> str:
    return ", at renewal" if is_at_renewal else ""


def _item(item: PurchaseItem) -> str:
    return f"{item.quantity} x {item.offer}"
