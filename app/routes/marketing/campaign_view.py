"""A campaign's page as its template shows it: the report in words, figures and plots."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app import formats
from app.catalog.model import Catalog
from app.core.ids import new_id
from app.core.problems import Problem
from app.events.funnel import Step
from app.flows import wording
from app.flows.campaigns.report import Report, Spent, Standing
from app.flows.deps import Deps
from app.promotions.cart import Audience
from app.promotions.model import AmountOff, CustomerKind, FreeUnits, Offer, Percent, Status
from app.routes.marketing import words
from app.routes.marketing.figures import FunnelView, MoneyRow, conversion, funnel_view, money_rows, share
from app.routes.marketing.guard import campaign_path
from app.routes.marketing.handed_out import CodesView, LinksView, codes_view, links_view
from app.web.charts import Chart, days_chart

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_BASIS_POINT_PPM = 100
_CUSTOMERS = {
    CustomerKind.NEW.value: "New customers",
    CustomerKind.EXISTING.value: "Existing customers",
    CustomerKind.LAPSED.value: "Customers who came back",
    "unknown": "Not known",
}
_ALWAYS_TOLD = (CustomerKind.NEW.value, CustomerKind.EXISTING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the campaign is and how it stands; ``switch`` is the state that its button brings, empty without one."""

    slug: str
    name: str
    path: str
    terms: str
    standing: Standing
    starts: datetime
    ends: datetime
    version: int
    offers: tuple[str, ...]
    switch: str
    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """What is left. ``of_cap`` and the second of ``money`` are shares; ``sentence`` tells when the cap was reached."""

    used: int
    held: int
    cap: int | None
    of_cap: str
    money: tuple[tuple[Spent, str], ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRow:
    """Why codes or links of the campaign did not apply, and what to do about it."""

    key: str
    why: str
    what_to_do: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What came of it. ``customers`` are (kind, uses, share); ``elsewhere``: paid without the campaign's link."""

    money: tuple[MoneyRow, ...]
    customers: tuple[tuple[str, int, str], ...]
    funnel: FunnelView
    landed: int
    paid: int
    converted: str
    elsewhere: int
    failures: tuple[tuple[str, int], ...]
    refusals: tuple[RefusalRow, ...]
    days: Chart
    day_rows: tuple[tuple[datetime, int], ...]
    by_code: tuple[MoneyRow, ...]
    by_link: tuple[MoneyRow, ...]
    by_offer: tuple[MoneyRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What the forms said, to be shown again."""

    note: str = ""
    audience: str = Audience.ANY.value
    audience_value: str = ""
    redemptions: str = ""
    fills: str = ""
    expires: str = ""
    count: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPage:
    """The page."""

    head: Head
    budgets: Budgets
    results: Results
    links: LinksView
    codes: CodesView
    typed: Typed
    announcement: str
    problems: tuple[Problem, ...]


def campaign_view(
    deps: Deps, report: Report, *, typed: Typed | None = None, said: str = "", problems: tuple[Problem, ...] = ()
) -> CampaignPage:
    """Return the page of ``report``."""
    return CampaignPage(
        head=_head(deps, report),
        budgets=_budgets(report),
        results=_results(deps, report),
        links=links_view(deps, report),
        codes=codes_view(report),
        typed=typed or Typed(),
        announcement=said,
        problems=problems,
    )


def offer_text(offer: Offer, catalog: Catalog) -> str:
    """Return what an offer takes off, for how long and of what, such as ``20 % off, once, on Team``."""
    match offer.benefit:
        case Percent(percent_bp=percent_bp):
            off = f"{formats.percent(percent_bp * _BASIS_POINT_PPM)} off"
        case AmountOff(amounts=amounts):
            off = f"{' or '.join(formats.money(each) for each in amounts)} off"
        case FreeUnits(free_units=units):
            off = f"{formats.number(units)} free"
    terms = "every term" if offer.periods is None else "once" if offer.periods == 1 else f"{offer.periods} terms"
    items = (*offer.target.plans, *offer.target.addons)
    return f"{off}, {terms}, on {' and '.join(wording.plan_name(catalog, item) for item in items)}"


def _head(deps: Deps, report: Report) -> Head:
    campaign, status = report.campaign, report.published.status
    switches = {Status.LIVE: Status.PAUSED.value, Status.PAUSED: Status.LIVE.value}
    return Head(
        slug=campaign.slug,
        name=campaign.name,
        path=campaign_path(campaign.slug),
        terms=campaign.terms,
        standing=report.standing,
        starts=campaign.window.starts,
        ends=campaign.window.ends,
        version=report.published.version,
        offers=tuple(offer_text(offer, deps.catalog) for offer in campaign.offers),
        switch="" if report.standing is Standing.ENDED else switches.get(status, ""),
        attempt_id=new_id("att"),
    )


def _budgets(report: Report) -> Budgets:
    return Budgets(
        used=report.used,
        held=report.held,
        cap=report.cap,
        of_cap=share(report.used, report.cap) if report.cap else "",
        money=tuple((each, share(each.used.minor, each.cap.minor)) for each in report.money),
        sentence=_time_to_cap(report),
    )


def _time_to_cap(report: Report) -> str:
    if report.cap is None:
        return "The number of uses is not limited."
    reached = report.reached_cap_at
    if reached is None:
        return f"{formats.counted(max(0, report.cap - report.used - report.held), 'use')} left."
    after = reached - report.campaign.window.starts
    took = formats.counted(after // _DAY, "day") if after >= 2 * _DAY else formats.counted(after // _HOUR, "hour")
    return f"The cap was reached on {formats.date(reached)}, {took} after the start."


def _results(deps: Deps, report: Report) -> Results:
    landed, everybody = report.landed.steps, report.everybody
    window = report.campaign.window
    return Results(
        money=money_rows(report.results),
        customers=_customers(report),
        funnel=funnel_view(report.landed, report.kept),
        landed=landed[Step.LANDING],
        paid=landed[Step.PAID],
        converted=conversion(report.landed),
        elsewhere=everybody.steps[Step.PAID] - landed[Step.PAID],
        failures=tuple((words.failure(reason), n) for reason, n in sorted(everybody.failures.items())),
        refusals=tuple(_refusal(reason, n) for reason, n in report.refusals),
        days=days_chart(report.days, since=window.starts, until=min(report.now, window.ends)),
        day_rows=report.days,
        by_code=money_rows(report.by_code, {code.code_id: code.label for code in report.codes}),
        by_link=money_rows(report.by_link, {link.link_id: link.note or link.link_id for link in report.links}),
        by_offer=money_rows(
            report.by_offer, {offer.id: offer_text(offer, deps.catalog) for offer in report.campaign.offers}
        ),
    )


def _customers(report: Report) -> tuple[tuple[str, int, str], ...]:
    standings = report.standings
    whole = standings.total()
    known = {key: text for key, text in _CUSTOMERS.items() if key in standings or key in _ALWAYS_TOLD}
    return tuple((text, standings[key], share(standings[key], whole)) for key, text in known.items())


def _refusal(reason: str, count: int) -> RefusalRow:
    why, what_to_do = words.refusal(reason)
    return RefusalRow(key=reason, why=why, what_to_do=what_to_do, count=count)
