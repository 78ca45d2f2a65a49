"""Whether anything ever passed its cap: a cap may be lowered later, so the highest that a version named counts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from app.promotions import budget_ids
from app.promotions.codes import canonical
from app.promotions.model import Campaign, CodeSpec
from app.promotions.store import budgets, campaigns, codes, links
from app.promotions.store.codes import Code


@dataclass(frozen=True, slots=True)
class _Highest:
    """The highest cap of several; None of one of them is no limit at all, and no cap at all is none to pass."""

    caps: tuple[int | None, ...]

    @property
    def cap(self) -> int | None:
        """Return it, None when nothing was limited at some time."""
        given = [cap for cap in self.caps if cap is not None]
        return max(given) if given and len(given) == len(self.caps) else None


def caps_passed(connection: Connection) -> Iterator[str]:
    """Yield each budget of which more is held and used than any version of its campaign allowed.

    What late payments took over the cap is counted apart and judged by its alarm.
    """
    for published in campaigns.list_all(connection):
        slug = published.slug
        limits = _limits(connection, slug, campaigns.versions_of(connection, slug))
        for counter in budgets.counters(connection, slug):
            most = limits.get(counter.budget_id, _Highest(())).cap
            taken = counter.held + counter.used
            if most is not None and taken > most:
                yield f"budget {counter.budget_id}: {taken} are taken, and never more than {most} were there"


def _limits(connection: Connection, slug: str, versions: Sequence[Campaign]) -> dict[str, _Highest]:
    limits = {budget_ids.campaign_uses(slug): _Highest(tuple(each.budget.redemptions for each in versions))}
    for currency in {money.currency for each in versions for money in each.budget.money}:
        caps = tuple(_money(each, currency) for each in versions)
        limits[budget_ids.campaign_money(slug, currency)] = _Highest(caps)
    for link in links.list_links(connection, slug):
        limits[budget_ids.link_uses(link.link_id)] = _Highest((link.cap,))
    specs = [spec for each in versions for spec in each.codes]
    for code in codes.list_codes(connection, slug):
        limits[budget_ids.code_uses(code.code_id)] = _Highest(tuple(_caps_of(code, specs)))
    return limits


def _money(campaign: Campaign, currency: str) -> int | None:
    return next((money.minor for money in campaign.budget.money if money.currency == currency), None)


def _caps_of(code: Code, specs: Iterable[CodeSpec]) -> Iterator[int | None]:
    """Yield the caps that the file gave a code; of a secret one that was written, any of them may be its own."""
    for spec in specs:
        if code.batch is not None and spec.batch and spec.prefix == code.batch:
            yield spec.redemptions_each
        elif code.batch is None and spec.code and _may_be(code, spec):
            yield spec.redemptions


def _may_be(code: Code, spec: CodeSpec) -> bool:
    return spec.is_secret if code.is_secret else canonical(spec.code) == canonical(code.label)
