"""What a page says of promotions: what applies with a way to remove it, what does not and why, and the field."""

from dataclasses import dataclass
from datetime import timedelta

from app.core.problems import Problem
from app.flows.campaigns.codes import with_way_out
from app.flows.campaigns.decide import Promo
from app.flows.deps import Deps
from app.promotions import wording
from app.promotions.codes import canonical
from app.promotions.store.entries import Entered, EntryKind

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """Something that applies; ``key`` is what the remove button sends, empty for what applies by itself."""

    label: str
    text: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplied:
    """Something that was asked for and does not apply."""

    label: str
    problem: Problem
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoPart:
    """The promo field and what stands beside it.

    Attributes:
        is_offered: False where the vendor can take no discount off; then there is no field. path: where the field's own
            form goes. pending: what is checked when more is known. terms: of what applies, word
            for word. typed: what stands in the field. is_open: whether the field is shown without being asked for.
        agreement: of a programme, which has to be accepted; what it gives does not renew.
        told: the code that was refused just now: pressing the order's button again goes on without it.
    """

    is_offered: bool
    path: str
    chips: tuple[Chip, ...]
    not_applied: tuple[NotApplied, ...]
    pending: tuple[str, ...]
    terms: tuple[str, ...]
    agreement: str
    typed: str
    is_open: bool
    told: str
    problems: tuple[Problem, ...]

    @property
    def told_text(self) -> str:
        """What became of what was asked for, to be heard."""
        refused = [found.text for found in (*self.problems, *(each.problem for each in self.not_applied))]
        return " ".join([*refused, *(f"{chip.text}." for chip in self.chips), *(f"{text}." for text in self.pending)])


def promo_part(
    deps: Deps, promo: Promo | None, path: str, *, problems: tuple[Problem, ...] = (), typed: str = ""
) -> PromoPart:
    """Return the part for ``promo``; ``problems`` are those of the page, of which the field's own are shown at it."""
    mine = tuple(found for found in problems if found.field == wording.FIELD)
    chips = _chips(promo) if promo else ()
    return PromoPart(
        is_offered=promo is not None,
        path=path,
        chips=chips,
        not_applied=_not_applied(deps, promo, typed) if promo else (),
        pending=tuple(wording.waiting(each) for _, each in promo.pending) if promo else (),
        terms=_terms(promo) if promo else (),
        agreement=promo.agreement if promo else "",
        typed=typed if mine else "",
        is_open=bool(mine),
        told=typed if mine else "",
        problems=mine,
    )


def discount_text(promo: Promo | None) -> str:
    """Return what the bill calls a discount: the one that applies, or just its kind."""
    applied = promo.decision.applied if promo else ()
    return f"Discount, {applied[0].ref.label}" if len(applied) == 1 else "Discount"


def _chips(promo: Promo) -> tuple[Chip, ...]:
    return tuple(
        Chip(label=applied.ref.label, text=wording.headline(applied, promo.cart), key=row.key if row else "")
        for row, applied in promo.applied
    )


def _not_applied(deps: Deps, promo: Promo, typed: str) -> tuple[NotApplied, ...]:
    """A code that was typed just now stands at its field; what is told of a secret one is the same as of no code.

    A campaign that somebody came by is not told of beside a public code of it, for which the same is true.
    """
    told = {each.slug for row, each in promo.rejected if row.kind is EntryKind.CODE and not each.ref.is_secret} - {""}
    refused = [
        NotApplied(label=_label(row, rejected.ref.label), problem=with_way_out(deps, rejected), key=row.key)
        for row, rejected in promo.rejected
        if not (typed and row.kind is EntryKind.CODE and row.value == canonical(typed))
        and (row.kind is EntryKind.CODE or rejected.slug not in told)
    ]
    if promo.wait is not None:
        found = wording.too_many(-(-promo.wait // _SECOND))
        refused += [NotApplied(label=_label(row, ""), problem=found, key=row.key) for row in promo.untried]
    return tuple(refused)


def _label(row: Entered, campaign: str) -> str:
    return row.value.upper() if row.kind is EntryKind.CODE else campaign


def _terms(promo: Promo) -> tuple[str, ...]:
    campaigns = (promo.campaign(applied.offer.slug) for applied in promo.decision.applied)
    return tuple(dict.fromkeys(each.terms for each in campaigns if each and each.terms))
