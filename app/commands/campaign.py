"""``kassa campaign``: campaigns checked, published, listed, paused and previewed, their links and codes."""

import argparse
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

from sqlalchemy import Connection

from app.commands import campaign_codes, campaign_links, campaign_replay
from app.commands.database import require_schema
from app.commands.listings import Row, shown, write_json, write_rows
from app.commands.neighbours import neighbours
from app.commands.operator import operator
from app.config import Config
from app.core.clock import SystemClock
from app.db.clock_store import follow
from app.db.errors import DATABASE_AWAY
from app.flows.campaigns.manage import CampaignFault, pause_campaign, preview_address, resume_campaign
from app.flows.campaigns.publish import CampaignsRefused, check_file, publish_checked
from app.flows.deps import Deps
from app.promotions import budget_ids
from app.promotions.busy import Busy
from app.promotions.files.findings import Finding
from app.promotions.files.lint import Checked
from app.promotions.model import Published
from app.promotions.phases import phase_of
from app.promotions.store import budgets, campaigns

Act = Callable[[Deps, argparse.Namespace], Awaitable[int]]


async def campaign(config: Config, options: argparse.Namespace) -> int:
    """Do what the words say; return 1, with a line that names the fault, when it cannot be done. Raises NotReady."""
    async with neighbours(config) as deps:
        if options.act == "check":
            return check(deps, options)  # needs no database
        try:
            return await _with_database(deps, options)
        except CampaignsRefused as refused:
            return _refuse(refused.findings)
        except CampaignFault as fault:
            sys.stderr.write(f"kassa campaign {options.act}: {fault}\n")
        except Busy:
            sys.stderr.write(f"kassa campaign {options.act}: busy: others write to the database just now; try again\n")
        except DATABASE_AWAY as error:
            sys.stderr.write(f"The database does not answer ({type(error).__name__}): check KASSA_DATABASE_URL.\n")
        return 1


def check(deps: Deps, options: argparse.Namespace) -> int:
    """Print each fault of a file, named and with its line; of a good file what does less than it says."""
    path = _path(deps, options)
    checked = check_file(deps, path)
    if options.json:
        faults = [_told(finding, "fault") for finding in checked.findings]
        write_json([*faults, *(_told(finding, "warning") for finding in checked.warnings)])
        return 1 if checked.findings else 0
    if checked.findings:
        return _refuse(checked.findings)
    sys.stdout.write(f"{path}: {len(checked.campaigns)} campaigns, no faults\n")
    _warn(checked)
    return 0


async def publish(deps: Deps, options: argparse.Namespace) -> int:
    """Publish a file and print what became of each campaign."""
    checked = check_file(deps, _path(deps, options))
    for change in await publish_checked(deps, checked, actor=operator()):
        what = f"published version {change.version}" if change.is_changed else f"unchanged, version {change.version}"
        sys.stdout.write(f"{change.slug}: {what}\n")
    _warn(checked)
    return 0


async def list_campaigns(deps: Deps, options: argparse.Namespace) -> int:
    """Print every published campaign with its uses."""
    found = await deps.db.read(lambda connection: _rows(connection, deps))
    write_rows(found, as_json=options.json, empty="No campaign is published yet.")
    return 0


async def pause(deps: Deps, options: argparse.Namespace) -> int:
    """Pause a campaign."""
    await pause_campaign(deps, options.slug, actor=operator())
    sys.stdout.write(f"{options.slug}: paused\n")
    return 0


async def resume(deps: Deps, options: argparse.Namespace) -> int:
    """Resume a campaign."""
    await resume_campaign(deps, options.slug, actor=operator())
    sys.stdout.write(f"{options.slug}: live\n")
    return 0


async def preview(deps: Deps, options: argparse.Namespace) -> int:
    """Print a link that shows a campaign at any time."""
    address, until = await preview_address(deps, options.slug, lasts=timedelta(days=options.days))
    sys.stdout.write(f"{address}\nIt shows {options.slug} until {shown(until)}; nothing can be bought with it.\n")
    return 0


async def replay(deps: Deps, options: argparse.Namespace) -> int:
    """Say what a file's campaigns would have done."""
    return await campaign_replay.replay(deps, _path(deps, options), options.last, as_json=options.json)


_ACTS: dict[str, Act] = {
    "publish": publish,
    "list": list_campaigns,
    "pause": pause,
    "resume": resume,
    "preview": preview,
    "replay": replay,
    "links make": campaign_links.make,
    "links list": campaign_links.list_all,
    "links revoke": campaign_links.revoke,
    "codes make": campaign_codes.make,
    "codes list": campaign_codes.list_all,
    "codes export": campaign_codes.export,
    "codes revoke": campaign_codes.revoke,
}


async def _with_database(deps: Deps, options: argparse.Namespace) -> int:
    await require_schema(deps.db)
    if deps.config.is_demo:
        await follow(deps.db, cast(SystemClock, deps.clock))
    return await _ACTS[options.act](deps, options)


def _path(deps: Deps, options: argparse.Namespace) -> Path:
    path: Path = options.file or deps.config.campaigns
    return path


def _refuse(findings: tuple[Finding, ...]) -> int:
    sys.stderr.writelines(f"{finding}\n" for finding in findings)
    return 1


def _warn(checked: Checked) -> None:
    sys.stderr.writelines(f"{finding} (a warning)\n" for finding in checked.warnings)


def _told(finding: Finding, kind: str) -> Row:
    where = {"file": finding.file, "line": finding.line}
    return {**where, "name": finding.fault, "reason": finding.reason, "kind": kind}


def _rows(connection: Connection, deps: Deps) -> list[Row]:
    counters = {each.budget_id: each for each in budgets.counters(connection)}
    return [_row(each, counters, deps) for each in campaigns.list_all(connection)]


def _row(published: Published, counters: dict[str, budgets.Counter], deps: Deps) -> Row:
    window = published.campaign.window
    uses = counters[budget_ids.campaign_uses(published.slug)]
    return {
        "slug": published.slug,
        "state": phase_of(published, deps.clock.now()).value,
        "version": published.version,
        "starts": window.starts,
        "ends": window.ends,
        "used": uses.used + uses.overdrawn,
        "held": uses.held,
        "cap": uses.cap,
    }
