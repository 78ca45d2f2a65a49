"""Payment pages, subscriptions, schedules, invoices, payments and refunds."""

from collections.abc import Sequence
from typing import Any

from tests.stripe_twin import invoices, payments, prebilling, previews, schedules, sessions, subscriptions
from tests.stripe_twin.bills import one_off_line
from tests.stripe_twin.books import Obj
from tests.stripe_twin.endpoints import Request, route
from tests.stripe_twin.previews import check_dates
from tests.stripe_twin.reading import get, page, search
from tests.stripe_twin.refusals import invalid, missing


@route("post", "/v1/checkout/sessions")
def create_session(request: Request) -> Obj:
    params = request.params
    customer = get(request, "customer", ref=params.get("customer", ""), param="customer")
    wanted = priced(request, params["line_items"], "line_items")
    coupon = coupon_of(request, params.get("discounts"))
    made = sessions.opened(request.books, params, customer, wanted, coupon, request.origin)
    return request.books.shown(made, request.expand)


@route("get", "/v1/checkout/sessions")
def list_sessions(request: Request) -> Obj:
    names = ("customer", "subscription", "payment_intent", "status")
    wanted = {name: request.params[name] for name in names if name in request.params}
    return page(request, request.books.all("checkout.session", **wanted))


@route("get", "/v1/checkout/sessions/{session}")
def retrieve_session(request: Request) -> Obj:
    return request.books.shown(get(request, "checkout.session"), request.expand)


@route("post", "/v1/checkout/sessions/{session}/expire")
def expire_session(request: Request) -> Obj:
    session = get(request, "checkout.session")
    sessions.expire(request.books, session)
    return request.books.shown(session, request.expand)


@route("post", "/v1/subscriptions")
def create_subscription(request: Request) -> Obj:
    params, books = request.params, request.books
    customer = get(request, "customer", ref=params.get("customer", ""), param="customer")
    wanted = priced(request, params["items"], "items")
    once = priced(request, params.get("add_invoice_items", []), "add_invoice_items")
    coupon = coupon_of(request, params.get("discounts"))
    if params.get("payment_behavior") != "default_incomplete":
        raise invalid("The twin knows default_incomplete only.", param="payment_behavior")
    is_taxed = params.get("automatic_tax", {}).get("enabled") == "true"
    _check_card(request, customer, params.get("default_payment_method"))
    made = subscriptions.begin(
        books,
        customer,
        wanted,
        is_taxed=is_taxed,
        metadata=dict(params.get("metadata", {})),
        card=params.get("default_payment_method"),
        start=_backdated(request),
    )
    if coupon is not None:
        subscriptions.add_coupon(books, made, coupon)
    invoice = subscriptions.bill_term(books, made, once, "subscription_create", request.origin)
    if invoice["status"] == "paid":
        subscriptions.paid(books, invoice)
    books.tell("customer.subscription.created", made)
    return books.shown(made, request.expand)


@route("get", "/v1/subscriptions")
def list_subscriptions(request: Request) -> Obj:
    wanted, status = request.params.get("customer"), request.params.get("status", "live")
    rows = [
        row
        for row in request.books.all("subscription")
        if (wanted is None or row["customer"] == wanted) and (status == "all" or row["status"] != "canceled")
    ]
    return page(request, rows)


@route("get", "/v1/subscriptions/search")
def search_subscriptions(request: Request) -> Obj:
    return search(request, "subscription")


@route("get", "/v1/subscriptions/{subscription}")
def retrieve_subscription(request: Request) -> Obj:
    return request.books.shown(get(request, "subscription"), request.expand)


