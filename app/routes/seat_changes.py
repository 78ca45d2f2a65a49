"""More seats: the deep link, the page with the vendor's quote, its live update, and the button."""

from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app import formats
from app.core.ids import new_id
from app.core.problems import NotYours, Problem, ProblemId, Refused, problem
from app.flows import wording
from app.flows.add_seats import SeatPage, add_seats, apply_code, read_seat_page, remove_code, too_many, visit_seat_page
from app.flows.campaigns.on_seats import ask_on_seats
from app.flows.deps import Deps
from app.flows.own_subscriptions import only_subscription, open_subscription, subscription_of_group
from app.flows.renewals.pay import is_fixed_renewal
from app.identity.actor import Person
from app.routes.alert_lines import alerts_of
from app.routes.change_bill import ChangeBill, card_text, change_bill, told
from app.routes.change_form import moved, press_of, read_status, typed_seats
from app.routes.promo_field import applied_first, carried_code, guesser_of
from app.routes.promo_view import PromoPart, promo_part
from app.routes.signed_in import is_live, person_of, sign_in
from app.routes.subscriptions import sales_path
from app.routes.way_out import WayOut, card_way_out, way_out
from app.routes.wrong_number import wrong_number
from app.subscriptions.store import Subscription
from app.usage.alerts import AlertKind
from app.vendor_adapters.capabilities import Capability
from app.web.addresses import allowed_return
from app.web.deps import deps_of
from app.web.forms import Reader, clean_text, one, whole_number
from app.web.render import AlertLine, link, page, see_other
from app.web.session import current_actor

TEMPLATE = "subscriptions/seats.html"
NOT_CHARGED = "You have not been charged. The seats are unchanged."


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatsView:
    """The page; ``bill`` is None with the ``blocker`` that stands in its place, and then there is no form.

    ``unpriced``: what is wrong with the number that was typed; then there is no price, and the form stays.
    """

    path: str
    card_path: str
    renewal_path: str
    renew_more_path: str
    next_term_note: str
    booked_note: str
    subscription_path: str
    for_whom: str
    plan_name: str
    seats: int
    in_use: int | None
    add: str
    most: int
    owed_text: str
    bill: ChangeBill | None
    sentence: str
    after: str
    button: str
    card: str
    cards_path: str
    is_card_known: bool
    base: int
    unpriced: Problem | None
    attempt_id: str
    return_to: str
    blocker: Problem | None
    way_out: WayOut
    renews: bool
    ends_at: datetime
    is_last_days: bool
    suggests_sales: bool
    sales_path: str
    alerts: tuple[AlertLine, ...]
    problems: tuple[Problem, ...]
    notice: str
    money_note: str
    announcement: str
    promo: PromoPart


async def deep_link(request: Request) -> Response:
    """``/buy/seats``: find the subscription by its id or its group and go on to its page; a Free group buys a plan."""
    deps, person = deps_of(request), current_actor(request).person
    if person is None:
        return sign_in(request)
    query = {name: one(request.query_params, name) for name in ("add", "return_to")}
    subscription_id, group = one(request.query_params, "subscription"), _text(request, "group")
    asked = {"promo": _text(request, "promo"), "campaign": _text(request, "campaign")}
    if subscription_id:
        mine = await open_subscription(deps, person, subscription_id)
    else:
        found = await subscription_of_group(deps, person, group) if group else await only_subscription(deps, person)
        if found is None:
            wanted = {"plan": "team", "group": group, "seats": query["add"], "return_to": query["return_to"]}
            return see_other(request, link("/buy", **wanted, **asked) if group else "/subscriptions")
        mine = found
    await ask_on_seats(
        deps, current_actor(request), mine.subscription_id, code=asked["promo"], campaign=asked["campaign"]
    )
    return see_other(request, link(_path(mine.subscription_id), **query))


async def show(request: Request) -> Response:
    """The page, priced by the vendor as it is read; what a link asks for beyond the bounds is put right and told."""
    if current_actor(request).person is None:
        return sign_in(request)
    deps, typed = deps_of(request), one(request.query_params, "add")
    person = person_of(request)
    found = await visit_seat_page(deps, current_actor(request), _id(request), whole_number(typed), guesser_of(request))
    is_clamped = typed != "" and whole_number(typed) != found.add
    notice = "The number of seats in the link was not possible here: check it before you go on." if is_clamped else ""
    return_to = allowed_return(one(request.query_params, "return_to"), deps.config.return_to)
    alerts = await alerts_of(request, deps, person, found.owned, but=AlertKind.SEATS)
    view = _view(deps, found, return_to=return_to, notice=notice, alerts=alerts)
    return page(request, TEMPLATE, view, status=read_status(found.problem))


