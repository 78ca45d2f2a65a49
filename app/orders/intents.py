"""What a buyer means to buy: a row on the server that survives sign-in, kept for a day."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from app.core.problems import NotYours
from app.db.schema.orders import intents

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Who is billed, as typed so far; country is ISO 3166-1 alpha-2, region its code without the country."""

    full_name: str = ""
    email: str = ""
    company: str = ""
    country: str = ""
    region: str = ""
    postal_code: str = ""
    city: str = ""
    line1: str = ""
    line2: str = ""
    tax_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a link or the plan page asked for. ``seats`` None proposes the group's members.

    ``packs`` are those that go along with a plan; of packs alone ``seats`` says how many.
    """

    plan: str
    deployment: str
    currency: str
    group_id: str = ""
    group_given: bool = False
    seats: int | None = None
    packs: int = 0
    campaign: str = ""
    origin: str = ""
    return_to: str = ""
    utm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCheck:
    """What the product last said of a group: the buyer owned it at ``at`` (wall time) and it had no plan."""

    group_id: str
    name: str
    members: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A stored intent; ``order_id`` is the newest order made from it."""

    intent_id: str
    visitor_id: str
    person_id: str | None
    choice: Choice
    instance_users: int | None
    details: Details
    group_check: GroupCheck | None
    order_id: str | None
    created_at: datetime
    expires_at: datetime


def create_intent(
    connection: Connection, intent_id: str, choice: Choice, *, visitor_id: str, person_id: str | None, now: datetime
) -> None:
    """Store what was chosen, for this browser and for the person signed in there; ``now`` is wall time."""
    values = {
        "intent_id": intent_id,
        "visitor_id": visitor_id,
        "person_id": person_id,
        "created_at": now,
        "expires_at": now + LIFETIME,
        **dataclasses.asdict(choice),
        **dataclasses.asdict(Details()),
    }
    connection.execute(insert(intents).values(**values))


def is_open(connection: Connection, intent_id: str, *, now: datetime) -> bool:
    """Whether an intent still leads to its checkout; ``now`` is wall time."""
    found = select(intents.c.intent_id).where(intents.c.intent_id == intent_id, intents.c.expires_at > now)
    return connection.execute(found).first() is not None


def intent_of(
    connection: Connection, intent_id: str, *, visitor_id: str, person_id: str | None, now: datetime
) -> Intent:
    """Return the intent if it is this browser's or this person's and still kept; NotYours otherwise."""
    owner: ColumnElement[bool] = and_(intents.c.visitor_id == visitor_id, intents.c.visitor_id != "")
    if person_id:
        owner = or_(owner, intents.c.person_id == person_id)
    row = connection.execute(
        select(intents).where(intents.c.intent_id == intent_id, owner, intents.c.expires_at > now)
    ).first()
    if row is None:
        raise NotYours(intent_id)
    found = row._mapping
    return Intent(
        choice=Choice(**{field.name: found[field.name] for field in dataclasses.fields(Choice)}),
        details=Details(**{field.name: found[field.name] for field in dataclasses.fields(Details)}),
        group_check=_group_check(found),
        **{name: found[name] for name in _OWN},
    )


def claim_intent(connection: Connection, intent_id: str, person_id: str) -> None:
    """Let the intent be the person's too, so that it is found again after their session ended."""
    connection.execute(
        update(intents)
        .where(intents.c.intent_id == intent_id, intents.c.person_id.is_(None))
        .values(person_id=person_id)
    )


def save_details(connection: Connection, intent_id: str, details: Details) -> None:
    """Keep what was typed."""
    connection.execute(update(intents).where(intents.c.intent_id == intent_id).values(**dataclasses.asdict(details)))


def save_choice(
    connection: Connection, intent_id: str, *, group_id: str, seats: int | None, packs: int, instance_users: int | None
) -> None:
    """Keep the group, the seats and the packs that were chosen on the checkout."""
    connection.execute(
        update(intents)
        .where(intents.c.intent_id == intent_id)
        .values(group_id=group_id, seats=seats, packs=packs, instance_users=instance_users)
    )


def save_group_check(connection: Connection, intent_id: str, check: GroupCheck) -> None:
    """Remember what the product said, so that a short absence of it need not stop a buyer."""
    values = {
        "checked_group": check.group_id,
        "checked_name": check.name,
        "checked_members": check.members,
        "checked_at": check.at,
    }
    connection.execute(update(intents).where(intents.c.intent_id == intent_id).values(**values))


def park(
    connection: Connection,
    intent_id: str,
    *,
    seats: int | None,
    packs: int | None,
    details: Details | None,
    now: datetime,
) -> None:
    """Keep what was typed by somebody whose session ended meanwhile; they sign in before they see it again.

    The intent's id (100 bits) is what lets them write, and nothing is read out.
    """
    typed = dataclasses.asdict(details) if details else {}
    if seats is not None:
        typed["seats"] = seats
    if packs is not None:
        typed["packs"] = packs
    kept = (intents.c.intent_id == intent_id) & (intents.c.expires_at > now)
    if typed:
        connection.execute(update(intents).where(kept).values(**typed))


def set_order(connection: Connection, intent_id: str, order_id: str) -> None:
    """Remember the newest order made from the intent."""
    connection.execute(update(intents).where(intents.c.intent_id == intent_id).values(order_id=order_id))


def _group_check(row: RowMapping) -> GroupCheck | None:
    if row["checked_at"] is None:
        return None
    return GroupCheck(
        group_id=row["checked_group"], name=row["checked_name"], members=row["checked_members"], at=row["checked_at"]
    )


_OWN = (
    "intent_id",
    "visitor_id",
    "person_id",
    "instance_users",
    "order_id",
    "created_at",
    "expires_at",
)
