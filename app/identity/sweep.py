"""Forgetting what is of no more use, so that the tables stay small and hold no more about people than needed."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, delete

from app.db.schema.identity import email_proofs, login_links, sessions, sign_ins
from app.db.schema.store import hits
from app.identity.sessions import IDLE_LIMIT

KEPT = timedelta(days=2)  # longer than a link works, and than any limit counts


def forget_expired(connection: Connection, now: datetime) -> int:
    """Delete sessions, sign-ins, links and counted hits whose time is over; return how many rows went. Wall time."""
    has_ended = sessions.c.expires_at <= now
    is_idle = sessions.c.person_id.is_not(None) & (sessions.c.seen_at <= now - IDLE_LIMIT)
    old: list[tuple[Table, ColumnElement[bool]]] = [
        (sessions, has_ended | is_idle),
        (sign_ins, sign_ins.c.started_at <= now - KEPT),
        (login_links, login_links.c.created_at <= now - KEPT),
        (email_proofs, email_proofs.c.used_at.is_(None) & (email_proofs.c.made_at <= now - KEPT)),
        (hits, hits.c.at <= now - KEPT),
    ]
    return sum(connection.execute(delete(table).where(is_old)).rowcount for table, is_old in old)