async def update(request: Request) -> Response:
    """Another number was typed: show what that costs. Nothing is ordered."""
    deps, form = deps_of(request), await request.form()
    add, problems, return_to = _typed(deps, form)
    if current_actor(request).person is None:
        return _sign_in_first(request, form, return_to)
    person = person_of(request)
    if carried_code(form) and not is_live(request) and not problems:
        return await promo_code(request)
    if not is_live(request) and not problems:
        return see_other(request, link(_path(_id(request)), add=add, return_to=return_to))
    found = await read_seat_page(deps, person, _id(request), add or None)
    if add and add != found.add:  # more than can be bought on top of what there is
        problems = (too_many(deps),)
    view = _view(deps, found, return_to=return_to, problems=problems, typed=one(form, "add") if problems else "")
    return page(request, TEMPLATE, view, status=422 if problems else read_status(found.problem), fragment="update")


async def submit(request: Request) -> Response:
    """The button: order what the page showed and go on; or the same page with what is wrong."""
    deps, form = deps_of(request), await request.form()
    add, problems, return_to = _typed(deps, form)
    if current_actor(request).person is None:
        return _sign_in_first(request, form, return_to)
    person = person_of(request)
    base = whole_number(one(form, "base"))
    code = carried_code(form)
    if code and not problems:
        return await _apply_first(request, code, add, return_to)
    try:
        if problems or base is None:
            raise Refused(*problems or (problem(ProblemId.E_QUOTE),))
        step = await add_seats(deps, person, _id(request), base=base, add=add, press=press_of(form, return_to))
    except Refused as refused:
        return await _again(request, person, form, refused.problems, add=add, base=base, return_to=return_to)
    return see_other(request, step.url) if is_live(request) else RedirectResponse(step.url, status_code=303)


async def promo_code(request: Request) -> Response:
    """A code is removed, or the typed one tried, or both. Nothing is ordered."""
    deps, form = deps_of(request), await request.form()
    add, problems, return_to = _typed(deps, form)
    if current_actor(request).person is None:
        return _sign_in_first(request, form, return_to)
    person = person_of(request)
    removed, code = one(form, "remove"), Reader(form).typed("code")
    if removed:
        await remove_code(deps, person, _id(request), removed)
    if removed and not carried_code(form):
        return see_other(request, link(_path(_id(request)), add="" if problems else add, return_to=return_to))
    tried = await apply_code(deps, person, _id(request), add or None, code, guesser_of(request))
    if tried.problem is None and not is_live(request):
        return see_other(request, link(_path(_id(request)), add="" if problems else add, return_to=return_to))
    found = (tried.problem,) if tried.problem else ()
    view = _view(deps, tried.page, return_to=return_to, problems=found, code=code)
    return page(request, TEMPLATE, view, status=found[0].id.status if found else 200, fragment="update")


async def _apply_first(request: Request, code: str, add: int, return_to: str) -> Response:
    """The button was pressed with a code in the field: apply it, show what is due then, and charge nothing yet."""
    deps, person = deps_of(request), person_of(request)
    tried = await apply_code(deps, person, _id(request), add, code, guesser_of(request))
    shown = tried.page.shown
    found = tried.problem or applied_first(shown.quote.due_now if shown else None)
    view = _view(deps, tried.page, return_to=return_to, problems=(found,), code=code if tried.problem else "")
    return page(request, TEMPLATE, view, status=found.id.status)


async def _again(
    request: Request,
    person: Person,
    form: FormData,
    problems: tuple[Problem, ...],
    *,
    add: int,
    base: int | None,
    return_to: str,
) -> Response:
    """Show the page as it is by now; when the seats moved, that is what went wrong."""
    deps = deps_of(request)
    found = await read_seat_page(deps, person, _id(request), add or None)
    if add:
        problems = moved(found.owned, base, problems)
    view = _view(deps, found, return_to=return_to, problems=problems, typed=one(form, "add"), code=one(form, "code"))
    return page(request, TEMPLATE, view, status=problems[0].id.status)


def _sign_in_first(request: Request, form: FormData, return_to: str) -> Response:
    """The session ended meanwhile: sign in, and come back with the number and the code that were typed."""
    typed = {"add": one(form, "add")[:40], "promo": carried_code(form)[:200], "return_to": return_to}
    return see_other(request, link("/login", next=link("/buy/seats", subscription=_id(request), **typed)))


def _typed(deps: Deps, form: FormData) -> tuple[int, tuple[Problem, ...], str]:
    reader = Reader(form)
    add = typed_seats(deps, reader, "add")
    return add, reader.problems, allowed_return(reader.typed("return_to"), deps.config.return_to)


