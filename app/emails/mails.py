"""The mails that the store sends. Each carries ready texts; its template has the same name (templates/email/)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    """A one-time link for somebody who cannot sign in through the product."""

    to: str
    url: str
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was bought, for how much, and when it renews. ``lines`` are (text, amount) pairs ready to read."""

    to: str
    name: str
    order_id: str
    bought: str
    lines: tuple[tuple[str, str], ...]
    total: str
    renewal: str
    order_url: str
    document_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationCode:
    """The code that switches a self-managed instance on."""

    to: str
    name: str
    order_id: str
    bought: str
    code: str
    order_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedOn:
    """Told when switching on took longer than the buyer was watching."""

    to: str
    name: str
    order_id: str
    bought: str
    order_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCharged:
    """Told when an order that was being confirmed ended unpaid; ``reason`` is what the bank said, empty if nothing."""

    to: str
    name: str
    order_id: str
    bought: str
    reason: str
    again_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidBack:
    """Told when a payment goes back because the group had a plan by then; ``by_hand``: our people give it back."""

    to: str
    name: str
    order_id: str
    bought: str
    amount: str
    order_url: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailConfirmation:
    """A link by which somebody who is signed in shows that an address is theirs; ``person`` is who asked for it."""

    to: str
    person: str
    url: str
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesRequest:
    """A copy of what somebody asked the sales team, for that person."""

    to: str
    name: str
    lead_id: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerInvite:
    """An invitation to manage a billing account."""

    to: str
    account: str
    inviter: str
    days: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalNotice:
    """Told before a term ends: what renews, when, for how much, and what stands in the way (empty: nothing)."""

    to: str
    name: str
    what: str
    renews_on: str
    amount: str
    card: str
    trouble: str
    renewal_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalFailed:
    """Told when a renewal is not paid: until when everything stays, and where it is paid and the card mended."""

    to: str
    name: str
    what: str
    keeps_until: str
    pay_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRecovered:
    """Told when a renewal that was not paid at first is paid after all."""

    to: str
    name: str
    what: str
    until: str
    page_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutToEnd:
    """Told before something ends: why it does, and what to do who does not want that."""

    to: str
    name: str
    what: str
    ends_on: str
    why: str
    action: str
    action_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionEnded:
    """Told when a subscription has ended; ``renew_until`` is empty where it can only be bought anew."""

    to: str
    name: str
    what: str
    ended_on: str
    renew_until: str
    page_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyReturned:
    """Told when a charge was paid back, in part or whole; ``then`` says what follows for what it had paid for."""

    to: str
    name: str
    what: str
    amount: str
    then: str
    page_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeDisputed:
    """Told when a bank disputes a charge, and when it has decided; ``outcome`` says which and what follows."""

    to: str
    name: str
    what: str
    outcome: str
    page_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageAlert:
    """Told when seats, minutes or storage run out: the fact, and the purchase of what is missing."""

    to: str
    name: str
    text: str
    label: str
    buy_url: str
    usage_url: str


Mail = (
    SignInLink
    | Receipt
    | ActivationCode
    | SwitchedOn
    | NotCharged
    | PaidBack
    | EmailConfirmation
    | SalesRequest
    | ManagerInvite
    | RenewalNotice
    | RenewalFailed
    | RenewalRecovered
    | AboutToEnd
    | SubscriptionEnded
    | MoneyReturned
    | ChargeDisputed
    | UsageAlert
)
