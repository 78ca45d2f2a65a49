"""The demo controls: JSON under ``/_demo``, only with KASSA_ENV=demo and only from this machine."""

from datetime import datetime
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.core.durations import BadDuration
from app.web.render import page

Json = dict[str, object]
_LOOPBACK = frozenset({"127.0.0.1", "::1", "testclient"})


class BadOrder(Exception):
    """The world will not do that; the message says why."""


class World(Protocol):
    """The demonstration as a whole: store, vendor and product together."""

    def now(self) -> datetime:
        """Return business time."""
        ...

    async def set_clock(self, now: datetime) -> Json:
        """Move business time and run what falls due; BadOrder when it would go back."""
        ...

    def later(self, duration: str) -> datetime:
        """Return business time after an ISO 8601 duration; BadDuration."""
        ...

    async def drain(self) -> Json:
        """Run everything that waits until it is quiet and return counts."""
        ...

    async def set_faults(self, order: Json) -> None:
        """Order faults of vendor, webhooks, product and idp; BadOrder."""
        ...

    async def clear_faults(self) -> None:
        """No more faults."""
        ...

    async def vendor_books(self) -> Json:
        """Return the vendor's whole books; BadOrder for a vendor that cannot be looked into from here."""
        ...

    async def refund(self, charge: str, amount: int) -> Json:
        """Refund at the vendor, as its own staff would; BadOrder."""
        ...

    async def dispute(self, charge: str, state: str) -> Json:
        """Open or end a dispute at the vendor; BadOrder."""
        ...

    async def product_books(self) -> Json:
        """Return the demo product's groups and grants."""
        ...

    async def mails(self) -> list[dict[str, str]]:
        """Return the mails sent, newest first."""
        ...

    async def reset(self) -> None:
        """Make a fresh world with the same seed; BadOrder for a vendor that cannot be emptied from here."""
        ...


async def clock(request: Request) -> Response:
    """Read business time, or move it: ``{"now": …}`` or ``{"advance": "P30D"}``."""
    world = _world(request)
    if request.method == "GET":
        return JSONResponse({"now": world.now().isoformat()})
    order = await _order(request)
    try:
        to = _instant(order["now"]) if "now" in order else world.later(str(order.get("advance", "")))
        done = await world.set_clock(to)
    except (BadOrder, BadDuration) as error:
        return _refused(str(error))
    return JSONResponse({"now": world.now().isoformat(), **done})


async def drain(request: Request) -> Response:
    """Run inbox, outbox, vendor deliveries and sweeps until quiet."""
    return JSONResponse(await _world(request).drain())


async def faults(request: Request) -> Response:
    """Order faults, or end them all."""
    world = _world(request)
    if request.method == "DELETE":
        await world.clear_faults()
        return JSONResponse({"faults": "none"})
    try:
        await world.set_faults(await _order(request))
    except BadOrder as error:
        return _refused(str(error))
    return JSONResponse({"faults": "set"})


async def vendor(request: Request) -> Response:
    """The vendor's books."""
    try:
        return JSONResponse(await _world(request).vendor_books())
    except BadOrder as error:
        return _refused(str(error))


async def refunds(request: Request) -> Response:
    """Refund a charge at the vendor: ``{"charge", "amount"}`` in minor units."""
    world, order = _world(request), await _order(request)
    amount = order.get("amount")
    if type(amount) is not int:
        return _refused("amount must be a whole number of minor units")
    try:
        return JSONResponse(await world.refund(str(order.get("charge", "")), amount))
    except BadOrder as error:
        return _refused(str(error))


async def disputes(request: Request) -> Response:
    """Dispute a charge at the vendor: ``{"charge", "state"}``."""
    world, order = _world(request), await _order(request)
    try:
        return JSONResponse(await world.dispute(str(order.get("charge", "")), str(order.get("state", ""))))
    except BadOrder as error:
        return _refused(str(error))


async def product(request: Request) -> Response:
    """The product's groups and the grants it received."""
    return JSONResponse(await _world(request).product_books())


async def mail(request: Request) -> Response:
    """Mails sent."""
    return JSONResponse({"mails": await _world(request).mails()})


async def mail_page(request: Request) -> Response:
    """Mails sent, to read."""
    return page(request, "demo_mail.html", tuple(await _world(request).mails()))


async def reset(request: Request) -> Response:
    """A fresh world."""
    try:
        await _world(request).reset()
    except BadOrder as error:
        return _refused(str(error))
    return JSONResponse({"world": "fresh"})


def _world(request: Request) -> World:
    if request.client is None or request.client.host not in _LOOPBACK:
        raise HTTPException(404)
    world: World = request.app.state.world
    return world


async def _order(request: Request) -> Json:
    try:
        order = await request.json()
    except ValueError:
        order = None
    if not isinstance(order, dict):
        raise HTTPException(400)
    return order


def _instant(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise BadOrder("now must be an instant such as 2026-11-23T12:00:00Z") from None
    if at.tzinfo is None:
        raise BadOrder("now needs a time zone, such as 2026-11-23T12:00:00Z")
    return at


def _refused(reason: str) -> Response:
    return JSONResponse({"error": reason}, status_code=422)


routes = [
    Route("/_demo/clock", clock, methods=["GET", "POST"]),
    Route("/_demo/drain", drain, methods=["POST"]),
    Route("/_demo/faults", faults, methods=["POST", "DELETE"]),
    Route("/_demo/vendor", vendor, methods=["GET"]),
    Route("/_demo/vendor/refunds", refunds, methods=["POST"]),
    Route("/_demo/vendor/disputes", disputes, methods=["POST"]),
    Route("/_demo/product", product, methods=["GET"]),
    Route("/_demo/mail", mail, methods=["GET"]),
    Route("/_demo/mail.html", mail_page, methods=["GET"]),
    Route("/_demo/reset", reset, methods=["POST"]),
]
