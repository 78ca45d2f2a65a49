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


def details_problems(deps: Deps, details: Details) -> tuple[Problem, ...]:
    """Return what is wrong with ``details``, the country first: it decides what else is needed."""
    rules = deps.catalog.rules.address
    if details.country in rules.not_sold_to:
        return (problem(ProblemId.E_COUNTRY, "country"),)
    if not is_country(details.country):
        return (problem(ProblemId.E_INPUT, "country", text="Choose the country of the billing address."),)
    return (*_missing(deps, details), *_region(deps, details), *_postal(details))


def _missing(deps: Deps, details: Details) -> tuple[Problem, ...]:
    rules = deps.catalog.rules.address
    needed = [name for name in rules.required if name in _MISSING]
    if details.country in rules.postal_optional_in or not has_postal(details.country):
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
