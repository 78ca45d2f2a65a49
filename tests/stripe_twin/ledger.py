"""The twin's books in the one shape in which every vendor's books are shown (docs/http.md, ``/_demo/vendor``)."""

from collections.abc import Iterable
from datetime import UTC, datetime

from app.vendor_adapters.world import Books as Shown
from app.vendor_adapters.world import Json, Row
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.invoices import payment_of
from tests.stripe_twin.subscriptions import items

_SESSIONS = {"open": "open", "expired": "expired", "complete": "complete"}
_DIRECT = {"paid": "complete", "open": "open", "void": "expired", "uncollectible": "expired", "draft": "processing"}
_STATUS = {"canceled": "cancelled", "incomplete_expired": "cancelled", "unpaid": "past_due"}


def shown(books: Books) -> Shown:
    """Return everything, oldest first; what was sent to the store is kept by who sends it."""
    charges = _oldest(books, "charge")
    return {
        "customers": [_customer(books, row) for row in _oldest(books, "customer")],
        "checkouts": sorted(_checkouts(books), key=lambda row: str(row["made_at"])),
        "subscriptions": [_subscription(books, row) for row in _oldest(books, "subscription")],
        "invoices": [_invoice(books, row) for row in _oldest(books, "invoice") if row["number"]],
        "charges": [_charge(books, row) for row in charges if row["paid"]],
        "declines": [_decline(books, row) for row in charges if not row["paid"]],
        "refunds": [_refund(books, row) for row in _oldest(books, "refund")],
        "discounts": [_discount(books, row) for row in sorted([*books.gone, *_oldest(books, "coupon")], key=_serial)],
        "deliveries": [],
    }


def order_of(books: Books, payment: Obj) -> str:
    """Return the order that a payment was made for, empty for renewals."""
    own = payment["metadata"].get("kassa_order", "")
    session = books.find("checkout.session", payment.get("_session") or "")
    if session is not None:
        own = own or session["metadata"].get("kassa_order", "")
    invoice = books.find("invoice", payment.get("_invoice") or "")
    return str(own) if own or invoice is None else order_of_invoice(invoice)


def order_of_invoice(invoice: Obj) -> str:
    """Return the order that an invoice was made for: its own, or for the first of a subscription that one's."""
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    first = details.get("metadata", {}) if invoice["billing_reason"] == "subscription_create" else {}
    return str(invoice["metadata"].get("kassa_order") or first.get("kassa_order", ""))


