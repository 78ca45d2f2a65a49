"""Checking who is billed: which fields a country needs, and which formats are right.

A tax id is not among them: a wrong one is told beside the field and never stops an order, it only moves no tax.
"""

from app.catalog.countries import country_name, has_postal, is_country, postal_fits, region_word, regions
from app.core.problems import Problem, ProblemId, problem
from app.flows.deps import Deps
from app.orders.intents import Details

_MISSING = {
    "full_name": "Enter your full name.",
    "email": "Enter the e-mail address that receipts go to, like name@example.com.",
    "line1": "Enter the street and number.",
    "city": "Enter the town or city.",
    "postal_code": "Enter the postal code.",
}
_ORDER = {name: place for place, name in enumerate((*_MISSING, "region", "postal_code"))}


def details_problems(deps: Deps, details: Details) -> tuple[Problem, ...]:
    """Return all that is wrong with ``details`` in the form's order; a country that is not sold to stands alone."""
    if details.country in deps.catalog.rules.address.not_sold_to:
        return (problem(ProblemId.E_COUNTRY, "country"),)
    missing = _missing(deps, details)
    if not is_country(details.country):
        return (problem(ProblemId.E_INPUT, "country", text="Choose the country of the billing address."), *missing)
    return tuple(sorted((*missing, *_region(deps, details), *_postal(details)), key=lambda found: _ORDER[found.field]))


def _missing(deps: Deps, details: Details) -> tuple[Problem, ...]:
    rules = deps.catalog.rules.address
    needed = [name for name in rules.required if name in _MISSING]
    is_optional = details.country in rules.postal_optional_in or not has_postal(details.country)
    if is_optional and is_country(details.country):  # before one is chosen, the page asks for a code
        needed = [name for name in needed if name != "postal_code"]
    return tuple(problem(ProblemId.E_INPUT, name, text=_MISSING[name]) for name in needed if not getattr(details, name))


def _region(deps: Deps, details: Details) -> tuple[Problem, ...]:
    if details.country not in deps.catalog.rules.address.region_required_in:
        return ()
    if details.region in {code for code, _name in regions(details.country)}:
        return ()
    return (problem(ProblemId.E_ADDR_REGION, "region", region=region_word(details.country)),)


def _postal(details: Details) -> tuple[Problem, ...]:
    if not details.postal_code or postal_fits(details.country, details.postal_code):
        return ()
    return (problem(ProblemId.E_ADDR_POST, "postal_code", country=country_name(details.country)),)
