"""What an author fills in so that the kit can drive an adapter and the vendor behind it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from app.core.clock import Clock
from app.core.money import Money
from app.vendor_adapters.conformance.wire import Wire
from app.vendor_adapters.port import VendorAdapter
from app.vendor_adapters.types import ChargeRef, CustomerProfile, CustomerRef, IdempotencyKey, NotificationKind, OrderId


class Payment(Enum):
    """What a buyer does on the vendor's payment page, and what comes of it.

    DECLINED: the bank says no. The three CHALLENGE members type a card that asks for 3-D Secure, and then pass it,
    fail it, or close the window.
    """

    PAID = "paid"
    DECLINED = "declined"
    CHALLENGE_PASSED = "challenge_passed"
    CHALLENGE_FAILED = "challenge_failed"
    CHALLENGE_LEFT = "challenge_left"


class Card(Enum):
    """A test card to have on file: one that pays, one whose bank refuses every charge, and one that asks each time.

    CHALLENGES, which asks for 3-D Secure, is not needed where the harness lacks Facility.CHALLENGES.
    """

    PAYS = "pays"
    DECLINED = "declined"
    CHALLENGES = "challenges"


class Fault(Enum):
    """What befalls the calls of an operation.

    ANSWER_LOST: the vendor does it, and no answer comes. REQUEST_LOST: it never reaches the vendor. BROKEN: the vendor
    answers with a failure of its own (HTTP 500) and does nothing. BUSY: it turns the call away and says how long to
    wait (HTTP 429). SILENT: it takes the call and says nothing for longer than the adapter may wait.
    """

    ANSWER_LOST = "answer_lost"
    REQUEST_LOST = "request_lost"
    BROKEN = "broken"
    BUSY = "busy"
    SILENT = "silent"


class Facility(Enum):
    """What a harness may lack, with a reason that is printed (``Harness.lacks``)."""

    WIRE = "wire"
    """Bytes go between adapter and vendor, and their contract is published."""
    CHALLENGES = "challenges"
    """The vendor's test mode has a card that asks for 3-D Secure."""
    FAULTS = "faults"
    """Calls can be made to fail."""
    MESSAGES = "messages"
    """What the vendor sends can be looked at."""
    PAYMENT_PAGE = "payment page"
    """The vendor's page can be operated by a program; without it plans are bought with a stored card, and a check that
    comes to the page ends there, as skipped."""
    CALENDAR = "calendar"
    """The vendor's time begins at START; without it the script of customers, which counts days, is not played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMessage:
    """A notification as it travels: lower-case header names, and the raw body."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorCharge:
    """Money that the vendor took, by its own count; ``order`` is empty where the vendor charged by itself."""

    ref: ChargeRef
    order: OrderId
    amount: Money
    refunded: Money


class NotProvided(LookupError):
    """The adapter declares a capability, and its harness does not say how the kit can use it."""


class FacilityLacking(Exception):
    """A check came to something that the harness declares to lack; the check is skipped, and counted."""

    def __init__(self, facility: Facility) -> None:
        super().__init__(facility.value)
        self.facility = facility


class Harness(ABC):
    """An adapter with a fresh vendor behind it that holds ``kit_catalog()``; its clock stands at ``START``.

    The abstract methods are what no check can do without. The others are needed by the capability or facility that
    their docstring names.
    """

    lacks: Mapping[Facility, str] = {}
    """Facilities that there are not, each with the reason; the checks that need them are skipped, and counted."""
    deadline: float = 5.0
    """Seconds within which the adapter ends a call to a silent vendor; inside a fault that is SILENT, ``adapter`` may
    be another one over the same vendor that was made with less patience, so that the kit stays quick."""
    return_to: str = "https://store.example/orders/1"
    cancel_to: str = "https://store.example/checkouts/1"
    wire: Wire | None = None
    """For Facility.WIRE."""

    @property
    @abstractmethod
    def adapter(self) -> VendorAdapter:
        """The adapter under test."""

    @property
    @abstractmethod
    def clock(self) -> Clock:
        """The clock that adapter and vendor go by."""

    @abstractmethod
    async def pay_checkout(self, url: str, payment: Payment) -> None:
        """Do on the vendor's page at ``url`` what a buyer would; a page that takes no payment any more is no error.

        ``url`` comes from a Handoff, a CheckoutSnapshot or a NeedsAction. When nothing is due, press the button. Where
        Facility.PAYMENT_PAGE is lacking, raise FacilityLacking with it.
        """

    @abstractmethod
    async def charges(self) -> tuple[VendorCharge, ...]:
        """Return all charges that moved money, oldest first, by the vendor's own count and not through the adapter."""

    @abstractmethod
    def sign(self, body: bytes, *, at: datetime) -> Mapping[str, str]:
        """Return the headers with which the vendor would send ``body`` at ``at`` (wall time)."""

    @abstractmethod
    def message(self, kind: NotificationKind | None, subject: str, *, at: datetime) -> SignedMessage:
        """Return a new notification, with an event id of its own, that says that ``subject`` changed.

        ``kind`` None is a kind that the vendor has not had so far.
        """

    @abstractmethod
    async def refused(self) -> int:
        """Return how many charges were refused by a bank, by the vendor's own count."""

    async def given_customer(self, profile: CustomerProfile) -> CustomerRef:
        """Return the customer of ``profile``, known to the vendor."""
        key = IdempotencyKey(f"account:{profile.account_id}:ensure_customer:1")
        return await self.adapter.ensure_customer(profile, key=key)

    async def given_card(self, customer: CustomerRef, card: Card) -> None:
        """Have ``card`` on file as the customer's default (Capability.STORED_CARD_PURCHASE and CHANGES)."""
        raise NotProvided("given_card")

    async def advance(self, by: timedelta) -> None:
        """Move both clocks on and let the vendor do what falls due (Capability.TEST_CLOCK)."""
        raise NotProvided("advance")

    async def sent(self) -> tuple[SignedMessage, ...]:
        """Return what the vendor has sent to the store since the last call, in order (Facility.MESSAGES)."""
        raise NotProvided("sent")

    def fault(self, operation: str, fault: Fault) -> AbstractAsyncContextManager[float]:
        """Let ``fault`` befall every call of a port operation inside the context (Facility.FAULTS).

        The context's value is the pause in seconds that the vendor asks for (BUSY), else 0.
        """
        raise NotProvided("fault")

    async def close(self) -> None:
        """Give up what the harness holds."""
        await self.adapter.close()
