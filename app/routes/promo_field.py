"""What the forms around the promo field have in common: who tries codes, and a code that goes along with an order."""

from starlette.datastructures import FormData
from starlette.requests import Request

from app import formats
from app.core.money import Money
from app.core.problems import Problem, ProblemId, problem
from app.identity.limits import network_of
from app.promotions.misses import Guesser
from app.web.forms import Reader
from app.web.session import current_actor


def guesser_of(request: Request) -> Guesser:
    """Return who tries codes: wrong ones are counted for the browser, the person and the network."""
    actor = current_actor(request)
    return Guesser(
        session=actor.visitor_id,
        account=actor.person.person_id if actor.person else "",
        network=network_of(request.client.host if request.client else ""),
    )


def carried_code(form: FormData) -> str:
    """Return the code that stood in the promo field when the order's button was pressed.

    Empty when the page has just said that this very code does not apply: then the buyer goes on without it.
    """
    reader = Reader(form)
    code = reader.typed("code").strip()
    return "" if code == reader.typed("code_told").strip() else code


def applied_first(total: Money | None) -> Problem:
    """Return what is said when a code was applied in place of ordering."""
    if total is None:
        return problem(ProblemId.E_VENDOR)
    amount = formats.money(total)
    text = f"Your code was applied: the total is now {amount}. You have not been charged: check it and press again."
    return Problem(ProblemId.E_PRICE, text)
