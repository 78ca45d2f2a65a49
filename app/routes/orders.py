"""Orders: the list, one order in each of its states, paying it and giving it up."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.problems import Problem
from app.flows import order_page, payment, wording
from app.flows.card_tries import check_declines
from app.flows.order_page import OrderView
from app.web.deps import deps_of
from app.web.forms import one, whole_number
from app.web.render import link, page, see_other
from app.web.session import current_actor

MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """One order."""

    order: OrderView
    product_home: str
    announcement: str
    problems: tuple[Problem, ...]
    money_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersPage:
    """A page of the list; the paths are empty where there is no page."""

    orders: tuple[OrderView, ...]
    newer_path: str
    older_path: str


async def show(request: Request) -> Response:
    """One order; while it is being paid or switched on, its page asks again by itself."""
    person = current_actor(request).person
    if person is None:
        return _sign_in(request)
    order = await order_page.read_order(deps_of(request), person, request.path_params["order_id"])
    problems = (order.problem,) if order.problem else ()
    view = OrderPage(
        order=order,
        product_home=deps_of(request).config.product_home,
        announcement="" if order.goes_back else _ANNOUNCED.get(order.state, ""),
        problems=problems,
        money_note="" if order.state in _PAID or not order.is_known else "You have not been charged.",
    )
    return page(request, "orders/order.html", view, fragment="order")


async def pay(request: Request) -> Response:
    """Go on to the payment page of an order that is still open, unless too many cards were refused just now."""
    deps, person = deps_of(request), current_actor(request).person
    if person is None:
        return _sign_in(request)
    order = await order_page.own_order(deps, person, request.path_params["order_id"])
    await check_declines(deps, person.person_id, order.account_id)
    return see_other(request, payment.step_for(deps, order).url)


async def cancel(request: Request) -> Response:
    """Give up an order that is not paid; its payment page is closed first."""
    deps, person = deps_of(request), current_actor(request).person
    if person is None:
        return _sign_in(request)
    order = await order_page.own_order(deps, person, request.path_params["order_id"])
    await payment.cancel(deps, order)
    return see_other(request, wording.order_path(order.order_id))


async def left(request: Request) -> Response:
    """The browser tells that the link back to the product was followed; it waits for no answer."""
    person = current_actor(request).person
    if person:
        await order_page.note_return(deps_of(request), person, request.path_params["order_id"])
    return Response(status_code=204)


async def index(request: Request) -> Response:
    """The person's orders, newest first."""
    person = current_actor(request).person
    if person is None:
        return _sign_in(request)
    number = min(whole_number(one(request.query_params, "page")) or 1, MOST_PAGES)
    orders, has_more = await order_page.list_orders(deps_of(request), person, number)
    view = OrdersPage(
        orders=orders,
        newer_path=link("/orders", page=number - 1) if number > 1 else "",
        older_path=link("/orders", page=number + 1) if has_more else "",
    )
    return page(request, "orders/orders.html", view)


def _sign_in(request: Request) -> Response:
    """Nothing is done for somebody whose session has ended; they come back to the page that they pressed on."""
    order_id = request.path_params.get("order_id")
    return see_other(request, link("/login", next=wording.order_path(order_id) if order_id else "/orders"))


_PAID = ("paid", "grant_retry", "granted", "refunded", "confirming")
_ANNOUNCED = {
    "confirming": "We are confirming your payment.",
    "paid": "Paid. It is being switched on.",
    "grant_retry": "Paid. It is being switched on.",
    "granted": "Paid and switched on.",
}

routes = [
    Route("/orders", index, methods=["GET"]),
    Route("/orders/{order_id}", show, methods=["GET"]),
    Route("/orders/{order_id}/payment", pay, methods=["POST"]),
    Route("/orders/{order_id}/cancellation", cancel, methods=["POST"]),
    Route("/orders/{order_id}/return", left, methods=["POST"]),
]
