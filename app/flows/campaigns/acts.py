"""What marketing does to a published campaign: pause and resume it, make and revoke links and codes.

Each act is one transaction with its row in the audit. The same press has one effect and one answer.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app import formats
from app.core.problems import NotYours, ProblemId, Refused, problem
from app.events import audit
from app.flows.deps import Deps
from app.identity.actor import Person
from app.promotions import publish
from app.promotions.cart import Audience
from app.promotions.model import Campaign, Landing, LandingFlow, Published
from app.promotions.store import campaigns, codes, links, presses
from app.promotions.store.codes import BatchFull

CODES_SHOWN_FOR = timedelta(minutes=15)
MOST_CODES = 5_000  # of one press


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A link as marketing wants it; None and empty leave it to the campaign.

    ``expires_at`` is wall time; ``count`` are the seats or packs that it fills in.
    """

    note: str
    audience: Audience = Audience.ANY
    audience_value: str = ""
    redemptions: int | None = None
    count: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Secret codes just made; they cannot be shown after ``until`` (wall time)."""

    slug: str
    texts: tuple[str, ...]
    until: datetime


async def set_running(deps: Deps, person: Person, slug: str, *, is_running: bool, attempt_id: str) -> None:
    """Pause a live campaign or resume a paused one; one that is so already stays so, and no row is written."""

    def act(connection: Connection, _published: Published) -> str:
        changed = (publish.resume if is_running else publish.pause)(connection, slug)
        if changed:
            _record(connection, deps, person, "campaign.resumed" if is_running else "campaign.paused", slug)
        return slug

    await _press(deps, person, slug, attempt_id, act)


async def make_link(deps: Deps, person: Person, slug: str, wanted: NewLink, *, attempt_id: str) -> str:
    """Make a link and return its id."""

    def act(connection: Connection, published: Published) -> str:
        link = links.make_link(
            connection,
            published.campaign,
            audience=wanted.audience,
            audience_value=wanted.audience_value,
            landing=_landing(published.campaign, wanted.count),
            redemptions=wanted.redemptions,
            expires_at=wanted.expires_at,
            note=wanted.note,
            actor=person.person_id,
            now=deps.clock.now(),
        )
        _record(connection, deps, person, "campaign.link_made", slug, link.link_id)
        return link.link_id

    return await _press(deps, person, slug, attempt_id, act)


async def revoke_link(deps: Deps, person: Person, slug: str, link_id: str, *, attempt_id: str) -> None:
    """Let a link of the campaign work no more; NotYours when it is none of it."""

    def act(connection: Connection, _published: Published) -> str:
        found = links.find_link(connection, link_id)
        if found is None or found.slug != slug:
            raise NotYours(link_id)
        if links.revoke_link(connection, link_id, now=deps.clock.now()):
            _record(connection, deps, person, "campaign.link_revoked", slug, link_id)
        return link_id

    await _press(deps, person, slug, attempt_id, act)


async def make_codes(deps: Deps, person: Person, slug: str, count: int, *, attempt_id: str) -> None:
    """Make ``count`` secret codes; ``read_batch`` shows them. Raises Refused when the batches have no room."""

    def act(connection: Connection, published: Published) -> str:
        try:
            made = codes.make_codes(
                connection,
                published.campaign,
                count,
                sealer=deps.sealer,
                actor=person.person_id,
                now=deps.clock.now(),
            )
        except BatchFull as full:
            raise Refused(problem(ProblemId.E_INPUT, "count", text=_room(full.room))) from full
        sealed = deps.sealer.seal(json.dumps([code.text for code in made]))
        presses.keep_sealed(connection, attempt_id, sealed)
        _record(connection, deps, person, "campaign.codes_made", slug, formats.counted(len(made), "code"))
        return slug

    await _press(deps, person, slug, attempt_id, act)


async def revoke_code(deps: Deps, person: Person, slug: str, code_id: str, *, attempt_id: str) -> None:
    """Let a code of the campaign work no more; NotYours when it is none of it."""

    def act(connection: Connection, _published: Published) -> str:
        if all(code.code_id != code_id for code in codes.list_codes(connection, slug)):
            raise NotYours(code_id)
        if codes.revoke_code(connection, code_id, now=deps.clock.now()):
            _record(connection, deps, person, "campaign.code_revoked", slug, code_id)
        return code_id

    await _press(deps, person, slug, attempt_id, act)


async def read_batch(deps: Deps, person: Person, slug: str, attempt_id: str) -> Batch:
    """Return the codes of a press of this person while they may be shown; NotYours afterwards, and to others."""
    press = await deps.db.read(lambda connection: presses.find_press(connection, attempt_id, person.person_id))
    if press is None or press.slug != slug or not press.sealed:
        raise NotYours(attempt_id)
    until = press.made_at + CODES_SHOWN_FOR
    if until <= deps.clock.wall():
        raise NotYours(attempt_id)
    return Batch(slug=slug, texts=tuple(json.loads(deps.sealer.open(press.sealed))), until=until)


async def take_away(deps: Deps, person: Person, attempt_id: str) -> None:
    """Forget the codes of a press: whoever made them has kept them."""
    await deps.db.write(lambda connection: presses.take_away(connection, attempt_id, person.person_id))


def take_away_old(connection: Connection, deps: Deps) -> None:
    """Forget all codes whose time to be shown is over."""
    presses.take_away_old(connection, before=deps.clock.wall() - CODES_SHOWN_FOR)


async def _press(
    deps: Deps, person: Person, slug: str, attempt_id: str, act: Callable[[Connection, Published], str]
) -> str:
    def write(connection: Connection) -> str:
        published = campaigns.find(connection, slug)
        if published is None:
            raise NotYours(slug)
        now = deps.clock.wall()
        if not presses.first_press(connection, attempt_id, person_id=person.person_id, slug=slug, now=now):
            press = presses.find_press(connection, attempt_id, person.person_id)
            if press is None:
                raise NotYours(attempt_id)
            return press.answer
        answer = act(connection, published)
        presses.set_answer(connection, attempt_id, answer)
        return answer

    return await deps.db.write(write)


def _landing(campaign: Campaign, count: int | None) -> Landing:
    landing = campaign.landing
    if count is None:
        return landing
    return replace(landing, packs=count) if landing.flow is LandingFlow.PACKS else replace(landing, seats=count)


def _room(room: int) -> str:
    if not room:
        return "The campaign's batches are full: raise them in the campaign file and publish it."
    return f"The campaign's batches have room for {formats.counted(room, 'more code', 'more codes')}."


def _record(connection: Connection, deps: Deps, person: Person, action: str, slug: str, detail: str = "") -> None:
    audit.record(connection, actor=person.person_id, action=action, subject=slug, detail=detail, now=deps.clock.wall())
