"""What the forms of a change share: the seats that were typed, the press of the button, the answer's status."""

from starlette.datastructures import FormData

from app import formats
from app.core.problems import Problem, ProblemId, problem
from app.flows.change_order import Press
from app.flows.deps import Deps
from app.flows.own_subscriptions import Owned
from app.routes.subscriptions import is_away
from app.web.forms import Reader, whole_number


def typed_seats(deps: Deps, reader: Reader, field: str) -> int:
    """Read a number of seats that can be bought here; ``reader`` keeps what is wrong with it, and 0 is read then."""
    most = deps.catalog.rules.seats.self_serve_max
    typed = whole_number(reader.typed(field))
    is_over = typed is not None and typed > most
    wrong = problem(ProblemId.E_SEATS_MAX if is_over else ProblemId.E_SEATS, field, most=formats.number(most))
    return reader.whole_number(field, least=1, most=most, otherwise=wrong)


def press_of(form: FormData, return_to: str = "") -> Press:
    """Read what the button carried: which page it stood on, and the quote and total that it showed."""
    reader = Reader(form)
    return Press(
        attempt_id=reader.text("attempt", most=40),
        quote_id=reader.text("quote", most=40),
        total=whole_number(reader.typed("total")),
        return_to=return_to,
    )


def moved(owned: Owned, base: int | None, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return ``problems``, unless the seats are not what the page started from: then that is what went wrong."""
    seats = owned.subscription.seats
    if base is None or seats == base:
        return problems
    return (problem(ProblemId.E_CHANGED, seats=formats.number(seats)),)


def plan_choices(deps: Deps, keys: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Return plans as the options of a choice: key, name and blurb; one that the catalog has dropped is its key."""
    found = ((key, deps.catalog.plan(key)) for key in keys)
    return tuple((key, plan.name if plan else key, plan.blurb if plan else "") for key, plan in found)


def read_status(found: Problem | None) -> int:
    """Return the status of a page that is read: 503 while the vendor does not answer."""
    return 503 if is_away(found) else 200
