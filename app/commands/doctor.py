"""``kassa doctor``: what is set up, what is not, and how to mend it, in plain words."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app.catalog.as_built import other_ways
from app.commands.neighbours import neighbours
from app.commands.vendor_setup import setup_faults
from app.config import Config
from app.db.errors import DATABASE_AWAY
from app.db.migrate import has_needed_schema
from app.entitlements.product import ProductRefused, ProductUnavailable
from app.events import outbox
from app.flows.campaigns.publish import check_file
from app.flows.deps import Deps
from app.identity.sign_ins import StartedSignIn
from app.identity.sso import SignInUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: ``mend`` says what to do, empty when all is well."""

    check: str
    found: str
    mend: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing is to be done."""
        return not self.mend


async def doctor(config: Config, *, as_json: bool) -> int:
    """Run every check, print each, and return 1 when one of them found something to mend."""
    findings = [Finding(check="settings", found=f"{config.env}, {config.base_url}"), check_catalog(config.catalog)]
    async with neighbours(config) as deps:
        findings.append(await check_database(deps))
        if findings[-1].is_well:
            findings.append(await check_jobs(deps))
        for name in deps.vendors:
            findings += await check_vendor(deps, name)
        for check in (check_campaigns, check_sign_in, check_product, check_mail):
            findings.append(await check(deps))
    if as_json:
        sys.stdout.write(json.dumps([asdict(found) for found in findings], indent=1) + "\n")
    else:
        sys.stdout.writelines(_line(found) for found in findings)
    return 0 if all(found.is_well for found in findings) else 1


def check_catalog(path: Path) -> Finding:
    """The catalog asks for nothing that the store does not do; what it cannot read stops every command."""
    others = other_ways(path)
    if not others:
        return Finding(check="catalog", found=f"{path}: every rule of it is followed")
    return Finding(check="catalog", found="; ".join(others), mend=f"say in {path} what is done, or leave it out")


async def check_database(deps: Deps) -> Finding:
    """The database answers and has the schema."""
    try:
        is_current = await deps.db.read(has_needed_schema)
    except DATABASE_AWAY as error:
        return Finding(
            check="database",
            found=f"no answer ({type(error).__name__})",
            mend="check KASSA_DATABASE_URL, and that the server runs",
        )
    if not is_current:
        return Finding(check="database", found="older schema", mend="run: kassa migrate")
    return Finding(check="database", found="answers, schema is current")


async def check_jobs(deps: Deps) -> Finding:
    """Nothing that was to leave the store has been left to people."""
    left = await deps.db.read(outbox.given_up)
    if not left:
        return Finding(check="jobs", found="none was given up")
    first, more = left[0], len(left) - 1
    found = f"{first.kind}, order {first.order_id or 'none'}: {first.reason}{f' (and {more} more)' if more else ''}"
    mend = f"do it by hand, then run: kassa jobs close {first.job_id}; all that was given up: kassa jobs list"
    return Finding(check="jobs", found=found, mend=mend)


async def check_vendor(deps: Deps, name: str) -> list[Finding]:
    """The vendor answers, is set up rightly, and knows every price that the catalog offers, at the same amount."""
    webhook_url = f"{deps.config.base_url}/webhooks/{name}"
    sells = name == deps.selling
    faults = await setup_faults(deps.vendors[name], deps.catalog, webhook_url, sells=sells)
    if not faults:
        return [Finding(check="vendor", found=f"{name} answers" + (" and knows every price" if sells else ""))]
    return [Finding(check="vendor", found=fault.found, mend=fault.mend) for fault in faults]


async def check_campaigns(deps: Deps) -> Finding:
    """The campaign file can be read and has no faults; whether it is published is nobody's illness."""
    path = deps.config.campaigns
    checked = check_file(deps, path)
    if checked.findings:
        first, more = checked.findings[0], len(checked.findings) - 1
        found = f"{first}{f' (and {more} more)' if more else ''}"
        return Finding(check="campaigns", found=found, mend=f"mend the file; all of it: kassa campaign check {path}")
    return Finding(check="campaigns", found=f"{path}: {len(checked.campaigns)} campaigns, no faults")


async def check_sign_in(deps: Deps) -> Finding:
    """The issuer answers with metadata that fit."""
    if deps.identity is None:
        return Finding(check="sign-in", found="no issuer is set", mend="set KASSA_OIDC_ISSUER")
    try:
        await deps.identity.begin(StartedSignIn(next_path="/"))
    except SignInUnavailable as error:
        return Finding(
            check="sign-in",
            found=f"{deps.identity.issuer}: {error}",
            mend="check KASSA_OIDC_ISSUER, and that the issuer can be reached from here",
        )
    return Finding(check="sign-in", found=f"{deps.identity.issuer} answers")


async def check_mail(deps: Deps) -> Finding:
    """Mails leave the store; in the demo they are meant to stay. Nothing is sent to find out."""
    if deps.config.smtp_url:
        return Finding(check="mail", found=f"sent by {urlsplit(deps.config.smtp_url).hostname}")
    if deps.config.is_demo:
        return Finding(check="mail", found=f"kept and not sent: {deps.config.base_url}/_demo/mail.html")
    return Finding(check="mail", found="no server is set, so that no mail is sent", mend="set KASSA_SMTP_URL")


async def check_product(deps: Deps) -> Finding:
    """The product answers and takes our token."""
    if not deps.config.product_url:
        return Finding(check="product", found="no address is set", mend="set KASSA_PRODUCT_URL")
    try:
        await deps.product.groups("nobody-by-this-subject")
    except ProductUnavailable as error:
        mend = "check KASSA_PRODUCT_URL and KASSA_PRODUCT_TOKEN, and that the product runs"
        return Finding(check="product", found=f"no answer: {error}", mend=mend)
    except ProductRefused as error:
        return Finding(check="product", found=f"refused: {error}", mend="check KASSA_PRODUCT_TOKEN")
    return Finding(check="product", found=f"{deps.config.product_url} answers")


def _line(found: Finding) -> str:
    text = f"{'ok  ' if found.is_well else 'MEND'}  {found.check}: {found.found}\n"
    return text if found.is_well else f"{text}      {found.mend}\n"
