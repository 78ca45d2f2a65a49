"""Talk to sales: the form, the answer with a reference, and the way back to the cart."""

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.problems import Problem, ProblemId, Refused, problem
from app.flows.choose_plan import DEPLOYMENTS
from app.flows.deps import Deps
from app.flows.talk_to_sales import MOST_SEATS, AskSales, ask_sales, known_of, sent_request
from app.web.addresses import HOME, safe_path
from app.web.deps import deps_of
from app.web.forms import Fields, Reader, one
from app.web.render import link, page, see_other
from app.web.session import current_actor, ensure_visitor
from app.web.visits import visit_keys

_CHECKOUT = re.compile(r"/checkouts/(int_[0-9a-z]{20})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesForm:
    """The form as it stands: what was typed, known or asked for by a link; ``next_path`` leads back to the cart."""

    name: str
    company: str
    email: str
    plan: str
    plans: tuple[tuple[str, str], ...]
    deployment: str
    seats: str
    message: str
    website: str
    is_consenting: bool
    next_path: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesAnswer:
    """What was sent, with its reference."""

    lead_id: str
    email: str
    continue_path: str
    has_cart: bool


async def show_form(request: Request) -> Response:
    """Show the form, filled with what the link and the sign-in tell."""
    deps = deps_of(request)
    query = request.query_params
    known = await known_of(deps, current_actor(request))
    plans = _plan_options(deps)
    view = SalesForm(
        name=known.name,
        company=known.company,
        email=known.email,
        plan=_among(one(query, "plan"), [key for key, _name in plans]),
        plans=plans,
        deployment=_among(one(query, "deployment"), DEPLOYMENTS),
        seats=one(query, "seats")[:20],
        message="",
        website="",
        is_consenting=False,
        next_path=_next_path(query),
    )
    return page(request, "sales.html", view)


async def send_form(request: Request) -> Response:
    """Take the request, then show its reference; the same page with the problems when it cannot be taken."""
    deps = deps_of(request)
    form = Reader(await request.form(max_files=0, max_fields=50))
    asked = _read(form, deps)
    if not form.problems:
        actor = await ensure_visitor(request)
        network = request.client.host if request.client else ""
        try:
            lead_id = await ask_sales(deps, actor, asked, network=network, visits=visit_keys(request))
            back = "" if asked.intent_id else _next_path(form.fields)  # the request itself knows its checkout
            return see_other(request, link(f"/sales/{lead_id}", next=back))
        except Refused as refused:
            form.refuse(*refused.problems)
    return page(request, "sales.html", _again(form, deps), status=form.problems[0].id.status)


async def show_answer(request: Request) -> Response:
    """Show the reference to the browser that sent the request."""
    lead = await sent_request(deps_of(request), current_actor(request), request.path_params["lead_id"])
    plans_path = link("/plans", plan=lead.plan, deployment=lead.deployment, seats=lead.seats or "")
    cart = f"/checkouts/{lead.intent_id}" if lead.intent_id else _next_path(request.query_params)
    view = SalesAnswer(lead_id=lead.lead_id, email=lead.email, continue_path=cart or plans_path, has_cart=cart != "")
    return page(request, "sales_sent.html", view)


routes = [
    Route("/sales", show_form),
    Route("/sales", send_form, methods=["POST"]),
    Route("/sales/{lead_id}", show_answer),
]


def _read(form: Reader, deps: Deps) -> AskSales:
    plans = [key for key, _name in _plan_options(deps)]
    seats = problem(ProblemId.E_INPUT, "seats", text="Enter the number of seats as a whole number, like 25.")
    asked = AskSales(
        name=form.text("name", most=255, missing="Enter your name."),
        company=form.text("company", most=255),
        email=form.email("email", missing="Enter your e-mail address, so that we can answer."),
        plan=form.choice("plan", ("", *plans), missing="Choose a plan, or “Not sure yet”."),
        deployment=_among(form.typed("deployment"), DEPLOYMENTS),
        seats=form.optional_number("seats", least=1, most=MOST_SEATS, otherwise=seats) or 0,
        message=form.paragraphs("message", most=4000),
        consent=form.ticked("consent", missing="Tick the box, so that we may use these details to answer you."),
        intent_id=_intent_id(_next_path(form.fields)),
    )
    if form.typed("website"):
        # a person does not see this field; one whose browser filled it in is told how to go on
        form.refuse(problem(ProblemId.E_INPUT, "website", text="Leave this field empty: it is there to stop machines."))
    return asked


def _again(form: Reader, deps: Deps) -> SalesForm:
    return SalesForm(
        name=form.typed("name"),
        company=form.typed("company"),
        email=form.typed("email"),
        plan=form.typed("plan"),
        plans=_plan_options(deps),
        deployment=_among(form.typed("deployment"), DEPLOYMENTS),
        seats=form.typed("seats")[:20],
        message=form.typed("message"),
        website=form.typed("website"),
        is_consenting=form.typed("consent") != "",
        next_path=_next_path(form.fields),
        problems=form.problems,
    )


def _plan_options(deps: Deps) -> tuple[tuple[str, str], ...]:
    return tuple((plan.key, plan.name) for plan in deps.catalog.sellable_plans)


def _among(value: str, allowed: tuple[str, ...] | list[str]) -> str:
    return value if value in allowed else ""


def _next_path(fields: Fields) -> str:
    """Return the page of ours to go on with, empty when the link names none."""
    path = safe_path(one(fields, "next"))
    return "" if path == HOME else path


def _intent_id(path: str) -> str:
    found = _CHECKOUT.match(path)
    return found[1] if found else ""
