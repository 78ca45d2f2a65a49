"""What people asked the sales team."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from app.core.problems import NotYours
from app.db.schema.store import leads


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """One request; ``seats`` is 0 and ``plan``, ``deployment`` and ``intent_id`` are empty where nothing was said."""

    lead_id: str
    visitor_id: str
    intent_id: str
    name: str
    company: str
    email: str
    plan: str
    deployment: str
    seats: int
    message: str
    consent: bool
    created_at: datetime


def add_lead(connection: Connection, lead: Lead) -> None:
    """Store a request."""
    connection.execute(insert(leads).values(asdict(lead)))


def lead_of(connection: Connection, lead_id: str, *, visitor_id: str) -> Lead:
    """Return a request that was sent from this browser; NotYours for any other."""
    mine = (leads.c.lead_id == lead_id) & (leads.c.visitor_id == visitor_id) & (leads.c.visitor_id != "")
    row = connection.execute(select(leads).where(mine)).first()
    if row is None:
        raise NotYours(lead_id)
    return Lead(**row._mapping)
