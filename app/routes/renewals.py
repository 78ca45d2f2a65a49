"""The renewal of a subscription: what will be charged, other seats, off with a reason and on again."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import formats
from app.core.ids import new_id
from app.core.problems import Problem, ProblemId, Refused, problem
from app.flows import wording
from app.flows.deps import Deps
from app.flows.renewals import renewal
from app.flows.renewals.pay import is_fixed_renewal
from app.flows.renewals.renewal import REASONS, RenewalPage, read_renewal
from app.routes.alert_lines import alerts_of
from app.routes.change_bill import card_text
from app.routes.change_form import read_status, typed_seats
from app.routes.signed_in import person_of, sign_in
from app.routes.subscriptions import renewal_text, sales_path, subscription_title
from app.routes.way_out import WayOut, way_out
from app.subscriptions.eligibility import Reason
from app.web.deps import deps_of
from app.web.forms import Reader, whole_number
from app.web.render import AlertLine, page, see_other
from app.web.session import current_actor

TEMPLATE = "subscriptions/renewal.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalView:
    """The page; ``renew_with`` is the number of people when fewer seats than that were wanted, 0 otherwise.

    ``is_fixed``: before its day the term can be paid only as it runs now. ``is_switch``: the vendor lets renewal be
    turned off and on, and takes no other change.
    """

    title: str
    path: str
    card_path: str
    plan_path: str
    back: tuple[str, str]
    members_url: str
    payment_path: str
    is_fixed: bool
    renews: bool
    is_paid: bool
    last_day: str
    is_booked: bool
    text: str
    card: str
    is_card_known: bool
    ends: str
    base: int
    seats: str
    most: int
    in_use: int | None
    renew_with: int
    reasons: tuple[tuple[str, str, str], ...]
    reason: str
    comment: str
    attempt_id: str
    blocker: Problem | None
    is_switch: bool
    switch_note: str
    way_out: WayOut
    suggests_sales: bool
    sales_path: str
    alerts: tuple[AlertLine, ...]
    problems: tuple[Problem, ...]
    money_note: str
    announcement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What the form said, to be shown again."""

    seats: str = ""
    reason: str = ""
    comment: str = ""


async def show(request: Request) -> Response:
    """What happens at the end of the term."""
    if current_actor(request).person is None:
        return sign_in(request)
    return await _page(request, (), Typed())


async def turn(request: Request) -> Response:
    """Turn automatic renewal off, for which a reason is asked, or on."""
    reader = Reader(await request.form())
    is_on = reader.typed("decision") == "renew"
    keys = tuple(key for key, _text in REASONS)
    reason = "" if is_on else reader.choice("reason", keys, missing="Choose why you turn it off.")
    comment = reader.paragraphs("comment", most=1000)
    typed = Typed(reason=reason, comment=reader.typed("comment"))
    try:
        if reader.problems:
            raise Refused(*reader.problems)
        await renewal.turn(
            deps_of(request),
            person_of(request),
            _id(request),
            is_on=is_on,
            reason=reason,
            comment=comment,
            attempt_id=reader.text("attempt", most=40),
        )
    except Refused as refused:
        return await _page(request, refused.problems, typed)
    return see_other(request, _path(_id(request)))


async def book_seats(request: Request) -> Response:
    """Let another number of seats renew."""
    deps, reader = deps_of(request), Reader(await request.form())
    seats = typed_seats(deps, reader, "seats")
    base = whole_number(reader.typed("base"))
    try:
        if reader.problems or base is None:
            raise Refused(*reader.problems or (problem(ProblemId.E_QUOTE),))
        attempt_id = reader.text("attempt", most=40)
        await renewal.book_seats(deps, person_of(request), _id(request), base=base, seats=seats, attempt_id=attempt_id)
    except Refused as refused:
        return await _page(request, refused.problems, Typed(seats=reader.typed("seats")))
    return see_other(request, _path(_id(request)))


