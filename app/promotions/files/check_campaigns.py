"""What must hold of each campaign by itself, and of the codes of all."""

import re
from itertools import combinations

from app.promotions.codes import canonical, is_strong
from app.promotions.files.findings import Path
from app.promotions.files.landings import landing_faults
from app.promotions.files.scope import Scope
from app.promotions.model import Campaign, CodeSpec, OrderKind

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_SLUG = 60
_LONGEST_PREFIX = 12
_WITH_AGREEMENT = {OrderKind.FIRST_ORDER, OrderKind.RENEWAL}


def check_campaigns(scope: Scope) -> None:
    """Check slugs, windows, money, landings, agreements and codes."""
    for i, campaign in scope.campaigns:
        path: Path = ("campaign", i)
        _check_slug(scope, path, campaign)
        _check_window(scope, path, campaign)
        _check_money(scope, path, campaign)
        _check_landing(scope, path, campaign)
        _check_agreement(scope, path, campaign)
        for j, code in enumerate(campaign.codes):
            _check_code(scope, (*path, "codes", j), campaign, code)
        _check_prefixes(scope, path, campaign)
    for (i, one), (j, other) in combinations(scope.campaigns, 2):
        if one.slug == other.slug:
            reason = f"{other.slug} is the slug of the campaign on line {scope.findings.line_of(('campaign', i))} too"
            scope.findings.add(("campaign", j, "slug"), "duplicate-slug", reason)
    _check_codes_apart(scope)


def _check_slug(scope: Scope, path: Path, campaign: Campaign) -> None:
    if not _SLUG.fullmatch(campaign.slug) or len(campaign.slug) > _LONGEST_SLUG:
        reason = f"a slug has small letters, digits and single dashes, at most {_LONGEST_SLUG}"
        scope.findings.add((*path, "slug"), "bad-slug", reason)
    if not campaign.offers:
        scope.findings.add(path, "missing-key", "a campaign needs at least one [[campaign.offer]]")


def _check_window(scope: Scope, path: Path, campaign: Campaign) -> None:
    window = campaign.window
    if window.ends <= window.starts:
        reason = f"{campaign.slug} ends {window.ends.isoformat()}, which is not after {window.starts.isoformat()}"
        scope.findings.add((*path, "window"), "window-reversed", reason)


def _check_money(scope: Scope, path: Path, campaign: Campaign) -> None:
    given = {money.currency for money in campaign.budget.money}
    place = (*path, "budget", "money")
    for currency in sorted(given - set(scope.catalog.currencies)):
        scope.findings.add((*place, currency), "unknown-currency", f"nothing is sold in {currency}")
    wanted = {currency for offer in campaign.offers for currency in scope.currencies_of(offer)}
    for currency in sorted(wanted - given) if given else []:
        reason = f"the money budget names no {currency}, which {campaign.slug} sells in"
        scope.findings.add(place, "amount-missing-currency", reason)


def _check_landing(scope: Scope, path: Path, campaign: Campaign) -> None:
    for key, fault, reason in landing_faults(campaign.landing, scope.catalog):
        scope.findings.add((*path, "landing", key), fault, reason)


def _check_agreement(scope: Scope, path: Path, campaign: Campaign) -> None:
    """An agreement is accepted on the checkout of a plan, whose renewal it ends: nowhere else is it asked for."""
    for j, offer in enumerate(campaign.offers if campaign.agreement else ()):
        if not offer.rules.order or set(offer.rules.order) - _WITH_AGREEMENT:
            reason = 'an agreement is for new plans alone: the offer needs rules.order = ["first_order"]'
            scope.findings.add((*path, "offer", j, "rules", "order"), "bad-value", reason)


def _check_code(scope: Scope, path: Path, campaign: Campaign, spec: CodeSpec) -> None:
    if spec.expires is not None and spec.expires <= campaign.window.starts:
        scope.findings.add((*path, "expires"), "bad-code", "it would end before the campaign starts")
    if spec.batch:
        _check_batch(scope, path, spec)
        return
    code = canonical(spec.code)
    if not spec.code:
        return  # told where the file was read
    if code is None:
        reason = "a code has letters and digits (A-Z, 0-9), at most 40, and spaces and dashes that do not count"
        scope.findings.add((*path, "code"), "bad-code", reason)
    elif spec.is_secret and not is_strong(code):
        reason = "a secret code must not be a word: give batch = N instead, and the store makes it"
        scope.findings.add((*path, "code"), "weak-secret", reason)


def _check_batch(scope: Scope, path: Path, spec: CodeSpec) -> None:
    if not spec.is_secret:
        scope.findings.add((*path, "visibility"), "bad-code", "the codes of a batch are secret")
    if spec.prefix and (canonical(spec.prefix) is None or len(spec.prefix) > _LONGEST_PREFIX):
        reason = f"a prefix has at most {_LONGEST_PREFIX} letters and digits"
        scope.findings.add((*path, "prefix"), "bad-code", reason)


def _check_prefixes(scope: Scope, path: Path, campaign: Campaign) -> None:
    """A batch is known by its prefix, so that the file's codes may change places."""
    seen: set[str] = set()
    for j, spec in enumerate(campaign.codes):
        if spec.batch and spec.prefix in seen:
            scope.findings.add(
                (*path, "codes", j), "bad-code", f"there is a batch with the prefix {spec.prefix!r} already"
            )
        seen |= {spec.prefix} if spec.batch else set()


def _check_codes_apart(scope: Scope) -> None:
    """One code may stand in several campaigns only if they never run at the same time."""
    written = [
        (code, campaign, i, j)
        for i, campaign in scope.campaigns
        for j, spec in enumerate(campaign.codes)
        if spec.code and (code := canonical(spec.code))
    ]
    for (code, one, i, k), (other_code, other, j, m) in combinations(written, 2):
        if code != other_code or (i != j and not one.window.overlaps(other.window)):
            continue
        line = scope.findings.line_of(("campaign", i, "codes", k))
        reason = f"{other.codes[m].code} stands for {one.slug} too (line {line}), at the same time"
        scope.findings.add(("campaign", j, "codes", m, "code"), "duplicate-code", reason)
        if i != j and not one.window.covers(other.window) and not other.window.covers(one.window):
            reason = f"the windows of {one.slug} and {other.slug}, which share {other.codes[m].code}, overlap"
            scope.findings.add(("campaign", j, "window"), "window-overlap", reason)
