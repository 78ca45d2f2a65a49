"""``kassa campaign links``: signed links to a campaign."""

import argparse
import sys
from datetime import UTC, datetime

from app.commands.listings import Row, write_json, write_rows
from app.commands.operator import operator
from app.flows.campaigns.manage import (
    CampaignFault,
    WantedLink,
    address_of,
    find_campaign,
    make_link,
    revoke_link,
)
from app.flows.deps import Deps
from app.promotions.cart import Audience
from app.promotions.model import Landing, LandingFlow
from app.promotions.store import links
from app.promotions.store.links import Link


async def make(deps: Deps, options: argparse.Namespace) -> int:
    """Make a link and print its address."""
    campaign = (await find_campaign(deps, options.slug)).campaign
    audience, value = _audience(options)
    wanted = WantedLink(
        audience=audience,
        audience_value=value,
        landing=_landing(options, campaign.landing),
        redemptions=options.redemptions,
        expires_at=_instant(options.expires),
        note=options.note,
    )
    link = await make_link(deps, options.slug, wanted, actor=operator())
    if options.json:
        write_json(_row(deps, link))
    else:
        sys.stdout.write(f"{link.link_id}\n{address_of(deps, link)}\n")
    return 0


async def list_all(deps: Deps, options: argparse.Namespace) -> int:
    """Print a campaign's links with their addresses and uses."""
    await find_campaign(deps, options.slug)
    found = await deps.db.read(lambda connection: links.list_links(connection, options.slug))
    write_rows([_row(deps, link) for link in found], as_json=options.json, empty=f"{options.slug} has no links yet.")
    return 0


async def revoke(deps: Deps, options: argparse.Namespace) -> int:
    """Let a link work no more."""
    link = await revoke_link(deps, options.link, actor=operator())
    sys.stdout.write(f"{link.link_id} of {link.slug}: revoked\n")
    return 0


def _audience(options: argparse.Namespace) -> tuple[Audience, str]:
    if options.account:
        return Audience.ACCOUNT, options.account
    if options.domain:
        return Audience.MAIL_DOMAIN, options.domain.casefold()
    return Audience.ANY, ""


def _landing(options: argparse.Namespace, own: Landing) -> Landing | None:
    """Return what the link fills in; None, the campaign's, when nothing of it was given."""
    given = (options.flow, options.plan, options.addon, options.seats, options.packs)
    if all(each is None for each in given):
        return None
    flow = LandingFlow(options.flow) if options.flow else LandingFlow.PACKS if options.addon else own.flow
    return Landing(
        flow=flow,
        plan=own.plan if options.plan is None else options.plan,
        addon=own.addon if options.addon is None else options.addon,
        seats=own.seats if options.seats is None else options.seats,
        packs=own.packs if options.packs is None else options.packs,
        headline=own.headline,
    )


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        reason = f"{text!r} is no day such as 2027-04-01, nor an instant such as 2027-04-01T12:00:00Z"
        raise CampaignFault("bad-value", reason) from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _row(deps: Deps, link: Link) -> Row:
    landing = link.landing
    return {
        "link": link.link_id,
        "state": _state(deps, link),
        "audience": f"{link.audience.value} {link.audience_value}".strip(),
        "leads_to": " ".join(
            str(each)
            for each in (landing.flow.value, landing.plan, landing.addon, landing.seats, landing.packs)
            if each not in ("", None)
        ),
        "used": link.used,
        "held": link.held,
        "cap": link.cap,
        "expires": link.expires_at,
        "made": link.made_at,
        "note": link.note,
        "address": address_of(deps, link),
    }


def _state(deps: Deps, link: Link) -> str:
    if link.revoked_at is not None:
        return "revoked"
    return "over" if link.expires_at is not None and link.expires_at <= deps.clock.wall() else "works"
