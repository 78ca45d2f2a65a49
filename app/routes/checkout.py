"""The checkout: one page, its live updates, and the button."""

from dataclasses import fields, replace

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app import formats
from app.core.problems import Problem, ProblemId, problem
from app.flows import checkout_page, confirm, wording
from app.flows.campaigns.at_checkout import apply_code, remove_code
from app.flows.checkout_page import Checkout
from app.flows.confirm import Confirmation, Shown, new_attempt
from app.flows.deps import Deps
from app.flows.mixed_cart import extra_problem, sold_along
from app.orders.intents import Details
from app.orders.store import Order
from app.routes.billing_view import typed_details
from app.routes.buy import HOSTED
from app.routes.checkout_view import Typed, checkout_view
from app.routes.promo_field import applied_first, carried_code, guesser_of
from app.routes.signed_in import is_live
from app.web.deps import deps_of
from app.web.forms import Reader, is_email, one, whole_number
from app.web.render import link, page, see_other
from app.web.session import current_actor

TEMPLATE = "checkout/checkout.html"
_LENGTHS = {"email": 254, "region": 100, "postal_code": 40, "tax_id": 60}
_NOTICES = {
    "seats": "The number in the link was not possible here: check it before you go on.",
    "unpaid": "You went to the payment page and did not pay: nothing was charged. You can go on, or change your order.",
}
_DETAILS = tuple(field.name for field in fields(Details))


async def show(request: Request) -> Response:
    """The page, priced by the vendor as it is read."""
    deps, intent_id = deps_of(request), request.path_params["intent_id"]
    if current_actor(request).person is None:
        return _sign_in(request)
    found = await checkout_page.visit(deps, current_actor(request), intent_id, guesser=guesser_of(request))
    if isinstance(found, Order):
        return see_other(request, wording.order_path(found.order_id))
    refused = checkout_page.order_problem(found.order)
    told = (found.blocker, refused)
    problems = tuple(each for each in told if each and each.id is not ProblemId.E_CHANNEL)  # which is nobody's mistake
    notice = "unpaid" if checkout_page.is_unpaid(found.order) else one(request.query_params, "notice")
    view = checkout_view(
        deps,
        found,
        problems=problems,
        change_billing=one(request.query_params, "change") == "billing",
        notice=_NOTICES.get(notice, ""),
    )
    return page(request, TEMPLATE, view, status=_status(found.blocker, read=True))


async def update(request: Request) -> Response:
    """Seats, group or address changed: keep them and show what is due now. Nothing is judged as missing yet."""
    deps, actor, intent_id = deps_of(request), current_actor(request), request.path_params["intent_id"]
    form = await request.form()
    if actor.person is None:
        return await _park(request, form)
    if carried_code(form) and not is_live(request):
        return await promo_code(request)
    typed, command = _read(deps, form)
    intent = await checkout_page.open_intent(deps, actor, intent_id)
    was = intent
    intent = await confirm.keep(deps, actor, intent, command)
    checkout = await checkout_page.read_checkout(deps, actor, intent)
    problems = tuple(found for found in command.problems if found.field in ("seats", "packs"))
    typed = Typed(
        seats=typed.seats if problems else "",
        packs=typed.packs if problems else "",
        instance_users=typed.instance_users,
        details=typed.details,
        terms=typed.terms,
        card=typed.card,
        place_changed=command.details is not None and command.details.country != was.details.country,
        group_changed=intent.choice.group_id != was.choice.group_id,
    )
    if not is_live(request) and not problems:
        return see_other(request, wording.checkout_path(intent_id))
    view = checkout_view(deps, checkout, problems=problems, typed=typed)
    status = 422 if problems else _status(checkout.blocker, read=True)
    return page(request, TEMPLATE, view, status=status, fragment="update")


async def submit(request: Request) -> Response:
    """The button: order what the page showed, and go on to pay; or the same page with what is wrong."""
    deps, intent_id = deps_of(request), request.path_params["intent_id"]
    form = await request.form()
    if current_actor(request).person is None:
        return await _park(request, form)
    typed, command = _read(deps, form)
    code = carried_code(form)
    if code:
        return await _apply_first(request, typed, command, code)
    try:
        step = await confirm.confirm(deps, current_actor(request), intent_id, command)
    except Shown as shown:
        return _again(request, shown.checkout, shown.problems, typed)
    return RedirectResponse(step.url, status_code=303) if not is_live(request) else see_other(request, step.url)


async def promo_code(request: Request) -> Response:
    """A code is removed, or the typed one tried, or both. What else was typed is kept, and nothing is ordered."""
    deps, actor, intent_id = deps_of(request), current_actor(request), request.path_params["intent_id"]
    form = await request.form()
    if actor.person is None:
        return await _park(request, form)
    command = _read(deps, form)[1]
    if "country" in form or "seats" in form or "packs" in form:
        await confirm.keep(deps, actor, await checkout_page.open_intent(deps, actor, intent_id), command)
    removed, code = one(form, "remove"), Reader(form).typed("code")
    if removed:
        checkout, found = await remove_code(deps, actor, intent_id, removed), None
    if not removed or carried_code(form):
        tried = await apply_code(deps, actor, intent_id, code, guesser_of(request))
        checkout, found = tried.page, tried.problem
    if found is None and not is_live(request):
        return see_other(request, wording.checkout_path(intent_id))
    problems = (found,) if found else ()
    typed = Typed(
        terms=command.terms,
        agreement=command.agreement,
        card=_chosen_card(checkout, form),
        place_changed=False,
        code=code,
    )
    view = checkout_view(deps, checkout, problems=problems, typed=typed)
    return page(request, TEMPLATE, view, status=found.id.status if found else 200, fragment="update")


