"""The payment page and the bank's check."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.vendor_adapters.embedded import checkouts, payments, views
from app.vendor_adapters.embedded.adapter import EmbeddedVendor
from app.vendor_adapters.embedded.card_form import FIELDS, CardDetails, read_card
from app.vendor_adapters.embedded.checkouts import Checkout
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.rendering import Renderer, fields_of, see
from app.vendor_adapters.embedded.views import OverPage, PayPage, ShownCardForm
from app.vendor_adapters.types import CheckoutState


class PayPages:
    """``/pay/{ref}`` and ``/pay/{ref}/challenge``."""

    def __init__(self, vendor: EmbeddedVendor, renderer: Renderer) -> None:
        self._vendor = vendor
        self._renderer = renderer

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            Route("/pay/{ref}", self.show, methods=["GET"]),
            Route("/pay/{ref}", self.pay, methods=["POST"]),
            Route("/pay/{ref}/challenge", self.show_challenge, methods=["GET"]),
            Route("/pay/{ref}/challenge", self.answer, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        ref = request.path_params["ref"]
        page = await self._vendor.calls.own_read(lambda desk: _page(desk, ref))
        return self._renderer.page("pay" if isinstance(page, PayPage) else "over", page)

    async def pay(self, request: Request) -> Response:
        """Try the card; a mistake in the form answers 422, everything else sends the buyer on."""
        ref = request.path_params["ref"]
        fields = await fields_of(request, FIELDS)
        is_free = await self._vendor.calls.own_read(lambda desk: not checkouts.load(desk, ref).bill.total)
        form = read_card(fields, self._vendor.calls.clock.now())
        if form.errors and not is_free:
            again = views.typed(fields, form.errors)
            page = await self._vendor.calls.own_read(lambda desk: _page(desk, ref, again))
            return self._renderer.page("pay", page, 422) if isinstance(page, PayPage) else see(f"/pay/{ref}")
        return await self._try(ref, None if is_free else form.details)

    async def show_challenge(self, request: Request) -> Response:
        ref = request.path_params["ref"]
        page = await self._vendor.calls.own_read(lambda desk: _page(desk, ref))
        if isinstance(page, PayPage) and page.challenge_url:
            return self._renderer.page("challenge", page)
        return see(f"/pay/{ref}")

    async def answer(self, request: Request) -> Response:
        """Take the buyer's answer to the bank; one that is neither of the two asks again."""
        ref = request.path_params["ref"]
        answer = (await fields_of(request, ("answer",)))["answer"]
        if answer not in ("complete", "fail"):
            return see(f"/pay/{ref}/challenge")
        after = await self._vendor.calls.own_write(
            lambda desk: payments.answer_challenge(desk, ref, passed=answer == "complete")
        )
        return see(after.return_to if _is_settled(after) else after.cancel_to)

    async def _try(self, ref: str, details: CardDetails | None) -> Response:
        after = await self._vendor.calls.own_write(lambda desk: payments.pay_on_page(desk, ref, details))
        if after.state is CheckoutState.OPEN and after.card:
            return see(f"/pay/{ref}/challenge")
        if after.state is CheckoutState.EXPIRED:
            return see(f"/pay/{ref}")
        return see(after.return_to if _is_settled(after) else after.cancel_to)


def _is_settled(checkout: Checkout) -> bool:
    """Whether the store's page after paying is the right one; it reads what became of it from us."""
    return checkout.state in (CheckoutState.COMPLETE, CheckoutState.PROCESSING) or not checkout.is_hosted


def _page(desk: Desk, ref: str, form: ShownCardForm = views.EMPTY_FORM) -> PayPage | OverPage:
    checkout = checkouts.load(desk, ref)
    if checkout.state is CheckoutState.OPEN:
        return views.pay_page(desk, checkout, form)
    return views.over_page(checkout)
