"""Invoices: made, finalized, paid, voided."""

from collections.abc import Sequence
from typing import Any

from tests.stripe_twin import payments
from tests.stripe_twin.bills import totals
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.refusals import invalid
from tests.stripe_twin.taxes import Rule, bad_place, rule_at

Discounts = Sequence[tuple[str, Obj]]
SMALLEST = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50}
"""The least that is charged; less is called paid, and stands on the next invoice."""


def tax_rule(books: Books, customer: Obj, is_taxed: bool) -> Rule | None:
    """Return how a customer is taxed, None where tax is switched off."""
    return rule_at(customer.get("address"), books.all("tax_id", customer=customer["id"])) if is_taxed else None


def draft(
    books: Books,
    customer: Obj,
    currency: str,
    *,
    is_taxed: bool,
    reason: str,
    subscription: Obj | None = None,
    **fields: Any,
) -> Obj:
    """Return a new invoice without lines."""
    books_of = [row for row in books.tables["invoice"].values() if row["customer"] == customer["id"]]
    invoice = books.new(
        "invoice",
        **_sums(),
        automatic_tax=_automatic_tax(is_taxed, None),
        billing_reason=reason,
        collection_method="charge_automatically",
        currency=currency,
        customer=customer["id"],
        default_tax_rates=[],
        discounts=[],
        issuer={"type": "self"},
        lines=_lines([]),
        metadata=fields.pop("metadata", {}),
        parent=parent_of(subscription) if subscription else None,
        payment_settings={},
        period_end=books.now,
        period_start=books.now,
        status="draft",
        status_transitions=dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        _number=f"TWIN-{len(books_of) + 1:04d}",
        **fields,
    )
    books.tell("invoice.created", invoice)
    return invoice


def parent_of(subscription: Obj) -> Obj:
    """Return how an invoice names its subscription, with its metadata as they are now."""
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def fill(books: Books, invoice: Obj, lines: list[Obj], discounts: Discounts) -> None:
    """Put lines on a draft and sum them up."""
    customer = books.tables["customer"][invoice["customer"]]
    tax = tax_rule(books, customer, invoice["automatic_tax"]["enabled"])
    if tax is not None and tax.status != "complete":
        raise bad_place()
    for i, line in enumerate(lines):
        line |= {"id": f"il_{invoice['id']}_{i}", "invoice": invoice["id"]}
    sums, balance = totals(lines, discounts, tax), customer.get("balance") or 0
    due = max(0, sums["total"] + balance)
    invoice |= sums | {"lines": _lines(lines), "amount_due": due, "amount_remaining": due, "starting_balance": balance}
    invoice["automatic_tax"] = _automatic_tax(tax is not None, tax)
    invoice["discounts"] = [ref for ref, _ in discounts]


def finalize(books: Books, invoice: Obj, origin: str) -> None:
    """Number an invoice and let it wait for its payment; one over nothing is paid."""
    customer = books.tables["customer"][invoice["customer"]]
    page = f"{origin}/i/{invoice['id']}"
    invoice |= {
        "status": "open",
        "number": invoice["_number"],
        "hosted_invoice_url": page,
        "invoice_pdf": f"{page}/pdf",
        "customer_address": customer.get("address"),
        "customer_email": customer.get("email"),
    }
    invoice["status_transitions"]["finalized_at"] = books.now
    books.tell("invoice.finalized", invoice)
    customer["balance"] = min(0, invoice["total"] + invoice["starting_balance"])
    if invoice["amount_due"] < SMALLEST.get(invoice["currency"], 0):
        customer["balance"] += invoice["amount_due"]
        invoice |= {"amount_due": 0, "amount_remaining": 0}
        mark_paid(books, invoice)
        return
    payment = payments.new_payment(
        books, invoice["amount_due"], invoice["currency"], invoice["customer"], dict(invoice["metadata"])
    )
    attach(books, invoice, payment)


