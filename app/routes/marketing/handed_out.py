"""A campaign's links and codes as its page and its CSV files show them."""

from dataclasses import dataclass
from datetime import datetime

from app.core.ids import new_id
from app.flows.campaigns.report import Report
from app.flows.deps import Deps
from app.promotions.cart import Audience
from app.promotions.model import LandingFlow
from app.promotions.store.codes import Code
from app.promotions.store.links import Link

WORKS = "works"
_MOST_CODES = 100  # on the page; the CSV has all
_FILLS = {
    LandingFlow.PLANS: "Seats that it fills in",
    LandingFlow.ADD_SEATS: "Seats to add that it fills in",
    LandingFlow.PACKS: "Packs that it fills in",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A link; ``address`` is empty once it works no more. ``attempt_id`` is of its revocation."""

    link_id: str
    note: str
    audience: str
    address: str
    state: str
    landed: int
    used: int
    cap: int | None
    expires: datetime | None
    made: datetime
    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """A code as it may be shown: of a secret one only the beginning and the end."""

    code_id: str
    label: str
    is_secret: bool
    state: str
    used: int
    cap: int | None
    expires: datetime | None
    made: datetime
    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """The secret codes of one prefix, together; ``most`` is how many the campaign file allows."""

    prefix: str
    made: int
    most: int
    used: int
    revoked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksView:
    """Links and the form for one more; ``own_address`` is the campaign's, empty when it is not listed."""

    own_address: str
    own_landed: int
    rows: tuple[LinkRow, ...]
    fills: str
    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesView:
    """Written codes, and those of batches that something happened to; ``left_out`` are only in the CSV."""

    rows: tuple[CodeRow, ...]
    left_out: int
    batches: tuple[BatchRow, ...]
    attempt_id: str


def links_view(deps: Deps, report: Report) -> LinksView:
    """Return a campaign's links."""
    campaign = report.campaign
    return LinksView(
        own_address=f"{deps.config.base_url}/c/{campaign.slug}" if campaign.is_listed else "",
        own_landed=report.landings.get("", 0),
        rows=tuple(link_row(deps, report, link) for link in reversed(report.links)),
        fills=_FILLS[campaign.landing.flow],
        attempt_id=new_id("att"),
    )


def codes_view(report: Report) -> CodesView:
    """Return a campaign's codes."""
    spoken_of = [code for code in report.codes if not code.batch or code.used or code.held or code.revoked_at]
    rows = tuple(code_row(report, code) for code in spoken_of[:_MOST_CODES])
    return CodesView(
        rows=rows,
        left_out=len(report.codes) - len(rows),
        batches=_batches(report),
        attempt_id=new_id("att"),
    )


def link_row(deps: Deps, report: Report, link: Link) -> LinkRow:
    """Return a link with its address, which is signed anew each time and works as well as any before."""
    state = _link_state(report, link)
    return LinkRow(
        link_id=link.link_id,
        note=link.note,
        audience=_audience(link),
        address=f"{deps.config.base_url}/c/{report.tokens[link.link_id]}" if state == WORKS else "",
        state=state,
        landed=report.landings.get(link.link_id, 0),
        used=link.used,
        cap=link.cap,
        expires=link.expires_at,
        made=link.made_at,
        attempt_id=new_id("att"),
    )


def code_row(report: Report, code: Code) -> CodeRow:
    """Return a code."""
    return CodeRow(
        code_id=code.code_id,
        label=code.label,
        is_secret=code.is_secret,
        state=_code_state(report, code),
        used=code.used,
        cap=code.cap,
        expires=code.expires_at,
        made=code.made_at,
        attempt_id=new_id("att"),
    )


def _batches(report: Report) -> tuple[BatchRow, ...]:
    found = []
    for spec in report.campaign.codes:
        if spec.batch:
            made = [code for code in report.codes if code.batch == spec.prefix]
            row = BatchRow(
                prefix=spec.prefix,
                made=len(made),
                most=spec.batch,
                used=sum(code.used for code in made),
                revoked=sum(code.revoked_at is not None for code in made),
            )
            found.append(row)
    return tuple(found)


def _link_state(report: Report, link: Link) -> str:
    if link.revoked_at:
        return "revoked"
    if link.expires_at and link.expires_at <= report.wall:
        return "expired"
    return WORKS


def _code_state(report: Report, code: Code) -> str:
    if code.revoked_at:
        return "revoked"
    if code.expires_at and code.expires_at <= report.now:
        return "expired"
    is_used_up = code.cap is not None and code.used + code.held >= code.cap
    return "used up" if is_used_up else WORKS


def _audience(link: Link) -> str:
    match link.audience:
        case Audience.ANY:
            return "anybody"
        case Audience.ACCOUNT:
            return f"account {link.audience_value}"
        case Audience.MAIL_DOMAIN:
            return f"verified mail at {link.audience_value}"