@route("post", "/v1/subscriptions/{subscription}")
def update_subscription(request: Request) -> Obj:
    params, books, held = request.params, request.books, get(request, "subscription")
    if held["status"] == "canceled" and params.keys() - {"metadata", "cancellation_details", "expand"}:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    if params.get("payment_behavior") == "pending_if_incomplete":
        _change_if_paid(request, held)
    elif "items" in params:
        raise invalid("The twin changes items by pending updates only.", param="payment_behavior")
    if "billing_schedules" in params:
        prebilling.bill(books, held, params, request.origin)
    elif params.keys() & {"cancel_at_period_end", "cancel_at"}:
        _decide(held, params)
    if "default_payment_method" in params:
        card = get(request, "payment_method", ref=params["default_payment_method"], param="default_payment_method")
        held["default_payment_method"] = card["id"]
    if "metadata" in params:
        held["metadata"] |= params["metadata"]
    if params.keys() - {"expand"}:
        books.tell("customer.subscription.updated", held)
    return books.shown(held, request.expand)


@route("delete", "/v1/subscriptions/{subscription}")
def cancel_subscription(request: Request) -> Obj:
    held = get(request, "subscription")
    if held["status"] == "canceled":
        raise missing("subscription", held["id"])
    subscriptions.end(request.books, held)
    return request.books.shown(held, request.expand)


@route("post", "/v1/subscription_schedules")
def create_schedule(request: Request) -> Obj:
    subscription = get(
        request, "subscription", ref=request.params.get("from_subscription", ""), param="from_subscription"
    )
    return request.books.shown(schedules.begin(request.books, subscription), request.expand)


@route("post", "/v1/subscription_schedules/{schedule}")
def update_schedule(request: Request) -> Obj:
    schedule = get(request, "subscription_schedule")
    schedules.plan(request.books, schedule, request.params)
    return request.books.shown(schedule, request.expand)


@route("post", "/v1/subscription_schedules/{schedule}/release")
def release_schedule(request: Request) -> Obj:
    schedule = get(request, "subscription_schedule")
    schedules.release(request.books, schedule)
    return request.books.shown(schedule, request.expand)


@route("post", "/v1/invoices")
def create_invoice(request: Request) -> Obj:
    params, books = request.params, request.books
    customer = get(request, "customer", ref=params.get("customer", ""), param="customer")
    coupon = coupon_of(request, params.get("discounts"))
    _check_card(request, customer, params.get("default_payment_method"))
    made = invoices.draft(
        books,
        customer,
        params.get("currency", "usd"),
        is_taxed=params.get("automatic_tax", {}).get("enabled") == "true",
        reason="manual",
        metadata=dict(params.get("metadata", {})),
        auto_advance=params.get("auto_advance") == "true",
        default_payment_method=params.get("default_payment_method"),
        _coupon=coupon,
    )
    return books.shown(made, request.expand)


@route("post", "/v1/invoices/create_preview")
def create_preview(request: Request) -> Obj:
    return request.books.shown(previews.preview(request), request.expand)


@route("get", "/v1/invoices")
def list_invoices(request: Request) -> Obj:
    customer, subscription = request.params.get("customer"), request.params.get("subscription")
    if customer is not None:
        get(request, "customer", ref=customer, param="customer")
    rows = [
        row
        for row in request.books.all("invoice")
        if (customer is None or row["customer"] == customer)
        and (subscription is None or _subscription_of(row) == subscription)
    ]
    return page(request, rows)


@route("get", "/v1/invoices/search")
def search_invoices(request: Request) -> Obj:
    return search(request, "invoice")


@route("get", "/v1/invoices/{invoice}")
def retrieve_invoice(request: Request) -> Obj:
    return request.books.shown(get(request, "invoice"), request.expand)


@route("post", "/v1/invoices/{invoice}")
def update_invoice(request: Request) -> Obj:
    invoice = get(request, "invoice")
    invoice["metadata"] = {**invoice["metadata"], **request.params.get("metadata", {})}
    payment = invoices.payment_of(request.books, invoice)
    if payment is not None:
        payment["metadata"] = {**payment["metadata"], **request.params.get("metadata", {})}
    return request.books.shown(invoice, request.expand)


