"""The twin's pages: payment, the bank's check, an invoice, the customer's portal. No money moves, and they say so."""

import re
from collections.abc import Callable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from app import formats
from app.core.money import Money
from tests.stripe_twin.books import Obj
from tests.stripe_twin.desk import Desk, Step, TypedCard

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><link rel="icon" href="data:,">
<style>body {{ max-width: 34rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 sans-serif }}
input, button {{ font: inherit; padding: .5rem; max-width: 100% }}</style></head>
<body><main><h1>{heading}</h1><p>A counterpart for tests: no money moves.</p>{body}</main></body></html>"""
_CARD = """<form method="post" novalidate>
<p><label for="cc-number">Card number</label><br>
<input id="cc-number" name="cc-number" autocomplete="cc-number" inputmode="numeric"></p>
<p><label for="cc-exp">Valid through</label><br><input id="cc-exp" name="cc-exp" autocomplete="cc-exp"></p>
<p><label for="cc-csc">Security code</label><br>
<input id="cc-csc" name="cc-csc" autocomplete="cc-csc" inputmode="numeric"></p>
<p><label for="cc-name">Name on the card</label><br><input id="cc-name" name="cc-name" autocomplete="cc-name"></p>
<p><button data-primary>{button}</button></p></form>"""
_PRESS = '<form method="post"><p><button data-primary>{button}</button></p></form>'
_CHALLENGE = """<form method="post">
<p><button name="answer" value="complete" data-primary>Complete</button>
<button name="answer" value="fail">Fail</button></p></form>"""
_WAITING = '<p>Nothing was charged so far.</p><p><a href="" data-primary>Look again</a></p>'


class NotTyped(ValueError):
    """The form is not filled in."""


def routes(desk: Desk) -> list[Route]:
    """Return the pages over ``desk``."""
    pages, both = _Pages(desk), ["GET", "POST"]
    return [
        Route("/pay/{ref}", pages.pay, methods=both),
        Route("/3ds/{ref}", pages.challenge, methods=both),
        Route("/i/{ref}", pages.invoice, methods=both),
        Route("/i/{ref}/pdf", pages.document),
        Route("/portal/{ref}", pages.portal, methods=both),
    ]


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def pay(self, request: Request) -> Response:
        session = self.desk.find("checkout.session", request.path_params["ref"])
        if session is not None and session["status"] == "complete" and request.method == "POST":
            return RedirectResponse(session["success_url"], status_code=303)  # the button was pressed twice
        if session is None or session["status"] != "open":
            return _closed(session)
        if self.desk.is_waiting(session):
            return _page("Your bank has not answered yet", _WAITING + _back(session))
        if request.method == "GET":
            return _payment(session, self.desk.refusal_of(session), asks_at=self.desk.asked_at(session))
        typed = None
        if session["amount_total"]:
            try:
                typed = await _typed(request)
            except NotTyped:
                return _payment(session, "Fill in the card.")
        return _next(self.desk.pay_session(session, typed), lambda problem: _payment(session, problem))

    async def challenge(self, request: Request) -> Response:
        payment = self.desk.find("payment_intent", request.path_params["ref"])
        if payment is None:
            return _page("There is no such check", "", status=404)
        if request.method == "GET":
            return _page("Your bank asks: is it you?", _CHALLENGE)
        answer = str((await request.form()).get("answer", ""))
        return _next(self.desk.answer(payment, passed=answer == "complete"), lambda problem: _page(problem, _CHALLENGE))

    async def invoice(self, request: Request) -> Response:
        held = self.desk.find("invoice", request.path_params["ref"])
        if held is None:
            return _page("There is no such invoice", "", status=404)
        if held["status"] != "open":
            return _page(f"Invoice {held['number']}: {held['status']}", _lines(held))
        button = f"Pay {_amount(held['amount_due'], held['currency'])}"
        form = _lines(held) + _CARD.format(button=button)
        if request.method == "GET":
            return _page(f"Invoice {held['number']}", form)
        try:
            step = self.desk.pay_invoice(held, await _typed(request))
        except NotTyped:
            step = Step(problem="Fill in the card.")
        return _next(step, lambda problem: _page(f"Invoice {held['number']}", f"<p>{problem}</p>{form}", status=422))

    async def document(self, request: Request) -> Response:
        held = self.desk.find("invoice", request.path_params["ref"])
        if held is None:
            return PlainTextResponse("There is no such invoice.", status_code=404)
        return PlainTextResponse(f"Invoice {held['number']}\nTotal {_amount(held['total'], held['currency'])}\n")

    async def portal(self, request: Request) -> Response:
        visit = self.desk.find("billing_portal.session", request.path_params["ref"])
        customer = self.desk.find("customer", visit["customer"]) if visit else None
        if visit is None or customer is None:
            return _page("There is no such page", "", status=404)
        problem = ""
        if request.method == "POST":
            try:
                problem = self.desk.add_card_typed(customer, await _typed(request))
            except NotTyped:
                problem = "Fill in the card."
        alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
        cards = "".join(f"<li>{escape(one)}</li>" for one in self.desk.cards_of(customer))
        back = f'<p><a href="{escape(visit["return_url"] or "/")}">Back to the store</a></p>'
        form = _CARD.format(button="Add this card")
        return _page("Your cards", f"{alert}<ul>{cards}</ul>{form}{back}", status=422 if problem else 200)


async def _typed(request: Request) -> TypedCard:
    form = await request.form()
    number = re.sub(r"[ -]", "", str(form.get("cc-number", "")))
    expiry = re.fullmatch(r"\s*([0-9]{1,2})\s*/\s*([0-9]{2})\s*", str(form.get("cc-exp", "")))
    if not re.fullmatch("[0-9]{12,19}", number) or expiry is None:
        raise NotTyped
    return TypedCard(number=number, month=int(expiry[1]), year=2000 + int(expiry[2]))


def _payment(session: Obj, problem: str = "", *, asks_at: str = "") -> Response:
    total, currency = session["amount_total"], session["currency"]
    shown = f'<p data-total="{total}" data-currency="{currency}">{_amount(total, currency)}</p>'
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    form = _CARD.format(button=f"Pay {_amount(total, currency)}") if total else _PRESS.format(button="Complete order")
    if asks_at:
        alert += f'<p><a href="{escape(asks_at)}">Continue with the bank’s check</a></p>'
    title = "Error: Payment" if problem else "Payment"
    return _page(title, alert + shown + form + _back(session), heading="Payment", status=422 if problem else 200)


def _back(session: Obj) -> str:
    return f'<p><a href="{escape(session["cancel_url"] or "/")}">Back to the store without paying</a></p>'


def _lines(invoice: Obj) -> str:
    rows = [f"<li>{_amount(line['subtotal'], line['currency'])}</li>" for line in invoice["lines"]["data"]]
    return f"<ul>{''.join(rows)}</ul><p>Total {_amount(invoice['total'], invoice['currency'])}</p>"


def _closed(session: Obj | None) -> Response:
    is_paid = session is not None and session["status"] == "complete"
    title = "This is paid" if is_paid else "This payment page has ended"
    back = session["success_url"] if session else None
    return _page(title, f'<p><a href="{escape(back)}">Return to the store</a></p>' if back else "", status=410)


def _next(step: Step, again: Callable[[str], Response]) -> Response:
    if step.problem:
        return again(step.problem)
    return RedirectResponse(step.url or "/", status_code=303)


def _page(title: str, body: str, *, heading: str = "", status: int = 200) -> Response:
    text = _PAGE.format(title=escape(title), heading=escape(heading or title), body=body)
    return HTMLResponse(text, status_code=status)


def _amount(minor: int, currency: str) -> str:
    return formats.money(Money(minor, currency))
