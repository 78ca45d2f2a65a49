"""What is done to published campaigns: pause, resume, links, secret codes, a preview; changes leave a line of audit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.events import audit
from app.flows.deps import Deps
from app.identity.accounts import account_by_id
from app.promotions.busy import write_unless_busy
from app.promotions.cart import Audience
from app.promotions.codes import SecretCode
from app.promotions.files.landings import landing_faults
from app.promotions.links import LinkTokens
from app.promotions.model import Landing, Published
from app.promotions.publish import pause, resume
from app.promotions.store import campaigns, codes, links
from app.promotions.store.codes import BatchFull, Code
from app.promotions.store.links import Link

PREVIEW_FOR = timedelta(days=7)
_LONGEST_NOTE, _LONGEST_AUDIENCE = 200, 255


class CampaignFault(Exception):
    """It cannot be done, and nothing was; ``fault`` is a stable name, such as ``unknown-campaign``."""

    def __init__(self, fault: str, reason: str) -> None:
        super().__init__(f"{fault}: {reason}")
        self.fault = fault
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLink:
    """A link to be made; without a landing or a cap it has the campaign's. ``expires_at`` is wall time."""

    audience: Audience = Audience.ANY
    audience_value: str = ""
    landing: Landing | None = None
    redemptions: int | None = None
    expires_at: datetime | None = None
    note: str = ""


async def pause_campaign(deps: Deps, slug: str, *, actor: str) -> None:
    """Stop a campaign for everybody who has not confirmed yet; CampaignFault when it is not live."""
    await _set_status(deps, slug, pause, "campaign.paused", "live", actor=actor)


async def resume_campaign(deps: Deps, slug: str, *, actor: str) -> None:
    """Let a paused campaign run again; CampaignFault when it is not paused."""
    await _set_status(deps, slug, resume, "campaign.resumed", "paused", actor=actor)


async def make_link(deps: Deps, slug: str, wanted: WantedLink, *, actor: str) -> Link:
    """Make a signed link to a campaign; CampaignFault when it could lead nowhere."""
    now = deps.clock.now()
    _check_link(deps, wanted)

    def write(connection: Connection) -> Link:
        campaign = _get(connection, slug).campaign
        if wanted.audience is Audience.ACCOUNT and account_by_id(connection, wanted.audience_value) is None:
            raise CampaignFault("unknown-account", f"there is no billing account {wanted.audience_value}")
        link = links.make_link(
            connection,
            campaign,
            audience=wanted.audience,
            audience_value=wanted.audience_value,
            landing=wanted.landing,
            redemptions=wanted.redemptions,
            expires_at=wanted.expires_at,
            note=wanted.note,
            actor=actor,
            now=now,
        )
        _record(connection, actor, "link.made", f"link:{link.link_id}", slug, now)
        return link

    return await deps.db.write(write)


async def revoke_link(deps: Deps, link_id: str, *, actor: str) -> Link:
    """Let a link work no more; what was reserved with it stands. CampaignFault when it is none, or revoked already."""
    now = deps.clock.now()

    def write(connection: Connection) -> Link:
        link = links.find_link(connection, link_id)
        if link is None:
            raise CampaignFault("unknown-link", f"there is no link {link_id}")
        if not links.revoke_link(connection, link_id, now=now):
            raise CampaignFault("already-revoked", f"{link_id} was revoked before")
        _record(connection, actor, "link.revoked", f"link:{link_id}", link.slug, now)
        return link

    return await deps.db.write(write)


def address_of(deps: Deps, link: Link) -> str:
    """Return the address of a signed link; each call signs anew, and every one that was signed works."""
    return f"{deps.config.base_url}/c/{_tokens(deps).sign(link.claims)}"


async def preview_address(deps: Deps, slug: str, *, lasts: timedelta = PREVIEW_FOR) -> tuple[str, datetime]:
    """Return an address that shows a campaign at any time, a draft too, and until when (wall time) it does so.

    Nothing can be bought with it.
    """
    await deps.db.read(lambda connection: _get(connection, slug))
    until = deps.clock.wall() + lasts
    return f"{deps.config.base_url}/c/{_tokens(deps).sign_preview(slug, until)}", until


