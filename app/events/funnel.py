"""The funnel: which steps of the way to a purchase were reached. First party, on the server, without names.

A journey has one row a step. Before something is chosen it is a visit: of a browser's session, or of a browser of this
day where it has none, or of somebody who looks at a change of a subscription. What is chosen then goes on with it:
the rows get the intent's id, or the order's where there is no intent.

All writes are made so that a second one changes nothing, and stand in the transaction of what they tell. Instants are
business time.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import Connection, and_, case, delete, exists, select, update

from app.db.schema.funnel import funnel, journeys
from app.db.sql import insert_missing, insert_new


class Step(Enum):
    """The way to a purchase, in its order."""

    LANDING = "landing"  # a campaign's link was opened
    PLANS_VIEWED = "plans_viewed"
    PLAN_CHOSEN = "plan_chosen"
    SIGNED_IN = "signed_in"
    CHECKOUT_VIEWED = "checkout_viewed"
    DETAILS_VALID = "details_valid"  # group, number and address are such that it can be sold
    PAYMENT_READY = "payment_ready"  # a stored card is there, or all is ready for the vendor's payment page
    CONFIRMED = "confirmed"  # the button was pressed at a valid quote, and the order written down
    PAID = "paid"
    GRANTED = "granted"
    RETURNED = "returned"  # the buyer followed the link back to the product

    @property
    def number(self) -> int:
        """Its place on the way, from 0."""
        return _NUMBERS[self]


class Side(Enum):
    """What happens beside the way; some of it with a reason."""

    FAILED = "failed"  # the journey's last order was closed unpaid; gone again with the next try
    PROMO_APPLIED = "promo_applied"
    PROMO_REJECTED = "promo_rejected"
    SALES_CHOSEN = "sales_chosen"
    QUOTE_REPRICED = "quote_repriced"
    ACTION_REQUIRED = "action_required"


VISIT_LASTS = timedelta(days=7)
_NUMBERS = {step: number for number, step in enumerate(Step)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a journey comes from and what it is for.

    Attributes:
        keys: what visits of the same browser, or to the same change, are filed under.
        saw_plans: the choice was made on the plan page, also where no visit to it is known.
        campaign: a slug, empty for none: then it and the link are those of the visit. link_id: the campaign's link that
            was clicked last, empty for none or any. kind: of the order that it may become.
    """

    keys: Sequence[str] = ()
    saw_plans: bool = False
    kind: str
    deployment: str
    campaign: str = ""
    link_id: str = ""


def landed(connection: Connection, key: str, *, slug: str, link_id: str = "", at: datetime) -> None:
    """Note that the browser ``key`` (a visitor's id) opened a campaign's link; bots must have been left out."""
    _visit(connection, key, Step.LANDING, [Step.LANDING], campaign=slug, link_id=link_id, at=at)


def viewed_plans(connection: Connection, keys: Sequence[str], *, campaign: str = "", at: datetime) -> None:
    """Note that a browser saw the plan page; ``keys`` are its visitor's id, if it has one, and its mark of the day."""
    visit = _open_visit(connection, keys, campaign=campaign)
    if visit is None:
        _visit(connection, keys[0], Step.PLANS_VIEWED, [Step.PLANS_VIEWED], campaign=campaign, at=at)
    else:
        _insert(connection, visit, [Step.PLANS_VIEWED], at)


def viewed_change(connection: Connection, key: str, *, kind: str, deployment: str, at: datetime) -> None:
    """Note that a manager saw the price of a change; ``key`` names the subscription and the kind.

    Looking again within VISIT_LASTS is the same visit.
    """
    reached = [step for step in Step if Step.PLAN_CHOSEN.number <= step.number <= Step.DETAILS_VALID.number]
    visit = _open_visit(connection, (key,), since=at - VISIT_LASTS)
    if visit is None:
        _visit(connection, key, Step.PLAN_CHOSEN, reached, kind=kind, deployment=deployment, at=at, apart=at.date())
    else:
        _insert(connection, visit, reached, at)


