"""The twin put together with an adapter that speaks to it, and what tests do with both."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import stripe

from app.catalog.model import Catalog
from app.core.clock import FrozenClock
from app.http import ASGITransport, AsyncClient
from app.vendor_adapters.stripe.adapter import StripeAdapter
from app.vendor_adapters.stripe.checkup import Keys
from app.vendor_adapters.stripe.client import Client
from app.vendor_adapters.stripe.shop import Shop
from tests.stripe_twin.api import Api, Fault
from tests.stripe_twin.app import create_app
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.desk import Desk, TypedCard
from tests.stripe_twin.holdings import hold
from tests.stripe_twin.ledger import order_of
from tests.stripe_twin.network import Network, at_once
from tests.stripe_twin.runs import run_due
from tests.stripe_twin.signing import WEBHOOK_SECRET as WEBHOOK_SECRET
from tests.stripe_twin.signing import sign as sign

ORIGIN = "https://stripe.twin.example"
KEY = "sk_test_twin"

PAYS = "4242424242424242"
CHALLENGES = "4000002500003155"
DECLINES = "4000000000000002"
PAYS_ONCE = "4000000000000341"
NO_ANSWER = "4000000000000119"


@dataclass(frozen=True, slots=True)
class Message:
    """A webhook as it travels."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that moved, by the twin's own count."""

    payment: str
    order: str
    amount: int
    refunded: int
    currency: str


class StripeTwin:
    """A fresh Stripe account that holds ``catalog``, with an adapter over a network without sockets.

    Args:
        deadline: seconds that the adapter gives a call. is_taxed: whether the adapter asks for tax. origin: where API
            and pages are.
    """

    adapter_kind: type[StripeAdapter] = StripeAdapter

    def __init__(
        self,
        catalog: Catalog,
        clock: FrozenClock,
        *,
        deadline: float = 5.0,
        is_taxed: bool = True,
        origin: str = ORIGIN,
        webhook_secrets: tuple[str, ...] = (WEBHOOK_SECRET,),
    ) -> None:
        self.clock = clock
        self.origin = origin
        self.books = Books(clock)
        self.api = Api(self.books, origin)
        self.desk = Desk(self.books, origin)
        self.app = create_app(self.api, self.desk)
        self.network = Network(self.api, self.app)
        self._told: list[Obj] = []
        self._made = 0
        hold(self.books, catalog)
        self.books.heard = self._told.append
        self.catalog = catalog
        self.keys = Keys(webhook_secrets=webhook_secrets)
        self._is_taxed = is_taxed
        self.adapter = self.adapter_with(deadline=deadline)

    def adapter_with(self, *, deadline: float) -> StripeAdapter:
        """Return another adapter that speaks to this twin, with the present catalog and keys."""
        rules = self.catalog.rules
        shop = Shop(
            catalog=self.catalog,
            is_taxed=self._is_taxed,
            quote_ttl=timedelta(seconds=rules.quote_ttl_seconds),
            secret=KEY,
        )
        client = Client(
            secret_key=KEY,
            api_base=self.origin,
            clock=self.clock,
            deadline=deadline,
            network=self.network,
            sleep=at_once,
        )
        return self.adapter_kind(
            client=client,
            shop=shop,
            api_base=self.origin,
            keys=self.keys,
        )

    def advance(self, by: timedelta) -> None:
        """Move both clocks on and let the twin do what falls due."""
        self.clock.advance(by)
        run_due(self.books, self.origin)

    def fail(self, kind: str, pattern: str = ".*", times: int = 1) -> None:
        """Let requests fail: see ``Fault``."""
        self.api.faults.append(Fault(kind, pattern, times))

    def heal(self) -> None:
        """End all faults."""
        self.api.faults.clear()

    def add_card(self, customer: str, number: str = PAYS) -> str:
        """Have a card on file as the customer's default; return its id."""
        typed = TypedCard(number=number, month=12, year=2040)
        return str(self.desk.add_card(self.books.tables["customer"][customer], typed)["id"])

    async def pay(self, url: str, number: str | None = PAYS, *, answer: str = "complete", leave: bool = False) -> None:
        """Do on the page at ``url`` what a buyer would: type a card, and answer the bank's check if it asks."""
        async with AsyncClient(transport=ASGITransport(self.app), base_url=self.origin) as browser:
            page = await browser.get(url)
            if page.status_code not in (200, 422):  # the second shows why the try before was refused
                return
            if "/3ds/" not in url:
                fields = card_fields(number) if number and "cc-number" in page.text else {}
                page = await browser.post(url, data=fields)
                url = page.headers.get("location", "")
            if "/3ds/" in url and not leave:
                await browser.post(url, data={"answer": answer})

    @property
    def last_params(self) -> Mapping[str, Any]:
        """What the last request asked for."""
        return self.api.last_params

    def charges(self) -> list[Charge]:
        """Return the charges that moved money, oldest first."""
        rows = [row for row in reversed(self.books.all("charge")) if row["paid"]]
        return [self._charge(row) for row in rows]

    def refused(self) -> int:
        """Return how many charges a bank refused."""
        return sum(not row["paid"] for row in self.books.all("charge"))

    def messages(self) -> list[Message]:
        """Return what was sent since the last call, signed at wall time."""
        told, self._told[:] = list(self._told), []
        return [self.message(self.books.shown(event)) for event in told]

    def message(self, event: Mapping[str, Any], *, at: datetime | None = None, secret: str = WEBHOOK_SECRET) -> Message:
        """Return an event as a webhook signed at ``at``."""
        body = json.dumps(event).encode()
        return Message(sign(body, at or self.clock.wall(), secret), body)

    def event(self, kind: str, about: Mapping[str, Any], **fields: Any) -> Obj:
        """Return an event as Stripe shows it, that nobody has sent."""
        self._made += 1
        shown: Obj = {
            "id": f"evt_made_{self._made}",
            "object": "event",
            "api_version": stripe.api_version,
            "created": int(self.clock.now().timestamp()),
            "data": {"object": dict(about)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": None,
            "type": kind,
        }
        return {**shown, **fields}

    def _charge(self, row: Obj) -> Charge:
        payment = self.books.tables["payment_intent"][row["payment_intent"]]
        return Charge(
            payment=payment["id"],
            order=order_of(self.books, payment),
            amount=row["amount"],
            refunded=row["amount_refunded"],
            currency=row["currency"],
        )


def card_fields(number: str) -> dict[str, str]:
    """Return what is typed for a card."""
    return {"cc-number": number, "cc-exp": "12/40", "cc-csc": "123", "cc-name": "Ann Example"}
