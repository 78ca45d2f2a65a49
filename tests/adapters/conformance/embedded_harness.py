"""The embedded vendor in the kit's hands."""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from app.core.clock import FrozenClock
from app.core.ids import new_id
from app.core.money import Money
from app.db.engine import Database
from app.vendor_adapters.conformance import (
    START,
    Card,
    Facility,
    Fault,
    Harness,
    Payment,
    SignedMessage,
    VendorCharge,
    kit_catalog,
)
from app.vendor_adapters.embedded import EmbeddedVendor, EmbeddedWorld, faults, notifications, payments
from app.vendor_adapters.embedded.card_form import details
from app.vendor_adapters.embedded.cards import BY_NUMBER
from app.vendor_adapters.embedded.faults import PlannedFault
from app.vendor_adapters.types import (
    ChargeRef,
    CheckoutRef,
    CustomerProfile,
    CustomerRef,
    Notification,
    NotificationKind,
    OrderId,
)

PATIENT, IMPATIENT = 60.0, 0.3
"""Seconds: the first so long that a busy machine never meets it, the second for a vendor that says nothing."""
SECRET = "a secret of the tests, long enough"
ORIGIN = "http://127.0.0.1:8002"
STORE = "https://store.example"

_PAYS, _DECLINED, _CHALLENGES = "4242424242424242", "4000000000000002", "4000002500003155"
_ON_FILE = {Card.PAYS: _PAYS, Card.DECLINED: _DECLINED, Card.CHALLENGES: _CHALLENGES}
_TYPED = {Payment.PAID: _PAYS, Payment.DECLINED: _DECLINED}
_ANSWERS = {Payment.CHALLENGE_PASSED: True, Payment.CHALLENGE_FAILED: False}
_FAULTS = {
    Fault.ANSWER_LOST: faults.Fault.TIMEOUT_AFTER,
    Fault.REQUEST_LOST: faults.Fault.TIMEOUT_BEFORE,
    Fault.BROKEN: faults.Fault.ERROR_500,
    Fault.BUSY: faults.Fault.RATE_LIMIT,
    Fault.SILENT: faults.Fault.HANG,
}


class EmbeddedHarness(Harness):
    """The vendor over a database of its own, its pages operated without a browser."""

    lacks: Mapping[Facility, str] = {Facility.WIRE: "the vendor runs in the same process"}
    deadline = IMPATIENT
    return_to = f"{STORE}/orders/1"
    cancel_to = f"{STORE}/checkouts/1"

    def __init__(self, path: Path, clock: FrozenClock, kind: type[EmbeddedVendor]) -> None:
        self._path = path
        self.vendor = self._acting = _vendor(path, clock, kind)
        self._clock = clock
        self._world = EmbeddedWorld(self.vendor)
        self._profiles: dict[CustomerRef, CustomerProfile] = {}

    @property
    def adapter(self) -> EmbeddedVendor:
        return self._acting

    @property
    def clock(self) -> FrozenClock:
        return self._clock

    async def given_customer(self, profile: CustomerProfile) -> CustomerRef:
        ref = await super().given_customer(profile)
        self._profiles[ref] = profile
        return ref

    async def given_card(self, customer: CustomerRef, card: Card) -> None:
        await self._world.given_customer(self._profiles[customer], card_number=_ON_FILE[card])

    async def advance(self, by: timedelta) -> None:
        self._clock.advance(by)
        await self._world.run_due(self._clock.now())

    async def pay_checkout(self, url: str, payment: Payment) -> None:
        ref = url.removeprefix(f"{ORIGIN}/pay/").removesuffix("/challenge")
        is_due = (await self.vendor.get_checkout(CheckoutRef(ref))).total.minor > 0
        card = details(BY_NUMBER[_TYPED.get(payment, _CHALLENGES)], 12, 2040) if is_due else None
        await self.vendor.calls.own_write(lambda desk: payments.pay_on_page(desk, ref, card))
        if payment in _ANSWERS:
            await self.vendor.calls.own_write(
                lambda desk: payments.answer_challenge(desk, ref, passed=_ANSWERS[payment])
            )

    async def charges(self) -> tuple[VendorCharge, ...]:
        return tuple(
            VendorCharge(
                ref=ChargeRef(str(row["id"])),
                order=OrderId(str(row["order"])),
                amount=_money(row["amount"], row["currency"]),
                refunded=_money(row["amount_refunded"], row["currency"]),
            )
            for row in (await self._world.books())["charges"]
        )

    async def refused(self) -> int:
        return len((await self._world.books())["declines"])

    def sign(self, body: bytes, *, at: datetime) -> Mapping[str, str]:
        return {"content-type": "application/json", notifications.HEADER: notifications.sign(SECRET, body, at)}

    def message(self, kind: NotificationKind | None, subject: str, *, at: datetime) -> SignedMessage:
        told = Notification(
            id=new_id("evt"),
            kind=kind or NotificationKind.IGNORED,
            subject=subject,
            order=OrderId(""),
            occurred_at=self._clock.now(),
        )
        body = notifications.write(told)
        if kind is None:
            body = body.replace(b'"ignored"', b'"eclipse"')
        return SignedMessage(headers=self.sign(body, at=at), body=body)

    async def sent(self) -> tuple[SignedMessage, ...]:
        messages: list[SignedMessage] = []

        async def post(_url: str, headers: Mapping[str, str], body: bytes) -> int:
            messages.append(SignedMessage(headers=headers, body=body))
            return 200

        await self._world.deliver_due(post, self._clock.wall(), everything=True)
        return tuple(messages)

    @asynccontextmanager
    async def fault(self, operation: str, fault: Fault) -> AsyncIterator[float]:
        await self._world.set_faults([PlannedFault(op=operation, fault=_FAULTS[fault], times=0)])
        if fault is Fault.SILENT:
            async with self._impatient():
                yield 0.0
        else:
            yield 1.0 if fault is Fault.BUSY else 0.0
        await self._world.clear_faults()

    @asynccontextmanager
    async def _impatient(self) -> AsyncIterator[None]:
        self._acting = _vendor(self._path, self._clock, deadline=IMPATIENT)
        yield
        await self._acting.close()
        self._acting = self.vendor


def prepare(path: Path) -> None:
    """Make a vendor's database with the kit's catalog, to be copied."""
    vendor = _vendor(path, FrozenClock(START))
    vendor.prepare()
    vendor.calls.database.close()


@asynccontextmanager
async def open_embedded(
    template: Path, folder: Path, kind: type[EmbeddedVendor] = EmbeddedVendor
) -> AsyncIterator[EmbeddedHarness]:
    """Yield a harness over a fresh copy of ``template``, with an adapter of that ``kind``."""
    path, clock = folder / f"{new_id('vendor')}.db", FrozenClock(START)
    shutil.copyfile(template, path)
    harness = EmbeddedHarness(path, clock, kind)
    yield harness
    await harness.close()


def _vendor(
    path: Path, clock: FrozenClock, kind: type[EmbeddedVendor] = EmbeddedVendor, deadline: float = PATIENT
) -> EmbeddedVendor:
    return kind(
        database=Database(f"sqlite:///{path}"),
        catalog=kit_catalog(),
        clock=clock,
        secret=SECRET,
        origin=ORIGIN,
        webhook_url=f"{STORE}/webhooks/embedded",
        store_origin=STORE,
        deadline=deadline,
    )


def _money(minor: object, currency: object) -> Money:
    assert isinstance(minor, int)
    return Money(minor, str(currency))
