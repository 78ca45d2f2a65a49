"""What people do on Stripe's pages: pay, answer the bank, pay an invoice, add a card."""

from dataclasses import dataclass

from app.vendor_adapters.types import DeclineReason
from tests.stripe_twin import invoices, payments, sessions, subscriptions
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.refusals import Refusal
from tests.stripe_twin.runs import RUNNING, run_due

_WORDS = {
    "insufficient_funds": "Your card has insufficient funds",
    "expired_card": "Your card has expired",
    "incorrect_cvc": "Your card’s security code is incorrect",
    "incorrect_number": "Your card number is invalid",
    "incorrect_zip": "Your postal code is incorrect",
    "transaction_not_allowed": "Your card does not support this type of purchase",
    "payment_intent_authentication_failure": "We are unable to authenticate your payment method",
}
"""What the page says of a refusal; "Your card was declined" of every other."""


@dataclass(frozen=True, slots=True)
class TypedCard:
    """What was typed."""

    number: str
    month: int
    year: int


@dataclass(frozen=True, slots=True)
class Step:
    """Where the page leads; ``problem`` when the card was refused and another can be tried."""

    url: str = ""
    problem: str = ""


class Desk:
    """The pages' deeds."""

    def __init__(self, books: Books, origin: str) -> None:
        self.books = books
        self.origin = origin

    def find(self, kind: str, ref: str) -> Obj | None:
        """Return a thing as it is by now."""
        run_due(self.books, self.origin)
        return self.books.find(kind, ref)

    def pay_session(self, session: Obj, typed: TypedCard | None) -> Step:
        """Press the button of a payment page."""
        run_due(self.books, self.origin)
        try:
            card = payments.new_card(self.books, typed.number, typed.month, typed.year) if typed else None
            return Step(url=sessions.pay(self.books, session, card, self.origin))
        except Refusal as refusal:
            return Step(problem=_why(refusal))

    def is_waiting(self, session: Obj) -> bool:
        """Whether the bank of a page's card has still to answer."""
        payment = self._payment_of(session)
        return payment is not None and payment["status"] == "processing"

    def asked_at(self, session: Obj) -> str:
        """Return where the bank's check of a page goes on, empty while none is asked for."""
        payment = self._payment_of(session)
        is_asked = payment is not None and payment["status"] == "requires_action"
        return f"{self.origin}/3ds/{payment['id']}" if payment and is_asked else ""

    def refusal_of(self, session: Obj) -> str:
        """Return why a page's last try was refused, empty while there is none."""
        payment = self._payment_of(session)
        error = payment["last_payment_error"] if payment else None
        return _told(error["decline_code"] or error["code"]) if error else ""

    def cards_of(self, customer: Obj) -> list[str]:
        """Return the cards of a customer as they are written, the newest first."""
        default = customer["invoice_settings"]["default_payment_method"]
        return [
            f"{card['card']['brand'].title()} {card['card']['last4']}{' (default)' if card['id'] == default else ''}"
            for card in self.books.all("payment_method", customer=customer["id"])
        ]

    def add_card_typed(self, customer: Obj, typed: TypedCard) -> str:
        """Keep a card that was typed; return why it is refused, empty when it is not."""
        try:
            self.add_card(customer, typed)
        except Refusal as refusal:
            return _why(refusal)
        return ""

    def pay_invoice(self, invoice: Obj, typed: TypedCard) -> Step:
        """Press the button of an invoice's page."""
        run_due(self.books, self.origin)
        payment = invoices.payment_of(self.books, invoice)
        if invoice["status"] != "open" or payment is None:
            return Step(url=f"{self.origin}/i/{invoice['id']}")
        page = f"{self.origin}/i/{invoice['id']}"
        try:
            card = payments.new_card(self.books, typed.number, typed.month, typed.year)
            payments.attempt(self.books, payment, card, is_present=True, return_url=page, origin=self.origin)
        except Refusal as refusal:
            return Step(problem=_why(refusal))
        payment["_card"] = card["id"]
        if payment["status"] == "requires_action":
            return Step(url=f"{self.origin}/3ds/{payment['id']}")
        self._succeeded(payment, invoice)
        return Step(url=page)

    def answer(self, payment: Obj, *, passed: bool) -> Step:
        """Answer the bank's check."""
        run_due(self.books, self.origin)
        session = self.books.find("checkout.session", payment.get("_session") or "")
        if payment["status"] != "requires_action":
            return Step(url=str(payment.get("_return_url") or self.origin))
        if session is not None:
            return Step(url=sessions.answered(self.books, session, payment, passed=passed, origin=self.origin))
        card = self.books.tables["payment_method"][payment.get("_card") or payment["payment_method"]]
        if passed:
            payments.take(self.books, payment, card)
            self._succeeded(payment, self.books.find("invoice", payment.get("_invoice") or ""))
        else:
            payments.refuse(self.books, payment, card, DeclineReason.AUTH)
        return Step(url=str(payment.get("_return_url") or self.origin))

    def delete_customer(self, ref: str) -> None:
        """Delete a customer in the dashboard: its subscriptions end, and of the rest nothing is shown but that."""
        for subscription in self.books.all("subscription", customer=ref):
            if subscription["status"] in RUNNING:
                subscriptions.end(self.books, subscription)
        del self.books.tables["customer"][ref]
        self.books.deleted.add(ref)

    def add_card(self, customer: Obj, typed: TypedCard) -> Obj:
        """Keep a card for a customer, as the default from now on."""
        card = payments.new_card(self.books, typed.number, typed.month, typed.year, customer["id"])
        customer["invoice_settings"] = {**customer["invoice_settings"], "default_payment_method": card["id"]}
        for subscription in self.books.all("subscription", customer=customer["id"]):
            if subscription["default_payment_method"]:
                subscription["default_payment_method"] = card["id"]
        self.books.tell("payment_method.attached", card)
        return card

    def _payment_of(self, session: Obj) -> Obj | None:
        return self.books.find("payment_intent", session.get("_payment") or "")

    def _succeeded(self, payment: Obj, invoice: Obj | None) -> None:
        if payment["status"] == "succeeded" and invoice is not None and invoice["status"] == "open":
            subscriptions.paid(self.books, invoice)


def _why(refusal: Refusal) -> str:
    error = refusal.body["error"]
    return _told(error.get("decline_code") or error["code"])


def _told(code: str) -> str:
    return f"{_WORDS.get(code, 'Your card was declined')}. Nothing was charged: try another one."