async def make_codes(deps: Deps, slug: str, count: int, *, actor: str) -> tuple[SecretCode, ...]:
    """Make secret codes of a campaign's batches and return them: the store cannot show them again.

    CampaignFault, with none made, when the batches have no room for so many; Busy when others make some for longer than
    one waits.
    """
    now = deps.clock.now()

    def write(connection: Connection) -> tuple[SecretCode, ...]:
        campaign = _get(connection, slug).campaign
        made = codes.make_codes(connection, campaign, count, sealer=deps.sealer, actor=actor, now=now)
        _record(connection, actor, "codes.made", f"campaign:{slug}", f"{count} codes", now)
        return made

    try:
        return await write_unless_busy(deps.db, write)
    except BatchFull as full:
        raise _full(slug, count, full.room) from full


async def check_room(deps: Deps, slug: str, count: int) -> None:
    """CampaignFault when ``make_codes`` would be refused now, so that many may be made a few at a time."""
    room = await deps.db.read(lambda connection: codes.room_for(connection, _get(connection, slug).campaign))
    if room < count:
        raise _full(slug, count, room)


async def revoke_codes(deps: Deps, code_or_id: str, *, actor: str) -> tuple[Code, ...]:
    """Let a code, told by its id or as it is typed, work no more; what was reserved with it stands.

    Returns those that worked until now: one code may stand for several campaigns. CampaignFault when there is none.
    """
    now = deps.clock.now()

    def write(connection: Connection) -> tuple[Code, ...]:
        found = codes.find_codes(connection, code_or_id, deps.sealer)
        if not found:
            raise CampaignFault("unknown-code", "there is no such code, nor a code with such an id")
        revoked = [each for each in found if codes.revoke_code(connection, each.code_id, now=now)]
        if not revoked:
            raise CampaignFault("already-revoked", f"{found[0].code_id} was revoked before")
        for each in revoked:
            _record(connection, actor, "code.revoked", f"code:{each.code_id}", each.slug, now)
        return tuple(revoked)

    return await deps.db.write(write)


async def find_campaign(deps: Deps, slug: str) -> Published:
    """Return a published campaign; CampaignFault when there is none."""
    return await deps.db.read(lambda connection: _get(connection, slug))


async def _set_status(
    deps: Deps, slug: str, change: Callable[[Connection, str], bool], action: str, expected: str, *, actor: str
) -> None:
    now = deps.clock.now()

    def write(connection: Connection) -> None:
        before = _get(connection, slug)
        if not change(connection, slug):
            raise CampaignFault(f"not-{expected}", f"{slug} is {before.status.value}")
        _record(connection, actor, action, f"campaign:{slug}", f"version {before.version}", now)

    await deps.db.write(write)


def _get(connection: Connection, slug: str) -> Published:
    found = campaigns.find(connection, slug)
    if found is None:
        known = ", ".join(each.slug for each in campaigns.list_all(connection)) or "none yet"
        raise CampaignFault("unknown-campaign", f"no campaign {slug} is published; there are: {known}")
    return found


def _check_link(deps: Deps, wanted: WantedLink) -> None:
    if wanted.landing is not None:
        for _, fault, reason in landing_faults(wanted.landing, deps.catalog):
            raise CampaignFault(fault, reason)
    if wanted.expires_at is not None and wanted.expires_at <= deps.clock.wall():
        raise CampaignFault("window-reversed", f"it would end on {wanted.expires_at.isoformat()}, which is over")
    value = wanted.audience_value
    if wanted.audience is Audience.MAIL_DOMAIN and ("@" in value or "." not in value.strip(".")):
        raise CampaignFault("bad-value", f"{value} is no domain, such as example.com")
    if len(wanted.note) > _LONGEST_NOTE or len(value) > _LONGEST_AUDIENCE:
        reason = f"a note has at most {_LONGEST_NOTE} characters, an account or a domain {_LONGEST_AUDIENCE}"
        raise CampaignFault("bad-value", reason)


def _full(slug: str, count: int, room: int) -> CampaignFault:
    reason = f"{slug} has room for {room} more codes, not for {count}: raise batch in its file and publish it"
    return CampaignFault("batch-full", reason)


def _tokens(deps: Deps) -> LinkTokens:
    return LinkTokens(deps.config.secret_keys, deps.clock)


def _record(connection: Connection, actor: str, action: str, subject: str, detail: str, now: datetime) -> None:
    audit.record(connection, actor=actor, action=action, subject=subject, detail=detail, now=now)