async def undo(request: Request) -> Response:
    """Let renew what runs now."""
    reader = Reader(await request.form())
    try:
        await renewal.undo(
            deps_of(request), person_of(request), _id(request), attempt_id=reader.text("attempt", most=40)
        )
    except Refused as refused:
        return await _page(request, refused.problems, Typed())
    return see_other(request, _path(_id(request)))


async def _page(request: Request, problems: tuple[Problem, ...], typed: Typed) -> Response:
    deps, person = deps_of(request), person_of(request)
    found = await read_renewal(deps, person, _id(request), with_packs=True)
    alerts = await alerts_of(request, deps, person, found.owned) if request.method == "GET" else ()
    status = problems[0].id.status if problems else read_status(found.problem)
    return page(request, TEMPLATE, _view(deps, found, problems, typed, alerts), status=status)


def _view(
    deps: Deps, found: RenewalPage, problems: tuple[Problem, ...], typed: Typed, alerts: tuple[AlertLine, ...]
) -> RenewalView:
    owned, subscription = found.owned, found.owned.subscription
    path, text = wording.subscription_path(subscription.subscription_id), renewal_text(deps, found)
    in_use = owned.usage.seats_in_use if owned.usage else None
    is_switch = owned.reason is Reason.UNCHANGEABLE and owned.is_fresh
    is_short = any(each.id is ProblemId.E_SEATS_RENEW for each in problems)
    is_fixed = is_fixed_renewal(deps, owned)
    can_pay = owned.can_renew and not subscription.is_of_packs  # what has a page where it is paid by hand
    return RenewalView(
        title=subscription_title(deps, subscription, owned.group_name),
        path=f"{path}/renewal",
        card_path=f"{path}/card",
        plan_path=f"{path}/plan-changes",
        back=("/subscriptions", "Your subscriptions")
        if subscription.is_of_packs
        else (path, "Back to the subscription"),
        members_url=f"{deps.config.product_home}/groups/{subscription.group_id}",
        payment_path=f"{path}/renewal/payment" if can_pay and not (is_fixed and found.is_booked) else "",
        is_fixed=is_fixed,
        renews=found.renews,
        is_paid=subscription.paid_until is not None,
        last_day=formats.date(subscription.paid_until or subscription.ends_at),
        is_booked=found.is_booked,
        text=text,
        card=card_text(found.cards),
        is_card_known=found.cards is not None,
        ends=formats.date(subscription.ends_at),
        base=subscription.seats,
        seats=typed.seats or str(found.seats),
        most=deps.catalog.rules.seats.self_serve_max,
        in_use=in_use,
        renew_with=(in_use or 0) if is_short else 0,
        reasons=tuple((key, words, "") for key, words in REASONS),
        reason=typed.reason,
        comment=typed.comment,
        attempt_id=new_id("att"),
        blocker=None if is_switch else found.problem,
        is_switch=is_switch or subscription.is_of_packs,
        switch_note=found.problem.text if is_switch and found.problem else "",
        way_out=way_out(deps, owned),
        suggests_sales=found.seats >= deps.catalog.rules.seats.suggest_sales_from,
        sales_path=sales_path(subscription, f"{path}/renewal", found.seats),
        alerts=alerts,
        problems=problems,
        money_note="Nothing was changed. You have not been charged." if problems else "",
        announcement=f"{text}.",
    )


def _id(request: Request) -> str:
    found: str = request.path_params["subscription_id"]
    return found


def _path(subscription_id: str) -> str:
    return f"{wording.subscription_path(subscription_id)}/renewal"


routes = [
    Route("/subscriptions/{subscription_id}/renewal", show, methods=["GET"]),
    Route("/subscriptions/{subscription_id}/renewal", turn, methods=["POST"]),
    Route("/subscriptions/{subscription_id}/renewal/seats", book_seats, methods=["POST"]),
    Route("/subscriptions/{subscription_id}/renewal/undo", undo, methods=["POST"]),
]
