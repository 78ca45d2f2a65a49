"""Activation codes of self-managed instances: encrypted at rest, found by keyed hash."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from app.core.ids import new_activation_code
from app.db.schema.entitlements import activation_codes
from app.db.sealing import Sealer

_PURPOSE = "activation code"


def code_for(connection: Connection, sealer: Sealer, *, subscription_id: str, order_id: str, now: datetime) -> str:
    """Return the subscription's code, made on the first call. ``now`` is wall time."""
    found = find_code(connection, sealer, subscription_id)
    if found:
        return found
    code = new_activation_code()
    connection.execute(
        insert(activation_codes).values(
            code_hash=sealer.fingerprints(code, _PURPOSE)[0],
            subscription_id=subscription_id,
            order_id=order_id,
            code_sealed=sealer.seal(code),
            made_at=now,
        )
    )
    return code


def find_code(connection: Connection, sealer: Sealer, subscription_id: str) -> str | None:
    """Return the subscription's valid code in clear, None when it has none."""
    row = connection.execute(
        select(activation_codes.c.code_sealed).where(
            activation_codes.c.subscription_id == subscription_id, activation_codes.c.revoked_at.is_(None)
        )
    ).first()
    return sealer.open(row.code_sealed) if row else None


def grouped(code: str) -> str:
    """Return a code in groups of four, as people read it."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
