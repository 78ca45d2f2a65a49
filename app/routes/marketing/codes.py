"""A campaign's codes: make secret ones and see them once, revoke one, all of them as CSV."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.problems import ProblemId, Refused, problem
from app.flows.campaigns.acts import MOST_CODES, make_codes, read_batch, revoke_code, take_away
from app.flows.campaigns.report import read_report
from app.routes.marketing.campaign import shown
from app.routes.marketing.campaign_view import Typed
from app.routes.marketing.guard import PATH, attempt_of, campaign_path, for_marketing, slug_of
from app.routes.marketing.handed_out import code_row
from app.routes.signed_in import person_of
from app.web.deps import deps_of
from app.web.forms import Reader
from app.web.render import link, page, see_other
from app.web.spreadsheet import csv_answer

_COLUMNS = ("code", "label", "secret", "state", "uses", "cap", "expires", "made")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPage:
    """Codes just made, while they may be seen."""

    path: str
    campaign_path: str
    codes: tuple[str, ...]
    text: str
    until: datetime


async def make(request: Request) -> Response:
    """Make secret codes and go on to the page that shows them."""
    form, slug = Reader(await request.form()), slug_of(request)
    text = f"Enter how many codes to make, from 1 to {MOST_CODES}, like 50."
    wrong = problem(ProblemId.E_INPUT, "count", text=text)
    count, attempt_id = form.whole_number("count", least=1, most=MOST_CODES, otherwise=wrong), attempt_of(form)
    typed = Typed(count=form.typed("count")[:20])
    if form.problems:
        return await shown(request, typed=typed, problems=form.problems)
    try:
        await make_codes(deps_of(request), person_of(request), slug, count, attempt_id=attempt_id)
    except Refused as refused:
        return await shown(request, typed=typed, problems=refused.problems)
    return see_other(request, f"{campaign_path(slug)}/codes/{attempt_id}")


async def show_batch(request: Request) -> Response:
    """The codes that a press made, to whoever pressed, for a quarter of an hour."""
    slug, attempt_id = slug_of(request), request.path_params["attempt_id"]
    batch = await read_batch(deps_of(request), person_of(request), slug, attempt_id)
    view = BatchPage(
        path=f"{campaign_path(slug)}/codes/{attempt_id}",
        campaign_path=campaign_path(slug),
        codes=batch.texts,
        text="\n".join(batch.texts),
        until=batch.until,
    )
    return page(request, "marketing/batch.html", view)


async def download_batch(request: Request) -> Response:
    """The same as CSV."""
    slug, attempt_id = slug_of(request), request.path_params["attempt_id"]
    batch = await read_batch(deps_of(request), person_of(request), slug, attempt_id)
    return csv_answer(f"{slug}-new-codes.csv", ("code",), [(text,) for text in batch.texts])


async def keep_batch(request: Request) -> Response:
    """They are kept elsewhere now: never show them again."""
    slug = slug_of(request)
    await take_away(deps_of(request), person_of(request), request.path_params["attempt_id"])
    return see_other(request, f"{link(campaign_path(slug), said='kept')}#codes")


async def revoke(request: Request) -> Response:
    """Let a code work no more."""
    form, slug = Reader(await request.form()), slug_of(request)
    code_id = request.path_params["code_id"]
    await revoke_code(deps_of(request), person_of(request), slug, code_id, attempt_id=attempt_of(form))
    return see_other(request, f"{link(campaign_path(slug), said='code-revoked')}#codes")


async def download(request: Request) -> Response:
    """All codes; of secret ones the beginning and the end."""
    report = await read_report(deps_of(request), slug_of(request))
    rows = [code_row(report, code) for code in report.codes]
    cells = [
        (
            *(row.code_id, row.label, "yes" if row.is_secret else "no", row.state, row.used, row.cap),
            row.expires and row.expires.isoformat(),
            row.made.isoformat(),
        )
        for row in rows
    ]
    return csv_answer(f"{report.campaign.slug}-codes.csv", _COLUMNS, cells)


_CODES = f"{PATH}/campaigns/{{slug}}/codes"
routes = [
    Route(f"{_CODES}.csv", for_marketing(download), methods=["GET"]),
    Route(_CODES, for_marketing(make), methods=["POST"]),
    Route(f"{_CODES}/{{attempt_id}}.csv", for_marketing(download_batch), methods=["GET"]),
    Route(f"{_CODES}/{{attempt_id}}", for_marketing(show_batch), methods=["GET"]),
    Route(f"{_CODES}/{{attempt_id}}/kept", for_marketing(keep_batch), methods=["POST"]),
    Route(f"{_CODES}/{{code_id}}/revocation", for_marketing(revoke), methods=["POST"]),
]
