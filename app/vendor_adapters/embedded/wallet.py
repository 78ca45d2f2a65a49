"""A customer's stored cards."""

import hashlib
import hmac
from dataclasses import dataclass

from sqlalchemy import ColumnElement, RowMapping, and_, insert, select, update

from app.core.ids import new_id
from app.vendor_adapters.embedded import customers, events
from app.vendor_adapters.embedded.card_form import CardDetails, is_past
from app.vendor_adapters.embedded.cards import BY_NUMBER, Answer, Behaviour, ask_bank
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.schema import cards
from app.vendor_adapters.embedded.schema import customers as customers_table
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import DeclineReason, NotificationKind, PaymentMethodRef, PaymentMethodSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card on file; ``is_kept`` once it has paid, before that it is only being tried."""

    ref: str
    customer: str
    brand: str
    last4: str
    expires_month: int
    expires_year: int
    behaviour: Behaviour
    is_kept: bool


def listed(desk: Desk, customer: str) -> tuple[PaymentMethodSummary, ...]:
    """Return the stored cards, the default first."""
    default = customers.get(desk, customer)["default_card"]
    query = select(cards).where(cards.c.customer == customer, cards.c.is_kept).order_by(cards.c.id)
    found = [_summary(desk, row, default) for row in desk.connection.execute(query).mappings()]
    return tuple(sorted(found, key=lambda card: not card.is_default))


def get(desk: Desk, customer: str, ref: str) -> Card:
    """Return a stored card of that customer, or say that there is none."""
    row = _row(desk, and_(cards.c.ref == ref, cards.c.customer == customer, cards.c.is_kept))
    if row is None:
        raise desk.rejected(RejectReason.NOT_FOUND, "payment_method")
    return _card(row)


def default(desk: Desk, customer: str) -> Card | None:
    """Return the card that renewals and changes are charged to."""
    ref = customers.get(desk, customer)["default_card"]
    return get(desk, customer, ref) if ref else None


def tried(desk: Desk, customer: str, details: CardDetails) -> Card:
    """Return the card that was typed: the one on file when it is known, else a new one that is not kept yet."""
    same = and_(
        cards.c.customer == customer,
        cards.c.is_kept,
        cards.c.brand == details.brand,
        cards.c.last4 == details.last4,
        cards.c.expires_month == details.expires_month,
        cards.c.expires_year == details.expires_year,
    )
    row = _row(desk, same)
    return _card(row) if row is not None else _add(desk, customer, details)


def trying(desk: Desk, ref: str) -> Card:
    """Return a card by its ref, kept or not."""
    row = _row(desk, cards.c.ref == ref)
    if row is None:
        raise desk.rejected(RejectReason.NOT_FOUND, "payment_method")
    return _card(row)


def keep(desk: Desk, card: Card, *, as_default: bool) -> None:
    """Store a card that has paid; the first one is the default."""
    customer = customers.get(desk, card.customer)
    if not card.is_kept:
        desk.connection.execute(update(cards).where(cards.c.ref == card.ref).values(is_kept=True))
        events.record(desk, NotificationKind.CUSTOMER, card.customer)
    if as_default or not customer["default_card"]:
        _point_default(desk, card.customer, card.ref)


def set_default(desk: Desk, customer: str, ref: str) -> None:
    """Charge renewals and changes to this card from now on."""
    card = get(desk, customer, ref)
    if customers.get(desk, customer)["default_card"] != card.ref:
        _point_default(desk, customer, card.ref)
        events.record(desk, NotificationKind.CUSTOMER, customer)


def remove(desk: Desk, customer: str, ref: str) -> None:
    """Take a card off the file; the oldest of the others becomes the default where it was."""
    card = get(desk, customer, ref)
    desk.connection.execute(update(cards).where(cards.c.ref == card.ref).values(is_kept=False))
    if customers.get(desk, customer)["default_card"] == card.ref:
        _point_default(desk, customer, None)
        others = listed(desk, customer)
        _point_default(desk, customer, others[0].ref if others else None)
    events.record(desk, NotificationKind.CUSTOMER, customer)


def charge(desk: Desk, card: Card, *, is_buyer_present: bool) -> Answer | DeclineReason:
    """Ask the card's bank."""
    return ask_bank(
        card.behaviour,
        is_expired=is_past(card.expires_month, card.expires_year, desk.now),
        is_stored=card.is_kept,
        is_buyer_present=is_buyer_present,
    )


def fingerprint(desk: Desk, ref: str | None) -> str:
    """Return the mark of a card, the same whoever has it on file; empty for no card."""
    row = _row(desk, cards.c.ref == ref) if ref else None
    return _fingerprint(desk, row) if row is not None else ""


def _row(desk: Desk, condition: ColumnElement[bool]) -> RowMapping | None:
    return desk.connection.execute(select(cards).where(condition)).mappings().first()


def _card(row: RowMapping) -> Card:
    return Card(
        ref=row["ref"],
        customer=row["customer"],
        brand=row["brand"],
        last4=row["last4"],
        expires_month=row["expires_month"],
        expires_year=row["expires_year"],
        behaviour=Behaviour(row["behaviour"]),
        is_kept=row["is_kept"],
    )


def _fingerprint(desk: Desk, row: RowMapping) -> str:
    """Return a keyed hash of the card's number: of a test card the table knows it by what is kept."""
    number = next(
        number
        for number, card in BY_NUMBER.items()
        if card.behaviour.value == row["behaviour"] and (card.brand, number[-4:]) == (row["brand"], row["last4"])
    )
    return hmac.new(desk.settings.key("card fingerprint"), number.encode(), hashlib.sha256).hexdigest()[:32]


def _summary(desk: Desk, row: RowMapping, default_card: str | None) -> PaymentMethodSummary:
    return PaymentMethodSummary(
        ref=PaymentMethodRef(row["ref"]),
        brand=row["brand"],
        last4=row["last4"],
        expires_month=row["expires_month"],
        expires_year=row["expires_year"],
        is_default=row["ref"] == default_card,
        fingerprint=_fingerprint(desk, row),
    )


def _add(desk: Desk, customer: str, details: CardDetails) -> Card:
    card = Card(
        ref=new_id("card"),
        customer=customer,
        brand=details.brand,
        last4=details.last4,
        expires_month=details.expires_month,
        expires_year=details.expires_year,
        behaviour=Behaviour(details.behaviour),
        is_kept=False,
    )
    desk.connection.execute(
        insert(cards).values(
            ref=card.ref,
            customer=customer,
            brand=card.brand,
            last4=card.last4,
            expires_month=card.expires_month,
            expires_year=card.expires_year,
            behaviour=card.behaviour.value,
            is_kept=False,
        )
    )
    return card


def _point_default(desk: Desk, customer: str, ref: str | None) -> None:
    desk.connection.execute(update(customers_table).where(customers_table.c.ref == customer).values(default_card=ref))