def instant(seconds: int | None) -> str | None:
    """Return a Unix time in ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z") if seconds is not None else None


def _oldest(books: Books, kind: str) -> list[Obj]:
    return sorted(books.tables[kind].values(), key=_serial)


def _serial(row: Obj) -> int:
    serial: int = row["_serial"]
    return serial


def _customer(books: Books, row: Obj) -> Row:
    default = row["invoice_settings"]["default_payment_method"]
    cards: list[Json] = [
        {"id": card["id"], "brand": card["card"]["brand"], "last4": card["card"]["last4"], "is_default": is_default}
        for card in books.all("payment_method", customer=row["id"])
        for is_default in [card["id"] == default]
    ]
    place = row.get("address") or {}
    tax_ids = books.all("tax_id", customer=row["id"])
    return {
        "id": row["id"],
        "order": "",
        "account": row["metadata"].get("kassa_account", ""),
        "email": row.get("email") or "",
        "full_name": row.get("individual_name") or "",
        "company": row.get("business_name") or "",
        "currency": row["metadata"].get("kassa_currency", ""),
        "country": place.get("country") or "",
        "region": place.get("state") or "",
        "postal_code": place.get("postal_code") or "",
        "city": place.get("city") or "",
        "tax_id": tax_ids[0]["value"] if tax_ids else "",
        "payment_methods": cards,
    }


def _checkouts(books: Books) -> Iterable[Row]:
    for session in _oldest(books, "checkout.session"):
        payment = books.find("payment_intent", session.get("_payment") or "")
        made = {"id": session["id"], "kind": "purchase", "made_at": instant(session["created"])}
        yield made | _page(books, session, payment)
    for invoice in _oldest(books, "invoice"):
        if invoice["metadata"].get("kassa_direct") and invoice["number"]:
            yield _direct(books, invoice)


def _page(books: Books, session: Obj, payment: Obj | None) -> Row:
    is_paid = session["status"] == "complete"
    total, sums = session["amount_total"], session["_sums"]
    state = "processing" if is_paid and session["payment_status"] == "unpaid" else _SESSIONS[session["status"]]
    return {
        "order": session["metadata"].get("kassa_order", ""),
        "customer": session["customer"],
        "subject": _metadata(session).get("kassa_subject", ""),
        "subscription": session.get("subscription"),
        "invoice": session.get("invoice"),
        "charge": payment["id"] if payment is not None and is_paid else None,
        "state": state,
        **sums,
        "amount_due": 0 if is_paid else total,
        "amount_paid": total if state == "complete" else 0,
        "declines": _refused(books, payment),
        "lines": [
            {
                "kind": "purchase",
                "offer": price["lookup_key"],
                "quantity": quantity,
                "unit_price": price["unit_amount"],
                "amount": price["unit_amount"] * quantity,
            }
            for price, quantity in session["_wanted"]
        ],
        "expires_at": instant(session["expires_at"]),
    }


def _direct(books: Books, invoice: Obj) -> Row:
    payment = payment_of(books, invoice)
    is_paid, is_change = invoice["status"] == "paid", invoice["billing_reason"] == "subscription_update"
    state = _DIRECT[invoice["status"]]
    if state == "open" and payment is not None and payment["status"] == "processing":
        state = "processing"
    return {
        "id": invoice["id"],
        "kind": "change" if is_change else "purchase",
        "made_at": instant(invoice["created"]),
        "order": order_of_invoice(invoice),
        "customer": invoice["customer"],
        "subject": "",
        "subscription": _subscription_of(invoice) or None,
        "invoice": invoice["id"] if is_paid else None,
        "charge": payment["id"] if is_paid and payment is not None else None,
        "state": state,
        **sums_of(invoice),
        "amount_due": 0 if is_paid else invoice["amount_due"],
        "amount_paid": invoice["amount_paid"],
        "declines": _refused(books, payment),
        "lines": _lines(books, invoice),
        "expires_at": None,
    }


def _subscription(books: Books, row: Obj) -> Row:
    (main, *packs), metadata = items(row), row["metadata"]
    booked = _booked(books, row, main)
    return {
        "id": row["id"],
        "order": metadata.get("kassa_order", ""),
        "customer": row["customer"],
        "subject": metadata.get("kassa_subject", ""),
        "status": _STATUS.get(row["status"], row["status"]),
        "currency": row["currency"],
        "channel": metadata.get("kassa_channel", "direct"),
        "sold_by": metadata.get("kassa_sold_by", ""),
        "version": 0,
        "offer": main["price"]["lookup_key"],
        "seats": main["quantity"],
        "unit_price": main["price"]["unit_amount"],
        "starts_at": instant(main["current_period_start"]),
        "ends_at": instant(main["current_period_end"]),
        "cancel_at": instant(row.get("cancel_at")),
        "renews_as": booked,
        "packs": [{"offer": item["price"]["lookup_key"], "quantity": item["quantity"]} for item in packs],
    }


def _booked(books: Books, subscription: Obj, main: Obj) -> Json:
    schedule = books.find("subscription_schedule", subscription.get("schedule") or "")
    phases = schedule["phases"] if schedule else []
    later = [phase for phase in phases if phase["start_date"] >= main["current_period_end"]]
    if not later:
        return None
    price, quantity = books.tables["price"][later[0]["items"][0]["price"]], later[0]["items"][0]["quantity"]
    if (price["id"], quantity) == (main["price"]["id"], main["quantity"]):
        return None
    return {"offer": price["lookup_key"], "quantity": quantity}


def _invoice(books: Books, row: Obj) -> Row:
    payment = payment_of(books, row)
    charge = books.find("charge", (payment or {}).get("latest_charge") or "")
    return {
        "id": row["id"],
        "number": row["number"],
        "order": order_of_invoice(row),
        "customer": row["customer"],
        "subscription": _subscription_of(row) or None,
        "checkout": None,
        "status": row["status"],
        **sums_of(row),
        "amount_due": row["amount_remaining"] if row["status"] == "open" else 0,
        "amount_paid": row["amount_paid"],
        "amount_refunded": charge["amount_refunded"] if charge else 0,
        "lines": _lines(books, row),
        "issued_at": instant(row["status_transitions"]["finalized_at"]),
    }


def sums_of(bill: Obj) -> Row:
    """Return the sums of an invoice."""
    return {
        "currency": bill["currency"],
        "subtotal": bill["subtotal"],
        "discount": sum(each["amount"] for each in bill["total_discount_amounts"] or []),
        "tax": sum(each["amount"] for each in bill["total_taxes"] or []),
        "total": bill["total"],
    }


def _lines(books: Books, invoice: Obj) -> list[Json]:
    rows: list[Json] = []
    for line in invoice["lines"]["data"]:
        price = books.tables["price"][line["pricing"]["price_details"]["price"]]
        details = line["parent"]["subscription_item_details"]
        is_proration = details is not None and details["proration"]
        kind = "purchase" if not is_proration else "credit" if line["subtotal"] < 0 else "charge"
        rows.append(_line(kind, price["lookup_key"], line["quantity"], price["unit_amount"], line["subtotal"]))
        taken = sum(each["amount"] for each in line["discount_amounts"])
        if taken:
            rows.append(_line("discount", price["lookup_key"], 1, -taken, -taken))
    return rows


def _line(kind: str, offer: str, quantity: int, unit_price: int, amount: int) -> Row:
    return {"kind": kind, "offer": offer, "quantity": quantity, "unit_price": unit_price, "amount": amount}


def _charge(books: Books, row: Obj) -> Row:
    payment = books.tables["payment_intent"][row["payment_intent"]]
    return {
        "id": payment["id"],
        "order": order_of(books, payment),
        "customer": row["customer"],
        "checkout": payment.get("_session"),
        "invoice": payment.get("_invoice"),
        "amount": row["amount"],
        "currency": row["currency"],
        "amount_refunded": row["amount_refunded"],
        "dispute": row.get("_dispute", ""),
        "at": instant(row["created"]),
    }


def _decline(books: Books, row: Obj) -> Row:
    payment = books.tables["payment_intent"][row["payment_intent"]]
    return {
        "id": row["id"],
        "order": order_of(books, payment),
        "customer": row["customer"],
        "checkout": payment.get("_session"),
        "reason": row["_reason"],
        "amount": row["amount"],
        "currency": row["currency"],
        "at": instant(row["created"]),
    }


def _refund(books: Books, row: Obj) -> Row:
    payment = books.tables["payment_intent"][row["payment_intent"]]
    return {
        "id": row["id"],
        "order": order_of(books, payment),
        "charge": payment["id"],
        "amount": row["amount"],
        "currency": row["currency"],
        "reason": row["metadata"].get("kassa_reason", ""),
        "at": instant(row["created"]),
    }


def _discount(books: Books, row: Obj) -> Row:
    keys = {price["product"]: price["lookup_key"] for price in books.tables["price"].values()}
    used = [one for one in books.all("checkout.session") if one["_coupon"] is row]
    return {
        "id": row["id"],
        "order": used[-1]["metadata"].get("kassa_order", "") if used else "",
        "reservation": row["id"].removeprefix("kassa-"),
        "label": row.get("name") or "",
        "percent_bp": round(row["percent_off"] * 100) if row["percent_off"] is not None else None,
        "amount_off": row["amount_off"],
        "currency": row["currency"] or "",
        "periods": (row["duration_in_months"] or 0) // 12 or (1 if row["duration"] == "once" else None),
        "is_revoked": any(one is row for one in books.gone),
        "offers": [keys[product] for product in row.get("_products") or []],
    }


def _refused(books: Books, payment: Obj | None) -> list[Json]:
    rows = books.all("charge", payment_intent=payment["id"]) if payment else []
    return [row["id"] for row in reversed(rows) if not row["paid"]]


def _metadata(session: Obj) -> Obj:
    params = session["_params"]
    for data in ("subscription_data", "payment_intent_data"):
        if "kassa_subject" in params.get(data, {}).get("metadata", {}):
            found: Obj = params[data]["metadata"]
            return found
    kept: Obj = session["metadata"]
    return kept


def _subscription_of(invoice: Obj) -> str:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return str(details.get("subscription", ""))
