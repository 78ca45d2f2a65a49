"""Customers: found by our account's id, made once, and kept up to date.

How one is found: by a list of those with the e-mail address, which is never behind; failing that by Stripe's search
for our id, which finds them under another address but lags by a minute. Who is in neither is made with a key of the
account alone, so that Stripe itself makes no second one within a day; and if that key was used for another customer
of the account a moment ago, it is among those of the last day, which are listed.
"""

import asyncio
from datetime import timedelta

import stripe

from app.vendor_adapters.errors import KeyReused, RejectReason, VendorRejected, VendorUnavailable
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import ACCOUNT, CURRENCY, NAME, mark, meta
from app.vendor_adapters.stripe.requests.customers import (
    changed_customer,
    has_tax_id,
    is_at,
    is_up_to_date,
    kept_marks,
    marks_with,
    new_customer,
    ours,
    placed_customer,
    stale_tax_ids,
)
from app.vendor_adapters.types import (
    CustomerProfile,
    CustomerRef,
    IdempotencyKey,
    PurchaseRequest,
    Quote,
    TaxId,
    TaxIdStatus,
)

KEY_WINDOW = timedelta(hours=25)
MOST_PAGES = 20
TRIES = 3


async def ensure(call: Call, profile: CustomerProfile, key: IdempotencyKey) -> CustomerRef:
    """Return the customer of ``profile.account_id``, made or brought up to date.

    A number that Stripe refuses is left out: it must not stop an order, and it moves no tax.
    """
    marked = mark(key, profile)
    customer = await _found(call, profile) or await _made(call, profile, marked)
    if await _is_done(call, customer, marked):
        return CustomerRef(customer.id)
    if meta(customer.metadata, CURRENCY) not in ("", profile.currency):
        raise rejected(call.operation, RejectReason.CURRENCY, "currency")
    if not is_up_to_date(customer, profile):
        params = changed_customer(profile, marks_with(customer, marked))
        await call.write(call.v1.customers.update_async(customer.id, params, {"idempotency_key": key}))
    if profile.address is not None:
        await _number(call, customer, profile.tax_id, str(key))
    return CustomerRef(customer.id)


async def holder(call: Call, ref: str) -> stripe.Customer:
    """Return a customer; NOT_FOUND for one that was deleted, of whom Stripe shows nothing but that."""
    found = await call.read(call.v1.customers.retrieve_async(ref))
    if getattr(found, "deleted", None):
        raise rejected(call.operation, RejectReason.NOT_FOUND, "customer")
    return found


def is_placed(customer: stripe.Customer, request: PurchaseRequest, quote: Quote) -> bool:
    """Whether a customer, who came with tax ids, is taxed as a quote was."""
    if request.address is None:
        return True
    wanted = _counting(request, quote)
    has_number = wanted is None or has_tax_id(customer, wanted)
    return is_at(customer, request.address) and has_number and not stale_tax_ids(customer, wanted)


async def place(call: Call, customer: stripe.Customer, request: PurchaseRequest, quote: Quote, key: str) -> None:
    """Have a customer taxed as a quote was."""
    if request.address is None:
        return
    params = placed_customer(request.address)
    await call.write(call.v1.customers.update_async(customer.id, params, {"idempotency_key": key}))
    await _number(call, customer, _counting(request, quote), key)


def _counting(request: PurchaseRequest, quote: Quote) -> TaxId | None:
    """Return the tax number of a request, unless its quote says that Stripe refused it."""
    is_refused = quote.tax is not None and quote.tax.tax_id_status is TaxIdStatus.REFUSED
    return None if is_refused else request.tax_id


async def _found(call: Call, profile: CustomerProfile) -> stripe.Customer | None:
    page = await call.read(
        call.v1.customers.list_async({"email": profile.email, "limit": 100, "expand": ["data.tax_ids"]})
    )
    found = ours(page.data, profile.account_id)
    if found is None:
        query = f"metadata['{ACCOUNT}']:'{profile.account_id}'"
        hits = await call.read(call.v1.customers.search_async({"query": query, "expand": ["data.tax_ids"]}))
        found = ours(hits.data, profile.account_id)
    return found


async def _made(call: Call, profile: CustomerProfile, marked: str) -> stripe.Customer:
    """Make a customer; one that was deleted within a day still holds its key, and then the next key is tried."""
    for attempt in range(TRIES):
        once = f"account:{profile.account_id}:customer" + (f":{attempt}" if attempt else "")
        try:
            made = await _made_once(call, profile, marked, once)
        except KeyReused:
            if (found := await _made_a_moment_ago(call, profile)) is not None:
                return found
            continue
        if not call.is_replay or await _is_there(call, made):
            return made
    raise VendorUnavailable(vendor=NAME, operation=call.operation, detail="the customer is being made")


async def _made_once(call: Call, profile: CustomerProfile, marked: str, once: str) -> stripe.Customer:
    try:
        return await _create(call, new_customer(profile, marked, with_tax_id=True), {"idempotency_key": once})
    except VendorRejected as error:
        if error.reason is not RejectReason.INVALID_TAX_ID:
            raise
        without: stripe.RequestOptions = {"idempotency_key": f"{once}:untaxed"}
        return await _create(call, new_customer(profile, marked, with_tax_id=False), without)


async def _is_there(call: Call, made: stripe.Customer) -> bool:
    try:
        await holder(call, made.id)
    except VendorRejected as error:
        if error.reason is not RejectReason.NOT_FOUND:
            raise
        return False
    return True


async def _create(
    call: Call, params: stripe.params.CustomerCreateParams, options: stripe.RequestOptions
) -> stripe.Customer:
    params["expand"] = ["tax_ids"]
    return await call.write(call.v1.customers.create_async(params, options))


async def _made_a_moment_ago(call: Call, profile: CustomerProfile) -> stripe.Customer | None:
    since = int((call.client.clock.now() - KEY_WINDOW).timestamp())
    listed = call.v1.customers.list_async({"created": {"gte": since}, "limit": 100, "expand": ["data.tax_ids"]})
    return ours(await call.pages(listed, MOST_PAGES), profile.account_id)


async def _is_done(call: Call, customer: stripe.Customer, marked: str) -> bool:
    """Whether this very call was done before, so that a late repetition undoes nothing newer."""
    key = marked.partition(".")[0]
    same_key = [kept for kept in kept_marks(customer) if kept.partition(".")[0] == key]
    if any(kept != marked for kept in same_key):
        raise KeyReused(vendor=NAME, operation=call.operation, request_id=call.request_id)
    return bool(same_key)


async def _number(call: Call, customer: stripe.Customer, wanted: TaxId | None, key: str) -> None:
    """Have a customer's tax number be ``wanted``, or none; one that Stripe refuses is none."""
    stale = stale_tax_ids(customer, wanted)
    await asyncio.gather(*(call.write(call.v1.customers.tax_ids.delete_async(customer.id, held.id)) for held in stale))
    if wanted is None or has_tax_id(customer, wanted):
        return
    options: stripe.RequestOptions = {"idempotency_key": f"{key}:tax_id"}
    try:
        await call.write(
            call.v1.customers.tax_ids.create_async(customer.id, {"type": wanted.kind, "value": wanted.value}, options)
        )
    except VendorRejected as error:
        if error.reason is not RejectReason.INVALID_TAX_ID:
            raise
