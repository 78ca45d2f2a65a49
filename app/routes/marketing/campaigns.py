"""The list of campaigns: how each stands, who came, what it cost and brought."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.events.funnel import Step
from app.flows.campaigns.report import Line, Standing, list_campaigns
from app.routes.marketing.figures import MoneyRow, money_rows, share
from app.routes.marketing.guard import PATH, campaign_path, for_marketing
from app.web.deps import deps_of
from app.web.render import page
from app.web.spreadsheet import csv_answer, plain

_COLUMNS = (
    *("campaign", "name", "standing", "starts", "ends", "uses", "cap", "landed", "chose", "paid"),
    *("currency", "uses_in_currency", "discount", "net_revenue"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRow:
    """A campaign in the list; ``money`` has one entry a currency. cap None: none."""

    slug: str
    name: str
    path: str
    standing: Standing
    starts: datetime
    ends: datetime
    used: int
    cap: int | None
    landed: int
    chose: int
    paid: int
    converted: str
    money: tuple[MoneyRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignsPage:
    """The list."""

    rows: tuple[CampaignRow, ...]


async def index(request: Request) -> Response:
    """All campaigns, the newest start first."""
    view = CampaignsPage(rows=tuple(_row(line) for line in await list_campaigns(deps_of(request))))
    return page(request, "marketing/campaigns.html", view)


async def download(request: Request) -> Response:
    """The same as CSV: one line for each campaign and currency."""
    rows = [_row(line) for line in await list_campaigns(deps_of(request))]
    return csv_answer("campaigns.csv", _COLUMNS, [cells for row in rows for cells in _cells(row)])


def _row(line: Line) -> CampaignRow:
    campaign = line.campaign
    chose, paid = line.reached.get(Step.PLAN_CHOSEN, 0), line.reached.get(Step.PAID, 0)
    return CampaignRow(
        slug=campaign.slug,
        name=campaign.name,
        path=campaign_path(campaign.slug),
        standing=line.standing,
        starts=campaign.window.starts,
        ends=campaign.window.ends,
        used=line.used,
        cap=line.cap,
        landed=line.reached.get(Step.LANDING, 0),
        chose=chose,
        paid=paid,
        converted=share(paid, chose),
        money=money_rows(line.results),
    )


def _cells(row: CampaignRow) -> list[tuple[object, ...]]:
    head = (
        *(row.slug, row.name, row.standing.value, row.starts.isoformat(), row.ends.isoformat()),
        *(row.used, row.cap, row.landed, row.chose, row.paid),
    )
    if not row.money:
        return [(*head, None, None, None, None)]
    return [(*head, each.currency, each.paid, plain(each.cost), plain(each.net)) for each in row.money]


routes = [
    Route(PATH, for_marketing(index), methods=["GET"]),
    Route(f"{PATH}/campaigns.csv", for_marketing(download), methods=["GET"]),
]
