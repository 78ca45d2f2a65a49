"""Asking a person: a request to the sales team is kept, told to the systems downstream, and copied to who asked.

It never ends a purchase: the cart stays as it is, and every page of this flow leads back to it.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import Connection

from app import formats
from app.core.ids import new_reference
from app.core.problems import ProblemId, Refused, problem
from app.emails.mails import SalesRequest
from app.events import funnel
from app.events.funnel import Side
from app.events.outbox import enqueue
from app.flows.deps import Deps
from app.flows.leads_store import Lead, add_lead, lead_of
from app.flows.post import enqueue_mail
from app.identity.accounts import accounts_of
from app.identity.actor import Actor
from app.identity.limits import Limit, network_of, take

LEAD_CREATED = "lead.created"
MOST_SEATS = 1_000_000  # a person can be asked about more seats than can be bought here
# a copy goes to whatever address is typed, so nobody may send many
_PER_VISITOR = Limit(5, timedelta(hours=1))
_PER_ADDRESS = Limit(5, timedelta(hours=24))
_PER_NETWORK = Limit(30, timedelta(hours=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSales:
    """What somebody wants to ask; ``intent_id`` is the cart that they came from, if any."""

    name: str
    company: str
    email: str
    plan: str
    deployment: str
    seats: int
    message: str
    consent: bool
    intent_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store knows already of who asks, so that it need not be typed."""

    name: str
    company: str
    email: str


async def known_of(deps: Deps, actor: Actor) -> Known:
    """Return what the form can be filled with."""
    person = actor.person
    if person is None:
        return Known(name="", company="", email="")
    accounts = await deps.db.read(lambda connection: accounts_of(connection, person.person_id))
    return Known(name=person.name, company=accounts[0].company if accounts else "", email=person.email)


async def ask_sales(deps: Deps, actor: Actor, asked: AskSales, *, network: str, visits: tuple[str, ...] = ()) -> str:
    """Keep the request and return its reference.

    Args:
        actor: with a visitor's id, by which the answer page is found again. network: the address it came from.
        visits: what the browser's visits are filed under in the funnel.

    Raises Refused(E_RATE) after too many. Effects: a row, the event ``lead.created``, a mail to who asked.
    """
    return await deps.db.write(lambda connection: _ask(connection, deps, actor, asked, network, visits))


async def sent_request(deps: Deps, actor: Actor, lead_id: str) -> Lead:
    """Return a request for the browser that sent it; NotYours otherwise."""
    return await deps.db.read(lambda connection: lead_of(connection, lead_id, visitor_id=actor.visitor_id))


def _ask(
    connection: Connection, deps: Deps, actor: Actor, asked: AskSales, network: str, visits: tuple[str, ...]
) -> str:
    now = deps.clock.wall()
    wait = take(connection, _buckets(actor, asked, network), now)
    if wait:
        raise Refused(problem(ProblemId.E_RATE, minutes=str(math.ceil(wait / timedelta(minutes=1)))))
    lead_id = new_reference("L")
    lead = Lead(
        lead_id=lead_id,
        visitor_id=actor.visitor_id,
        intent_id=asked.intent_id,
        name=asked.name,
        company=asked.company,
        email=asked.email,
        plan=asked.plan,
        deployment=asked.deployment,
        seats=asked.seats,
        message=asked.message,
        consent=asked.consent,
        created_at=deps.clock.now(),
    )
    add_lead(connection, lead)
    journey_id = asked.intent_id or funnel.visit_of(connection, visits)
    if journey_id:
        funnel.note_side(connection, journey_id, Side.SALES_CHOSEN, at=deps.clock.now())
    enqueue(connection, kind=LEAD_CREATED, dedupe_key=lead_id, payload={"lead_id": lead_id}, now=now)
    mail = SalesRequest(to=asked.email, name=asked.name, lead_id=lead_id, message=_copy(deps, asked))
    enqueue_mail(connection, deps.sealer, mail, dedupe_key=f"lead:{lead_id}", now=now)
    return lead_id


def _buckets(actor: Actor, asked: AskSales, network: str) -> dict[str, Limit]:
    address = sha256(asked.email.casefold().encode()).hexdigest()[:40]  # no list of addresses in the counters
    return {
        f"sales-visitor:{actor.visitor_id}": _PER_VISITOR,
        f"sales-address:{address}": _PER_ADDRESS,
        f"sales-network:{network_of(network)}": _PER_NETWORK,
    }


def _copy(deps: Deps, asked: AskSales) -> str:
    """What was asked, for the copy: the plan and the seats on a line of their own, then the message."""
    plan = deps.catalog.plan(asked.plan)
    about = ", ".join(
        part
        for part in (plan.name if plan else "", formats.counted(asked.seats, "seat") if asked.seats else "")
        if part
    )
    return "\n\n".join(part for part in (about, asked.message) if part) or "(no message)"
