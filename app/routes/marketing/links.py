"""A campaign's links: make one, revoke one, all of them as CSV."""

from datetime import UTC, date, datetime, time, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.problems import Problem, ProblemId, problem
from app.flows.campaigns.acts import NewLink, make_link, revoke_link
from app.flows.campaigns.report import read_report
from app.promotions.cart import Audience
from app.routes.marketing.campaign import shown
from app.routes.marketing.campaign_view import Typed
from app.routes.marketing.guard import PATH, attempt_of, campaign_path, for_marketing, slug_of
from app.routes.marketing.handed_out import link_row
from app.routes.signed_in import person_of
from app.web.deps import deps_of
from app.web.forms import Reader
from app.web.render import link, see_other
from app.web.spreadsheet import csv_answer

_COLUMNS = ("link", "note", "for", "address", "state", "landed", "uses", "cap", "expires", "made")
_MOST_USES = 1_000_000
_DOMAIN = "Enter the domain of their mail, like example.com."
_ACCOUNT = "Enter the id of the billing account, like acc_4k7…"


async def make(request: Request) -> Response:
    """Make a link."""
    deps, form = deps_of(request), Reader(await request.form())
    wanted = _read(form, most=deps.catalog.rules.seats.self_serve_max, today=deps.clock.wall().date())
    if form.problems:
        return await shown(request, typed=_typed(form), problems=form.problems)
    await make_link(deps, person_of(request), slug_of(request), wanted, attempt_id=attempt_of(form))
    return see_other(request, f"{link(campaign_path(slug_of(request)), said='link')}#links")


async def revoke(request: Request) -> Response:
    """Let a link work no more."""
    form, slug = Reader(await request.form()), slug_of(request)
    link_id = request.path_params["link_id"]
    await revoke_link(deps_of(request), person_of(request), slug, link_id, attempt_id=attempt_of(form))
    return see_other(request, f"{link(campaign_path(slug), said='link-revoked')}#links")


async def download(request: Request) -> Response:
    """All links with their addresses."""
    deps = deps_of(request)
    report = await read_report(deps, slug_of(request))
    rows = [link_row(deps, report, each) for each in report.links]
    cells = [
        (
            *(row.link_id, row.note, row.audience, row.address, row.state, row.landed, row.used, row.cap),
            row.expires and row.expires.isoformat(),
            row.made.isoformat(),
        )
        for row in rows
    ]
    return csv_answer(f"{report.campaign.slug}-links.csv", _COLUMNS, cells)


def _read(form: Reader, *, most: int, today: date) -> NewLink:
    note = form.text("note", most=200, missing="Enter where this link is used, such as “March newsletter”.")
    audience = Audience(form.choice("audience", [each.value for each in Audience], missing=_WHO) or Audience.ANY.value)
    value = form.text("audience_value", most=255, missing=_VALUES.get(audience, ""))
    return NewLink(
        note=note,
        audience=audience,
        audience_value=value.removeprefix("@").lower() if audience is Audience.MAIL_DOMAIN else value,
        redemptions=form.optional_number("redemptions", least=1, most=_MOST_USES, otherwise=_number("redemptions")),
        count=form.optional_number("fills", least=1, most=most, otherwise=_number("fills")),
        expires_at=_expires(form, today),
    )


def _expires(form: Reader, today: date) -> datetime | None:
    """Return the end of the last day, None for none."""
    text = form.text("expires", most=20)
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = today - timedelta(days=1)
    if day < today or day.year > today.year + 20:
        wrong = f"Enter the last day of the link as year-month-day, like {today.isoformat()}, today or later."
        form.refuse(problem(ProblemId.E_INPUT, "expires", text=wrong))
        return None
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _number(field: str) -> Problem:
    return problem(ProblemId.E_INPUT, field, text="Enter a whole number from 1, like 50, or leave it empty.")


def _typed(form: Reader) -> Typed:
    names = ("note", "audience", "audience_value", "redemptions", "fills", "expires")
    return Typed(**{name: form.typed(name)[:255] for name in names})


_WHO = "Choose whom the link is for."
_VALUES = {Audience.MAIL_DOMAIN: _DOMAIN, Audience.ACCOUNT: _ACCOUNT}
_LINKS = f"{PATH}/campaigns/{{slug}}/links"
routes = [
    Route(f"{_LINKS}.csv", for_marketing(download), methods=["GET"]),
    Route(_LINKS, for_marketing(make), methods=["POST"]),
    Route(f"{_LINKS}/{{link_id}}/revocation", for_marketing(revoke), methods=["POST"]),
]
