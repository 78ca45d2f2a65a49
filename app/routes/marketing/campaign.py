"""A campaign's page, the same as CSV, and pausing and resuming it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.problems import Problem
from app.flows.campaigns.acts import set_running
from app.flows.campaigns.report import read_report
from app.promotions.model import Status
from app.routes.marketing.campaign_csv import COLUMNS, report_rows
from app.routes.marketing.campaign_view import Typed, campaign_view
from app.routes.marketing.guard import PATH, attempt_of, campaign_path, for_marketing, slug_of
from app.routes.signed_in import person_of
from app.web.deps import deps_of
from app.web.forms import Reader, one
from app.web.render import link, page, see_other
from app.web.spreadsheet import csv_answer

_SAID = {
    "paused": "The campaign is paused: nobody can use it until it is resumed.",
    "resumed": "The campaign runs again.",
    "link": "The link is made. It stands first in the list.",
    "link-revoked": "The link works no more.",
    "code-revoked": "The code works no more.",
    "kept": "The codes are not shown any more.",
}


async def show(request: Request) -> Response:
    """Everything about one campaign."""
    return await shown(request, said=_SAID.get(one(request.query_params, "said"), ""))


async def download(request: Request) -> Response:
    """All figures of the page as CSV."""
    report = await read_report(deps_of(request), slug_of(request))
    return csv_answer(f"{report.campaign.slug}.csv", COLUMNS, report_rows(report))


async def set_status(request: Request) -> Response:
    """Pause or resume."""
    form = Reader(await request.form())
    status = form.choice("status", (Status.LIVE.value, Status.PAUSED.value), missing="Choose to pause or to resume.")
    if form.problems:
        return await shown(request, problems=form.problems)
    is_running = status == Status.LIVE.value
    slug = slug_of(request)
    await set_running(deps_of(request), person_of(request), slug, is_running=is_running, attempt_id=attempt_of(form))
    return see_other(request, link(campaign_path(slug), said="resumed" if is_running else "paused"))


async def shown(
    request: Request, *, typed: Typed | None = None, said: str = "", problems: tuple[Problem, ...] = ()
) -> Response:
    """Answer with the campaign's page, with what was typed and what is wrong with it."""
    deps = deps_of(request)
    view = campaign_view(deps, await read_report(deps, slug_of(request)), typed=typed, said=said, problems=problems)
    return page(request, "marketing/campaign.html", view, status=problems[0].id.status if problems else 200)


_ONE = f"{PATH}/campaigns/{{slug}}"
routes = [
    Route(f"{_ONE}.csv", for_marketing(download), methods=["GET"]),
    Route(_ONE, for_marketing(show), methods=["GET"]),
    Route(f"{_ONE}/status", for_marketing(set_status), methods=["POST"]),
]
