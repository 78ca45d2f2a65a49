"""Customers and subscriptions that were there before a demonstration or a test begins."""

from app.core.clock import add_months
from app.vendor_adapters.types import (
    Arrangement,
    CustomerProfile,
    CustomerRef,
    SalesChannel,
    SubscriptionRef,
    SubscriptionStatus,
)
from app.vendor_adapters.world import SeedSubscription
from tests.stripe_twin import invoices, payments, subscriptions
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.runs import TRIES_AFTER
from tests.stripe_twin.subscriptions import items

CARD_YEARS = 4


def customer(books: Books, profile: CustomerProfile, card_number: str | None) -> CustomerRef:
    """Return the customer of an account with that test card as the default one; may be repeated."""
    held = _held(books, profile.account_id) or _made(books, profile)
    if card_number is not None:
        year = books.clock.now().year + CARD_YEARS
        card = payments.new_card(books, card_number.replace(" ", ""), 12, year, held["id"])
        held["invoice_settings"] = {**held["invoice_settings"], "default_payment_method": card["id"]}
        for one in books.all("subscription", customer=held["id"]):
            if one["default_payment_method"]:
                one["default_payment_method"] = card["id"]
    return CustomerRef(held["id"])


def subscription(books: Books, customer_ref: str, seed: SeedSubscription, origin: str) -> SubscriptionRef:
    """Return the customer's subscription for ``seed.subject``, made unless there is one; may be repeated."""
    for one in books.all("subscription", customer=customer_ref):
        if one["metadata"].get("kassa_subject", "") == seed.subject:
            return SubscriptionRef(one["id"])
    with books.at(int(seed.starts_at.timestamp())):
        return SubscriptionRef(_add(books, books.tables["customer"][customer_ref], seed, origin)["id"])


def _held(books: Books, account_id: str) -> Obj | None:
    rows = books.all("customer")
    return next((row for row in rows if row["metadata"].get("kassa_account") == account_id), None)


def _made(books: Books, profile: CustomerProfile) -> Obj:
    place = profile.address
    address = place and {
        "city": place.city or None,
        "country": place.country,
        "line1": place.line1 or None,
        "line2": place.line2 or None,
        "postal_code": place.postal_code or None,
        "state": place.region or None,
    }
    return books.new(
        "customer",
        address=address,
        business_name=profile.company or None,
        delinquent=False,
        description=None,
        email=profile.email,
        individual_name=profile.full_name or None,
        invoice_settings={"default_payment_method": None},
        metadata={"kassa_account": profile.account_id, "kassa_currency": profile.currency},
        name=profile.company or profile.full_name,
        phone=None,
    )


def _add(books: Books, buyer: Obj, seed: SeedSubscription, origin: str) -> Obj:
    price = next(row for row in books.all("price") if row["lookup_key"] == seed.offer)
    card = buyer["invoice_settings"]["default_payment_method"]
    held = subscriptions.begin(books, buyer, [(price, seed.seats)], is_taxed=True, metadata=_facts(seed), card=card)
    ends_at = int(add_months(seed.starts_at, seed.months).timestamp())
    items(held)[0] |= {"current_period_end": ends_at, "billed_until": ends_at}
    if not _renews(seed):
        held |= {"cancel_at_period_end": True, "cancel_at": ends_at}
    if seed.channel is not SalesChannel.DIRECT:
        held["status"] = "active"  # invoiced by who sold it
        return held
    invoice = subscriptions.bill_term(books, held, [], "subscription_create", origin)
    if seed.status is SubscriptionStatus.PAST_DUE:
        since = int(seed.starts_at.timestamp())
        tries = sum(since + wait <= books.clock.now().timestamp() for wait in TRIES_AFTER)
        held |= {"status": "past_due", "_owed": invoice["id"], "_owed_since": since, "_tries": tries}
    else:
        _pay(books, buyer, invoice)
    if seed.status is SubscriptionStatus.CANCELLED:
        subscriptions.end(books, held)
    return held


def _facts(seed: SeedSubscription) -> Obj:
    arrangement = "" if seed.arrangement is Arrangement.CARD else seed.arrangement.value
    channel = "" if seed.channel is SalesChannel.DIRECT else seed.channel.value
    facts = {
        "kassa_order": seed.order,
        "kassa_subject": seed.subject,
        "kassa_channel": channel,
        "kassa_sold_by": seed.sold_by,
        "kassa_sold_by_contact": seed.sold_by_contact,
        "kassa_arrangement": arrangement,
    }
    return {key: value for key, value in facts.items() if value}


def _renews(seed: SeedSubscription) -> bool:
    return seed.channel is SalesChannel.DIRECT if seed.auto_renew is None else seed.auto_renew


def _pay(books: Books, buyer: Obj, invoice: Obj) -> None:
    """Let the invoice have been paid, whatever its card would do today."""
    payment = invoices.payment_of(books, invoice)
    card = books.find("payment_method", buyer["invoice_settings"]["default_payment_method"] or "")
    if payment is not None and card is not None:
        payment["payment_method"] = card["id"]
        payments.take(books, payment, card)
    subscriptions.paid(books, invoice)
