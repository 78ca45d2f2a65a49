"""What is asked for, what it costs, and where it is paid."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.core.money import Money
from app.vendor_adapters.types.refs import CheckoutRef, CustomerRef, DiscountRef, OfferKey, OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A billing address; country is ISO 3166-1 alpha-2, region the code without the country (``NY``)."""

    country: str
    region: str = ""
    postal_code: str = ""
    city: str = ""
    line1: str = ""
    line2: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxId:
    """A tax number; ``kind`` as in catalog.toml (``eu_vat``, ``gb_vat``, …), value without blanks."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerProfile:
    """What the vendor is told of a billing account; ``account_id`` is ours and finds the customer again."""

    account_id: str
    email: str
    full_name: str
    company: str
    currency: str
    address: Address | None = None
    tax_id: TaxId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseItem:
    """So many seats or packs of one offer."""

    offer: OfferKey
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRequest:
    """A first order or a purchase of packs.

    Attributes:
        order: our order's id; empty while only a quote is asked for. customer: None while a new buyer asks for a quote.
        address: None while the place is unknown; then the quote carries no tax. discounts: materialised ones, in the
            order they are to apply. subject: what the purchase is for, ours and opaque to the vendor (``group:acme``).
    """

    order: OrderId
    customer: CustomerRef | None
    currency: str
    items: tuple[PurchaseItem, ...]
    address: Address | None = None
    tax_id: TaxId | None = None
    discounts: tuple[DiscountRef, ...] = ()
    subject: str = ""


class LineKind(Enum):
    """What a quote's or an invoice's line is for."""

    PURCHASE = "purchase"
    CREDIT = "credit"
    CHARGE = "charge"
    DISCOUNT = "discount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; ``amount`` is signed (credits and discounts are negative) and before tax."""

    kind: LineKind
    offer: OfferKey
    quantity: int
    unit_price: Money
    amount: Money
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class TaxTreatment(Enum):
    """Why the tax is what it is."""

    STANDARD = "standard"
    REVERSE_CHARGE = "reverse_charge"
    NOT_COLLECTED = "not_collected"


class TaxIdStatus(Enum):
    """What the vendor makes of a tax id: only VALID may change the tax; PENDING and REFUSED are charged in full."""

    NONE = "none"
    VALID = "valid"
    PENDING = "pending"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """The vendor's tax. ``rate_ppm`` is in millionths (88750 is 8.875 %), None where several rates were mixed."""

    amount: Money
    treatment: TaxTreatment
    tax_id_status: TaxIdStatus
    rate_ppm: int | None = None


class Fidelity(Enum):
    """Whether a quote is what will be charged, or the vendor can only estimate."""

    EXACT = "exact"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCharge:
    """A later charge that follows from this purchase; ``tax`` and ``total`` are None while the place is unknown."""

    at: datetime
    subtotal: Money
    tax: Money | None
    total: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The vendor's one true price; honoured until ``expires_at`` or refused with QuoteExpired.

    Attributes:
        subtotal: sum of the lines that are not discounts. discount: what the discounts take off, not negative.
        tax: None while the place is unknown. due_now: subtotal - discount + tax, never negative.
        next_charges: the first is the renewal; empty for what never renews. token: carries whatever makes the charge
            equal this preview (the instant of proration), opaque to the store.
    """

    lines: tuple[Line, ...]
    subtotal: Money
    discount: Money
    tax: Tax | None
    due_now: Money
    next_charges: tuple[NextCharge, ...]
    priced_at: datetime
    expires_at: datetime
    token: str
    fidelity: Fidelity = Fidelity.EXACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """Where the buyer goes to pay; ``total`` is what that page will charge."""

    ref: CheckoutRef
    url: str
    expires_at: datetime
    total: Money
