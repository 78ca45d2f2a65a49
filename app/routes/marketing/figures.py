"""Counts and amounts as marketing's pages show them: rows with words and shares, all reckoned here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app import formats
from app.core.money import Money
from app.events.funnel import Step
from app.events.funnel_counts import Counts
from app.events.still_paying import Kept
from app.promotions.analytics import Result
from app.routes.marketing import words
from app.web.charts import Chart, steps_chart

NONE = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step of a funnel; shares are texts such as ``63 %``."""

    key: str
    name: str
    count: int
    of_before: str
    of_first: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelView:
    """A funnel as a plot and as a table."""

    rows: tuple[StepRow, ...]
    chart: Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRow:
    """What was done in one currency; amounts are before tax. ``name`` is of a code, a link or an offer."""

    key: str
    name: str
    currency: str
    paid: int
    open: int
    reversed: int
    cost: Money
    net: Money
    share: str
    per_order: Money


def funnel_view(counts: Counts, kept: Mapping[int, Kept]) -> FunnelView:
    """Return a funnel from its first step to who still pays."""
    rows: list[StepRow] = []
    for step, count in counts.steps.items():
        row = StepRow(
            key=step.value,
            name=words.STEPS[step],
            count=count,
            of_before=share(count, rows[-1].count) if rows else "",
            of_first=share(count, rows[0].count) if rows else "",
        )
        rows.append(row)
    rows += [_kept_row(days, each) for days, each in kept.items()]
    return FunnelView(rows=tuple(rows), chart=steps_chart([(row.name, row.count) for row in rows]))


def money_rows(results: Sequence[Result], names: Mapping[str, str] | None = None) -> tuple[MoneyRow, ...]:
    """Return the ledger's results; a key without a name among ``names`` shows itself."""
    return tuple(_money_row(result, (names or {}).get(result.key, result.key)) for result in results)


def share(part: int, whole: int) -> str:
    """Return a share such as ``63 %``, or a dash of nothing; with one decimal near nothing and near the whole."""
    if not whole:
        return NONE
    tenths = part * 1000 // whole
    is_near_an_end = tenths < 100 or 990 <= tenths < 1000
    return formats.percent(tenths * 1000 if is_near_an_end else (part * 100 + whole // 2) // whole * 10_000)


def conversion(counts: Counts) -> str:
    """Return which share of those who chose paid within seven days."""
    return share(counts.converted, counts.steps[Step.PLAN_CHOSEN])


def _money_row(result: Result, name: str) -> MoneyRow:
    used = result.paid - result.reversed
    return MoneyRow(
        key=result.key,
        name=name,
        currency=result.currency.upper(),
        paid=result.paid,
        open=result.open,
        reversed=result.reversed,
        cost=Money(result.cost, result.currency),
        net=Money(result.net, result.currency),
        share=share(result.cost, result.cost + result.net),
        per_order=Money(result.cost // used if used else 0, result.currency),
    )


def _kept_row(days: int, kept: Kept) -> StepRow:
    """Of those who paid so long ago, how many still do: the younger ones can say nothing yet."""
    return StepRow(
        key=f"still_paying_{days}",
        name=f"Still pay after {days} days",
        count=kept.count,
        of_before=f"{share(kept.count, kept.old_enough)} of {formats.number(kept.old_enough)} that old",
        of_first="",
    )
