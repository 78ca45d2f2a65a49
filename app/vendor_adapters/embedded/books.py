"""The vendor's whole books as plain JSON, for demonstrations and for checks that compare them with the store's."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import RowMapping, Table, select

from app.vendor_adapters.embedded import charges, checkouts, invoices, lines, schema, subscriptions, wallet
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.types import CheckoutState
from app.vendor_adapters.world import Books, Json, Row

__all__ = ["Books", "Json", "Row", "books"]

_SUMS = ("currency", "subtotal", "discount", "tax", "total")


def books(desk: Desk) -> Books:
    """Return everything: amounts are minor units with ``currency`` beside, instants ISO 8601, ``order`` in every row.

    ``charges`` are those that moved money; refused tries stand apart, in ``declines``.
    """
    return {
        "customers": _rows(desk, schema.customers, _customer),
        "checkouts": _rows(desk, schema.checkouts, _checkout),
        "subscriptions": _rows(desk, schema.subscriptions, _subscription),
        "invoices": _rows(desk, schema.invoices, _invoice),
        "charges": _charges(desk, charges.SUCCEEDED, _charge),
        "declines": _charges(desk, charges.FAILED, _decline),
        "refunds": _rows(desk, schema.refunds, _refund),
        "discounts": _rows(desk, schema.discounts, _discount),
        "deliveries": _deliveries(desk),
    }


def _rows(desk: Desk, table: Table, shown: Callable[[Desk, RowMapping], Row]) -> list[Row]:
    ordered = select(table).order_by(*table.primary_key.columns)
    return [shown(desk, row) for row in desk.connection.execute(ordered).mappings().all()]


def _charges(desk: Desk, status: str, shown: Callable[[RowMapping], Row]) -> list[Row]:
    query = select(schema.charges).where(schema.charges.c.status == status).order_by(schema.charges.c.id)
    return [shown(row) for row in desk.connection.execute(query).mappings()]


def _picked(row: RowMapping, names: Sequence[str]) -> Row:
    return {name: row[name] for name in names}


def _instant(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def _customer(desk: Desk, row: RowMapping) -> Row:
    stored = [
        {"id": card.ref, "brand": card.brand, "last4": card.last4, "is_default": card.is_default}
        for card in wallet.listed(desk, row["ref"])
    ]
    return {
        "id": row["ref"],
        "order": "",
        "account": row["account_id"],
        **_picked(row, ("email", "full_name", "company", "currency", "country", "region", "postal_code", "city")),
        "tax_id": row["tax_id_value"],
        "payment_methods": stored,
    }


def _checkout(desk: Desk, row: RowMapping) -> Row:
    checkout = checkouts.load(desk, row["ref"])
    is_paid = checkout.state is CheckoutState.COMPLETE
    return {
        "id": row["ref"],
        "order": row["order_id"],
        "kind": row["kind"],
        **_picked(row, ("customer", "subject", "subscription", "invoice", "charge")),
        "state": checkout.state.value,
        **_picked(row, _SUMS),
        "amount_due": 0 if is_paid else row["total"],
        "amount_paid": row["total"] if is_paid else 0,
        "declines": [decline.ref for decline in charges.declines(desk, row["ref"])],
        "lines": _lines(desk, row["ref"]),
        "made_at": _instant(row["made_at"]),
        "expires_at": _instant(row["expires_wall"]),
    }


def _subscription(desk: Desk, row: RowMapping) -> Row:
    shown = subscriptions.snapshot(desk, subscriptions.load(desk, row["ref"]))
    renews_as = shown.renews_as
    return {
        "id": row["ref"],
        "order": row["order_id"],
        **_picked(row, ("customer", "subject", "status", "currency", "channel", "sold_by", "version")),
        "offer": shown.offer,
        "seats": shown.seats,
        "unit_price": shown.unit_price.minor,
        "starts_at": _instant(row["starts_at"]),
        "ends_at": _instant(row["ends_at"]),
        "cancel_at": _instant(row["cancel_at"]),
        "renews_as": {"offer": renews_as.offer, "quantity": renews_as.quantity} if renews_as else None,
        "packs": [{"offer": pack.offer, "quantity": pack.quantity} for pack in shown.packs],
    }


def _invoice(desk: Desk, row: RowMapping) -> Row:
    shown = invoices.summary(desk, row)
    return {
        "id": row["ref"],
        "number": shown.number,
        "order": row["order_id"],
        **_picked(row, ("customer", "subscription", "checkout", "status")),
        **_picked(row, _SUMS),
        "amount_due": shown.amount_due.minor,
        "amount_paid": row["amount_paid"],
        "amount_refunded": row["amount_refunded"],
        "lines": _lines(desk, row["ref"]),
        "issued_at": _instant(row["issued_at"]),
    }


def _charge(row: RowMapping) -> Row:
    return {
        "id": row["ref"],
        "order": row["order_id"],
        **_picked(row, ("customer", "checkout", "invoice", "amount", "currency", "amount_refunded", "dispute")),
        "at": _instant(row["at"]),
    }


def _decline(row: RowMapping) -> Row:
    return {
        "id": row["ref"],
        "order": row["order_id"],
        **_picked(row, ("customer", "checkout", "reason", "amount", "currency")),
        "at": _instant(row["at"]),
    }


def _refund(_desk: Desk, row: RowMapping) -> Row:
    return {
        "id": row["ref"],
        "order": row["order_id"],
        **_picked(row, ("charge", "amount", "currency", "reason")),
        "at": _instant(row["at"]),
    }


def _discount(desk: Desk, row: RowMapping) -> Row:
    offers = schema.discount_offers
    targets = select(offers.c.offer).where(offers.c.discount == row["ref"]).order_by(offers.c.offer)
    return {
        "id": row["ref"],
        "order": _order_of_discount(desk, row["ref"]),
        **_picked(row, ("reservation", "label", "percent_bp", "amount_off", "currency", "periods", "is_revoked")),
        "offers": list(desk.connection.execute(targets).scalars()),
    }


def _order_of_discount(desk: Desk, ref: str) -> str:
    joined = schema.lines.join(schema.checkouts, schema.checkouts.c.ref == schema.lines.c.owner)
    query = select(schema.checkouts.c.order_id).select_from(joined).where(schema.lines.c.discount == ref)
    return desk.connection.execute(query.order_by(schema.checkouts.c.id).limit(1)).scalar_one_or_none() or ""


def _deliveries(desk: Desk) -> list[Row]:
    joined = schema.deliveries.join(schema.events, schema.events.c.serial == schema.deliveries.c.event)
    query = select(schema.deliveries, schema.events).select_from(joined).order_by(schema.deliveries.c.id)
    return [
        {
            "id": row["id"],
            "order": row["order_id"],
            "event": row["id_1"],
            **_picked(row, ("kind", "subject", "status", "attempts", "last_answer")),
            "occurred_at": _instant(row["occurred_at"]),
        }
        for row in desk.connection.execute(query).mappings()
    ]


def _lines(desk: Desk, owner: str) -> list[Json]:
    return [
        {
            "kind": line.kind.value,
            "offer": line.offer,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "amount": line.amount,
        }
        for line in lines.load(desk, owner)
    ]
