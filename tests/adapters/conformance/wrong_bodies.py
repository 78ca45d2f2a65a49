"""Adapters that are wrong about what goes over the wire: requests, bodies, enums, decimals (checks 1 to 4)."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.core.money import Money
from app.http import Request, Response
from app.vendor_adapters.conformance import START, Facility, Planted, Reading
from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.errors import NotificationRejected, VendorUnavailable
from app.vendor_adapters.stripe.adapter import StripeAdapter
from app.vendor_adapters.types import (
    CheckoutState,
    CustomerRef,
    InvoiceSummary,
    Notification,
    NotificationKind,
    Offer,
    Page,
    PurchaseRequest,
    Quote,
)
from tests.adapters.minimal import translate
from tests.adapters.minimal.adapter import MinimalAdapter
from tests.adapters.minimal.harness import MinimalHarness
from tests.adapters.minimal.vendor import Session
from tests.stripe_twin.harness import PATIENT, StripeHarness
from tests.stripe_twin.mistakes import planted
from tests.stripe_twin.network import Network
from tests.stripe_twin.wire import TwinWire

_STATES = {"open": CheckoutState.OPEN, "paid": CheckoutState.COMPLETE}


class _MisspellingNetwork(Network):
    async def handle_async_request(self, request: Request) -> Response:
        misspelt = request.content.replace(b"success_url=", b"succes_url=")
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        return await super().handle_async_request(
            Request(request.method, request.url, headers=headers, content=misspelt, extensions=request.extensions)
        )


class MisspellsAParameter(StripeHarness):
    """1: a parameter has a name that the vendor does not know."""

    def __init__(self) -> None:
        super().__init__()
        self.twin.network = _MisspellingNetwork(self.twin.api, self.twin.app)
        self._acting = self.twin.adapter = self.twin.adapter_with(deadline=PATIENT)


class _Impatient(StripeAdapter):
    async def list_offers(self) -> tuple[Offer, ...]:
        for _ in range(3):
            with suppress(VendorUnavailable):
                return await super().list_offers()
        return await super().list_offers()


class AsksAgainAtOnce(StripeHarness):
    """25: who is asked to wait asks again."""

    def __init__(self) -> None:
        super().__init__()
        self.twin.adapter_kind = _Impatient
        self._acting = self.twin.adapter = self.twin.adapter_with(deadline=PATIENT)


class BlindWire(TwinWire):
    """What the kit would be told by a guard that is off."""

    def planted(self) -> list[Planted]:
        return [Planted(name=mistake.name, complaint="") for mistake in planted()]


class HasABlindGuard(StripeHarness):
    """1: nobody notices what is wrong with a request."""

    def __init__(self) -> None:
        super().__init__()
        self.wire = BlindWire(self.twin)


class _MinimalWire:
    """A contract for the minimal vendor: its pages can be open, paid or void."""

    def __init__(self, read: Callable[[Session], object]) -> None:
        self._read = read

    def sent(self) -> int:
        return 1

    def problems(self) -> Sequence[str]:
        return ()

    def planted(self) -> Sequence[Planted]:
        return ()

    def readings(self) -> Sequence[Reading]:
        return [self._reading(state) for state in ("open", "paid", "void")]

    def unheard_of(self) -> Sequence[Reading]:
        return [self._reading("eclipsed")]

    def _reading(self, state: str) -> Reading:
        session = Session("page_1", "ord_1", "cust_1", "kit-odd-usd", 1, 1_999, False, "", START, state=state)
        return Reading(name=f"page {state}", read=lambda: self._read(session))


class Wired(MinimalHarness):
    """The minimal adapter with a contract, and the right translation of its bodies."""

    lacks: Mapping[Facility, str] = {Facility.CHALLENGES: "none", Facility.MESSAGES: "none"}

    def __init__(self) -> None:
        super().__init__()
        self.wire = _MinimalWire(self.translated)

    def translated(self, session: Session) -> object:
        return translate.checkout(session, START)


class CrashesOnAState(Wired):
    """2: a body that the contract has is a failure of ours."""

    def translated(self, session: Session) -> object:
        return replace(translate.checkout(session, START), state=_STATES[session.state])


class LeaksTheVendorsShape(Wired):
    """2: something of the vendor's stays inside a value of ours."""

    def translated(self, session: Session) -> object:
        declines: Any = ({"code": "card_declined"},)
        return replace(translate.checkout(session, START), declines=declines)


class GuessesStates(Wired):
    """3: a state that nobody knows yet is taken for another one."""

    def translated(self, session: Session) -> object:
        state = _STATES.get(session.state, CheckoutState.EXPIRED)
        return replace(translate.checkout(session, START), state=state)


class _RefusesNews(MinimalAdapter):
    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        found = super().read_notification(headers, body=body, received_at=received_at)
        if found.kind is NotificationKind.IGNORED:
            raise NotificationRejected(vendor=self.name, operation="read_notification", detail="no such kind")
        return found


class RefusesNews(MinimalHarness):
    """3: a true message of a kind that is new is refused, and so sent for ever."""

    adapter_kind = _RefusesNews


class _PricesByFloat(MinimalAdapter):
    async def list_offers(self) -> tuple[Offer, ...]:
        offers = await super().list_offers()
        return tuple(replace(offer, unit_price=by_float(offer.unit_price)) for offer in offers)


class PricesByFloat(MinimalHarness):
    """4: 19.99 is 19.98."""

    adapter_kind = _PricesByFloat


class _QuotesByFloat(MinimalAdapter):
    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        quote = await super().quote_purchase(request)
        (line,) = quote.lines
        sum_ = by_float(line.unit_price) * line.quantity
        return replace(quote, subtotal=sum_, due_now=sum_)


class QuotesByFloat(MinimalHarness):
    """4: seven times 19.99 is 139.86."""

    adapter_kind = _QuotesByFloat


class AllHaveHundredths(EmbeddedVendor):
    """4: every currency is taken to have two decimals."""

    async def list_invoices(self, customer: CustomerRef, *, cursor: str = "") -> Page[InvoiceSummary]:
        page = await super().list_invoices(customer, cursor=cursor)
        scale = {"jpy": 100, "kwd": 1}
        rows = [replace(row, total=row.total * scale.get(row.total.currency, 1)) for row in page.rows]
        return Page(tuple(replace(row, total=_tenth(row.total)) for row in rows), page.next_cursor)


def _tenth(money: Money) -> Money:
    return Money(money.minor // 10, money.currency) if money.currency == "kwd" else money


def by_float(money: Money) -> Money:
    """Return an amount as it comes out of a decimal text, a float and a cut."""
    return Money(int(float(f"{money.minor // 100}.{money.minor % 100:02}") * 100), money.currency)