def attach(books: Books, invoice: Obj, payment: Obj) -> None:
    """Let a payment be the one that pays an invoice."""
    payment["_invoice"] = invoice["id"]
    books.new(
        "invoice_payment",
        amount_requested=invoice["amount_due"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={"charge": None, "payment_intent": payment["id"], "payment_record": None, "type": "payment_intent"},
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )


def payment_of(books: Books, invoice: Obj) -> Obj | None:
    """Return the payment of an invoice."""
    rows = books.all("invoice_payment", invoice=invoice["id"])
    return books.tables["payment_intent"][rows[0]["payment"]["payment_intent"]] if rows else None


def mark_paid(books: Books, invoice: Obj) -> None:
    """Note that an invoice is paid."""
    invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0, "attempted": True}
    invoice["status_transitions"]["paid_at"] = books.now
    for row in books.all("invoice_payment", invoice=invoice["id"]):
        row |= {"status": "paid", "amount_paid": invoice["amount_due"]}
    books.tell("invoice.paid", invoice)


def void(books: Books, invoice: Obj) -> None:
    """Make sure that an invoice is paid no more."""
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"Invoices in the {invoice['status']} status cannot be voided.", code="status_transition_invalid")
    payment = payment_of(books, invoice)
    if payment is not None and payment["status"] != "succeeded":
        payments.cancel(payment, books)
    customer = books.tables["customer"].get(invoice["customer"], {})  # one that was deleted has no balance
    customer["balance"] = (customer.get("balance") or 0) + invoice["starting_balance"]
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = books.now
    books.tell("invoice.voided", invoice)


def preview(
    currency: str, lines: list[Obj], discounts: Discounts, tax: Rule | None, now: int, customer: Obj | None
) -> Obj:
    """Return an invoice that nobody keeps."""
    balance = (customer or {}).get("balance") or 0
    for i, line in enumerate(lines):
        line |= {"id": f"il_tmp_{i}", "invoice": "upcoming_in_twin"}
    sums = totals(lines, discounts, tax)
    due = max(0, sums["total"] + balance)
    return {
        "id": "upcoming_in_twin",
        "object": "invoice",
        "created": now,
        "livemode": False,
        **_sums(),
        **sums,
        "amount_due": due,
        "amount_remaining": due,
        "starting_balance": balance,
        "automatic_tax": _automatic_tax(tax is not None, tax),
        "billing_reason": "upcoming",
        "collection_method": "charge_automatically",
        "currency": currency,
        "customer": customer["id"] if customer else None,
        "default_tax_rates": [],
        "discounts": [ref for ref, _ in discounts],
        "issuer": {"type": "self"},
        "lines": _lines(lines),
        "metadata": {},
        "payment_settings": {},
        "period_end": now,
        "period_start": now,
        "status": "draft",
        "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
    }


def refund(books: Books, payment: Obj, amount: int, metadata: Obj) -> Obj:
    """Give a part of a payment back."""
    charge = books.find("charge", payment["latest_charge"] or "")
    left = charge["amount"] - charge["amount_refunded"] if charge and charge["paid"] else 0
    if charge is None or not left:
        raise invalid("Charge has already been refunded.", code="charge_already_refunded")
    if amount > left:
        raise invalid("Refund amount is greater than unrefunded amount on charge.", param="amount")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    made = books.new(
        "refund",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        metadata=metadata,
        payment_intent=payment["id"],
        status="succeeded",
    )
    books.tell("charge.refunded", charge)
    return made


def _sums() -> Obj:
    names = (
        "amount_due",
        "amount_overpaid",
        "amount_paid",
        "amount_remaining",
        "amount_shipping",
        "attempt_count",
        "post_payment_credit_notes_amount",
        "pre_payment_credit_notes_amount",
        "starting_balance",
        "subtotal",
        "total",
    )
    return {**dict.fromkeys(names, 0), "attempted": False}


def _automatic_tax(is_on: bool, tax: Rule | None) -> Obj:
    return {"enabled": is_on, "status": tax.status if tax else None}


def _lines(rows: list[Obj]) -> Obj:
    return {"object": "list", "data": rows, "has_more": False, "url": "/v1/invoices/lines"}