@route("post", "/v1/invoices/{invoice}/add_lines")
def add_lines(request: Request) -> Obj:
    books, invoice = request.books, get(request, "invoice")
    if invoice["status"] != "draft":
        raise invalid("This invoice is no longer editable.", code="invoice_not_editable")
    rows = request.params["lines"]
    wanted = priced(request, [{"price": row["pricing"]["price"], "quantity": row["quantity"]} for row in rows], "lines")
    lines = [one_off_line(price, quantity, books.now, f"ii_{price['id']}") for price, quantity in wanted]
    coupon = invoice["_coupon"]
    used = []
    if coupon is not None:
        used = [(books.new("discount", source=source_of(coupon), start=books.now, _coupon=coupon)["id"], coupon)]
        coupon["times_redeemed"] += 1
    invoices.fill(books, invoice, lines, used)
    return books.shown(invoice, request.expand)


@route("post", "/v1/invoices/{invoice}/finalize")
def finalize_invoice(request: Request) -> Obj:
    books, invoice = request.books, get(request, "invoice")
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized.", code="invoice_not_editable")
    used = [(ref, books.tables["discount"][ref]["_coupon"]) for ref in invoice["discounts"]]
    invoices.fill(books, invoice, invoice["lines"]["data"], used)  # taxed where the customer is by now
    invoices.finalize(books, invoice, request.origin)
    return books.shown(invoice, request.expand)


@route("post", "/v1/invoices/{invoice}/void")
def void_invoice(request: Request) -> Obj:
    books, invoice = request.books, get(request, "invoice")
    invoices.void(books, invoice)
    subscription = books.find("subscription", _subscription_of(invoice))
    if subscription is not None and subscription.get("_pending_invoice") == invoice["id"]:
        subscriptions.drop_pending(subscription)
        books.tell("customer.subscription.pending_update_expired", subscription)
    if subscription is not None and subscription["status"] == "incomplete":
        subscription["status"] = "incomplete_expired"
        books.tell("customer.subscription.updated", subscription)
    return books.shown(invoice, request.expand)


@route("get", "/v1/payment_intents/{intent}")
def retrieve_payment(request: Request) -> Obj:
    return request.books.shown(get(request, "payment_intent"), request.expand)


