"""A vendor that can do next to nothing: one currency, hosted payment pages, subscriptions that can be stopped."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from app.core.clock import FrozenClock
from app.core.ids import new_id
from app.vendor_adapters.conformance import Fault

T = TypeVar("T")
BUSY_FOR = 2.0


class Refused(Exception):
    """The vendor says no, for a reason of its own."""


class KeyTaken(Exception):
    """A key came with other arguments."""


class Busy(Exception):
    """Too many calls; come back in ``BUSY_FOR`` seconds."""


class Broken(Exception):
    """A failure of the vendor's own."""


@dataclass
class Session:
    """A payment page and what came of it."""

    id: str
    order: str
    customer: str
    item: str
    quantity: int
    amount: int
    renews: bool
    reference: str
    ends: datetime
    state: str = "open"
    contract: str = ""
    receipt: str = ""
    payment: str = ""


@dataclass
class Contract:
    """A subscription."""

    id: str
    session: Session
    starts: datetime
    stops: str = ""
    revision: int = 1


@dataclass
class Receipt:
    """A paid invoice."""

    id: str
    number: int
    session: Session
    at: datetime


@dataclass
class Vendor:
    """Everything in memory; ``faults`` are by the adapter's operation."""

    clock: FrozenClock
    secret: bytes = b"a secret of the minimal vendor"
    customers: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    payments: list[Session] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)
    declined: int = 0
    _keys: dict[str, tuple[str, object]] = field(default_factory=dict)

    async def answer(self, operation: str, act: Callable[[], T]) -> T:
        """Travel there and back."""
        fault = self.faults.get(operation)
        if fault is Fault.SILENT:
            await asyncio.sleep(60)
        if fault is Fault.BUSY:
            raise Busy
        if fault is Fault.BROKEN:
            raise Broken
        if fault is Fault.REQUEST_LOST:
            raise ConnectionResetError
        answer = act()
        if fault is Fault.ANSWER_LOST:
            raise ConnectionResetError
        return answer

    def once(self, key: str, arguments: str, act: Callable[[], T]) -> T:
        """Do ``act`` for the first call with ``key`` only."""
        if key not in self._keys:
            self._keys[key] = (arguments, act())
        known, answer = self._keys[key]
        if known != arguments:
            raise KeyTaken
        return answer  # type: ignore[return-value]  # the key was kept with the answer of the same call

    def customer(self, account: str) -> str:
        """Return the customer of an account."""
        return self.customers.setdefault(account, new_id("cust"))

    def open(self, session: Session) -> Session:
        """Open a page; an order has one."""
        for known in self.of_order(session.order):
            if (known.item, known.quantity) == (session.item, session.quantity) and known.state == "open":
                return known
            raise Refused("order has a page")
        self.sessions[session.id] = session
        return session

    def of_order(self, order: str) -> list[Session]:
        """Return the pages of an order."""
        return [session for session in self.sessions.values() if session.order == order]

    def pay(self, session: Session, *, is_declined: bool) -> None:
        """Do what a buyer does on the page."""
        if session.state != "open":
            return
        if is_declined:
            self.declined += 1
            return
        session.state, session.payment, session.receipt = "paid", new_id("pay"), new_id("rcpt")
        self.payments.append(session)
        self.receipts[session.receipt] = Receipt(session.receipt, len(self.receipts), session, self.clock.now())
        if session.renews:
            session.contract = new_id("contract")
            self.contracts[session.contract] = Contract(session.contract, session, self.clock.now())

    def stop(self, contract: Contract, when: str) -> Contract:
        """Let a contract end with its term (``term``), ``now``, or not at all (empty)."""
        if contract.stops == "now" and when != "now":
            raise Refused("ended")
        if contract.stops != when:
            contract.stops, contract.revision = when, contract.revision + 1
        return contract

    def signature(self, body: bytes, at: datetime) -> str:
        """Return the signature header of a message."""
        stamp = str(int(at.timestamp()))
        return f"{stamp} {hmac.new(self.secret, stamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"
