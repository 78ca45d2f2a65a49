"""Tax numbers by country: what they are called, their kind, one way of writing them, and whether the form is right.

Whether a number is real, check digits included, is for the vendor to find out: one that is refused must not stop an
order, it only moves no tax.
"""

from collections.abc import Iterable
from types import ModuleType

from stdnum.au import abn
from stdnum.ca import bn
from stdnum.ch import vat as ch_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.gb import vat as gb_vat
from stdnum.in_ import gstin
from stdnum.us import ein

Rules = Iterable[tuple[str, str]]
"""The catalog's ``rules.tax_ids``: (country, kind), with ``EU`` for all its members."""

_FORMS: dict[str, ModuleType] = {
    "eu_vat": eu_vat,
    "gb_vat": gb_vat,
    "ch_vat": ch_vat,
    "au_abn": abn,
    "in_gst": gstin,
    "ca_gst_hst": bn,
    "us_ein": ein,
}
_LABELS = {
    "eu_vat": ("VAT number", "FR40303265045"),
    "gb_vat": ("VAT number", "GB980780684"),
    "ch_vat": ("VAT number (UID)", "CHE-107.787.577 MWST"),
    "au_abn": ("ABN", "83 914 571 673"),
    "in_gst": ("GSTIN", "27AAPFU0939F1ZV"),
    "ca_gst_hst": ("GST/HST number", "123026635 RT0001"),
    "us_ein": ("EIN", "91-1144442"),
}
_EU_PREFIXES = {state.upper(): state.upper() for state in eu_vat.MEMBER_STATES} | {"GR": "EL", "EL": "EL"}
_SWISS_ENDINGS = ("MWST", "TVA", "IVA", "TPV")
_MOST_CHARACTERS = 40


def tax_id_kind(country: str, rules: Rules) -> str | None:
    """Return the kind of tax number that a buyer in ``country`` may give, None where none is known."""
    kinds = dict(rules)
    return kinds.get(country) or (kinds.get("EU") if country in _EU_PREFIXES and country not in ("XI", "EL") else None)


def tax_id_label(country: str, rules: Rules) -> str:
    """Return what the number is called there, such as ``VAT number``; empty where none is known."""
    return _LABELS[kind][0] if (kind := tax_id_kind(country, rules)) in _LABELS else ""


def tax_id_example(country: str, rules: Rules) -> str:
    """Return a number of the right form to show beside the field; empty where none is known."""
    return _LABELS[kind][1] if (kind := tax_id_kind(country, rules)) in _LABELS else ""


def normalise_tax_id(country: str, text: str, rules: Rules) -> str:
    """Return a number in one way of writing: upper case, nothing between the signs, an EU number with its prefix.

    A prefix of another EU country is kept, because a buyer may be registered elsewhere; Greek numbers begin with EL.
    """
    value = "".join(sign for sign in text.upper() if sign.isalnum())
    kind = tax_id_kind(country, rules)
    if kind == "eu_vat" and value:
        prefix = _EU_PREFIXES.get(value[:2])
        return prefix + value[2:] if prefix else _EU_PREFIXES[country] + value
    if kind == "gb_vat":
        return value.removeprefix("GB")
    if kind == "ch_vat" and value and not value.endswith(_SWISS_ENDINGS):
        return f"{value}MWST"
    return value


def is_tax_id(country: str, text: str, rules: Rules) -> bool:
    """Whether ``text`` has the form of a tax number of ``country``; False where no kind is known."""
    kind = tax_id_kind(country, rules)
    value = normalise_tax_id(country, text, rules)
    if kind not in _FORMS or len(value) > _MOST_CHARACTERS or not value.isascii():
        return False
    try:
        _FORMS[kind].validate(value)
    except InvalidChecksum:
        return True
    except ValidationError:
        return False
    return True
