"""What the promotions engine is told: the cart in its words, and what is known of the buyer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from app.core.clock import add_months, midnight
from app.flows.deps import Deps
from app.flows.on_file import OnFile
from app.identity import email_proofs
from app.identity.accounts import BillingAccount
from app.identity.actor import Person
from app.promotions.cart import Cart, CartLine, Facts, History
from app.promotions.identity_keys import identity_keys
from app.promotions.model import OrderKind
from app.subscriptions.store import paid_until
from app.vendor_adapters.types import Line, LineKind, OfferKey, Quote, SalesChannel

TERM_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who buys, for which group, and where they are billed; ``country`` is empty while it is not known.

    ``on_file`` tells the cards, None where there can be none; ``fingerprints`` are theirs once they were asked for.
    """

    person: Person
    account: BillingAccount | None
    group_id: str = ""
    country: str = ""
    channel: SalesChannel = SalesChannel.DIRECT
    on_file: OnFile | None = field(default=None, repr=False, compare=False)
    fingerprints: tuple[str, ...] = field(default=(), repr=False)

    @property
    def account_id(self) -> str:
        """The billing account's id, empty for somebody who has none yet."""
        return self.account.account_id if self.account else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ware:
    """What is bought, as the catalog names it; ``unit_price`` is minor units per seat or pack before tax."""

    item: str
    is_addon: bool
    deployment: str
    offer: OfferKey
    unit_price: int
    currency: str
    is_yearly: bool


def facts_of(connection: Connection, buyer: Buyer, now: datetime) -> Facts:
    """Return what is known of ``buyer``; what is left of budgets is added where they are read."""
    domain = confirmed_email(connection, buyer.person).rpartition("@")[2].casefold()
    return Facts(
        account_id=buyer.account_id,
        history=History(
            account_until=paid_until(connection, account_id=buyer.account_id, now=now) if buyer.account_id else None,
            group_until=paid_until(connection, group_id=buyer.group_id, now=now) if buyer.group_id else None,
        ),
        country=buyer.country or None,
        mail_domain=domain,
        channel=buyer.channel,
    )


def identities_of(connection: Connection, deps: Deps, buyer: Buyer) -> tuple[str, ...]:
    """Return the keys that a cap per person counts by."""
    keys = identity_keys(
        deps.sealer,
        person_id=buyer.person.person_id,
        account_id=buyer.account_id,
        email=confirmed_email(connection, buyer.person),
    )
    cards = [identity_keys(deps.sealer, card_fingerprint=each) for each in buyer.fingerprints]
    return tuple(sorted({*keys, *(key for card in cards for key in card)}))


def confirmed_email(connection: Connection, person: Person) -> str:
    """Return the person's address once the issuer, or they themselves by our mail, confirmed it; else nothing."""
    is_confirmed = person.email_verified or (person.email != "" and email_proofs.is_proven(connection, person))
    return person.email if is_confirmed else ""


def purchase_cart(wares: Sequence[tuple[Ware, int]], now: datetime) -> Cart:
    """Return the cart of a first order, its plan first, or of packs that have a term of their own or none."""
    first, _ = wares[0]
    kind = OrderKind.ADDON if first.is_addon else OrderKind.FIRST_ORDER
    lines = tuple(_bought(ware, quantity, now) for ware, quantity in wares)
    return Cart(kind=kind, currency=first.currency, lines=lines)


def change_cart(ware: Ware, quote: Quote, *, kind: OrderKind, quantity: int, added: int) -> Cart:
    """Return the cart of a change: what the vendor asks for it now, before discounts, and what renews later."""
    renewal = quote.next_charges[0] if quote.next_charges else None
    line = CartLine(
        item=ware.item,
        is_addon=ware.is_addon,
        deployment=ware.deployment,
        offer=ware.offer,
        quantity=quantity,
        added=added,
        amount=max(0, quote.subtotal.minor),
        renews_at=renewal.at if renewal else None,
        renewal_amount=ware.unit_price * quantity if renewal else 0,
    )
    return Cart(kind=kind, currency=ware.currency, lines=(line,))


def gross_of(lines: Iterable[Line]) -> int:
    """Return what lines cost before discounts, in minor units."""
    return sum(line.amount.minor for line in lines if line.kind is not LineKind.DISCOUNT)


def _bought(ware: Ware, quantity: int, now: datetime) -> CartLine:
    amount = ware.unit_price * quantity
    return CartLine(
        item=ware.item,
        is_addon=ware.is_addon,
        deployment=ware.deployment,
        offer=ware.offer,
        quantity=quantity,
        added=quantity,
        amount=amount,
        renews_at=add_months(midnight(now), TERM_MONTHS) if ware.is_yearly else None,
        renewal_amount=amount if ware.is_yearly else 0,
    )
