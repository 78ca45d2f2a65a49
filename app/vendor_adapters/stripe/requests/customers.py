"""Parameters of customers: who they are, where, and by which number they are taxed."""

from collections.abc import Iterable

import stripe
from stripe.params import (
    CustomerCreateParams,
    CustomerCreateParamsAddress,
    CustomerCreateParamsTaxIdDatum,
    CustomerUpdateParams,
)

from app.vendor_adapters.stripe.names import ACCOUNT, CURRENCY, KEYS, meta
from app.vendor_adapters.types import Address, CustomerProfile, TaxId

KEYS_KEPT = 12
"""How many of the latest calls a customer remembers: their marks fit into one value of metadata."""


def address_params(address: Address) -> CustomerCreateParamsAddress:
    """Return an address without its empty fields."""
    params: CustomerCreateParamsAddress = {"country": address.country}
    if address.region:
        params["state"] = address.region
    if address.postal_code:
        params["postal_code"] = address.postal_code
    if address.city:
        params["city"] = address.city
    if address.line1:
        params["line1"] = address.line1
    if address.line2:
        params["line2"] = address.line2
    return params


def whole_address(address: Address) -> CustomerCreateParamsAddress:
    """Return an address that leaves nothing of the one before: an empty text unsets a field."""
    return {
        "country": address.country,
        "state": address.region,
        "postal_code": address.postal_code,
        "city": address.city,
        "line1": address.line1,
        "line2": address.line2,
    }


def tax_id_params(tax_id: TaxId) -> CustomerCreateParamsTaxIdDatum:
    """Return a tax number; our kinds have Stripe's names."""
    return {"type": tax_id.kind, "value": tax_id.value}


def new_customer(profile: CustomerProfile, mark: str, *, with_tax_id: bool) -> CustomerCreateParams:
    """Return what makes a customer."""
    params: CustomerCreateParams = {
        "email": profile.email,
        "name": profile.company or profile.full_name,
        "metadata": {ACCOUNT: profile.account_id, CURRENCY: profile.currency, KEYS: mark},
    }
    if profile.full_name:
        params["individual_name"] = profile.full_name
    if profile.company:
        params["business_name"] = profile.company
    if profile.address is not None:
        params["address"] = address_params(profile.address)
    if profile.tax_id is not None and with_tax_id:
        params["tax_id_data"] = [tax_id_params(profile.tax_id)]
    return params


def changed_customer(profile: CustomerProfile, marks: str) -> CustomerUpdateParams:
    """Return what brings a customer up to date."""
    params: CustomerUpdateParams = {
        "email": profile.email,
        "name": profile.company or profile.full_name,
        "individual_name": profile.full_name,
        "business_name": profile.company,
        "metadata": {KEYS: marks},
    }
    if profile.address is not None:
        params["address"] = whole_address(profile.address)
    return params


def placed_customer(address: Address) -> CustomerUpdateParams:
    """Return what moves a customer."""
    return {"address": whole_address(address)}


def is_up_to_date(customer: stripe.Customer, profile: CustomerProfile) -> bool:
    """Whether Stripe holds what ``profile`` says; a profile without an address leaves the one that there is."""
    named = (customer.email, customer.name, customer.individual_name, customer.business_name)
    wanted = (profile.email, profile.company or profile.full_name, profile.full_name, profile.company)
    if [name or "" for name in named] != list(wanted):
        return False
    return profile.address is None or is_at(customer, profile.address)


def is_at(customer: stripe.Customer, address: Address) -> bool:
    """Whether a customer's address is ``address``."""
    held = customer.address
    if held is None:
        return False
    fields = (held.country, held.state, held.postal_code, held.city, held.line1, held.line2)
    wanted = (address.country, address.region, address.postal_code, address.city, address.line1, address.line2)
    return [field or "" for field in fields] == list(wanted)


def stale_tax_ids(customer: stripe.Customer, wanted: TaxId | None) -> list[stripe.TaxId]:
    """Return the numbers that a customer has and should not have; the customer came with them."""
    return [held for held in tax_ids(customer) if wanted is None or not _is(held, wanted)]


def has_tax_id(customer: stripe.Customer, wanted: TaxId) -> bool:
    """Whether a customer has a number."""
    return any(_is(held, wanted) for held in tax_ids(customer))


def tax_ids(customer: stripe.Customer) -> list[stripe.TaxId]:
    """Return a customer's tax numbers; the customer came with them."""
    return list(customer.tax_ids.data) if customer.tax_ids else []


def marks_with(customer: stripe.Customer, mark: str) -> str:
    """Return the marks of the latest calls, ``mark`` among them."""
    return " ".join([*kept_marks(customer), mark][-KEYS_KEPT:])


def kept_marks(customer: stripe.Customer) -> list[str]:
    """Return the marks of the latest calls."""
    return meta(customer.metadata, KEYS).split()


def ours(customers: Iterable[stripe.Customer], account_id: str) -> stripe.Customer | None:
    """Return the oldest of the customers that are of our account."""
    found = [customer for customer in customers if meta(customer.metadata, ACCOUNT) == account_id]
    return min(found, key=lambda customer: (customer.created, customer.id), default=None)


def _is(held: stripe.TaxId, wanted: TaxId) -> bool:
    return (held.type, held.value) == (wanted.kind, wanted.value)
