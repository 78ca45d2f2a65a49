"""Who is billed, as the checkout shows it: the fields of the country that was chosen, or the details that are kept."""

from dataclasses import dataclass, fields

from app.catalog import countries, tax_ids
from app.core.problems import Problem, ProblemId
from app.flows import wording
from app.flows.checkout_page import Checkout
from app.flows.deps import Deps
from app.orders.intents import Details
from app.web.render import link


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingView:
    """The section of the company and the billing address.

    Attributes:
        are_kept: whether the account's own details are shown as ``lines``, with no fields. change_path: the page with
            the fields. regions, region_word, has_postal, tax_id_label, tax_id_example: what the country asks for.
        tax_id_shown: the tax id that the price was asked with. place_changed: whether the country is another one now.
    """

    details: Details
    are_kept: bool
    lines: tuple[str, ...]
    change_path: str
    countries: tuple[tuple[str, str], ...]
    regions: tuple[tuple[str, str], ...]
    region_word: str
    has_postal: bool
    tax_id_label: str
    tax_id_example: str
    tax_note: Problem | None
    tax_id_shown: str
    place_changed: bool


def billing_view(
    deps: Deps, checkout: Checkout, *, typed: Details | None, change_billing: bool, place_changed: bool
) -> BillingView:
    """Return who is billed; ``typed`` is shown in place of what is kept, and None where the form had no fields."""
    rules, details = deps.catalog.rules, typed or checkout.details
    return BillingView(
        details=details,
        are_kept=checkout.account is not None and typed is None and not change_billing,
        lines=_lines(details),
        change_path=f"{link(wording.checkout_path(checkout.intent.intent_id), change='billing')}#billing",
        countries=tuple(row for row in countries.countries() if row[0] not in rules.address.not_sold_to),
        regions=countries.regions(details.country) if details.country in rules.address.region_required_in else (),
        region_word=countries.region_word(details.country) if details.country else "",
        has_postal=not details.country or countries.has_postal(details.country),
        tax_id_label=tax_ids.tax_id_label(details.country, rules.tax_ids),
        tax_id_example=tax_ids.tax_id_example(details.country, rules.tax_ids),
        tax_note=next((found for found in checkout.notices if found.id is ProblemId.E_TAXID), None),
        tax_id_shown=checkout.details.tax_id,
        place_changed=place_changed,
    )


def typed_details(values: dict[str, str]) -> Details:
    """Return what was typed into the billing fields, as it was."""
    return Details(**{field.name: values.get(field.name, "") for field in fields(Details)})


def _lines(details: Details) -> tuple[str, ...]:
    place = " ".join(part for part in (details.postal_code, details.city, details.region) if part)
    lines = (
        details.company,
        details.full_name,
        details.email,
        details.line1,
        details.line2,
        place,
        countries.country_name(details.country) if details.country else "",
        details.tax_id,
    )
    return tuple(line for line in lines if line)
