"""What the twin does by itself when time has passed: renewals, ends, and the expiry of what nobody paid.

An unpaid renewal is charged again and given up as an account can be set to.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.vendor_adapters.types import DeclineReason
from tests.stripe_twin import invoices, payments, prebilling, schedules, sessions, subscriptions
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.subscriptions import items, year_after

RUNNING = ("active", "past_due", "trialing")
A_DAY = 24 * 3600
TRIES_AFTER = (3 * A_DAY, 5 * A_DAY, 7 * A_DAY)
GIVEN_UP_AFTER = 14 * A_DAY
BANK_SECONDS = 60
"""How long a bank that gives no answer is waited for."""

Act = Callable[[Books, Obj, str], None]


@dataclass(frozen=True, slots=True)
class _Due:
    at: int
    serial: int
    subscription: Obj
    act: Act


def run_due(books: Books, origin: str) -> None:
    """Do everything that is due by now, in the order in which it was."""
    while due := _next_due(books):
        with books.at(due.at):
            due.act(books, due.subscription, origin)
    for payment in books.all("payment_intent", status="processing"):
        _stop_waiting(books, payment)
    for session in books.all("checkout.session", status="open"):
        if session["expires_at"] <= books.now:
            sessions.expire(books, session)
    for subscription in books.all("subscription"):
        _expire(books, subscription)


def _next_due(books: Books) -> _Due | None:
    every = [due for one in books.tables["subscription"].values() for due in _dues(one)]
    return min((due for due in every if due.at <= books.now), key=lambda due: (due.at, due.serial), default=None)


def _dues(subscription: Obj) -> list[_Due]:
    """Return what a subscription waits for."""
    if subscription["status"] not in RUNNING:
        return []
    serial = subscription["_serial"]
    found = [_Due(items(subscription)[0]["current_period_end"], serial, subscription, _renew)]
    since, tries = subscription.get("_owed_since"), subscription.get("_tries", 0)
    if subscription["status"] == "past_due" and since is not None:
        found += [_Due(since + wait, serial, subscription, _try_again) for wait in TRIES_AFTER[tries:]][:1]
        found.append(_Due(since + GIVEN_UP_AFTER, serial, subscription, _give_up))
    return found


def _try_again(books: Books, subscription: Obj, origin: str) -> None:
    subscription["_tries"] += 1
    invoice = books.tables["invoice"][subscription["_owed"]]
    if invoice["status"] == "open":
        subscriptions.charge(books, subscription, invoice, is_present=False, origin=origin)


def _give_up(books: Books, subscription: Obj, origin: str) -> None:
    invoice = books.tables["invoice"][subscription["_owed"]]
    if invoice["status"] == "open":
        invoices.void(books, invoice)
    subscriptions.end(books, subscription)


def _stop_waiting(books: Books, payment: Obj) -> None:
    if payment["_asked_at"] + BANK_SECONDS <= books.now:
        card = books.tables["payment_method"][payment["payment_method"]]
        payments.refuse(books, payment, card, DeclineReason.DECLINED)


def _renew(books: Books, subscription: Obj, origin: str) -> None:
    at = items(subscription)[0]["current_period_end"]
    if subscription.get("cancel_at") and subscription["cancel_at"] <= at:
        subscriptions.end(books, subscription)
        return
    subscriptions.give_up_pending(books, subscription)
    schedules.enter(books, subscription, at)
    is_billed = all(item["billed_until"] > at for item in items(subscription))
    for item in items(subscription):
        end = year_after(at)
        item |= {"current_period_start": at, "current_period_end": end, "billed_until": max(end, item["billed_until"])}
    if is_billed:
        prebilling.begin(books, subscription)
        return
    invoice = subscriptions.bill_term(books, subscription, [], "subscription_cycle", origin)
    if not subscriptions.charge(books, subscription, invoice, is_present=False, origin=origin):
        subscription |= {"status": "past_due", "_owed": invoice["id"], "_owed_since": at, "_tries": 0}
    books.tell("customer.subscription.updated", subscription)


def _expire(books: Books, subscription: Obj) -> None:
    pending = subscription.get("pending_update")
    if pending and pending["expires_at"] <= books.now:
        subscriptions.give_up_pending(books, subscription)
    is_old = subscription["created"] + subscriptions.PENDING_SECONDS <= books.now
    if subscription["status"] == "incomplete" and is_old:
        first = books.tables["invoice"][subscription["latest_invoice"]]
        if first["status"] == "open":
            invoices.void(books, first)
        subscription["status"] = "incomplete_expired"
        books.tell("customer.subscription.updated", subscription)
