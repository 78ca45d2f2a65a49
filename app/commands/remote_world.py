"""A vendor's counterpart that runs elsewhere and can be moved, broken and looked into: JSON over HTTP.

docs/http.md describes what it answers. Seeds travel as the frozen values that they are.
"""

from collections.abc import Sequence
from datetime import datetime

from app.core.money import Money
from app.http import AsyncClient, Response
from app.orders.packing import pack
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import ChargeRef, CustomerProfile, CustomerRef, RefundRef, SubscriptionRef
from app.vendor_adapters.world import (
    Books,
    DisputeState,
    NoControls,
    PlannedFault,
    Post,
    SeedSubscription,
    WebhookFaults,
)

Json = dict[str, object]


class RemoteWorld:
    """The demonstration's hand on a counterpart.

    Args:
        url: where its controls answer, without a trailing slash. name: the vendor that it plays.
    """

    def __init__(self, http: AsyncClient, url: str, name: str) -> None:
        self._http = http
        self._url = url
        self._name = name

    async def set_clock(self, now: datetime) -> None:
        await self._tell("clock", {"now": now.isoformat()})

    async def run_due(self, now: datetime) -> int:
        return int((await self._tell("run", {})).json()["done"])

    async def deliver_due(self, post: Post, now: datetime, *, everything: bool = False) -> int:
        """It sends its messages itself; ``post`` is not needed."""
        return int((await self._tell("deliveries", {"everything": everything})).json()["arrived"])

    async def books(self) -> Books:
        answer = await self._http.get(f"{self._url}/books")
        books: Books = self._checked(answer).json()
        return books

    async def refund(self, charge: ChargeRef, amount: Money) -> RefundRef:
        return RefundRef((await self._tell("refunds", {"charge": charge, "amount": amount.minor})).json()["refund"])

    async def dispute(self, charge: ChargeRef, state: DisputeState) -> None:
        await self._tell("disputes", {"charge": charge, "state": state.value})

    async def set_faults(self, planned: Sequence[PlannedFault]) -> None:
        for one in planned:
            await self._tell("faults", {"op": one.op, "fault": one.fault.value, "times": one.times})

    async def set_webhook_faults(self, wanted: WebhookFaults) -> None:
        await self._send("webhook-faults", pack(wanted))

    async def clear_faults(self) -> None:
        self._checked(await self._http.delete(f"{self._url}/faults"))

    async def given_customer(self, profile: CustomerProfile, *, card_number: str | None = None) -> CustomerRef:
        answer = await self._send(f"customers?card={card_number or ''}", pack(profile))
        return CustomerRef(answer.json()["customer"])

    async def given_subscription(self, customer: CustomerRef, seed: SeedSubscription) -> SubscriptionRef:
        answer = await self._send(f"subscriptions?customer={customer}", pack(seed))
        return SubscriptionRef(answer.json()["subscription"])

    async def reset(self) -> None:
        await self._tell("reset", {})

    async def _tell(self, path: str, order: Json) -> Response:
        return self._checked(await self._http.post(f"{self._url}/{path}", json=order))

    async def _send(self, path: str, body: str) -> Response:
        headers = {"Content-Type": "application/json"}
        return self._checked(await self._http.post(f"{self._url}/{path}", content=body, headers=headers))

    def _checked(self, answer: Response) -> Response:
        if answer.status_code == 422:
            detail = str(answer.json().get("error", ""))
            raise VendorRejected(vendor=self._name, operation="world", reason=RejectReason.OTHER, detail=detail)
        if not answer.is_success:
            raise NoControls(f"the vendor's counterpart answered {answer.status_code}")
        return answer