def led_to_change(connection: Connection, key: str, start: Start) -> None:
    """Let the visit that came by ``start.campaign`` be one that looks at the change ``key``."""
    visit = _open_visit(connection, start.keys, campaign=start.campaign, link_id=start.link_id)
    mine = (journeys.c.journey_id == visit) & (journeys.c.campaign == start.campaign)
    values = {"open_key": _filed(key), "kind": start.kind, "deployment": start.deployment}
    moved = connection.execute(update(journeys).where(mine).values(**values).returning(journeys.c.began_at)).scalar()
    if visit and moved:  # the change is the offer that it saw
        _insert(connection, visit, [Step.PLANS_VIEWED], moved)


def begin(connection: Connection, journey_id: str, start: Start, *, at: datetime) -> None:
    """Begin a journey with what was chosen, going on with the visit that led there, if one is known."""
    entry = _take_visit(connection, journey_id, start)
    if entry is None:
        entry = Step.PLANS_VIEWED.number if start.saw_plans else Step.PLAN_CHOSEN.number
        insert_new(connection, journeys, _head(journey_id, None, entry, start, at))
    if entry < Step.PLAN_CHOSEN.number:  # where a link leads past the plan page, the checkout was the first offer seen
        _insert(connection, journey_id, [Step.PLANS_VIEWED], at)
    note(connection, journey_id, Step.PLAN_CHOSEN, at=at)


def note(connection: Connection, journey_id: str, step: Step, *, at: datetime) -> None:
    """Note a step from the choice on, with those that it implies: what was paid was confirmed.

    RETURNED implies nothing: the way back is open before the product has confirmed.
    """
    if step in (Step.CONFIRMED, Step.PAID):
        _forget_failure(connection, journey_id)
    first = step if step is Step.RETURNED else Step.PLAN_CHOSEN
    _insert(connection, journey_id, [each for each in Step if first.number <= each.number <= step.number], at)


def note_side(
    connection: Connection, journey_id: str, side: Side, *, reason: str = "", slug: str = "", at: datetime
) -> None:
    """Note what happens beside the way, once for each reason and campaign."""
    insert_new(connection, funnel, _row(journey_id, side.value, reason, slug, at))


def promo_applied(connection: Connection, journey_id: str, *, slug: str, at: datetime) -> None:
    """Note that an offer of the campaign ``slug`` took something off."""
    note_side(connection, journey_id, Side.PROMO_APPLIED, slug=slug, at=at)


def promo_rejected(connection: Connection, journey_id: str, *, reason: str, slug: str = "", at: datetime) -> None:
    """Note why a code or a link did not apply; ``slug`` is empty where no campaign was meant."""
    note_side(connection, journey_id, Side.PROMO_REJECTED, reason=reason, slug=slug, at=at)


def failed(connection: Connection, journey_id: str, *, reason: str, at: datetime) -> None:
    """Note that the journey's order was closed unpaid; a newer try, and a payment after all, take that back."""
    _forget_failure(connection, journey_id)
    note_side(connection, journey_id, Side.FAILED, reason=reason, at=at)


def visit_of(connection: Connection, keys: Sequence[str]) -> str | None:
    """Return the newest visit under ``keys``, for what happens beside its way; None without one."""
    return _open_visit(connection, keys)


def forget_visits(connection: Connection, *, before: datetime) -> None:
    """Delete visits that began before ``before`` and led to nothing."""
    old = select(journeys.c.journey_id).where(journeys.c.open_key.is_not(None), journeys.c.began_at < before)
    connection.execute(delete(funnel).where(funnel.c.journey_id.in_(old)))
    connection.execute(delete(journeys).where(journeys.c.open_key.is_not(None), journeys.c.began_at < before))


