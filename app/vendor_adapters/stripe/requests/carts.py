"""Parameters of previews, payment pages and purchases with a stored card."""

from collections.abc import Sequence
from dataclasses import dataclass

import stripe
from stripe.params import (
    InvoiceAddLinesParams,
    InvoiceCreateParams,
    InvoiceCreatePreviewParams,
    SubscriptionCreateParams,
)
from stripe.params import InvoiceCreatePreviewParamsCustomerDetails as CustomerDetails
from stripe.params.checkout import SessionCreateParams

from app.vendor_adapters.stripe.names import DIRECT, MARK, ORDER, SUBJECT
from app.vendor_adapters.stripe.requests.customers import address_params, tax_id_params
from app.vendor_adapters.stripe.translate.offers import is_recurring
from app.vendor_adapters.types import PaymentMethodRef, PurchaseRequest, Quote

METADATA_LENGTH = 500
"""Stripe keeps no longer values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """One item of a cart as Stripe is asked for it."""

    price: str
    quantity: int
    is_recurring: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """A request with the prices that its quote pinned; ``mark`` says which call asks for it."""

    request: PurchaseRequest
    lines: tuple[CartLine, ...]
    is_taxed: bool
    mark: str = ""

    @property
    def recurring(self) -> tuple[CartLine, ...]:
        """What renews."""
        return tuple(line for line in self.lines if line.is_recurring)

    @property
    def once(self) -> tuple[CartLine, ...]:
        """What is bought once."""
        return tuple(line for line in self.lines if not line.is_recurring)

    def metadata(self, *, is_direct: bool = False) -> dict[str, str]:
        """Return what of ours is left at Stripe, so that either side is found from the other."""
        facts = {
            ORDER: self.request.order,
            SUBJECT: self.request.subject[:METADATA_LENGTH],
            MARK: self.mark,
            DIRECT: "yes" if is_direct else "",
        }
        return {key: value for key, value in facts.items() if value}


def cart_lines(request: PurchaseRequest, prices: Sequence[stripe.Price]) -> tuple[CartLine, ...]:
    """Return the lines of a request; ``prices`` are in the order of its items."""
    return tuple(
        CartLine(price=price.id, quantity=item.quantity, is_recurring=is_recurring(price))
        for item, price in zip(request.items, prices, strict=True)
    )


def purchase_preview(cart: Cart, *, coupon: str = "", with_tax_id: bool = True) -> InvoiceCreatePreviewParams:
    """Return what asks for the first invoice of a cart.

    The customer is described and not named: named, a cart of packs alone would be added to the next invoice of a
    subscription that the customer has.
    """
    request = cart.request
    params: InvoiceCreatePreviewParams = {
        "currency": request.currency,
        "automatic_tax": {"enabled": cart.is_taxed and request.address is not None},
    }
    if request.address is not None:
        details: CustomerDetails = {"address": address_params(request.address)}
        if request.tax_id is not None and with_tax_id:
            details["tax_ids"] = [tax_id_params(request.tax_id)]
        params["customer_details"] = details
    if coupon:
        params["discounts"] = [{"coupon": coupon}]
    if cart.recurring:
        params["subscription_details"] = {
            "items": [{"price": line.price, "quantity": line.quantity} for line in cart.recurring],
            "billing_mode": {"type": "flexible"},
        }
    if cart.once:
        params["invoice_items"] = [{"price": line.price, "quantity": line.quantity} for line in cart.once]
    return params


def checkout(cart: Cart, quote: Quote, *, return_to: str, cancel_to: str) -> SessionCreateParams:
    """Return what opens the hosted payment page: cards only, because they are paid or not when the buyer returns."""
    request = cart.request
    params: SessionCreateParams = {
        "mode": "subscription" if cart.recurring else "payment",
        "customer": request.customer or "",
        "client_reference_id": request.order,
        "line_items": [{"price": line.price, "quantity": line.quantity} for line in cart.lines],
        "success_url": return_to,
        "cancel_url": cancel_to,
        "automatic_tax": {"enabled": cart.is_taxed},
        "adaptive_pricing": {"enabled": False},
        "allowed_payment_method_types": ["card"],
        "billing_address_collection": "auto",
        "metadata": cart.metadata(),
        "expand": ["customer.tax_ids"],
    }
    if request.discounts:
        params["discounts"] = [{"coupon": request.discounts[0]}]
    if not cart.recurring:
        params["invoice_creation"] = {"enabled": True, "invoice_data": {"metadata": cart.metadata()}}
        params["payment_intent_data"] = {"metadata": cart.metadata(), "setup_future_usage": "off_session"}
        return params
    params["subscription_data"] = {"metadata": cart.metadata(), "billing_mode": {"type": "flexible"}}
    if quote.due_now.is_zero:
        params["payment_method_collection"] = "if_required"
    return params


def subscription(cart: Cart, card: PaymentMethodRef) -> SubscriptionCreateParams:
    """Return what makes a subscription that waits for its first invoice to be paid, so that its sum can be compared."""
    request = cart.request
    params: SubscriptionCreateParams = {
        "customer": request.customer or "",
        "items": [{"price": line.price, "quantity": line.quantity} for line in cart.recurring],
        "default_payment_method": card,
        "payment_behavior": "default_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
        "automatic_tax": {"enabled": cart.is_taxed},
        "billing_mode": {"type": "flexible"},
        "metadata": cart.metadata(is_direct=True),
        "expand": ["latest_invoice.payments", "customer.tax_ids"],
    }
    if cart.once:
        params["add_invoice_items"] = [{"price": line.price, "quantity": line.quantity} for line in cart.once]
    if request.discounts:
        params["discounts"] = [{"coupon": request.discounts[0]}]
    return params


def invoice(cart: Cart, card: PaymentMethodRef) -> InvoiceCreateParams:
    """Return what makes an empty invoice for packs; nothing of it is asked of a bank by itself."""
    request = cart.request
    params: InvoiceCreateParams = {
        "customer": request.customer or "",
        "currency": request.currency,
        "collection_method": "charge_automatically",
        "auto_advance": False,
        "pending_invoice_items_behavior": "exclude",
        "default_payment_method": card,
        "automatic_tax": {"enabled": cart.is_taxed},
        "metadata": cart.metadata(is_direct=True),
        "expand": ["customer.tax_ids"],
    }
    if request.discounts:
        params["discounts"] = [{"coupon": request.discounts[0]}]
    return params


def invoice_lines(cart: Cart) -> InvoiceAddLinesParams:
    """Return what puts the packs on that invoice."""
    return {"lines": [{"pricing": {"price": line.price}, "quantity": line.quantity} for line in cart.once]}
