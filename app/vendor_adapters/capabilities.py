"""What a vendor can do. Pages and the promotions check read this; nothing ever asks for a vendor's name."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum


class Capability(Enum):
    """Each member says what the store does without it."""

    CHANGE_PREVIEW = "change_preview"
    """Previews of changes are exact; without it the page says that the amount is an estimate, and the order what was
    charged."""
    PINNED_PRORATION = "pinned_proration"
    """The instant of proration can be pinned; without it a quote is asked for anew at confirm, and nothing is charged
    when its total is another one than the page's."""
    SEVERAL_CURRENCIES = "several_currencies"
    """Sells in more than one currency; without it the currency switch is not shown."""
    MIXED_CART = "mixed_cart"
    """A plan and one-off packs in one checkout; without it packs are bought after the plan."""
    TAX_PREVIEW = "tax_preview"
    """Tax is known before paying; without it the page says that tax is added on the payment page."""
    CHANGE_WAITS_FOR_PAYMENT = "change_waits_for_payment"
    """An unpaid change gives nothing; without it changes that cost money need a stored card, and the page leads to the
    cards, or to sales where PORTAL_PAYMENT_METHODS is missing, too."""
    EXPIRE_CHECKOUT = "expire_checkout"
    """A checkout can be closed early; without it a second order waits for the first one's end."""
    STORED_CARD_PURCHASE = "stored_card_purchase"
    """A stored card can be charged without a hand-off; without it every purchase goes to the vendor's page."""
    CHANGES = "changes"
    """Subscriptions can be changed; without it change pages offer sales instead."""
    PAID_RENEWAL = "paid_renewal"
    """The next term can be paid before its day, or after the last one has ended; without it what renews is booked and
    charged on its day, and what has ended is bought anew."""
    RESHAPED_RENEWAL = "reshaped_renewal"
    """What is paid before its day can be another plan, or have other seats or packs, than what runs; without it the
    page offers what runs, and leads to what is booked and charged on its day for the rest. Seats that are added after
    it was paid are then paid for until the end of that term, too."""
    REFUNDS = "refunds"
    """Refunds can be made; without it a payment that must go back is listed for support, and its buyer is told so."""
    DISCOUNTS = "discounts"
    """Discounts can be made real at checkout; without it campaigns are refused by the check."""
    DISCOUNTED_CHANGES = "discounted_changes"
    """Changes of a subscription take discounts; without it campaigns for existing customers have no effect there."""
    INVOICE_DOCUMENTS = "invoice_documents"
    """Invoices have a document; without it the list has no download link."""
    PORTAL_PAYMENT_METHODS = "portal_payment_methods"
    """Has its own page to add and remove cards; without it the page says how to reach support."""
    PORTAL_INVOICES = "portal_invoices"
    """Has its own page for invoices, to which our list leads; without it only our list is shown."""
    LIST_OF_CHANGES = "list_of_changes"
    """Lists what changed, so that the sweep finds what no message told; without it that is found for open orders and
    stale projections alone, which are read one by one either way."""
    CATALOG_SYNC = "catalog_sync"
    """Prices are mirrored from the catalog by ``kassa vendor sync``; without it people make them at the vendor."""
    TEST_CLOCK = "test_clock"
    """Time can be moved in test mode; without it the kit skips what needs a year to pass."""


class Grain(Enum):
    """The step of time that proration counts in."""

    SECOND = "second"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """A vendor's capabilities and their measures; windows say how long a key, a checkout or an event is kept."""

    has: frozenset[Capability]
    proration_grain: Grain
    max_discounts: int
    discount_periods: bool
    checkout_lifetime: timedelta
    idempotency_window: timedelta
    changes_window: timedelta

    def __contains__(self, capability: Capability) -> bool:
        return capability in self.has
