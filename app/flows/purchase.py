"""From what a buyer chose to what the vendor is asked: the offer, the request, the customer."""

from dataclasses import asdict
from hashlib import sha256

from sqlalchemy import Connection

from app.catalog.countries import is_country
from app.catalog.tax_ids import is_tax_id, normalise_tax_id, tax_id_kind
from app.flows.deps import Deps
from app.identity.accounts import BillingAccount, accounts_of
from app.orders.intents import Details
from app.orders.packing import pack
from app.orders.store import Order
from app.vendor_adapters.types import (
    Address,
    CustomerProfile,
    CustomerRef,
    DiscountRef,
    IdempotencyKey,
    OfferKey,
    OrderId,
    PurchaseItem,
    PurchaseRequest,
    TaxId,
)


def offer_key(deps: Deps, *, plan: str, deployment: str, currency: str) -> OfferKey | None:
    """Return the price row that is offered for a plan, None when it is not sold so."""
    for row in deps.catalog.prices:
        if row.active and (row.item, row.deployment, row.currency) == (plan, deployment, currency):
            return OfferKey(row.id)
    return None


def purchase_request(
    deps: Deps,
    *,
    items: tuple[PurchaseItem, ...],
    currency: str,
    details: Details,
    customer_ref: str | None,
    subject: str,
    order_id: str = "",
    discounts: tuple[DiscountRef, ...] = (),
) -> PurchaseRequest:
    """Return what the vendor is asked; the address is left out while the tax cannot be known from it."""
    address = address_of(details)
    return PurchaseRequest(
        order=OrderId(order_id),
        customer=CustomerRef(customer_ref) if customer_ref else None,
        currency=currency,
        items=items,
        address=address if is_place_known(deps, details) else None,
        tax_id=tax_id_of(deps, details),
        discounts=discounts,
        subject=subject,
    )


def is_place_known(deps: Deps, details: Details) -> bool:
    """Whether the address says enough for tax: the country, and the region where one is needed."""
    rules = deps.catalog.rules.address
    if not is_country(details.country) or details.country in rules.not_sold_to:
        return False
    return bool(details.region) or details.country not in rules.region_required_in


def address_of(details: Details) -> Address:
    """Return the typed address in the vendor seam's words."""
    return Address(
        country=details.country,
        region=details.region,
        postal_code=details.postal_code,
        city=details.city,
        line1=details.line1,
        line2=details.line2,
    )


def tax_id_of(deps: Deps, details: Details) -> TaxId | None:
    """Return the typed tax id with its kind; None when there is none, or one whose form is wrong (the page says so)."""
    rules = deps.catalog.rules.tax_ids
    kind = tax_id_kind(details.country, rules)
    if kind is None or not is_tax_id(details.country, details.tax_id, rules):
        return None
    return TaxId(kind=kind, value=normalise_tax_id(details.country, details.tax_id, rules))


def details_of(account: BillingAccount) -> Details:
    """Return a billing account's details as if they had been typed."""
    return Details(
        full_name=account.full_name,
        email=account.email,
        company=account.company,
        country=account.country,
        region=account.region,
        postal_code=account.postal_code,
        city=account.city,
        line1=account.line1,
        line2=account.line2,
        tax_id=account.tax_id,
    )


def own_account(connection: Connection, deps: Deps, person_id: str) -> BillingAccount | None:
    """Return the person's oldest account at the vendor that sells; one at an earlier vendor buys nothing new."""
    found = accounts_of(connection, person_id)
    return next((account for account in found if account.vendor == deps.selling), None)


async def ensure_customer(deps: Deps, account: BillingAccount, details: Details, attempt_id: str) -> CustomerRef:
    """Return the vendor's customer for ``account``, brought up to date with ``details``.

    The key names the press of the button and the profile: details that come back after a change are another call, and
    the same press with other details is one too.
    """
    profile = CustomerProfile(
        account_id=account.account_id,
        email=details.email,
        full_name=details.full_name,
        company=details.company,
        currency=account.currency,
        address=address_of(details),
        tax_id=tax_id_of(deps, details),
    )
    digest = sha256(pack(profile).encode()).hexdigest()[:16]
    key = IdempotencyKey(f"account:{account.account_id}:ensure_customer:{attempt_id}-{digest}")
    return await deps.vendor.ensure_customer(profile, key=key)


def same_details(account: BillingAccount, details: Details) -> bool:
    """Whether ``details`` are what the account holds already."""
    return asdict(details_of(account)) == asdict(details)


def order_key(order: Order, operation: str) -> IdempotencyKey:
    """Return the idempotency key of one operation on an order."""
    return IdempotencyKey(f"order:{order.order_id}:{operation}:{order.attempt}")
