"""What the twin does by itself when time has passed: renewals, ends, and the expiry of what nobody paid."""

from tests.stripe_twin import invoices, schedules, sessions, subscriptions
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.subscriptions import items, year_after

RUNNING = ("active", "past_due", "trialing")


def run_due(books: Books, origin: str) -> None:
    """Do everything that is due by now, in the order in which it was."""
    while due := _next_due(books):
        at, subscription = due
        with books.at(at):
            _renew(books, subscription, origin)
    for session in books.all("checkout.session", status="open"):
        if session["expires_at"] <= books.now:
            sessions.expire(books, session)
    for subscription in books.all("subscription"):
        _expire(books, subscription)


def _next_due(books: Books) -> tuple[int, Obj] | None:
    waiting = [
        (items(one)[0]["current_period_end"], one["_serial"], one)
        for one in books.tables["subscription"].values()
        if one["status"] in RUNNING and items(one)[0]["current_period_end"] <= books.now
    ]
    return (min(waiting)[0], min(waiting, key=lambda row: row[:2])[2]) if waiting else None


def _renew(books: Books, subscription: Obj, origin: str) -> None:
    at = items(subscription)[0]["current_period_end"]
    if subscription.get("cancel_at") and subscription["cancel_at"] <= at:
        subscriptions.end(books, subscription)
        return
    _drop_unpaid_change(books, subscription)
    schedules.enter(books, subscription, at)
    for item in items(subscription):
        item |= {"current_period_start": at, "current_period_end": year_after(at)}
    invoice = subscriptions.bill_term(books, subscription, [], "subscription_cycle", origin)
    if not subscriptions.charge(books, subscription, invoice, is_present=False, origin=origin):
        subscription["status"] = "past_due"
    books.tell("customer.subscription.updated", subscription)


def _expire(books: Books, subscription: Obj) -> None:
    pending = subscription.get("pending_update")
    if pending and pending["expires_at"] <= books.now:
        _drop_unpaid_change(books, subscription)
    is_old = subscription["created"] + subscriptions.PENDING_SECONDS <= books.now
    if subscription["status"] == "incomplete" and is_old:
        first = books.tables["invoice"][subscription["latest_invoice"]]
        if first["status"] == "open":
            invoices.void(books, first)
        subscription["status"] = "incomplete_expired"
        books.tell("customer.subscription.updated", subscription)


def _drop_unpaid_change(books: Books, subscription: Obj) -> None:
    pending = books.find("invoice", subscription.get("_pending_invoice") or "")
    if pending is not None and pending["status"] == "open":
        invoices.void(books, pending)
    subscriptions.drop_pending(subscription)