@route("post", "/v1/payment_intents/{intent}/confirm")
def confirm_payment(request: Request) -> Obj:
    params, books, payment = request.params, request.books, get(request, "payment_intent")
    if payment["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise invalid("You cannot confirm this PaymentIntent.", code="payment_intent_unexpected_state")
    ref = params.get("payment_method") or payment.get("payment_method") or ""
    card = get(request, "payment_method", "PaymentMethod", ref, "payment_method")
    return_url = params.get("return_url", "")
    payments.attempt(books, payment, card, is_present=True, return_url=return_url, origin=request.origin)
    settle(request, payment)
    return books.shown(payment, request.expand)


@route("post", "/v1/refunds")
def create_refund(request: Request) -> Obj:
    params = request.params
    payment = get(request, "payment_intent", ref=params.get("payment_intent", ""), param="payment_intent")
    made = invoices.refund(
        request.books, payment, int(params.get("amount", payment["amount"])), dict(params.get("metadata", {}))
    )
    return request.books.shown(made, request.expand)


@route("get", "/v1/refunds")
def list_refunds(request: Request) -> Obj:
    payment = request.params.get("payment_intent")
    rows = [row for row in request.books.all("refund") if payment is None or row["payment_intent"] == payment]
    return page(request, rows)


def settle(request: Request, payment: Obj) -> None:
    """Do what a payment was for, when it has succeeded."""
    invoice = request.books.find("invoice", payment.get("_invoice") or "")
    if payment["status"] == "succeeded" and invoice is not None:
        subscriptions.paid(request.books, invoice)


def priced(request: Request, rows: Sequence[Any], where: str) -> list[tuple[Obj, int]]:
    """Return the prices of a list of parameters, with their quantities."""
    found = []
    for i, row in enumerate(rows):
        price = get(request, "price", ref=row["price"], param=f"{where}[{i}][price]")
        found.append((price, int(row.get("quantity", 1))))
    return found


def coupon_of(request: Request, rows: Any) -> Obj | None:
    """Return the coupon of a list of discounts; the twin takes one."""
    if not rows:
        return None
    if len(rows) > 1:
        raise invalid("The twin takes one discount.", param="discounts")
    return get(request, "coupon", ref=rows[0]["coupon"], param="discounts[0][coupon]")


def _check_card(request: Request, customer: Obj, ref: str | None) -> None:
    """A card that is somebody else's is as good as none."""
    card = request.books.find("payment_method", ref) if ref else None
    if ref and (card is None or card["customer"] != customer["id"]):
        raise missing("PaymentMethod", ref, "default_payment_method")


def source_of(coupon: Obj) -> Obj:
    """Return how a discount names its coupon."""
    return {"coupon": coupon["id"], "type": "coupon"}


def _subscription_of(invoice: Obj) -> str:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return str(details.get("subscription", ""))


def _backdated(request: Request) -> int | None:
    """Return where a subscription begins that is made later; the twin knows one whole first term only."""
    given = request.params.get("backdate_start_date")
    if given is None:
        return None
    check_dates(
        request.books.now, int(given), int(request.params.get("billing_cycle_anchor", 0)), "backdate_start_date"
    )
    return int(given)


def _decide(held: Obj, params: Any) -> None:
    if held.get("schedule"):
        raise invalid(
            "The subscription is managed by a subscription schedule, and updating any cancelation behavior directly is "
            "not allowed. Please update the schedule instead."
        )
    if {"cancel_at_period_end", "cancel_at"} <= params.keys():
        raise invalid("You may only specify one of these parameters: cancel_at, cancel_at_period_end.")
    rows = subscriptions.items(held)
    is_ending = params.get("cancel_at_period_end") == "true"
    at = rows[0]["current_period_end"] if is_ending else None
    if params.get("cancel_at") == "max_billed_until":
        at = max(item["billed_until"] for item in rows)
    elif params.get("cancel_at") and params.get("proration_behavior") == "none":
        at = int(params["cancel_at"])
    elif params.get("cancel_at"):
        raise invalid("The twin ends subscriptions with a term only.", param="cancel_at")
    held |= {"cancel_at_period_end": is_ending, "cancel_at": at}


def _change_if_paid(request: Request, held: Obj) -> None:
    params, books = request.params, request.books
    subscriptions.check_for_pending(params)
    if held.get("schedule"):
        raise invalid("The twin makes no pending update under a schedule.", param="payment_behavior")
    at = int(params.get("proration_date", books.now))
    changes = subscriptions.change_lines(books, held, params["items"], at)
    subscriptions.give_up_pending(books, held)
    customer = books.tables["customer"][held["customer"]]
    invoice = invoices.draft(
        books,
        customer,
        held["currency"],
        is_taxed=held["automatic_tax"]["enabled"],
        reason="subscription_update",
        subscription=held,
    )
    invoices.fill(books, invoice, [line for _, _, lines in changes for line in lines], [])
    held["_pending"] = [(was, to_be) for was, to_be, _ in changes]
    held |= {"_pending_invoice": invoice["id"], "latest_invoice": invoice["id"]}
    invoices.finalize(books, invoice, request.origin)
    if subscriptions.charge(books, held, invoice, is_present=True, origin=request.origin):
        return
    held["pending_update"] = {
        "expires_at": min(
            books.now + subscriptions.PENDING_SECONDS,
            *(item["current_period_end"] for item in subscriptions.items(held)),
        ),
        "subscription_items": None,
    }