async def _park(request: Request, form: FormData) -> Response:
    """The session ended meanwhile: keep what was typed, the code too, and send the buyer to sign in."""
    deps = deps_of(request)
    await confirm.park(deps, request.path_params["intent_id"], _read(deps, form)[1], carried_code(form))
    return _sign_in(request)


async def _apply_first(request: Request, typed: Typed, command: Confirmation, code: str) -> Response:
    """The button was pressed with a code in the field: apply it, show what is due then, and charge nothing yet."""
    deps, actor, intent_id = deps_of(request), current_actor(request), request.path_params["intent_id"]
    await confirm.keep(deps, actor, await checkout_page.open_intent(deps, actor, intent_id), command)
    tried = await apply_code(deps, actor, intent_id, code, guesser_of(request))
    found = tried.problem or applied_first(tried.page.priced.total if tried.page.priced else None)
    return _again(request, tried.page, (found,), replace(typed, code=code if tried.problem else ""))


def _chosen_card(checkout: Checkout, form: FormData) -> str:
    return Reader(form).text("card", most=255) or (checkout.cards[0].ref if checkout.cards else "")


def _again(request: Request, checkout: Checkout, problems: tuple[Problem, ...], typed: Typed) -> Response:
    view = checkout_view(deps_of(request), checkout, problems=problems, typed=typed)
    return page(request, TEMPLATE, view, status=_status(problems[0], read=False))


def _read(deps: Deps, form: FormData) -> tuple[Typed, Confirmation]:
    reader = Reader(form)
    typed_seats, seats = _seats(deps, reader) if "seats" in form or "packs" not in form else _packs(deps, reader)
    typed_extra, extra = _extra(deps, reader) if "seats" in form and "packs" in form else ("", None)
    users = reader.optional_number(
        "instance_users",
        least=0,
        most=10_000_000,
        otherwise=problem(ProblemId.E_INPUT, "instance_users", text="Enter the users as a whole number, like 120."),
    )
    details = _details(reader) if "country" in form else None
    card = reader.text("card", most=255)
    command = Confirmation(
        attempt_id=reader.text("attempt", most=40) or new_attempt(),
        quote_id=reader.text("quote", most=40),
        total=whole_number(reader.typed("total")),
        group_id=reader.text("group", most=255),
        seats=seats,
        seats_proposed=whole_number(reader.typed("seats_proposed")),
        packs=extra,
        instance_users=users,
        details=details,
        tax_id_shown=reader.text("tax_id_shown", most=60),
        terms=reader.ticked("terms"),
        agreement=reader.ticked("agreement"),
        card="" if card == "new" else card,
        problems=reader.problems,
    )
    typed = Typed(
        seats="" if typed_seats == reader.typed("seats_proposed") else typed_seats,
        packs=typed_extra,
        instance_users=reader.typed("instance_users"),
        details=typed_details({name: reader.typed(name) for name in _DETAILS}) if details else None,
        terms=command.terms,
        agreement=command.agreement,
        card=card,
    )
    return typed, command


def _seats(deps: Deps, reader: Reader) -> tuple[str, int | None]:
    most = deps.catalog.rules.seats.self_serve_max
    typed = reader.typed("seats")
    number = whole_number(typed)
    is_over = number is not None and number > most
    wrong = problem(ProblemId.E_SEATS_MAX if is_over else ProblemId.E_SEATS, "seats", most=formats.number(most))
    return typed, reader.whole_number("seats", least=1, most=most, otherwise=wrong) or None


def _packs(deps: Deps, reader: Reader) -> tuple[str, int | None]:
    """How many of which add-on is judged with the rest of the checkout; here it is only a number."""
    most = max((addon.max_packs for addon in deps.catalog.addons), default=1)
    text = f"Enter the number of packs as a whole number from 1 to {most}, like 2."
    wrong = problem(ProblemId.E_INPUT, "packs", text=text)
    return reader.typed("packs"), reader.whole_number("packs", least=1, most=most, otherwise=wrong) or None


def _extra(deps: Deps, reader: Reader) -> tuple[str, int | None]:
    """The packs that go along with a plan: an empty field is none of them, None is what cannot be read."""
    addon = sold_along(deps.catalog, HOSTED)
    most = addon.max_packs if addon else 0
    wrong = extra_problem(most)
    before = len(reader.problems)
    packs = reader.optional_number("packs", least=0, most=most, otherwise=wrong) or 0
    return reader.typed("packs"), packs if len(reader.problems) == before else None


def _details(reader: Reader) -> Details:
    values = {name: reader.text(name, most=_LENGTHS.get(name, 255)) for name in _DETAILS}
    if values["email"] and not is_email(values["email"]):
        text = "Enter an e-mail address like name@example.com."
        reader.refuse(problem(ProblemId.E_INPUT, "email", text=text))
    country = values["country"].upper()
    if len(country) > 2:
        country = ""
    return Details(**{**values, "country": country})


def _sign_in(request: Request) -> Response:
    path = wording.checkout_path(request.path_params["intent_id"])
    notice = one(request.query_params, "notice")
    return see_other(request, link("/login", next=link(path, notice=notice)))


def _status(found: Problem | None, *, read: bool) -> int:
    """A page that is only read says 200 but for what its reader cannot mend: a foreign group, a neighbour down."""
    if found is None:
        return 200
    return found.id.status if not read or found.id.status in (403, 503) else 200


routes = [
    Route("/checkouts/{intent_id}", show, methods=["GET"]),
    Route("/checkouts/{intent_id}", submit, methods=["POST"]),
    Route("/checkouts/{intent_id}/seats", update, methods=["POST"]),
    Route("/checkouts/{intent_id}/address", update, methods=["POST"]),
    Route("/checkouts/{intent_id}/promo-code", promo_code, methods=["POST"]),
]
