"""How far purchases get: one head a journey, and one row a step of it that was reached."""

from sqlalchemy import Column, Index, Integer, String, Table

from app.db.schema.base import metadata
from app.db.types import UtcDateTime

journeys = Table(
    "journeys",
    metadata,
    Column("journey_id", String(40), primary_key=True),  # an intent's id, an order's without one; before that a visit's
    Column("open_key", String(80), nullable=True, index=True),  # who may still go on with a visit; None once it is more
    Column("entry", Integer, nullable=False),  # the number of the first step: link, plan page, or the choice itself
    Column("kind", String(20), nullable=False),  # of order; empty while nothing was chosen
    Column("deployment", String(20), nullable=False),
    Column("campaign", String(60), nullable=False),
    Column("link_id", String(40), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),  # business time, as all of it
    Index("ix_journeys_campaign_began_at", "campaign", "began_at"),
    Index("ix_journeys_began_at", "began_at"),
)

funnel = Table(
    "funnel",
    metadata,
    Column("journey_id", String(40), primary_key=True),
    Column("event", String(20), primary_key=True),
    Column("reason", String(40), primary_key=True),  # of what was refused or failed, else empty
    Column("slug", String(60), primary_key=True),  # the campaign of a code that applied or did not, else empty
    Column("at", UtcDateTime, nullable=False),
    Index("ix_funnel_event_slug", "event", "slug"),
)
