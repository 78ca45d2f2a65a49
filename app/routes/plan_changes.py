"""Another plan: the page with what it costs now or at the end of the term, its live update, and the button."""

from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app import formats
from app.core.ids import new_id
from app.core.problems import Problem, ProblemId, Refused, problem
from app.flows import wording
from app.flows.change_plan import PlanPage, change_plan, read_plan_page, too_few
from app.flows.deps import Deps
from app.routes.alert_lines import alerts_of
from app.routes.change_bill import ChangeBill, card_text, change_bill, told
from app.routes.change_form import moved, plan_choices, press_of, read_status, typed_seats
from app.routes.signed_in import is_live, person_of, sign_in
from app.routes.subscriptions import sales_path, subscription_title
from app.routes.way_out import WayOut, card_way_out, way_out
from app.routes.wrong_number import wrong_number
from app.web.deps import deps_of
from app.web.forms import Reader, one, whole_number
from app.web.render import AlertLine, link, page, see_other
from app.web.session import current_actor

TEMPLATE = "subscriptions/plan.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """The page; of a lower plan ``bill`` says what the next term costs, and nothing is due now.

    ``unpriced``: what is wrong with the number that was typed; then there is no price. ``ends``: the day on which
    all of it ends, because automatic renewal is off; empty where it renews.
    """

    title: str
    path: str
    card_path: str
    subscription_path: str
    plan_now: str
    plans: tuple[tuple[str, str, str], ...]
    plan: str
    plan_name: str
    is_upgrade: bool
    seats: str
    least: int
    most: int
    base: int
    bill: ChangeBill | None
    unpriced: Problem | None
    ends: str
    renewal_path: str
    sentence: str
    after: str
    hint: str
    button: str
    card: str
    cards_path: str
    is_card_known: bool
    attempt_id: str
    blocker: Problem | None
    way_out: WayOut
    suggests_sales: bool
    sales_path: str
    alerts: tuple[AlertLine, ...]
    problems: tuple[Problem, ...]
    money_note: str
    announcement: str


async def show(request: Request) -> Response:
    """The page, priced by the vendor as it is read."""
    if current_actor(request).person is None:
        return sign_in(request)
    query = request.query_params
    seats = whole_number(one(query, "seats"))
    deps, person = deps_of(request), person_of(request)
    found = await read_plan_page(deps, person, _id(request), plan=one(query, "plan"), seats=seats)
    alerts = await alerts_of(request, deps, person, found.owned)
    return page(request, TEMPLATE, _view(deps, found, alerts=alerts), status=read_status(found.problem))


async def update(request: Request) -> Response:
    """Another plan or number was chosen: show what that costs. Nothing is ordered."""
    deps, form = deps_of(request), await request.form()
    plan, seats, problems = _typed(deps, form)
    if current_actor(request).person is None:
        return see_other(request, link("/login", next=link(_path(_id(request)), plan=plan, seats=seats or "")))
    person = person_of(request)
    if not is_live(request) and not problems:
        return see_other(request, link(_path(_id(request)), plan=plan, seats=seats))
    found = await read_plan_page(deps, person, _id(request), plan=plan, seats=seats or None)
    if seats and seats != found.seats:
        problems = (too_few(found.seats),)
    view = _view(deps, found, problems=problems, typed=one(form, "seats") if problems else "")
    return page(request, TEMPLATE, view, status=422 if problems else read_status(found.problem), fragment="update")


async def submit(request: Request) -> Response:
    """The button: order what the page showed, or book it for the end of the term."""
    deps, form = deps_of(request), await request.form()
    plan, seats, problems = _typed(deps, form)
    if current_actor(request).person is None:
        return see_other(request, link("/login", next=link(_path(_id(request)), plan=plan, seats=seats or "")))
    person = person_of(request)
    base = whole_number(one(form, "base"))
    try:
        if problems or base is None:
            raise Refused(*problems or (problem(ProblemId.E_QUOTE),))
        press = press_of(form)
        step = await change_plan(deps, person, _id(request), base=base, plan=plan, seats=seats, press=press)
    except Refused as refused:
        found = await read_plan_page(deps, person, _id(request), plan=plan, seats=seats or None)
        view = _view(deps, found, problems=moved(found.owned, base, refused.problems), typed=one(form, "seats"))
        return page(request, TEMPLATE, view, status=view.problems[0].id.status)
    if step is None:
        return see_other(request, f"{wording.subscription_path(_id(request))}/renewal")
    return see_other(request, step.url) if is_live(request) else RedirectResponse(step.url, status_code=303)


def _typed(deps: Deps, form: FormData) -> tuple[str, int, tuple[Problem, ...]]:
    reader = Reader(form)
    seats = typed_seats(deps, reader, "seats")
    return reader.text("plan", most=60), seats, reader.problems


def _view(
    deps: Deps,
    found: PlanPage,
    *,
    problems: tuple[Problem, ...] = (),
    typed: str = "",
    alerts: tuple[AlertLine, ...] = (),
) -> PlanView:
    owned, subscription = found.owned, found.owned.subscription
    path, unpriced = wording.subscription_path(subscription.subscription_id), wrong_number(problems)
    bill = change_bill(deps, subscription, found.shown) if found.shown and not unpriced else None
    name = wording.plan_name(deps.catalog, found.plan) if found.plan else ""
    packs = wording.packs_held(deps.catalog, subscription.packs)
    return PlanView(
        title=subscription_title(deps, subscription, owned.group_name),
        path=f"{path}/plan-changes",
        card_path=f"{path}/card",
        subscription_path=path,
        plan_now=wording.plan_name(deps.catalog, subscription.plan),
        plans=plan_choices(deps, found.plans),
        plan=found.plan,
        plan_name=name,
        is_upgrade=found.is_upgrade,
        seats=typed or str(found.seats),
        least=subscription.seats if found.is_upgrade else 1,
        most=deps.catalog.rules.seats.self_serve_max,
        base=subscription.seats,
        bill=bill,
        unpriced=unpriced,
        ends="" if subscription.cancel_at is None else formats.date(subscription.paid_until or subscription.ends_at),
        renewal_path=f"{path}/renewal",
        sentence=_sentence(found, bill, name),
        after=_after(bill, ", ".join(each for each in (name, packs) if each)),
        hint=_hint(deps, found),
        button=_button(found, bill, name),
        card=card_text(found.cards),
        cards_path=owned.cards_path,
        is_card_known=found.cards is not None,
        attempt_id=new_id("att"),
        blocker=found.problem,
        way_out=_way_out(deps, found),
        suggests_sales=found.seats >= deps.catalog.rules.seats.suggest_sales_from,
        sales_path=sales_path(
            subscription, link(f"{path}/plan-changes", plan=found.plan, seats=found.seats), found.seats
        ),
        alerts=alerts,
        problems=problems,
        money_note="You have not been charged. The plan is unchanged." if problems else "",
        announcement=told(bill, unpriced),
    )


def _way_out(deps: Deps, found: PlanPage) -> WayOut:
    if found.problem is not None and found.problem.id in (ProblemId.E_ENDS, ProblemId.E_RENEWED):
        renewal = f"{wording.subscription_path(found.owned.subscription.subscription_id)}/renewal"
        return WayOut(href=renewal, label="Look at the renewal")
    return card_way_out(deps, found.owned) if found.needs_card else way_out(deps, found.owned)


def _sentence(found: PlanPage, bill: ChangeBill | None, name: str) -> str:
    if bill is None:
        return ""
    days = formats.counted(bill.days_left, "day")
    return f"{name} for {wording.seats(found.seats)} until {formats.date(bill.ends_at)} ({days})"


def _after(bill: ChangeBill | None, name: str) -> str:
    if bill is None or bill.next_at is None or bill.next_net is None:
        return ""
    tax = f", {formats.money(bill.next_total)} with tax" if bill.next_total else ", plus tax"
    return f"From {formats.date(bill.next_at)}: {name}, {formats.money(bill.next_net)} a year{tax}."


def _hint(deps: Deps, found: PlanPage) -> str:
    plan = deps.catalog.plan(found.plan)
    if not found.is_upgrade or plan is None or not plan.free_roles:
        return ""
    roles = " and ".join(f"{role}s" for role in plan.free_roles)
    return f"On {plan.name}, {roles} use no seat: you may need fewer seats when you renew."


def _button(found: PlanPage, bill: ChangeBill | None, name: str) -> str:
    if bill is None:
        return ""
    if found.is_upgrade:
        return f"Pay {bill.due} and switch to {name}"
    return f"Change to {name} on {formats.date(bill.ends_at)}"


def _id(request: Request) -> str:
    found: str = request.path_params["subscription_id"]
    return found


def _path(subscription_id: str) -> str:
    return f"{wording.subscription_path(subscription_id)}/plan-changes"


routes = [
    Route("/subscriptions/{subscription_id}/plan-changes", show, methods=["GET"]),
    Route("/subscriptions/{subscription_id}/plan-changes", submit, methods=["POST"]),
    Route("/subscriptions/{subscription_id}/plan-changes/quote", update, methods=["POST"]),
]