def _view(
    deps: Deps,
    found: SeatPage,
    *,
    return_to: str,
    problems: tuple[Problem, ...] = (),
    typed: str = "",
    notice: str = "",
    alerts: tuple[AlertLine, ...] = (),
    code: str = "",
) -> SeatsView:
    owned, subscription, unpriced = found.owned, found.owned.subscription, wrong_number(problems)
    bill = change_bill(deps, subscription, found.shown, found.promo) if found.shown and not unpriced else None
    more = wording.more_seats(found.add)
    path = _path(subscription.subscription_id)
    promo = promo_part(deps, found.promo, f"{path}/promo-code", problems=problems, typed=code)
    in_use = owned.usage.seats_in_use if owned.usage else None
    return SeatsView(
        path=path,
        card_path=f"{wording.subscription_path(subscription.subscription_id)}/card",
        renewal_path=f"{wording.subscription_path(subscription.subscription_id)}/renewal",
        renew_more_path=_renew_more_path(deps, found),
        next_term_note=_next_term_note(deps, subscription),
        booked_note=_booked_note(deps, subscription),
        subscription_path=wording.subscription_path(subscription.subscription_id),
        for_whom=owned.group_name or "your own servers",
        plan_name=wording.plan_name(deps.catalog, subscription.plan),
        seats=subscription.seats,
        in_use=in_use,
        add=typed or str(found.add),
        most=max(found.most, 1),
        owed_text=_owed_text(owned.seats_owed) if found.is_owed else "",
        bill=bill,
        sentence=_sentence(more, bill),
        after=_after(bill),
        button=_button(bill, found.add),
        card=card_text(found.cards),
        cards_path=owned.cards_path,
        is_card_known=found.cards is not None,
        base=subscription.seats,
        unpriced=unpriced,
        attempt_id=new_id("att"),
        return_to=return_to,
        blocker=found.problem,
        way_out=card_way_out(deps, owned) if found.needs_card else way_out(deps, owned),
        renews=subscription.cancel_at is None,
        ends_at=subscription.ends_at,
        is_last_days=bill is not None and bill.days_left <= deps.catalog.rules.renewal_notice_days,
        suggests_sales=subscription.seats + found.add >= deps.catalog.rules.seats.suggest_sales_from,
        sales_path=sales_path(subscription, link(path, add=found.add), subscription.seats + found.add),
        alerts=alerts,
        problems=problems,
        notice=notice,
        money_note=NOT_CHARGED if problems else "",
        announcement=" ".join(part for part in (notice, promo.told_text, told(bill, unpriced)) if part),
        promo=promo,
    )


def _renew_more_path(deps: Deps, found: SeatPage) -> str:
    if not found.owned.can_renew or is_fixed_renewal(deps, found.owned):
        return ""
    subscription = found.owned.subscription
    path = f"{wording.subscription_path(subscription.subscription_id)}/renewal/payment"
    return link(path, seats=subscription.seats + found.add)


def _next_term_note(deps: Deps, subscription: Subscription) -> str:
    """Say what the next term has where that is paid already: seats that are added now end with this one.

    Where a paid term always has what runs, they are paid for until its end, too.
    """
    if subscription.paid_until is None:
        return ""
    if Capability.RESHAPED_RENEWAL not in deps.vendors[subscription.vendor].capabilities:
        until = formats.date(subscription.paid_until)
        return f"The next term is paid already: what you add now is paid for until {until}."
    seats = subscription.booked.quantity if subscription.booked else subscription.seats
    starts = formats.date(subscription.ends_at)
    return f"The next term is paid for {wording.seats(seats)}: what you add now ends on {starts}; add it again then."


def _booked_note(deps: Deps, subscription: Subscription) -> str:
    booked = subscription.booked
    if booked is None or subscription.paid_until is not None or subscription.cancel_at is not None:
        return ""
    row = next((row for row in deps.catalog.prices if row.id == booked.offer), None)
    plan = wording.plan_name(deps.catalog, row.item if row else subscription.plan)
    starts, what = formats.date(subscription.ends_at), f"{plan} with {wording.seats(booked.quantity)}"
    return f"From {starts} you have booked {what}: adding seats now leaves that as it is."


def _owed_text(owed: int) -> str:
    return f"This covers the {formats.counted(owed, 'person', 'people')} above your seats."


def _sentence(more: str, bill: ChangeBill | None) -> str:
    if bill is None:
        return ""
    days = formats.counted(bill.days_left, "day")
    next_term = ", and the next term" if bill.has_next_term else ""
    return f"{more} until {formats.date(bill.ends_at)} ({days}{next_term})"


def _after(bill: ChangeBill | None) -> str:
    if bill is None or bill.next_at is None or bill.next_net is None:
        return ""
    text = f"From {formats.date(bill.next_at)} you pay {formats.money(bill.next_net)} a year"
    if bill.next_total is None or bill.next_total == bill.next_net:
        return f"{text}{'' if bill.next_total else ', plus tax'}."
    return f"{text}, {formats.money(bill.next_total)} with tax."


def _button(bill: ChangeBill | None, add: int) -> str:
    return f"Pay {bill.due} and add {wording.seats(add)}" if bill else ""


def _id(request: Request) -> str:
    found: str = request.path_params["subscription_id"]
    if not found:
        raise NotYours(found)
    return found


def _path(subscription_id: str) -> str:
    return f"{wording.subscription_path(subscription_id)}/seat-changes"


def _text(request: Request, name: str) -> str:
    return (clean_text(one(request.query_params, name)) or "")[:200]


routes = [
    Route("/buy/seats", deep_link, methods=["GET"]),
    Route("/subscriptions/{subscription_id}/seat-changes", show, methods=["GET"]),
    Route("/subscriptions/{subscription_id}/seat-changes", submit, methods=["POST"]),
    Route("/subscriptions/{subscription_id}/seat-changes/quote", update, methods=["POST"]),
    Route("/subscriptions/{subscription_id}/seat-changes/promo-code", promo_code, methods=["POST"]),
]
