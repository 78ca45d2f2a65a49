"""Banks: what a test card's bank answers, and what that makes of a payment."""

import hashlib
from typing import Any

import stripe

from app.vendor_adapters.embedded.cards import BY_NUMBER, Answer, Behaviour, ask_bank
from app.vendor_adapters.types import DeclineReason
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.refusals import Refusal, invalid
from tests.stripe_twin.samples import body

DECLINES = {
    DeclineReason.DECLINED: ("card_declined", "generic_decline"),
    DeclineReason.FUNDS: ("card_declined", "insufficient_funds"),
    DeclineReason.EXPIRED: ("expired_card", "expired_card"),
    DeclineReason.CVC: ("incorrect_cvc", "incorrect_cvc"),
    DeclineReason.ADDRESS: ("incorrect_zip", "incorrect_zip"),
    DeclineReason.LIMIT: ("card_declined", "card_velocity_exceeded"),
    DeclineReason.TYPE: ("card_declined", "transaction_not_allowed"),
    DeclineReason.AUTH: ("payment_intent_authentication_failure", None),
}
BRANDS = {"Visa": "visa", "Mastercard": "mastercard"}


def new_card(books: Books, number: str, month: int, year: int, customer: str | None = None) -> Obj:
    """Return a card; its number is known to its bank alone."""
    if number not in BY_NUMBER:
        raise Refusal(402, "card_error", code="incorrect_number", message="Your card number is incorrect.")
    brand = BRANDS[BY_NUMBER[number].brand]
    card: dict[str, Any] = {
        "brand": brand,
        "checks": None,
        "country": "US",
        "display_brand": brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": _fingerprint(number),
        "funding": "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": None,
        "regulated_status": None,
        "three_d_secure_usage": None,
        "wallet": None,
    }
    details = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
    return books.new(
        "payment_method",
        type="card",
        card=card,
        billing_details=details,
        customer=customer,
        metadata={},
        _number=number,
    )


def new_payment(books: Books, amount: int, currency: str, customer: str | None, metadata: Obj | None = None) -> Obj:
    """Return a payment that waits for a card."""
    payment = books.new(
        "payment_intent",
        amount=amount,
        amount_capturable=0,
        amount_received=0,
        capture_method="automatic",
        confirmation_method="automatic",
        currency=currency,
        customer=customer,
        metadata=metadata or {},
        payment_method_types=["card"],
        status="requires_payment_method",
    )
    payment["client_secret"] = f"{payment['id']}_secret"
    return payment


def attempt(books: Books, payment: Obj, card: Obj, *, is_present: bool, return_url: str = "", origin: str = "") -> None:
    """Ask the card's bank; Refusal when it says no."""
    payment["payment_method"] = card["id"]
    payment["last_payment_error"] = None
    behaviour = BY_NUMBER[card["_number"]].behaviour
    now = books.clock.now()
    is_expired = (card["card"]["exp_year"], card["card"]["exp_month"]) < (now.year, now.month)
    answer = ask_bank(
        behaviour, is_expired=is_expired, is_stored=bool(card.get("customer")), is_buyer_present=is_present
    )
    if isinstance(answer, DeclineReason):
        raise refuse(books, payment, card, answer)
    match answer:
        case Answer.PAID:
            take(books, payment, card)
        case Answer.CHALLENGE:
            payment["status"] = "requires_action"
            payment["next_action"] = _challenge(payment, return_url, origin)
            books.tell("payment_intent.requires_action", payment)
        case Answer.LATER:
            payment |= {"status": "processing", "_asked_at": books.now}
            books.tell("payment_intent.processing", payment)


def take(books: Books, payment: Obj, card: Obj) -> None:
    """Let the money move."""
    charge = _charge(books, payment, card, "succeeded")
    payment |= {
        "status": "succeeded",
        "amount_received": payment["amount"],
        "latest_charge": charge["id"],
        "next_action": None,
    }
    books.tell("charge.succeeded", charge)
    books.tell("payment_intent.succeeded", payment)


def refuse(books: Books, payment: Obj, card: Obj, reason: DeclineReason) -> Refusal:
    """Note a bank's no and return it; nothing moves."""
    code, decline_code = DECLINES[reason]
    charge = _charge(books, payment, card, "failed")
    charge |= {"failure_code": code, "failure_message": "The card was declined.", "_reason": reason.value}
    error = {
        "type": "card_error",
        "code": code,
        "decline_code": decline_code,
        "charge": charge["id"],
        "message": "The card was declined.",
        "payment_method": None,
    }
    payment |= {
        "status": "requires_payment_method",
        "latest_charge": charge["id"],
        "payment_method": None,
        "next_action": None,
        "last_payment_error": {
            **error,
            "advice_code": None,
            "doc_url": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "param": None,
            "payment_intent": None,
            "payment_method_type": "card",
            "request_log_url": None,
            "setup_intent": None,
            "source": None,
        },
    }
    books.tell("charge.failed", charge)
    books.tell("payment_intent.payment_failed", payment)
    told = {name: value for name, value in error.items() if name not in ("type", "payment_method")}
    return Refusal(402, "card_error", is_kept=True, payment_intent=books.shown(payment), **told)


def cancel(payment: Obj, books: Books) -> None:
    """End a payment that has not succeeded."""
    if payment["status"] == "processing":
        raise invalid("You cannot void an invoice whose payment is processing.", code="payment_intent_unexpected_state")
    payment |= {
        "status": "canceled",
        "canceled_at": books.now,
        "cancellation_reason": "void_invoice",
        "next_action": None,
    }


def is_late(card: Obj) -> bool:
    """Whether a card's bank takes its time."""
    return BY_NUMBER[card["_number"]].behaviour is Behaviour.NO_ANSWER


def _charge(books: Books, payment: Obj, card: Obj, status: str) -> Obj:
    is_paid = status == "succeeded"
    return books.new(
        "charge",
        amount=payment["amount"],
        amount_captured=payment["amount"] if is_paid else 0,
        amount_refunded=0,
        billing_details=card["billing_details"],
        captured=is_paid,
        currency=payment["currency"],
        customer=payment["customer"],
        disputed=False,
        metadata=payment["metadata"],
        paid=is_paid,
        payment_intent=payment["id"],
        payment_method=card["id"],
        payment_method_details=_details(card),
        refunded=False,
        status=status,
    )


def _details(card: Obj) -> Obj:
    kept = {name: card["card"][name] for name in ("brand", "country", "exp_month", "exp_year", "fingerprint", "last4")}
    used = body(stripe.Charge.PaymentMethodDetails.Card, **kept)
    return body(stripe.Charge.PaymentMethodDetails, type="card", card=used)


def _fingerprint(number: str) -> str:
    """Return the mark of a card, the same whoever has it."""
    return hashlib.sha256(f"twin {number}".encode()).hexdigest()[:16]


def _challenge(payment: Obj, return_url: str, origin: str) -> Obj:
    page = f"{origin}/3ds/{payment['id']}"
    payment["_return_url"] = return_url
    redirect = {"return_url": return_url, "url": page} if return_url else None
    return {"type": "redirect_to_url" if return_url else "use_stripe_sdk", "redirect_to_url": redirect}