def _visit(
    connection: Connection,
    key: str,
    entry: Step,
    reached: Sequence[Step],
    *,
    kind: str = "",
    deployment: str = "",
    campaign: str = "",
    link_id: str = "",
    at: datetime,
    apart: object = "",
) -> None:
    """Note steps of the open visit of ``key``: one for each link that it came by, or what else sets it apart."""
    visit_id = f"vst_{_digest(f'{key} {campaign} {link_id} {apart}')[:24]}"
    start = Start(kind=kind, deployment=deployment, campaign=campaign, link_id=link_id)
    insert_new(connection, journeys, _head(visit_id, _filed(key), entry.number, start, at))
    _insert(connection, visit_id, reached, at)


def _open_visit(
    connection: Connection,
    keys: Sequence[str],
    *,
    campaign: str = "",
    link_id: str = "",
    since: datetime | None = None,
) -> str | None:
    """Return the visit to go on with: one that came by the campaign and link, else one that came by none.

    Who came by another did so: that visit stays what it is. Without a campaign it is the newest, whatever it came by.
    """
    query = select(journeys.c.journey_id).where(journeys.c.open_key.in_([_filed(key) for key in keys] or [""]))
    query = query.where(journeys.c.began_at >= since) if since else query
    is_of_none = journeys.c.campaign == ""
    if campaign:
        came_by = journeys.c.campaign == campaign
        query = query.where(is_of_none | (came_by & (journeys.c.link_id == link_id) if link_id else came_by))
        query = query.order_by(is_of_none)
    found: str | None = connection.execute(
        query.order_by(journeys.c.began_at.desc(), journeys.c.journey_id).limit(1)
    ).scalar()
    return found


def _take_visit(connection: Connection, journey_id: str, start: Start) -> int | None:
    """Let the visit become the journey and return the number of its first step; None when there is none."""
    visit = _open_visit(connection, start.keys, campaign=start.campaign, link_id=start.link_id)
    if visit is None:
        return None
    values: dict[str, object] = {"journey_id": journey_id, "open_key": None}
    values |= {"kind": start.kind, "deployment": start.deployment}
    if start.campaign:  # of the same, the visit knows the link already
        is_same = journeys.c.campaign == start.campaign
        values["link_id"] = case((is_same, journeys.c.link_id), else_=start.link_id)
        values["campaign"] = start.campaign
    begun = journeys.alias("begun")
    is_new = ~exists().where(begun.c.journey_id == journey_id)
    is_open = and_(journeys.c.journey_id == visit, journeys.c.open_key.is_not(None), is_new)
    taken = connection.execute(update(journeys).where(is_open).values(**values).returning(journeys.c.entry)).scalar()
    if taken is not None:  # another tab was faster otherwise
        connection.execute(update(funnel).where(funnel.c.journey_id == visit).values(journey_id=journey_id))
    return taken


def _forget_failure(connection: Connection, journey_id: str) -> None:
    connection.execute(delete(funnel).where(funnel.c.journey_id == journey_id, funnel.c.event == Side.FAILED.value))


def _filed(key: str) -> str:
    """Return a key as it is stored; a long one, such as a vendor's name of a subscription, as its hash."""
    return key if len(key) <= 80 else _digest(key)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _insert(connection: Connection, journey_id: str, steps: Sequence[Step], at: datetime) -> None:
    insert_missing(connection, funnel, [_row(journey_id, step.value, "", "", at) for step in steps])


def _row(journey_id: str, event: str, reason: str, slug: str, at: datetime) -> dict[str, object]:
    return {"journey_id": journey_id, "event": event, "reason": reason[:40], "slug": slug[:60], "at": at}


def _head(journey_id: str, key: str | None, entry: int, start: Start, at: datetime) -> dict[str, object]:
    return {
        "journey_id": journey_id,
        "open_key": key,
        "entry": entry,
        "kind": start.kind,
        "deployment": start.deployment,
        "campaign": start.campaign[:60],
        "link_id": start.link_id,
        "began_at": at,
    }
