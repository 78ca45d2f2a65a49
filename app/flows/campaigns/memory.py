"""What a visitor came by is remembered for thirty days, and asked for where they then buy what it is for."""

from datetime import timedelta

from sqlalchemy import Connection

from app.flows.deps import Deps
from app.identity.actor import Actor
from app.promotions.codes import canonical
from app.promotions.model import LandingFlow, Published, Status
from app.promotions.store import campaigns, entries, links, touches
from app.promotions.store.entries import EntryKind
from app.promotions.store.touches import Touch

REMEMBERED_FOR = timedelta(days=30)
_LONGEST = 100  # of what can be no code and is shown again all the same


def remembered(connection: Connection, deps: Deps, actor: Actor) -> Touch | None:
    """Return the newest campaign that a visitor or person came by, if it was not by a link that is over by now."""
    since = deps.clock.now() - REMEMBERED_FOR
    person_id = actor.person.person_id if actor.person else None
    touch = touches.last_touch(connection, actor.visitor_id, person_id, since=since)
    return None if touch is not None and _is_over(connection, deps, touch) else touch


def ask_for(
    connection: Connection,
    deps: Deps,
    actor: Actor,
    subject: str,
    flow: LandingFlow | None,
    *,
    code: str = "",
    campaign: str = "",
) -> None:
    """Keep what a link asks for with a checkout or a subscription: nothing is claimed, and nothing is judged yet.

    Args:
        flow: what is bought there; a campaign that was only remembered is asked for where it belongs, and with None
            nowhere.
        code: as typed. campaign: a slug; of the link that led to it if the visitor came by one.
    """
    wall = deps.clock.wall()
    if actor.person and actor.visitor_id:
        touches.adopt(connection, actor.visitor_id, actor.person.person_id)
    if code:
        ask_for_code(connection, deps, subject, code)
    touch = remembered(connection, deps, actor)
    named = campaigns.find(connection, campaign) if campaign else None
    kind, value = entry_of(touch, campaign)
    if named is not None and _leads_somewhere(named, kind):
        entries.enter(connection, deps.sealer, subject, kind, value, wall=wall)
    else:
        _ask_for_touch(connection, deps, touch, subject, flow)


def ask_for_code(connection: Connection, deps: Deps, subject: str, code: str) -> None:
    """Keep a code, as typed, with a checkout or a subscription: it is tried when the page is read."""
    value = canonical(code) or code[:_LONGEST]
    entries.enter(connection, deps.sealer, subject, EntryKind.CODE, value, wall=deps.clock.wall())


def ask_once_signed_in(connection: Connection, deps: Deps, actor: Actor, subject: str, flow: LandingFlow) -> None:
    """Ask for what the person came by before, in whatever browser, unless something is asked for here already."""
    if actor.person and actor.visitor_id:
        touches.adopt(connection, actor.visitor_id, actor.person.person_id)
    if not entries.entered(connection, deps.sealer, subject):
        _ask_for_touch(connection, deps, remembered(connection, deps, actor), subject, flow)


def entry_of(touch: Touch | None, slug: str) -> tuple[EntryKind, str]:
    """Return a campaign as it is asked for: by the signed link that somebody came by, else by its name."""
    if touch is not None and touch.slug == slug and touch.link_id:
        return EntryKind.LINK, touch.link_id
    return EntryKind.CAMPAIGN, slug


def link_of(connection: Connection, deps: Deps, actor: Actor, slug: str) -> str:
    """Return the signed link by which somebody came to a campaign last, empty where it was by none."""
    kind, value = entry_of(remembered(connection, deps, actor), slug)
    return value if kind is EntryKind.LINK else ""


def _is_over(connection: Connection, deps: Deps, touch: Touch) -> bool:
    link = links.find_link(connection, touch.link_id) if touch.link_id else None
    return link is not None and link.expires_at is not None and link.expires_at <= deps.clock.wall()


def _ask_for_touch(
    connection: Connection, deps: Deps, touch: Touch | None, subject: str, flow: LandingFlow | None
) -> None:
    if touch is not None and flow is not None and flow is _flow_of(connection, touch):
        kind, value = entry_of(touch, touch.slug)
        entries.remember(connection, deps.sealer, subject, kind, value, wall=deps.clock.wall())


def _leads_somewhere(found: Published, kind: EntryKind) -> bool:
    """Whether a campaign may be asked for so: by its name alone only where it is listed."""
    return found.status is not Status.DRAFT and (kind is EntryKind.LINK or found.campaign.is_listed)


def _flow_of(connection: Connection, touch: Touch) -> LandingFlow | None:
    if touch.link_id:
        link = links.find_link(connection, touch.link_id)
        return link.landing.flow if link else None
    found = campaigns.find(connection, touch.slug)
    return found.campaign.landing.flow if found else None
