"""The customer's own page: cards to add, to prefer and to remove, and the invoices."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.vendor_adapters.embedded import customers, portal, views, wallet
from app.vendor_adapters.embedded.adapter import EmbeddedVendor
from app.vendor_adapters.embedded.card_form import FIELDS, read_card
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.portal import CardNeeded, Visit
from app.vendor_adapters.embedded.rendering import Renderer, fields_of, see
from app.vendor_adapters.embedded.views import EMPTY_FORM, PortalPage, ShownCardForm
from app.vendor_adapters.types import DeclineReason

_REFUSED = {
    DeclineReason.FUNDS: "There is not enough money on this card",
    DeclineReason.EXPIRED: "This card has expired",
    DeclineReason.CVC: "The security code is wrong",
    DeclineReason.ADDRESS: "The bank could not match the address",
    DeclineReason.LIMIT: "This card is over its limit",
    DeclineReason.TYPE: "This card does not allow this kind of purchase",
}
_NEEDED = "This card is charged when a subscription renews. Make another card the default first."


class PortalPages:
    """``/portal/{token}``: the token says whose page it is, and until when."""

    def __init__(self, vendor: EmbeddedVendor, renderer: Renderer) -> None:
        self._calls = vendor.calls
        self._renderer = renderer

    def routes(self) -> list[Route]:
        """Return the routes of this page."""
        return [
            Route("/portal/{token}", self.show, methods=["GET"]),
            Route("/portal/{token}/cards", self.add, methods=["POST"]),
            Route("/portal/{token}/cards/{card}/default", self.prefer, methods=["POST"]),
            Route("/portal/{token}/cards/{card}/remove", self.remove, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        visit = await self._visit(request)
        return await self._page(visit)

    async def add(self, request: Request) -> Response:
        """Store a card, or answer 422 with what to mend; nothing is charged."""
        visit = await self._visit(request)
        fields = await fields_of(request, FIELDS)
        form = read_card(fields, self._calls.clock.now())
        details = form.details
        if details is None:
            return await self._page(visit, views.typed(fields, form.errors), status=422)
        refused = await self._calls.own_write(lambda desk: portal.add_card(desk, visit.customer, details))
        if refused is None:
            return see(f"/portal/{visit.token}")
        reason = _REFUSED.get(refused, "The bank declined this card and gave no reason")
        return await self._page(visit, views.typed(fields, {"cc-number": f"{reason}: use another one"}), status=422)

    async def prefer(self, request: Request) -> Response:
        visit, card = await self._visit(request), request.path_params["card"]
        await self._calls.own_write(lambda desk: wallet.set_default(desk, visit.customer, card))
        return see(f"/portal/{visit.token}")

    async def remove(self, request: Request) -> Response:
        """Take a card away; 422 for the default of somebody whose subscription renews."""
        visit, card = await self._visit(request), request.path_params["card"]
        try:
            await self._calls.own_write(lambda desk: portal.remove_card(desk, visit.customer, card))
        except CardNeeded:
            return await self._page(visit, problem=_NEEDED, status=422)
        return see(f"/portal/{visit.token}")

    async def _visit(self, request: Request) -> Visit:
        token = request.path_params["token"]
        visit = await self._calls.own_read(lambda desk: portal.visit(desk, token))
        if visit is None:
            raise HTTPException(404)
        return visit

    async def _page(
        self, visit: Visit, form: ShownCardForm = EMPTY_FORM, *, problem: str = "", status: int = 200
    ) -> Response:
        def page(desk: Desk) -> PortalPage:
            buyer = customers.get(desk, visit.customer)
            return views.portal_page(desk, visit, buyer["company"] or buyer["full_name"], form, problem)

        return self._renderer.page("portal", await self._calls.own_read(page), status)
