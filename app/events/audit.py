"""Who did what to money and entitlements: one row a change, in the same transaction, each chained to the one before."""

import hashlib
import json
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from app.db.at_end import at_end
from app.db.schema.events import audit
from app.db.sql import take_turns

_LOCK = 7_241_001  # any number that no other advisory lock of the store uses


def record(connection: Connection, *, actor: str, action: str, subject: str, now: datetime, detail: str = "") -> None:
    """Append one row. ``actor`` is a person's id or ``system``; ``detail`` must hold no secret and no address.

    It is written at the end of the transaction: all of them take turns at the audit, and who has the turn must wait for
    no row that somebody in the queue has locked.
    """
    row = {"at": now, "actor": actor, "action": action, "subject": subject, "detail": detail}
    at_end(connection, lambda connection: _append(connection, row))


def _append(connection: Connection, said: dict[str, object]) -> None:
    take_turns(connection, _LOCK)  # two rows that hang on the same one would break the chain
    last = connection.execute(select(audit.c.seq, audit.c.chain).order_by(audit.c.seq.desc()).limit(1)).first()
    seq, chain = (last.seq + 1, last.chain) if last else (1, "")
    row = {"seq": seq, **said}
    connection.execute(insert(audit).values(**row, chain=_link(chain, row)))


def first_break(connection: Connection) -> int | None:
    """Return the number of the first row that does not fit the one before it, None when the chain holds."""
    chain, expected = "", 1
    for row in connection.execute(select(audit).order_by(audit.c.seq)).mappings():
        body = {name: row[name] for name in ("seq", "at", "actor", "action", "subject", "detail")}
        chain = _link(chain, body)
        if row["seq"] != expected or row["chain"] != chain:
            return int(row["seq"])
        expected += 1
    return None


def count(connection: Connection) -> int:
    """How many rows there are."""
    return connection.execute(select(func.count()).select_from(audit)).scalar_one()


def _link(chain: str, row: dict[str, object]) -> str:
    at = row["at"]
    body = {**row, "at": at.isoformat() if isinstance(at, datetime) else str(at)}
    return hashlib.sha256((chain + json.dumps(body, sort_keys=True)).encode()).hexdigest()
