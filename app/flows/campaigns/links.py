"""``/c/…``: a campaign's name, a signed link or a preview; who comes by one is noted, and nothing is ever reserved."""

from dataclasses import dataclass

from sqlalchemy import Connection

from app.events import funnel
from app.flows.deps import Deps
from app.identity.actor import Actor
from app.promotions.links import LinkFault, LinkRefused, LinkTokens
from app.promotions.model import Landing, Published, Status
from app.promotions.store import campaigns, links, touches


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """Where somebody goes who opened a link.

    Attributes:
        landing: what is filled in; None where the campaign does not run now, and the plans say so.
        slug: of the campaign that was meant, known or not. fault: why a signed link leads nowhere. preview: the token,
            when it is one that shows a campaign before its time.
    """

    landing: Landing | None = None
    slug: str = ""
    fault: LinkFault | None = None
    preview: str = ""


async def open_link(deps: Deps, actor: Actor, name: str, utm: str, *, is_machine: bool = False) -> Landed:
    """Return where ``/c/<name>`` leads, and note the touch. It never reserves: mail scanners open links too.

    Args:
        utm: JSON of the utm_* fields. is_machine: it is opened by one that says so, and the funnel counts no landing.
    """
    listed = await deps.db.read(lambda connection: campaigns.find(connection, name))
    if listed is not None and listed.campaign.is_listed and listed.status is not Status.DRAFT:
        await _note(deps, actor, listed.slug, "", utm, is_machine)
        return _landed(deps, listed, listed.campaign.landing)
    if "." not in name:  # a name of nobody's, or of a campaign that only codes and signed links lead to
        return Landed(slug=name)
    return await _open_token(deps, actor, name, utm, is_machine)


async def _open_token(deps: Deps, actor: Actor, token: str, utm: str, is_machine: bool) -> Landed:
    tokens = LinkTokens(deps.config.secret_keys, deps.clock)
    try:
        claims = tokens.read(token)
        link = await deps.db.read(lambda connection: links.open_link(connection, claims))
    except LinkRefused as refused:
        return await _preview(deps, tokens, token, refused.fault)
    found = await deps.db.read(lambda connection: campaigns.find(connection, link.slug))
    if found is None or found.status is Status.DRAFT:
        return Landed(fault=LinkFault.UNKNOWN)
    await _note(deps, actor, link.slug, link.link_id, utm, is_machine)
    return _landed(deps, found, link.landing)


async def _preview(deps: Deps, tokens: LinkTokens, token: str, fault: LinkFault) -> Landed:
    try:
        slug = tokens.read_preview(token)
    except LinkRefused:
        return Landed(fault=fault)
    found = await deps.db.read(lambda connection: campaigns.find(connection, slug))
    return Landed(landing=found.campaign.landing, preview=token) if found else Landed(fault=LinkFault.UNKNOWN)


def _landed(deps: Deps, found: Published, landing: Landing) -> Landed:
    is_running = found.status is Status.LIVE and deps.clock.now() in found.campaign.window
    return Landed(landing=landing if is_running else None, slug=found.slug)


async def _note(deps: Deps, actor: Actor, slug: str, link_id: str, utm: str, is_machine: bool) -> None:
    def write(connection: Connection) -> None:
        touches.note_touch(
            connection,
            visitor_id=actor.visitor_id,
            person_id=actor.person.person_id if actor.person else None,
            slug=slug,
            link_id=link_id,
            utm=utm,
            now=deps.clock.now(),
        )
        if not is_machine:
            funnel.landed(connection, actor.visitor_id, slug=slug, link_id=link_id, at=deps.clock.now())

    await deps.db.write(write)
