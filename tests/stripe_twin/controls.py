"""The twin's controls over HTTP, as a demonstration asks for them (docs/http.md); Stripe has nothing of the kind."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.core.money import Money
from app.orders.packing import unpack
from app.vendor_adapters.errors import VendorRejected
from app.vendor_adapters.types import ChargeRef, CustomerProfile, CustomerRef
from app.vendor_adapters.world import DisputeState, Fault, PlannedFault, Post, SeedSubscription, WebhookFaults
from tests.stripe_twin.account import Account
from tests.stripe_twin.world import TwinWorld

PREFIX = "/_world"
Json = dict[str, object]


def routes(account: Account, world: TwinWorld, post: Post) -> list[Route]:
    """Return the controls; ``post`` is how webhooks travel."""
    controls = _Controls(account, world, post)
    posts = {
        "clock": controls.clock,
        "run": controls.run,
        "deliveries": controls.deliver,
        "refunds": controls.refund,
        "disputes": controls.dispute,
        "webhook-faults": controls.webhook_faults,
        "customers": controls.customer,
        "subscriptions": controls.subscription,
        "reset": controls.reset,
    }
    return [
        *(Route(f"{PREFIX}/{name}", _answered(deed), methods=["POST"]) for name, deed in posts.items()),
        Route(f"{PREFIX}/faults", _answered(controls.faults), methods=["POST", "DELETE"]),
        Route(f"{PREFIX}/books", _answered(controls.books)),
        Route(f"{PREFIX}/complaints", _answered(controls.complaints)),
    ]


def _answered(deed: Callable[[Request], Awaitable[Json]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await deed(request))
        except VendorRejected as refused:
            return JSONResponse({"error": refused.detail}, status_code=422)

    return answer


class _Controls:
    def __init__(self, account: Account, world: TwinWorld, post: Post) -> None:
        self._account = account
        self._world = world
        self._post = post

    async def clock(self, request: Request) -> Json:
        await self._world.set_clock(datetime.fromisoformat((await request.json())["now"]))
        return {}

    async def run(self, request: Request) -> Json:
        return {"done": await self._world.run_due(self._account.books.clock.now())}

    async def deliver(self, request: Request) -> Json:
        everything = bool((await request.json())["everything"])
        now = self._account.books.clock.wall()
        return {"arrived": await self._world.deliver_due(self._post, now, everything=everything)}

    async def books(self, request: Request) -> Json:
        return dict(await self._world.books())

    async def refund(self, request: Request) -> Json:
        order = await request.json()
        payment = self._account.books.find("payment_intent", order["charge"])
        amount = Money(order["amount"], payment["currency"] if payment else "usd")
        return {"refund": await self._world.refund(ChargeRef(order["charge"]), amount)}

    async def dispute(self, request: Request) -> Json:
        order = await request.json()
        await self._world.dispute(ChargeRef(order["charge"]), DisputeState(order["state"]))
        return {}

    async def faults(self, request: Request) -> Json:
        if request.method == "DELETE":
            await self._world.clear_faults()
            return {}
        row = await request.json()
        await self._world.set_faults([PlannedFault(op=row["op"], fault=Fault(row["fault"]), times=row["times"])])
        return {}

    async def webhook_faults(self, request: Request) -> Json:
        await self._world.set_webhook_faults(unpack(WebhookFaults, (await request.body()).decode()))
        return {}

    async def customer(self, request: Request) -> Json:
        profile = unpack(CustomerProfile, (await request.body()).decode())
        card = request.query_params.get("card") or None
        return {"customer": await self._world.given_customer(profile, card_number=card)}

    async def subscription(self, request: Request) -> Json:
        seed = unpack(SeedSubscription, (await request.body()).decode())
        buyer = CustomerRef(request.query_params["customer"])
        return {"subscription": await self._world.given_subscription(buyer, seed)}

    async def reset(self, request: Request) -> Json:
        await self._world.reset()
        return {}

    async def complaints(self, request: Request) -> Json:
        """What went over the wire that the contract does not allow."""
        return {"complaints": list(self._account.api.guard.problems)}
