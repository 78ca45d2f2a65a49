"""Paying the next term by hand: the page with the vendor's quote, its live update, and the button."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app import formats
from app.core.clock import add_months
from app.core.ids import new_id
from app.core.money import Money
from app.core.problems import Problem, ProblemId, Refused, problem
from app.flows import wording
from app.flows.deps import Deps
from app.flows.renewals.pay import (
    PACKS,
    Detour,
    PackChoice,
    PaymentPage,
    RenewalWish,
    pay_renewal,
    read_payment_page,
    too_many_packs,
)
from app.orders.change_quotes import KeptChange
from app.routes.change_bill import WorkedLine, card_text
from app.routes.change_form import plan_choices, press_of, read_status, typed_seats
from app.routes.checkout_view import tax_text
from app.routes.signed_in import is_live, person_of, sign_in
from app.routes.subscriptions import sales_path, subscription_title
from app.routes.way_out import WayOut, card_way_out, way_out
from app.routes.wrong_number import wrong_number
from app.vendor_adapters.types import Fidelity, LineKind
from app.web.deps import deps_of
from app.web.forms import Reader, one, whole_number
from app.web.render import link, page, see_other
from app.web.session import current_actor

TEMPLATE = "subscriptions/renewal_payment.html"
NOT_CHARGED = "You have not been charged. Nothing was changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class TermBill:
    """What the next term costs, in words and figures; ``after`` is what follows it."""

    quote_id: str
    lines: tuple[WorkedLine, ...]
    discount: Money
    tax_text: str
    tax: Money | None
    total: Money
    after: str
    due: str
    is_estimate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PackField:
    """How many packs of an add-on renew, up to what is there."""

    name: str
    label: str
    value: str
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """The page; ``bill`` is None with the ``blocker`` that stands in its place, and then there is no form.

    ``unpriced``: what is wrong with a number that was typed; then there is no price, and the form stays.

    ``renew_with`` is the number of people when fewer seats than that were wanted, 0 otherwise.
    """

    title: str
    path: str
    subscription_path: str
    card_path: str
    sales_path: str
    add_path: str
    members_url: str
    is_after_end: bool
    is_fixed: bool
    renewal_path: str
    what: str
    starts: str
    ends: str
    closes: str
    plans: tuple[tuple[str, str, str], ...]
    plan: str
    seats: str
    most: int
    in_use: int | None
    renew_with: int
    renew_with_path: str
    packs: tuple[PackField, ...]
    bill: TermBill | None
    unpriced: Problem | None
    sentence: str
    button: str
    card: str
    cards_path: str
    is_card_known: bool
    base: str
    attempt_id: str
    blocker: Problem | None
    way_out: WayOut
    problems: tuple[Problem, ...]
    money_note: str
    announcement: str


async def show(request: Request) -> Response:
    """The page, priced by the vendor as it is read; what a link asks for beyond the bounds is put right."""
    if current_actor(request).person is None:
        return sign_in(request)
    deps, query = deps_of(request), request.query_params
    wish = RenewalWish(plan=one(query, "plan"), seats=whole_number(one(query, "seats")))
    found = await read_payment_page(deps, person_of(request), _id(request), wish)
    return page(request, TEMPLATE, _view(deps, found), status=read_status(found.problem))


async def update(request: Request) -> Response:
    """Something else should renew: show what that costs. Nothing is ordered."""
    deps, form = deps_of(request), await request.form()
    wish, problems = _typed(deps, form)
    found = await read_payment_page(deps, person_of(request), _id(request), wish)
    problems = problems or too_many_packs(found.owned.subscription, wish)
    view = _view(deps, found, problems=problems, typed=_texts(form) if problems else {})
    return page(request, TEMPLATE, view, status=422 if problems else read_status(found.problem), fragment="update")


async def submit(request: Request) -> Response:
    """The button: order what the page showed and go on; or the same page with what is wrong."""
    deps, person, form = deps_of(request), person_of(request), await request.form()
    wish, problems = _typed(deps, form)
    base = _instant(one(form, "base"))
    try:
        if problems or base is None:
            raise Refused(*problems or (problem(ProblemId.E_QUOTE),))
        step = await pay_renewal(deps, person, _id(request), base=base, wish=wish, press=press_of(form))
    except Refused as refused:
        found = await read_payment_page(deps, person, _id(request), wish)
        view = _view(deps, found, problems=refused.problems, typed=_texts(form))
        return page(request, TEMPLATE, view, status=refused.problems[0].id.status)
    return see_other(request, step.url) if is_live(request) else RedirectResponse(step.url, status_code=303)


def _typed(deps: Deps, form: FormData) -> tuple[RenewalWish, tuple[Problem, ...]]:
    reader = Reader(form)
    seats = typed_seats(deps, reader, "seats")
    packs = {name.removeprefix(PACKS): _packs(reader, name) for name in form if name.startswith(PACKS)}
    return RenewalWish(plan=reader.text("plan", most=60), seats=seats or None, packs=packs), reader.problems


def _texts(form: FormData) -> Mapping[str, str]:
    """Return the numbers as they were typed."""
    return {name: one(form, name) for name in form if name == "seats" or name.startswith(PACKS)}


def _packs(reader: Reader, name: str) -> int:
    wrong = problem(ProblemId.E_INPUT, name, text="Enter the number of packs as a whole number, 0 for none.")
    return reader.whole_number(name, least=0, most=10_000, otherwise=wrong)


def _view(
    deps: Deps,
    found: PaymentPage,
    *,
    problems: tuple[Problem, ...] = (),
    typed: Mapping[str, str] = MappingProxyType({}),
) -> PaymentView:
    owned, subscription, window = found.owned, found.owned.subscription, found.window
    path = wording.subscription_path(subscription.subscription_id)
    starts_at = window.base if window else subscription.ends_at
    unpriced = wrong_number(problems)
    bill = _bill(deps, found.shown, _end_of(found, starts_at)) if found.shown and not unpriced else None
    more = found.seats - subscription.seats
    people = found.people if any(each.id is ProblemId.E_SEATS_RENEW for each in problems) else None
    return PaymentView(
        title=subscription_title(deps, subscription, owned.group_name),
        path=_path(subscription.subscription_id),
        subscription_path=path,
        card_path=f"{path}/card",
        sales_path=sales_path(subscription, _path(subscription.subscription_id), found.seats),
        add_path=link(f"{path}/seat-changes", add=more) if more > 0 and window and not window.is_after_end else "",
        members_url=f"{deps.config.product_home}/groups/{subscription.group_id}",
        is_after_end=window is not None and window.is_after_end,
        is_fixed=found.is_fixed,
        renewal_path=f"{path}/renewal",
        what=_what(deps, found),
        starts=formats.date(starts_at),
        ends=formats.date(_end_of(found, starts_at)),
        closes=formats.date(window.closes_at) if window else "",
        plans=plan_choices(deps, found.plans),
        plan=found.plan,
        seats=str(found.seats) if found.is_fixed else typed.get("seats") or str(found.seats),
        most=deps.catalog.rules.seats.self_serve_max,
        in_use=found.people,
        renew_with=people or 0,
        renew_with_path=link(_path(subscription.subscription_id), seats=people, plan=found.plan) if people else "",
        packs=tuple(_pack_field(pack, typed) for pack in found.packs),
        bill=bill,
        unpriced=unpriced,
        sentence=_sentence(deps, found),
        button=_button(bill, _end_of(found, starts_at)),
        card=card_text(found.cards),
        cards_path=owned.cards_path,
        is_card_known=found.cards is not None,
        base=starts_at.isoformat(),
        attempt_id=new_id("att"),
        blocker=found.problem,
        way_out=_way_out(deps, found),
        problems=problems,
        money_note=NOT_CHARGED if problems else "",
        announcement=f"Total today: {bill.due}." if bill else unpriced.text if unpriced else "",
    )


def _way_out(deps: Deps, found: PaymentPage) -> WayOut:
    subscription = found.owned.subscription
    path = wording.subscription_path(subscription.subscription_id)
    match found.detour:
        case Detour.LET_RENEW:
            return WayOut(href=f"{path}/renewal", label="Look at the renewal")
        case Detour.ADD_SEATS:
            more = max(1, (found.people or 0) - subscription.seats)
            return WayOut(href=link(f"{path}/seat-changes", add=more), label=f"Add {wording.seats(more)}")
        case Detour.ADD_CARD:
            return card_way_out(deps, found.owned)
        case None:
            return way_out(deps, found.owned)


def _what(deps: Deps, found: PaymentPage) -> str:
    """Return everything that runs, where that alone can be paid."""
    packs = (f"{pack.label}, {pack.value} packs" for pack in (_pack_field(pack, {}) for pack in found.packs))
    return "; ".join((f"{wording.plan_name(deps.catalog, found.plan)}, {wording.seats(found.seats)}", *packs))


def _bill(deps: Deps, shown: KeptChange, ends_at: datetime) -> TermBill:
    quote = shown.quote
    following = quote.next_charges[0] if quote.next_charges else None
    after = f"Automatic renewal is off: it ends on {formats.date(ends_at)}."
    if following is not None:
        tax = f", {formats.money(following.total)} with tax" if following.total else ", plus tax"
        after = f"From {formats.date(following.at)} it renews at {formats.money(following.subtotal)} a year{tax}."
    return TermBill(
        quote_id=shown.quote_id,
        lines=tuple(
            WorkedLine(text=wording.line_text(deps.catalog, line), amount=line.amount)
            for line in quote.lines
            if line.kind is not LineKind.DISCOUNT
        ),
        discount=quote.discount,
        tax_text=tax_text(quote.tax),
        tax=quote.tax.amount if quote.tax else None,
        total=quote.due_now,
        after=after,
        due=wording.due(quote),
        is_estimate=quote.fidelity is Fidelity.ESTIMATED,
    )


def _end_of(found: PaymentPage, starts_at: datetime) -> datetime:
    """Return the end of the term that would be paid, by the vendor's word where it has given it."""
    lines = found.shown.quote.lines if found.shown else ()
    return max((line.ends_at for line in lines if line.ends_at), default=add_months(starts_at, 12))


def _sentence(deps: Deps, found: PaymentPage) -> str:
    return f"{wording.plan_name(deps.catalog, found.plan)} for {formats.counted(found.seats, 'person', 'people')}"


def _button(bill: TermBill | None, ends_at: datetime) -> str:
    return f"Pay {bill.due} and renew until {formats.date(ends_at)}" if bill else ""


def _pack_field(pack: PackChoice, typed: Mapping[str, str]) -> PackField:
    name = f"{PACKS}{pack.offer}"
    return PackField(name=name, label=pack.name, value=typed.get(name) or str(pack.wanted), held=pack.held)


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    return at if at.tzinfo else None


def _id(request: Request) -> str:
    found: str = request.path_params["subscription_id"]
    return found


def _path(subscription_id: str) -> str:
    return f"{wording.subscription_path(subscription_id)}/renewal/payment"


routes = [
    Route("/subscriptions/{subscription_id}/renewal/payment", show, methods=["GET"]),
    Route("/subscriptions/{subscription_id}/renewal/payment", submit, methods=["POST"]),
    Route("/subscriptions/{subscription_id}/renewal/payment/quote", update, methods=["POST"]),
]
