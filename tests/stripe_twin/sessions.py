"""Hosted payment pages: opened, paid, expired."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.vendor_adapters.types import DeclineReason
from tests.stripe_twin import invoices, payments, subscriptions
from tests.stripe_twin.bills import one_off_line, subscription_line, totals
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.refusals import Refusal, invalid
from tests.stripe_twin.taxes import bad_place

LIFETIME = 24 * 3600
Wanted = Sequence[tuple[Obj, int]]


def opened(
    books: Books, params: Mapping[str, Any], customer: Obj, wanted: Wanted, coupon: Obj | None, origin: str
) -> Obj:
    """Return an open page for what is wanted."""
    _check(params, customer, wanted)
    tax = invoices.tax_rule(books, customer, params.get("automatic_tax", {}).get("enabled") == "true")
    if tax is not None and tax.status != "complete":
        raise bad_place()
    sums = totals(_lines(wanted, books.now), [("di_page", coupon)] if coupon else [], tax)
    if 0 < sums["total"] < invoices.SMALLEST.get(wanted[0][0]["currency"], 0):
        raise invalid("The Checkout Session's total amount must convert to at least 50 cents.", code="amount_too_small")
    session = books.new(
        "checkout.session",
        adaptive_pricing={"enabled": False},
        allowed_payment_method_types=params.get("allowed_payment_method_types"),
        amount_subtotal=sums["subtotal"],
        amount_total=max(0, sums["total"]),
        automatic_tax={"enabled": tax is not None, "status": tax.status if tax else None},
        billing_address_collection=params.get("billing_address_collection"),
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        currency=wanted[0][0]["currency"],
        custom_fields=[],
        custom_text={},
        customer=customer["id"],
        expires_at=books.now + LIFETIME,
        metadata=dict(params.get("metadata", {})),
        mode=params["mode"],
        payment_method_types=["card"],
        payment_status="unpaid" if sums["total"] > 0 else "no_payment_required",
        shipping_options=[],
        status="open",
        success_url=params.get("success_url"),
        ui_mode="hosted_page",
        _wanted=list(wanted),
        _coupon=coupon,
        _tax=tax,
        _params=params,
        _sums={
            "currency": wanted[0][0]["currency"],
            "subtotal": sums["subtotal"],
            "discount": sum(each["amount"] for each in sums["total_discount_amounts"]),
            "tax": sum(each["amount"] for each in sums["total_taxes"]),
            "total": max(0, sums["total"]),
        },
    )
    session["url"] = f"{origin}/pay/{session['id']}"
    return session


def expire(books: Books, session: Obj) -> None:
    """Close a page."""
    if session["status"] != "open":
        raise invalid(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.',
            param="id",
        )
    session |= {"status": "expired", "url": None}
    books.tell("checkout.session.expired", session)


def pay(books: Books, session: Obj, card: Obj | None, origin: str) -> str:
    """Pay a page with a card; return where the buyer goes next. Refusal when the bank says no."""
    if session["status"] != "open":
        return ""
    if not session["amount_total"]:
        _complete(books, session, None, card, origin)
        return str(session["success_url"])
    if card is None:
        raise Refusal(402, "card_error", code="incorrect_number", message="A card is needed.")
    payment = _payment(books, session)
    payments.attempt(books, payment, card, is_present=True, return_url=session["success_url"], origin=origin)
    session["_card"] = card["id"]
    if payment["status"] == "requires_action":
        return f"{origin}/3ds/{payment['id']}"
    if payment["status"] == "processing":
        return str(session["url"])  # where the bank's answer is waited for
    _complete(books, session, payment, card, origin)
    return str(session["success_url"])


def answered(books: Books, session: Obj, payment: Obj, *, passed: bool, origin: str) -> str:
    """Take the bank's check of a page's payment; return where the buyer goes next."""
    card = books.tables["payment_method"][session["_card"]]
    if session["status"] != "open":
        payments.cancel(payment, books)
    elif passed:
        payments.take(books, payment, card)
        _complete(books, session, payment, card, origin)
    else:
        payments.refuse(books, payment, card, DeclineReason.AUTH)
        return str(session["url"])
    return str(session["success_url"])


def _payment(books: Books, session: Obj) -> Obj:
    held = books.find("payment_intent", session.get("_payment") or "")
    if held is not None:
        return held
    metadata = dict(session["_params"].get("payment_intent_data", {}).get("metadata", {}))
    made = payments.new_payment(books, session["amount_total"], session["currency"], session["customer"], metadata)
    made["_session"] = session["id"]
    session["_payment"] = made["id"]
    if session["mode"] == "payment":
        session["payment_intent"] = made["id"]
    return made


def _complete(books: Books, session: Obj, payment: Obj | None, card: Obj | None, origin: str) -> None:
    customer = books.tables["customer"][session["customer"]]
    is_kept = session["mode"] == "subscription" or "setup_future_usage" in session["_params"].get(
        "payment_intent_data", {}
    )
    if card is not None and is_kept:
        card["customer"] = customer["id"]
    make = _subscribed if session["mode"] == "subscription" else _invoiced
    session["invoice"] = make(books, session, customer, payment, card, origin)
    session |= {"status": "complete", "url": None}
    if payment is not None:
        session["payment_status"] = "paid"
    books.tell("checkout.session.completed", session)


def _subscribed(books: Books, session: Obj, customer: Obj, payment: Obj | None, card: Obj | None, origin: str) -> str:
    wanted: Wanted = session["_wanted"]
    subscription = subscriptions.begin(
        books,
        customer,
        [(price, quantity) for price, quantity in wanted if price["recurring"]],
        is_taxed=session["automatic_tax"]["enabled"],
        metadata=dict(session["_params"].get("subscription_data", {}).get("metadata", {})),
        card=card["id"] if card else None,
    )
    if session["_coupon"]:
        subscriptions.add_coupon(books, subscription, session["_coupon"])
    once = [(price, quantity) for price, quantity in wanted if not price["recurring"]]
    books.tell("customer.subscription.created", subscription)
    invoice = subscriptions.bill_term(books, subscription, once, "subscription_create", origin)
    _settle(books, invoice, payment)
    session["subscription"] = subscription["id"]
    return str(invoice["id"])


def _invoiced(books: Books, session: Obj, customer: Obj, payment: Obj | None, card: Obj | None, origin: str) -> str:
    data = session["_params"].get("invoice_creation", {}).get("invoice_data", {})
    is_taxed = session["automatic_tax"]["enabled"]
    invoice = invoices.draft(
        books,
        customer,
        session["currency"],
        is_taxed=is_taxed,
        reason="manual",
        metadata=dict(data.get("metadata", {})),
        default_payment_method=card["id"] if card else None,
    )
    coupon = session["_coupon"]
    used = (
        [(books.new("discount", source=_source(coupon), start=books.now, _coupon=coupon)["id"], coupon)]
        if coupon
        else []
    )
    invoices.fill(books, invoice, _lines(session["_wanted"], books.now), used)
    invoices.finalize(books, invoice, origin)
    customer["currency"] = session["currency"]
    _settle(books, invoice, payment)
    return str(invoice["id"])


def _settle(books: Books, invoice: Obj, payment: Obj | None) -> None:
    """Let the page's own payment be the invoice's."""
    for row in books.all("invoice_payment", invoice=invoice["id"]):
        if payment is not None:
            del books.tables["payment_intent"][row["payment"]["payment_intent"]]
            row["payment"]["payment_intent"] = payment["id"]
            payment["_invoice"] = invoice["id"]
    subscriptions.paid(books, invoice)


def _source(coupon: Obj) -> Obj:
    return {"coupon": coupon["id"], "type": "coupon"}


def _lines(wanted: Wanted, now: int) -> list[Obj]:
    end = subscriptions.year_after(now)
    return [
        subscription_line({"id": "si_page", "subscription": "", "price": price, "quantity": quantity}, now, end, total)
        if price["recurring"]
        else one_off_line(price, quantity, now, f"ii_{price['id']}")
        for price, quantity in wanted
        for total in [price["unit_amount"] * quantity]
    ]


def _check(params: Mapping[str, Any], customer: Obj, wanted: Wanted) -> None:
    is_recurring = any(price["recurring"] for price, _ in wanted)
    if is_recurring != (params["mode"] == "subscription"):
        raise invalid("The mode does not fit the prices.", param="mode")
    if len({price["currency"] for price, _ in wanted}) > 1:
        raise invalid("All prices must have the same currency.", param="line_items")
    held = customer.get("currency")
    if is_recurring and held and held != wanted[0][0]["currency"]:
        raise invalid("You cannot combine currencies on a single customer.", param="currency")
    for i, (price, _) in enumerate(wanted):
        if not price["active"]:
            raise invalid("The price specified is inactive.", param=f"line_items[{i}][price]")
