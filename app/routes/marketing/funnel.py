"""The funnel of the whole store: one page and the same as CSV."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import formats
from app.events.funnel import Side, Step
from app.events.funnel_counts import Counts
from app.flows.campaigns.funnel import FunnelReport, Way, read_funnel
from app.routes.marketing import words
from app.routes.marketing.campaign_view import RefusalRow
from app.routes.marketing.figures import NONE, FunnelView, conversion, funnel_view, share
from app.routes.marketing.guard import PATH, campaign_path, for_marketing
from app.web.deps import deps_of
from app.web.forms import one
from app.web.render import link, page
from app.web.spreadsheet import csv_answer

_PAGE = f"{PATH}/funnel"
_PERIODS = (("7", "the last 7 days"), ("30", "the last 30 days"), ("90", "the last 90 days"), ("", "all time"))
_DEFAULT = "30"
_ALL = "All, from the choice on"
_COLUMNS = ("set", "value", "number", "step", "journeys")
_MINUTE_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class WayView:
    """Journeys of one entry: the funnel, and how it ended. ``took`` is the time to pay of half of the paid ones."""

    key: str
    title: str
    funnel: FunnelView
    chose: int
    paid: int
    open: int
    converted: str
    took: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRow:
    """A deployment or a kind of order beside the others."""

    what: str
    name: str
    path: str
    chose: int
    confirmed: int
    paid: int
    converted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelPage:
    """The page; the choices are (value, text) pairs with the present value beside. refusals: with their campaign."""

    periods: tuple[tuple[str, str], ...]
    period: str
    deployments: tuple[tuple[str, str], ...]
    deployment: str
    kinds: tuple[tuple[str, str], ...]
    kind: str
    csv_path: str
    ways: tuple[WayView, ...]
    split: tuple[SplitRow, ...]
    failures: tuple[tuple[str, int, str], ...]
    sides: tuple[tuple[str, int], ...]
    refusals: tuple[tuple[RefusalRow, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    period: str
    deployment: str
    kind: str

    @property
    def query(self) -> dict[str, str]:
        return {"days": self.period or "all", "deployment": self.deployment, "kind": self.kind}


async def show(request: Request) -> Response:
    """How far journeys got."""
    asked = _asked(request)
    return page(request, "marketing/funnel.html", _view(asked, await _read(request, asked)))


async def download(request: Request) -> Response:
    """Every number of the page as CSV."""
    report = await _read(request, _asked(request))
    return csv_answer("funnel.csv", _COLUMNS, _cells(report))


def _asked(request: Request) -> _Asked:
    query = request.query_params
    period = one(query, "days")
    known = {value or "all" for value, _text in _PERIODS}
    return _Asked(
        period="" if period == "all" else period if period in known else _DEFAULT,
        deployment=_among(one(query, "deployment"), words.DEPLOYMENTS),
        kind=_among(one(query, "kind"), words.KINDS),
    )


async def _read(request: Request, asked: _Asked) -> FunnelReport:
    days = int(asked.period or 0)
    return await read_funnel(deps_of(request), days=days, deployment=asked.deployment, kind=asked.kind)


def _among(value: str, known: dict[str, str]) -> str:
    return value if value in known else ""


def _view(asked: _Asked, report: FunnelReport) -> FunnelPage:
    everything = report.ways[0].counts
    lost = sum(everything.failures.values())
    return FunnelPage(
        periods=tuple((value or "all", text) for value, text in _PERIODS),
        period=asked.period or "all",
        deployments=tuple(words.DEPLOYMENTS.items()),
        deployment=asked.deployment,
        kinds=tuple(words.KINDS.items()),
        kind=asked.kind,
        csv_path=link(f"{_PAGE}.csv", **asked.query),
        ways=tuple(_way(way) for way in report.ways if way.entry is None or any(way.counts.steps.values())),
        split=tuple(_split(asked, what, value, counts) for what, value, counts in report.split),
        failures=tuple(
            (words.failure(reason), count, share(count, lost)) for reason, count in _largest(everything.failures)
        ),
        sides=tuple((words.SIDES[side], count) for side, count in everything.sides.items()),
        refusals=tuple(_refusal(reason, slug, count) for reason, slug, count in report.refusals),
    )


def _way(way: Way) -> WayView:
    counts = way.counts
    return WayView(
        key=way.entry.value if way.entry else "all",
        title=words.ENTRIES[way.entry] if way.entry else _ALL,
        funnel=funnel_view(counts, way.kept),
        chose=counts.steps[Step.PLAN_CHOSEN],
        paid=counts.steps[Step.PAID],
        open=counts.open,
        converted=conversion(counts),
        took=_took(counts),
    )


def _took(counts: Counts) -> str:
    if counts.to_pay is None:
        return NONE
    minutes = round(counts.to_pay.total_seconds()) // _MINUTE_SECONDS
    if minutes < 2 * 60:
        return formats.counted(max(1, minutes), "minute")
    hours = minutes // 60
    return formats.counted(hours, "hour") if hours < 48 else formats.counted(hours // 24, "day")


def _split(asked: _Asked, what: str, value: str, counts: Counts) -> SplitRow:
    names = words.DEPLOYMENTS if what == "deployment" else words.KINDS
    return SplitRow(
        what="Deployment" if what == "deployment" else "Kind of order",
        name=names.get(value, value),
        path=link(_PAGE, **{**asked.query, what: value}),
        chose=counts.steps[Step.PLAN_CHOSEN],
        confirmed=counts.steps[Step.CONFIRMED],
        paid=counts.steps[Step.PAID],
        converted=conversion(counts),
    )


def _refusal(reason: str, slug: str, count: int) -> tuple[RefusalRow, str, str]:
    why, what_to_do = words.refusal(reason)
    row = RefusalRow(key=reason, why=why, what_to_do=what_to_do, count=count)
    return row, slug, campaign_path(slug) if slug else ""


def _largest(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def _cells(report: FunnelReport) -> Iterator[tuple[object, ...]]:
    for way in report.ways:
        name = ("entry", way.entry.value if way.entry else "all")
        yield from _steps(name, way.counts)
        for days, kept in way.kept.items():
            yield (*name, "", f"still_paying_{days}", kept.count)
            yield (*name, "", f"old_enough_{days}", kept.old_enough)
    for what, value, counts in report.split:
        yield from _steps((what, value), counts)
    for reason, slug, count in report.refusals:
        yield ("refused", slug, "", reason, count)


def _steps(name: tuple[str, str], counts: Counts) -> Iterator[tuple[object, ...]]:
    for step, count in counts.steps.items():
        yield (*name, step.number, step.value, count)
    yield (*name, "", "converted_in_7_days", counts.converted)
    yield (*name, "", "open", counts.open)
    for reason, count in sorted(counts.failures.items()):
        yield (*name, "", f"failed_{reason}", count)
    for side in (side for side in Side if side is not Side.FAILED):
        yield (*name, "", side.value, counts.sides[side])


routes = [
    Route(_PAGE, for_marketing(show), methods=["GET"]),
    Route(f"{_PAGE}.csv", for_marketing(download), methods=["GET"]),
]
