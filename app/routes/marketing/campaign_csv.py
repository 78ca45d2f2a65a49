"""A campaign's figures as lines of a table: section, what, in which currency, how much."""

from collections.abc import Iterator, Sequence

from app.core.money import Money
from app.flows.campaigns.report import Report
from app.promotions.analytics import Result
from app.routes.marketing.figures import funnel_view
from app.web.spreadsheet import plain

COLUMNS = ("section", "item", "figure", "currency", "value")
_Row = tuple[str, str, str, str, object]


def report_rows(report: Report) -> Iterator[_Row]:
    """Yield every figure of the page; amounts are before tax, instants ISO 8601 in UTC."""
    yield from _campaign(report)
    for row in funnel_view(report.landed, report.kept).rows:
        yield ("funnel", row.key, "journeys", "", row.count)
    for days, kept in report.kept.items():
        yield ("funnel", f"still_paying_{days}", "old_enough", "", kept.old_enough)
    yield ("funnel", "converted", "journeys", "", report.landed.converted)
    for reason, count in report.refusals:
        yield ("refused", reason, "journeys", "", count)
    for reason, count in sorted(report.everybody.failures.items()):
        yield ("not_paid", reason, "journeys", "", count)
    for day, count in report.days:
        yield ("day", day.date().isoformat(), "paid_uses", "", count)
    yield from _results("campaign", report.results)
    yield from _results("offer", report.by_offer)
    yield from _results("code", report.by_code)
    yield from _results("link", report.by_link)


def _campaign(report: Report) -> Iterator[_Row]:
    slug, window = report.campaign.slug, report.campaign.window
    yield ("campaign", slug, "standing", "", report.standing.value)
    yield ("campaign", slug, "starts", "", window.starts.isoformat())
    yield ("campaign", slug, "ends", "", window.ends.isoformat())
    yield ("campaign", slug, "version", "", report.published.version)
    yield ("campaign", slug, "cap", "", report.cap)
    yield ("campaign", slug, "used", "", report.used)
    yield ("campaign", slug, "held", "", report.held)
    yield ("campaign", slug, "reached_cap_at", "", report.reached_cap_at and report.reached_cap_at.isoformat())
    for spent in report.money:
        for figure, amount in (("money_cap", spent.cap), ("money_held", spent.held), ("money_used", spent.used)):
            yield ("campaign", slug, figure, amount.currency.upper(), plain(amount))
    for kind, count in sorted(report.standings.items()):
        yield ("customers", kind, "used", "", count)


def _results(section: str, results: Sequence[Result]) -> Iterator[_Row]:
    for each in results:
        currency = each.currency.upper()
        for figure, count in (("open", each.open), ("paid_uses", each.paid), ("reversed", each.reversed)):
            yield (section, each.key, figure, currency, count)
        for figure, minor in (("discount", each.cost), ("net_revenue", each.net)):
            yield (section, each.key, figure, currency, plain(Money(minor, each.currency)))
