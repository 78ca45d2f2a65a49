"""Reading everything that the export tells, table by table, in a form that does not change with the schema."""

import json
from collections.abc import Iterator

from sqlalchemy import Connection, select

from app.commands.export_promotions_store import promotion_records
from app.db.schema.entitlements import entitlements, subscriptions
from app.db.schema.events import audit, outbox
from app.db.schema.orders import order_states, orders

Record = dict[str, object]


def records(connection: Connection) -> Iterator[Record]:
    """Yield one record a row; ``type`` says of what. Amounts are minor units, instants ISO 8601 in UTC."""
    yield from _orders(connection)
    yield from _subscriptions(connection)
    yield from _entitlements(connection)
    yield from promotion_records(connection)
    yield from _outbox(connection)
    yield from _audit(connection)


def _orders(connection: Connection) -> Iterator[Record]:
    for row in connection.execute(select(orders).order_by(orders.c.created_at, orders.c.order_id)):
        history = connection.execute(
            select(order_states).where(order_states.c.order_id == row.order_id).order_by(order_states.c.seq)
        )
        yield {
            "type": "order",
            "order": row.order_id,
            "kind": row.kind,
            "state": row.state,
            "history": [{"state": step.state, "action": step.action, "at": step.at.isoformat()} for step in history],
            "account": row.account_id,
            "vendor": row.vendor,
            "plan": row.plan,
            "deployment": row.deployment,
            "group": row.group_id,
            "seats": row.seats,
            "packs_addon": row.packs_addon,
            "packs": row.packs,
            "currency": row.currency,
            "subtotal": row.subtotal,
            "discount": row.discount,
            "tax": row.tax,
            "total": row.total,
            "paid": row.amount_paid,
            "refunded": row.amount_refunded,
            "charge": row.charge_ref,
            "invoice": row.invoice_ref,
            "subscription": row.subscription_ref,
            "created_at": row.created_at.isoformat(),
        }


def _subscriptions(connection: Connection) -> Iterator[Record]:
    for row in connection.execute(select(subscriptions).order_by(subscriptions.c.subscription_id)):
        yield {
            "type": "subscription",
            "subscription": row.subscription_ref,
            "account": row.account_id,
            "order": row.order_id,
            "vendor": row.vendor,
            "status": row.status,
            "plan": row.plan,
            "deployment": row.deployment,
            "group": row.group_id,
            "seats": row.seats,
            "unit_amount": row.unit_amount,
            "currency": row.currency,
            "starts_at": row.starts_at.isoformat(),
            "ends_at": row.ends_at.isoformat(),
            "cancel_at": row.cancel_at.isoformat() if row.cancel_at else None,
            "channel": row.channel,
            "observed_at": row.observed_at.isoformat(),
        }


def _entitlements(connection: Connection) -> Iterator[Record]:
    for row in connection.execute(select(entitlements).order_by(entitlements.c.target)):
        yield {
            "type": "entitlement",
            "target": row.target,
            "order": row.order_id,
            "plan": row.plan,
            "seats": row.seats,
            "ends_at": row.ends_at.isoformat() if row.ends_at else None,
            "version": row.version,
            "granted_version": row.granted_version,
        }


def _outbox(connection: Connection) -> Iterator[Record]:
    for row in connection.execute(select(outbox).order_by(outbox.c.created_at, outbox.c.job_id)):
        yield {
            "type": "job",
            "job": row.job_id,
            "kind": row.kind,
            "key": row.dedupe_key,
            "order": row.order_id,
            "state": row.state,
            "tries": row.tries,
            "created_at": row.created_at.isoformat(),
            "done_at": row.done_at.isoformat() if row.done_at else None,
            # a mail's payload is sealed and nobody's business
            "payload": {} if row.kind == "mail" else json.loads(row.payload),
        }


def _audit(connection: Connection) -> Iterator[Record]:
    for row in connection.execute(select(audit).order_by(audit.c.seq)):
        yield {
            "type": "audit",
            "seq": row.seq,
            "at": row.at.isoformat(),
            "actor": row.actor,
            "action": row.action,
            "subject": row.subject,
            "detail": row.detail,
        }
